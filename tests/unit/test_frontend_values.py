"""Whatever a grader sends beside its feedback is shown, or says that it is not."""

from __future__ import annotations

import json
import math
import threading
import uuid

import pytest

from inginious_nb.client.results import JobResult
from inginious_nb.frontend import serialize
from inginious_nb.frontend.lines import result_line
from inginious_nb.frontend.publisher import Publisher
from inginious_nb.frontend.requests import TaskResponder
from inginious_nb.frontend.snapshot import Snapshot
from inginious_nb.widget import TaskWidget


@pytest.fixture
def task(session):
    return session.task("lab/echo")


def shown(task, job_result, lang="en"):
    return serialize.result_info(task, job_result, submission_id="s", number=1, at=None, lang=lang)


def nested(levels, wrap=lambda value: [value]):
    value = 1
    for _ in range(levels):
        value = wrap(value)
    return value


def finished(session, job_result):
    """A submission of an earlier kernel, as the history has it."""
    submission_id = str(uuid.uuid4())
    session.history.add(
        submission_id=submission_id,
        course_id="lab",
        task_id="echo",
        username=session.people.student.username,
        origin="api",
        service="x",
        inputdata={},
        sources=(),
    )
    session.history.finish(submission_id, job_result)


@pytest.mark.parametrize("levels", [300, 600, 1000])
def test_a_value_that_is_nested_deeply_takes_nothing_with_it(session, task, levels):
    deep, dictionaries = nested(levels), nested(levels, lambda value: {"a": value})
    tests = {"deep": deep, "*auto-tag-0": dictionaries, "adds": True}
    custom = {"n": 1, "list": deep, "dictionary": dictionaries}
    for lang, words in (("en", "nested too deeply"), ("fr", "imbriqué trop profondément")):
        result = shown(task, JobResult(("success", "Good."), 100.0, {}, tests, custom), lang)
        assert json.loads(result["custom"]["text"])["n"] == 1
        assert result["custom"]["text"].count(words) == 2
        assert [words in test["text"] for test in result["tests"]] == [True, True, False]


@pytest.mark.parametrize("levels", [300, 600, 900])
def test_a_widget_can_be_made_whatever_the_history_has(session, task, levels):
    deep = nested(levels)
    finished(session, JobResult(("success", "Good."), 100.0, {}, {"t": deep}, {"a": deep}))
    widget = TaskWidget(task, session=session)
    try:
        assert widget.result["grade"] == 100
        assert "Good." in widget.result["feedback"]["html"]
    finally:
        widget.close()


def test_a_result_that_cannot_be_shown_says_so_and_leaves_the_rest(session, task, monkeypatch):
    finished(session, JobResult(("failed", "Bad."), 40.0))
    monkeypatch.setattr(serialize, "render_feedback", lambda *_, **__: 1 / 0)
    widget = TaskWidget(task, session=session)
    try:
        assert widget.standing["attempts"] == 1
        assert (widget.result["code"], widget.result["grade"]) == ("failed", 40)
        assert "cannot be shown in full" in widget.result["feedback"]["html"]
    finally:
        widget.close()


def test_a_static_view_that_cannot_be_made_keeps_nobody_from_the_result(session, task, monkeypatch):
    monkeypatch.setattr(TaskWidget, "_update_snapshots", lambda _self: 1 / 0)
    widget = TaskWidget(task, session=session)
    arrived = threading.Event()
    widget.observe(lambda change: change.new and arrived.set(), "result")
    try:
        session.submit(task, {"text": "right"}, origin="api")
        assert arrived.wait(60)
        assert widget.result["grade"] == 100
    finally:
        widget.close()


def test_long_texts_of_tests_are_cut_and_say_so(task):
    tests = {"long": "x" * 10_000_000, "n" * 10_000: True, "list": ["y"] * 10_000}
    result = shown(task, JobResult(("failed", ""), 1.0, {}, tests))
    assert len(json.dumps(result["tests"])) < 5_000
    assert [test["text"][-1:] for test in result["tests"]] == ["…", "", "…"]
    assert result["tests"][1]["id"].endswith("n…")
    assert result["test_counts"] == {"passed": 1, "decided": 1, "left_out": 0, "cut": True}


def test_of_very_many_tests_those_not_passed_are_shown_and_the_rest_is_counted(task):
    tests = {f"t{index}": index % 1000 != 7 for index in range(100_000)}
    result = shown(task, JobResult(("failed", ""), 1.0, {}, tests))
    assert len(result["tests"]) < 2_000
    assert sum(test["kind"] == "failed" for test in result["tests"]) == 100
    assert [test["id"] for test in result["tests"][:9]] == [f"t{index}" for index in range(9)]
    counts = {"passed": 99_900, "decided": 100_000, "cut": False}
    assert result["test_counts"] == counts | {"left_out": 100_000 - len(result["tests"])}
    for lang, counted, more in (
        ("en", "99900 of 100000", "… and 99940 more tests."),
        ("fr", "99900 sur 100000", "… et 99940 tests de plus."),
    ):
        snapshot = Snapshot(task, result_line(result, lang), result, lang=lang)
        assert counted in snapshot.text
        assert counted in snapshot.html
        assert more in snapshot.html


def test_values_that_are_cut_say_so_and_all_of_them_can_be_had(session, task):
    values, tests = {"a": "x" * 300_000}, {"long": "y" * 5_000}
    job_result = JobResult(("success", ""), 1.0, {}, tests, values)
    part = shown(task, job_result)["custom"]
    assert part["cut"] is True
    assert part["size_bytes"] > 300_000 > len(part["text"])
    assert shown(task, JobResult(("success", ""), 1.0))["custom"] is None
    finished(session, job_result)
    (attempt,) = session.task_state(task).records
    responder = TaskResponder(Publisher(session, task, lambda _changed: None))
    request = {"v": 1, "kind": "output", "id": "r", "submission": attempt.id}
    for what, all_of_it in (("custom", values), ("tests", tests)):
        reply, (attached,) = responder.answer(request | {"what": what})
        assert reply["value"] == {"filename": f"echo-1-{what}.json"}
        assert json.loads(attached) == all_of_it


def test_what_json_has_no_word_for_is_text(task):
    custom = {"a": math.nan, "b": [math.inf, -math.inf], 1: {(1, 2): b"x"}}
    result = shown(task, JobResult(("success", ""), 1.0, {}, {"t": math.nan}, custom))
    told = json.loads(result["custom"]["text"], parse_constant=pytest.fail)
    assert told["a"] == "NaN"
    assert told["b"] == ["Infinity", "-Infinity"]
    assert list(told) == ["a", "b", "1"]
    assert result["tests"][0]["text"] == "NaN"
