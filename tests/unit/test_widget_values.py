"""Whatever a grader sends beside its feedback is shown, or says that it is not."""

from __future__ import annotations

import json
import math
import uuid

import pytest

from inginious_nb.client.results import JobResult
from inginious_nb.widget import TaskWidget, present


@pytest.fixture
def task(session):
    return session.task("lab/echo")


def shown(task, outcome, lang="en"):
    return present.outcome_info(task, outcome, submission_id="s", number=1, at=None, lang=lang)


def nested(levels, wrap=lambda value: [value]):
    value = 1
    for _ in range(levels):
        value = wrap(value)
    return value


def finished(session, outcome):
    """A submission of an earlier kernel, as the history has it."""
    submission_id = str(uuid.uuid4())
    session.history.add(
        submission_id=submission_id,
        course_id="lab",
        task_id="echo",
        username=session.settings.username,
        origin="api",
        backend="x",
        inputdata={},
        sources=(),
    )
    session.history.finish(submission_id, outcome)


@pytest.mark.parametrize("levels", [300, 600, 1000])
def test_a_value_that_is_nested_deeply_takes_nothing_with_it(session, task, levels):
    deep, dictionaries = nested(levels), nested(levels, lambda value: {"a": value})
    tests = {"deep": deep, "*auto-tag-0": dictionaries, "adds": True}
    custom = {"n": 1, "list": deep, "dictionary": dictionaries}
    for lang, words in (("en", "nested too deeply"), ("fr", "imbriqué trop profondément")):
        result = shown(task, JobResult(("success", "Good."), 100.0, {}, tests, custom), lang)
        assert json.loads(result["custom"])["n"] == 1
        assert result["custom"].count(words) == 2
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
    monkeypatch.setattr(present, "render_feedback", lambda *_, **__: 1 / 0)
    widget = TaskWidget(task, session=session)
    try:
        assert widget.standing["attempts"] == 1
        assert (widget.result["code"], widget.result["grade"]) == ("failed", 40)
        assert "cannot be shown in full" in widget.result["feedback"]["html"]
    finally:
        widget.close()


def test_what_json_has_no_word_for_is_text(task):
    custom = {"a": math.nan, "b": [math.inf, -math.inf], 1: {(1, 2): b"x"}}
    result = shown(task, JobResult(("success", ""), 1.0, {}, {"t": math.nan}, custom))
    told = json.loads(result["custom"], parse_constant=pytest.fail)
    assert told["a"] == "NaN"
    assert told["b"] == ["Infinity", "-Infinity"]
    assert list(told) == ["a", "b", "1"]
    assert result["tests"][0]["text"] == "NaN"
