"""What the browser asks is answered exactly once: with a value, or with a sentence."""

from __future__ import annotations

import pytest

from inginious_nb.answers import Answers
from inginious_nb.history import AnswerSource
from inginious_nb.widget.mirror import Mirror
from inginious_nb.widget.requests import Responder

LIMIT_S = 30


@pytest.fixture
def ask(session):
    """Ask about a task of the course `lab`: the value, or the sentence of the refusal."""
    responders = {}

    def asked(kind, *, about="lab/echo", buffers=(), **fields):
        if about not in responders:
            mirror = Mirror(session, session.task(about), lambda _changed: None)
            responders[about] = Responder(mirror)
        reply, attached = responders[about].answer(
            {"v": 1, "kind": kind, "id": "r1", **fields}, buffers
        )
        assert (reply["kind"], reply["id"]) == ("reply", "r1")
        if not reply["ok"]:
            return reply["error"]
        return (reply["value"], attached[0]) if attached else reply["value"]

    return asked


def cell(source, *tags):
    return {
        "id": f"id-{source[:5]}",
        "cell_type": "code",
        "source": source,
        "metadata": {"tags": [*tags]},
    }


def outcome(session, reply):
    return session.board(session.task("lab/echo")).current.result(LIMIT_S)


def test_live_cells_are_submitted(session, ask):
    reply = ask("submit", cells=[cell("first"), cell("right", "inginious:text")], answers={})
    current = session.board(session.task("lab/echo")).current
    assert reply == {"submission": current.id}
    assert current.result(LIMIT_S).result[0] == "success"
    assert [(source.kind, source.label) for source in current.sources] == [
        ("cell", "cell [ ]: right")
    ]


def test_a_control_answers_where_no_cell_does(session, ask):
    ask("submit", cells=[], answers={"text": "right"})
    current = session.board(session.task("lab/echo")).current
    assert current.result(LIMIT_S).grade == 100
    assert [source.kind for source in current.sources] == ["widget"]


def test_a_host_without_cells_gets_what_was_run_or_saved(session, ask):
    captured = Answers()
    captured.add("right", AnswerSource("text", "captured", "cell 1: right", ("a",), 1.0))
    session.answers_without_front_end = lambda _task: captured
    preview = ask("preview", cells=None, answers={})["answers"]
    assert [(found["kind"], found["read_at"]) for found in preview] == [("captured", 1.0)]
    ask("submit", cells=None, answers={})
    assert outcome(session, None).grade == 100


def test_an_empty_answer_is_refused_in_words_and_nothing_is_sent(session, ask):
    sentence = ask("submit", cells=[cell("", "inginious:text")], answers={})
    assert "empty" in sentence
    assert session.board(session.task("lab/echo")).attempts == []


def test_a_second_submission_waits_for_the_first(session, ask):
    ask("submit", about="lab/sleep", cells=[], answers={"seconds": "60"})
    assert "under way" in ask("submit", about="lab/sleep", cells=[], answers={"seconds": "60"})
    current = session.board(session.task("lab/sleep")).current
    assert ask("kill", about="lab/sleep", submission=current.id) == {}
    assert current.result(LIMIT_S).result[0] == "killed"
    assert len(session.board(session.task("lab/sleep")).attempts) == 1


def test_only_the_first_page_that_answers_a_command_submits(session):
    task = session.task("lab/echo")
    submission = session.new_submission(task, origin="magic")
    responder = Responder(Mirror(session, task, lambda _changed: None, submission=submission))
    request = {"v": 1, "kind": "submit", "cells": [], "answers": {"text": "right"}}
    for page in ("one", "two"):
        reply, _ = responder.answer({**request, "id": page, "submission": submission.id})
        assert reply["value"] == {"submission": submission.id}
    assert submission.result(LIMIT_S).grade == 100
    assert len(session.board(task).attempts) == 1


def test_the_preview_says_what_would_be_sent_from_where_and_whether_it_changed(session, ask):
    def preview(source):
        (found,) = ask("preview", cells=[cell(source, "inginious:text")], answers={})["answers"]
        return found

    assert ask("preview", cells=[], answers={})["answers"][0]["kind"] == "missing"
    before = preview("right")
    assert (before["text"], before["changed"], before["cell_ids"]) == ("right", None, ["id-right"])
    ask("submit", cells=[cell("right", "inginious:text")], answers={})
    outcome(session, None)
    assert preview("right")["changed"] is False
    assert preview("wrong")["changed"] is True
    assert "empty" in preview("")["error"]


def test_choices_are_shown_by_their_texts(ask):
    answers = {"colour": "1", "word": "rose"}
    found = ask("preview", about="lab/choice", cells=[], answers=answers)["answers"]
    assert [(answer["text"], answer["choices"]) for answer in found] == [
        ("blue", ["1"]),
        ("rose", []),
    ]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"filename": "a.txt", "size_bytes": 10}, None),
        ({"filename": "a.exe", "size_bytes": 10}, "its name must end with"),
        ({"filename": "a.txt", "size_bytes": 10**9}, "at most"),
    ],
)
def test_a_preview_judges_a_file_by_name_and_size_and_a_submission_wants_all_of_it(
    session, ask, course_folder, entry, words
):
    (course_folder / "lab" / "upload").mkdir()
    (course_folder / "lab" / "upload" / "task.yaml").write_text(
        "environment_type: mcq\nproblems: {file: {type: file, allowed_exts: [.txt]}}\n"
    )
    found = ask("preview", about="lab/upload", cells=[], answers={"file": entry})["answers"]
    if words is None:
        assert (found[0]["text"], found[0]["error"]) == ("a.txt", None)
    else:
        assert words in found[0]["error"]
    refusal = ask("submit", about="lab/upload", cells=[], answers={"file": entry})
    assert "did not arrive completely" in refusal


def test_an_old_attempt_is_told_with_its_answers(session, ask):
    ask("submit", cells=[], answers={"text": "wrong"})
    outcome(session, None)
    attempt = session.board(session.task("lab/echo")).attempts[0]
    found = ask("attempt", submission=attempt.id)
    assert found["answers"] == {"text": {"text": "wrong", "choices": []}}
    assert found["result"]["problems"]["text"]["feedback"]["html"].startswith("<p>You wrote: wrong")
    assert "no such submission" in ask("attempt", about="lab/choice", submission=attempt.id)


def test_bytes_are_handed_over_beside_the_reply(session, ask):
    ask("submit", cells=[], answers={"text": "right"}, debug=True)
    outcome(session, None)
    attempt = session.board(session.task("lab/echo")).attempts[0]
    value, archive = ask("archive", submission=attempt.id)
    assert value == {"filename": "lab-echo-1.tar.gz"}
    assert archive[:2] == b"\x1f\x8b"
    value, text = ask("output", submission=attempt.id, what="feedback")
    assert value == {"filename": "echo-1-feedback.txt"}
    assert b"Read." in text
    assert b"on stdout" in ask("output", submission=attempt.id, what="stdout")[1]
    assert "no such text" in ask("output", submission=attempt.id, what="problem:other")


def test_the_address_is_told_only_when_asked_for(session, ask):
    where = ask("where")
    assert (where["kind"], where["address"]) == ("embedded", session.service.address)


@pytest.mark.parametrize(
    "request_",
    [
        None,
        [],
        {},
        {"v": 2, "kind": "kill", "id": "r1"},
        {"v": 1, "kind": "__init__", "id": "r1"},
        {"v": 1, "kind": "submit", "id": "r1", "cells": "all", "answers": {}},
        # What a saved notebook asks for as soon as it is opened.
        {"v": 1, "kind": "submit", "id": "r1", "answers": {"text": "x"}, "submission": "old"},
        {"v": 1, "kind": "submit", "id": "r1", "cells": [1], "answers": {}},
        {"v": 1, "kind": "submit", "id": "r1", "cells": [], "answers": []},
        {"v": 1, "kind": "submit", "id": "r1", "cells": [], "answers": {"text": {"filename": 1}}},
        {"v": 1, "kind": "submit", "id": "r1", "cells": [], "answers": {"text": 7}},
        {"v": 1, "kind": "draft", "id": "r1", "problem": "other", "value": "x"},
        {"v": 1, "kind": "draft", "id": "r1", "problem": ["text"], "value": "x"},
        {"v": 1, "kind": "lang", "id": "r1", "lang": "../../en"},
        {"v": 1, "kind": "kill", "id": "r1", "submission": "other"},
        {"v": 1, "kind": "attempt", "id": "r1", "submission": None},
        {"v": 1, "kind": "file", "id": "r1", "problem": "text", "path": "/etc/passwd"},
        {"v": 1, "kind": "ssh", "id": "r1", "submission": "other"},
    ],
)
def test_a_browser_is_not_trusted(session, request_):
    responder = Responder(Mirror(session, session.task("lab/echo"), lambda _changed: None))
    reply, attached = responder.answer(request_)
    assert reply["ok"] is False
    assert reply["error"].endswith((".", "?"))
    assert attached == []
    assert session.board(session.task("lab/echo")).attempts == []
