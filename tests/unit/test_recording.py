"""A submission becomes a recorded test, which is graded again as it was."""

from __future__ import annotations

import asyncio

import pytest
from click.testing import CliRunner

from inginious_nb.cli.main import main
from inginious_nb.cli.replays import replayed
from inginious_nb.frontend.publisher import Publisher
from inginious_nb.frontend.requests import TaskResponder

WAIT_S = 30.0
ODD = "wrong: {yes}\n\ttab, trailing  \n\n# été \u2028 'quoted' \"twice\"\n"


@pytest.fixture
def ask(session):
    def asked(kind, *, of="lab/echo", **fields):
        responder = TaskResponder(Publisher(session, session.task(of), lambda _changed: None))
        reply, _ = responder.answer({"v": 1, "kind": kind, "id": "1", **fields})
        return reply["value"] if reply["ok"] else reply["error"]

    return asked


async def test_a_recorded_submission_is_graded_as_it_was(session, course_folder, ask):
    task = session.task("lab/echo")
    names = []
    for answer in ("right", ODD, ODD):
        submission = session.submit(task, {"text": answer}, origin="api")
        await asyncio.to_thread(submission.wait, WAIT_S)
        names.append(ask("record", submission=submission.id)["file"].rpartition("/")[2])
    again = ask("record", submission=submission.id)["file"]
    assert [*names, again.rpartition("/")[2]] == [
        *("success-1.test", "failed-2.test", "failed-3.test", "failed-3-2.test")
    ]
    records = await replayed(course_folder / "lab", "echo", session.settings)
    assert [record.is_same for record in records] == [True] * 4, records
    assert session.history.answers(submission.id)["text"] == ODD


def test_what_says_nothing_about_the_answer_is_no_test(session, course_folder, ask):
    submission = session.submit(session.task("lab/sleep"), {"seconds": "100"}, origin="api")
    assert "no such submission" in ask("record", submission=submission.id)
    assert "Only what was graded" in ask("record", of="lab/sleep", submission=submission.id)
    submission.kill()
    submission.wait(WAIT_S)
    assert "Only what was graded" in ask("record", of="lab/sleep", submission=submission.id)
    assert not list(course_folder.rglob("*.test"))


def test_the_command_line_records_with_a_name(session, course_folder):
    session.submit(session.task("lab/choice"), {"colour": "0", "word": "x"}, origin="api").wait(
        WAIT_S
    )
    words = ["record", "lab/choice", "--courses", str(course_folder)]
    done = CliRunner().invoke(main, [*words, "--name", "no-rose"])
    assert "no-rose.test" in done.output, done.output
    assert (course_folder / "lab/choice/test/no-rose.test").is_file()
    assert "there already" in CliRunner().invoke(main, [*words, "--name", "no-rose"]).output
    assert "cannot be an id" in CliRunner().invoke(main, [*words, "--name", "../x"]).output
    assert "no such submission" in CliRunner().invoke(main, [*words, "--as", "ada"]).output
