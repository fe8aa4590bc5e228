"""What is published: the truth of the session, in pieces that changed, and never a secret."""

from __future__ import annotations

import json
import threading
import time
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from inginious_nb.course import Task
from inginious_nb.errors import UsageError
from inginious_nb.frontend import publisher as publisher_module
from inginious_nb.frontend import serialize
from inginious_nb.frontend.overview import OverviewPublisher, OverviewResponder
from inginious_nb.frontend.protocol.common import PROTOCOL_VERSION
from inginious_nb.frontend.publisher import Asked, Publisher
from inginious_nb.frontend.requests import TaskResponder
from inginious_nb.i18n import Message
from inginious_nb.notebook.answers import Answers
from inginious_nb.submissions import task_state
from inginious_nb.submissions.task_state import TaskState
from inginious_nb.widget import AnswerView, TaskWidget
from tests.support.histories import add, result

LIMIT_S = 30


class Watched:
    """A publisher's state as a browser would have it."""

    def __init__(self, session, reference, **options):
        self.state = {}
        self.published = []
        self._changed = threading.Condition()
        self.publisher = Publisher(session, session.task(reference), self._take, **options)

    def _take(self, changed):
        with self._changed:
            self.state.update(changed)
            self.published.append(changed)
            self._changed.notify_all()

    def wait(self, condition):
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.state), LIMIT_S), self.state


def phase_is(phase):
    return lambda state: state["submission"] is not None and state["submission"]["phase"] == phase


def test_a_submission_is_followed_to_its_result(session):
    watched = Watched(session, "lab/echo")
    assert watched.state["task"]["ref"] == "lab/echo"
    assert watched.state["submission"] is None
    session.submit(session.task("lab/echo"), {"text": "wrong"}, origin="api")
    watched.wait(lambda state: state["result"] is not None)
    state = watched.state
    assert phase_is("done")(state)
    assert (state["result"]["code"], state["result"]["grade"]) == ("failed", 40)
    assert state["result"]["problems"]["text"]["code"] == "failed"
    assert [(attempt["number"], attempt["grade"]) for attempt in state["history"]] == [(1, 40)]
    assert state["standing"]["best_grade"] == 40
    assert state["standing"]["attempts_left"] is None
    assert state["result"]["tests"] == [
        {"id": "seen", "name": "seen", "kind": "passed", "text": ""}
    ]
    # The task's texts, which are the largest part, went out once.
    assert sum("task" in changed for changed in watched.published) == 1


def test_what_is_left_of_a_limit_is_told_and_costs_nobody_a_submission(session):
    file = session.library.course("lab").path / "echo" / "task.yaml"
    file.write_text(file.read_text() + "submission_limit: {amount: 1, period: -1}\n")
    watched = Watched(session, "lab/echo")
    assert watched.state["standing"]["attempts_left"] == 1
    for answer, grade in (("wrong", 40), ("right", 100)):
        session.submit(session.task("lab/echo"), {"text": answer}, origin="api")
        watched.wait(lambda state, g=grade: state["standing"]["best_grade"] == g)
        assert watched.state["standing"]["attempts_left"] == 0
        assert watched.state["standing"]["limit"] == "no attempt left"


def test_of_a_limit_within_some_hours_the_attempts_of_those_hours_count(session, monkeypatch):
    file = session.library.course("lab").path / "echo" / "task.yaml"
    file.write_text(file.read_text() + "submission_limit: {amount: 2, period: 24}\n")
    state = session.task_state(session.task("lab/echo"))
    assert serialize.limit_text(state, "en") == "2 attempts left of 2 in 24 h"
    add_result(session, "now")
    add_result(session, "then")
    assert (state.attempts_left, serialize.limit_text(state, "fr")) == (
        0,
        "plus de tentative sur 2 en 24\u202fh",
    )
    tomorrow = time.time() + 24 * 3600
    monkeypatch.setattr(task_state, "time", SimpleNamespace(time=lambda: tomorrow))
    assert (state.attempts_left, state.attempts) == (2, 2)


def test_what_could_not_be_told_is_told_with_the_next_change(session, monkeypatch):
    watched = Watched(session, "lab/echo")
    publisher = watched.publisher
    publisher.publish_to(lambda _changed: 1 / 0, publisher.published)
    for fails in ("publish", "make"):
        add_result(session, fails)
        with monkeypatch.context() as broken:
            if fails == "make":
                broken.setattr(serialize, "submission_rows", lambda _records: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                publisher._refresh_now()
    publisher.publish_to(watched._take, publisher.published)
    watched.wait(lambda state: len(state["history"]) == 2)
    assert watched.state["result"]["number"] == 2


def add_result(session, submission_id):
    add(session.history, submission_id, course_id="lab", task_id="echo", username=person(session))
    session.history.finish(submission_id, result())
    session.task_state(session.task("lab/echo")).read_again()


def person(session):
    return session.people.student.username


def test_a_translation_of_what_is_shown_no_more_is_not_kept(session, monkeypatch):
    publisher = Watched(session, "lab/echo").publisher
    newer = replace(publisher.task, site="https://site.invalid", name="Newer")
    acts, translated = [], Task.translated

    def comes():
        publisher.state.renew(newer)  # a site tells of the task while its texts are looked up
        publisher._refresh_now()

    def slowly(task, lang):
        if acts:
            acts.pop()()
        return translated(task, lang)

    monkeypatch.setattr(Task, "translated", slowly)
    acts.append(comes)
    publisher.lang = "de"
    assert publisher.shown_task.name != "Newer"
    assert publisher.shown_task.name == "Newer"


def test_two_views_of_a_task_stay_in_step(session):
    one, two = Watched(session, "lab/echo"), Watched(session, "lab/echo")
    session.submit(session.task("lab/echo"), {"text": "right"}, origin="api")
    for watched in (one, two):
        watched.wait(lambda state: state["result"] is not None)
    assert one.state["result"] == two.state["result"]


def test_what_is_entered_in_one_view_is_shown_in_the_others(session):
    one, two = Watched(session, "lab/echo"), Watched(session, "lab/echo")
    one.publisher.state.drafts.set("text", "halfway", "one")
    two.wait(lambda state: state["drafts"] == {"text": {"value": "halfway", "by": "one"}})


def test_a_new_kernel_begins_with_what_was_submitted_last(session):
    task = session.task("lab/choice")
    publisher = Publisher(session, task, lambda _changed: None)
    answers = {"colour": "1", "word": "rose"}
    request = {"v": 1, "kind": "submit", "id": "r", "cells": [], "answers": answers}
    TaskResponder(publisher).answer(request)
    session.task_state(task).current.wait(LIMIT_S)
    again = TaskState(task, session.history, session.people.student.username).drafts
    assert {name: draft.value for name, draft in again.values().items()} == answers


def test_what_a_command_shows_stays_with_its_own_submission(session):
    task = session.task("lab/echo")
    first = session.submit(task, {"text": "right"}, origin="magic")
    own = Watched(session, "lab/echo", submission=first)
    following = Watched(session, "lab/echo")
    first.wait(LIMIT_S)
    second = session.submit(task, {"text": "wrong"}, origin="magic")
    second.wait(LIMIT_S)
    following.wait(lambda state: (state["result"] or {}).get("submission") == second.id)
    own.wait(lambda state: (state["result"] or {}).get("submission") == first.id)
    # All the same, the history is that of the task.
    own.wait(lambda state: state["standing"]["attempts"] == 2)
    # What is submitted from this widget is its own from then on.
    own.publisher.follow(second)
    own.wait(lambda state: (state["result"] or {}).get("submission") == second.id)


def test_a_submission_that_was_left_for_another_is_not_followed_any_more(session):
    class Counting(Publisher):
        refreshed = 0

        def refresh(self):
            self.refreshed += 1

    task = session.task("lab/echo")
    first, second, third = (session.submissions.new(task, origin="magic") for _ in range(3))
    publisher = Counting(session, task, lambda _changed: None, submission=first)
    publisher.follow(second)
    before = publisher.refreshed
    first.kill()
    assert publisher.refreshed == before
    second.kill()
    assert publisher.refreshed == before + 1
    publisher.follow(third)
    before = publisher.refreshed
    publisher.close()
    third.kill()
    assert publisher.refreshed == before


def test_a_command_asks_the_front_end_for_the_cells_until_somebody_answers(session):
    task = session.task("lab/echo")
    submission = session.submissions.new(task, origin="magic")
    asked = Asked("a page", "a cell")
    watched = Watched(session, "lab/echo", submission=submission, asked=asked)
    request = {"id": submission.id, "kind": "submit", "client": "a page", "cell_id": "a cell"}
    assert watched.state["request"] == request
    submission.submit(lambda: Answers({"text": "right"}))
    watched.wait(lambda state: state["request"] is None)


def test_a_shell_is_announced_and_its_key_is_not(session):
    task = session.task("lab/echo")
    submission = session.submissions.new(task, origin="magic")
    watched = Watched(session, "lab/echo", submission=submission)
    submission.ssh = ("host.example", 2222, "student", "s3cret")
    submission._observers.notify()
    watched.wait(lambda state: state["submission"]["has_ssh"])
    assert "s3cret" not in json.dumps(watched.published)
    assert "host.example" not in json.dumps(watched.published)


def test_no_address_and_no_right_answer_is_ever_published(session):
    session.connect("tcp://grading.example.org:2001")
    published = json.dumps(Watched(session, "lab/choice").published)
    assert "grading.example.org" not in published
    assert "valid" not in published
    assert "Warm." not in published


@pytest.mark.parametrize("view", ["task", "answer"])
def test_a_widget_has_the_state_of_its_mirror(session, view):
    task = session.task("lab/echo")
    widget = (
        TaskWidget(task, session=session)
        if view == "task"
        else AnswerView(task, "text", session=session)
    )
    try:
        assert widget.task["name"] == "Echo"
        assert (widget.role, widget.problem_id) == (view, "text" if view == "answer" else "")
        assert widget.key
    finally:
        widget.close()


def test_a_result_waits_for_no_phase_before_it_to_be_drawn(session, monkeypatch):
    monkeypatch.setattr(publisher_module, "_MIN_INTERVAL_S", 3600.0)
    monkeypatch.setattr(publisher_module, "call_later", lambda _wait_s, _refresh: None)
    watched = Watched(session, "lab/echo")
    session.submit(session.task("lab/echo"), {"text": "right"}, origin="api")
    watched.wait(lambda state: state["result"] is not None)
    shown = [changed["submission"] for changed in watched.published if changed.get("submission")]
    assert [submission["phase"] for submission in shown] == ["done"]


def test_a_phase_that_lasts_is_shown_soon(session):
    watched = Watched(session, "lab/echo")
    submission = session.submissions.new(session.task("lab/echo"), origin="api")
    watched.publisher.state.follow(submission)
    watched.publisher.refresh()
    watched.wait(phase_is("reading"))
    submission.refuse(UsageError(Message("Not so.")))
    watched.wait(phase_is("refused"))


def test_a_page_has_the_overview_that_came_of_a_request_before_its_reply(session, tmp_path):
    published = []
    publisher = OverviewPublisher(session, published.append)
    request = {"v": PROTOCOL_VERSION, "kind": "demo", "id": "r", "folder": "here"}
    reply, _ = OverviewResponder(publisher, tmp_path).answer(request)
    assert reply["ok"], reply
    assert "demo" in [course["id"] for course in published[-1]["courses"]]
    publisher.close()
