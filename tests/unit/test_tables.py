"""Tables fit into half a screen of a notebook, and say in words what no table can."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from inginious_nb.classroom import ClassState, ClassTask
from inginious_nb.cli import tables
from inginious_nb.client.results import JobResult
from inginious_nb.errors import UsageError
from inginious_nb.frontend import serialize
from inginious_nb.frontend.class_snapshot import class_bundle
from inginious_nb.frontend.lines import result_line
from inginious_nb.frontend.snapshot import Snapshot
from inginious_nb.grader.replay import Difference, Replayed
from inginious_nb.magics.commands.submissions import feedback_text
from inginious_nb.render.columns import NOTEBOOK_COLUMNS, wrapped
from inginious_nb.render.terminal import echo

OURS, OTHERS = ("11112222-3333", True, "demo/fib"), ("99998888-7777", False, "demo/fib")
RUNNING = (OTHERS[0], False, "agent", "demo/fib", "launcher", 0.0, 9.0)


def printed(what, *, in_notebook=True):
    # Rich in a notebook takes it to be 115 columns wide.
    console = Console(width=115, force_jupyter=in_notebook)
    return "".join(segment.text for segment in console.render(what))


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_list_of_tasks_fits_and_begins_with_the_grades(session, lang):
    found = list(session.library.courses.values())
    lines = printed(tables.tasks(session, found, lang)).splitlines()
    assert max(map(len, lines)) <= 52
    assert (
        lines[2].split()[1::2][:2]
        == {"en": ["Grade", "Attempts"], "fr": ["Note", "Tentatives"]}[lang]
    )
    # What cannot be used is said beneath, in sentences.
    sentences = tables.broken(found)
    assert any("lab/broken cannot be used" in sentence for sentence in sentences)
    assert not any("broken" in line for line in lines)


def test_a_terminal_is_as_wide_as_it_is(session):
    table = tables.courses(session.library.courses.values())
    assert max(map(len, printed(table, in_notebook=False).splitlines())) > NOTEBOOK_COLUMNS


@pytest.mark.parametrize(
    ("running", "waiting", "said"),
    [
        (None, None, "has not told its queue yet"),
        ([], [], "Nobody waits and nothing is running"),
        (
            [RUNNING],
            [OTHERS],
            "None of your jobs is in the queue. Jobs of others: 1 running, 1 wait",
        ),
        ([RUNNING], [OTHERS, OURS], "at most 1 before it"),
    ],
)
def test_the_queue_is_told_in_plain_words(running, waiting, said):
    assert said in " ".join(printed(tables.queue(running, waiting)).split())


def echoed(capsys, text):
    echo(text)
    return capsys.readouterr().out


CLIPBOARD = "\x1b]52;c;aGk=\x07"
"""A terminal that obeys this puts something on the clipboard."""


def test_no_terminal_obeys_what_others_wrote(session, capsys):
    code, name = f"{CLIPBOARD}odd", f"pro{CLIPBOARD}blem\x9b2J"
    result = JobResult((code, CLIPBOARD), 10.0, {name: (code, CLIPBOARD)})
    session.history.add(
        submission_id="s",
        course_id="lab",
        task_id="echo",
        username=session.people.student.username,
        origin="api",
        service="x",
        inputdata={name: f"{CLIPBOARD}answer"},
        sources=(),
    )
    session.history.finish("s", result)
    task = session.task("lab/echo")
    (record,) = session.task_state(task).records
    shown = serialize.kept_result_info(task, record, session.history)
    one_task = ClassState([ClassTask("lab/echo", CLIPBOARD)])
    for text in (
        printed(tables.answers(record.id, session.history.answers(record.id)), in_notebook=False),
        printed(tables.history([record])),
        printed(tables.graded([("lab/echo", SimpleNamespace(result=result, task=task))])),
        tables.coloured(code, "en").plain,
        feedback_text(result, "en"),
        Snapshot(session.task("lab/echo"), result_line(shown, "en"), shown).text,
        *UsageError(f"The site says: {CLIPBOARD}")._render_traceback_(),
        echoed(capsys, f"not graded: {CLIPBOARD}"),
        class_bundle(one_task, title="", sandbox="", key="k", names=True, lang="en")["text/plain"],
    ):
        assert "52;c;" in text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


def test_feedback_that_is_html_is_text_in_tables_and_terminals():
    result = JobResult(("failed", "<p>Not <em>yet</em>.</p>"), 0.0)
    submission = SimpleNamespace(result=result, task=SimpleNamespace(response_is_html=True))
    assert "Not yet." in printed(tables.graded([("lab/echo", submission)]))
    assert feedback_text(result, "en", is_html=True) == "Not yet."


@pytest.mark.parametrize("code", ["killed", "crash"])
def test_where_nothing_was_graded_tables_say_no_grade(session, code):
    answer = {"text": "x"}
    names = {"course_id": "lab", "task_id": "echo", "username": session.people.student.username}
    more = {"origin": "api", "service": "x", "inputdata": answer, "sources": ()}
    session.history.add(submission_id=code, **names, **more)
    result = JobResult((code, ""), 0.0)
    session.history.finish(code, result)
    state = session.task_state(session.task("lab/echo"))
    assert state.attempts == 0
    graded = [("lab/echo", SimpleNamespace(result=result, task=session.task("lab/echo")))]
    for table in (tables.history(state.records), tables.graded(graded)):
        assert "no grade" in printed(table)
        assert "0 %" not in printed(table)


def test_lines_are_broken_at_blanks():
    text = "A path: /" + "x" * 90 + " and words " + "after it " * 12 + "\n    indented " * 20
    lines = wrapped(text).splitlines()
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    assert all(len(line) <= NOTEBOOK_COLUMNS or "/xxx" in line for line in lines)


@pytest.mark.parametrize(("code", "said"), [("timeout", "out of time"), ("overflow", "out of mem")])
def test_a_record_that_is_past_a_limit_is_one_difference_with_its_reason(code, said):
    differences = tuple(Difference(what, "was", "is") for what in ("result", "grade", "test t"))
    record = Replayed("task", Path("1.test"), SimpleNamespace(result=(code, "")), differences)
    assert len(tables.replayed([record]).rows) == 1
    (reason,) = tables.replay_errors([record])
    assert reason.startswith(f"1 record of task: {said}")


def test_why_records_were_not_graded_is_said_once():
    reason = "No grader here offers the environment docker/cpp."
    records = [
        Replayed(f"task{number // 10}", Path(f"{number}.test"), error=reason)
        for number in range(115)
    ]
    (said,) = tables.replay_errors([*records, Replayed("fine", Path("1.test"))])
    assert said.startswith("115 records of task0, ")
    assert said.endswith(f"7 more: not graded: {reason}")
