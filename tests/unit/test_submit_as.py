"""Submissions under another student's identity, for a demonstration with several students."""

from __future__ import annotations

import os

import pytest

from inginious_nb.errors import UsageError
from inginious_nb.frontend.publisher import Publisher
from inginious_nb.frontend.requests import TaskResponder
from inginious_nb.settings import load_settings
from inginious_nb.submissions.student import Student

WAIT_S = 30.0


@pytest.fixture
def echo(session):
    return session.task("lab/echo")


@pytest.fixture
def responder(session, echo):
    return TaskResponder(Publisher(session, echo, lambda _changed: None))


def asked(responder, kind, **fields):
    return responder.answer({"v": 1, "kind": kind, "id": "1", **fields})[0]


def submitted(responder, session):
    sent = asked(responder, "submit", cells=[], answers={"text": "right"})
    assert sent["ok"], sent
    submission = session.task_state(session.task("lab/echo")).current
    assert submission.id == sent["value"]["submission"]
    return submission.wait(WAIT_S)


def test_a_name_in_two_forms_is_one_student(session):
    for apart in ("Zoe\u0308", " Zo\u00eb "):
        assert Student.checked(apart).username == "Zo\u00eb"
        session.settings.username = apart.strip()
        assert session.settings.username == "Zo\u00eb"
        session.people.submit_as(apart)
        assert session.people.student.username == "Zo\u00eb"
    assert Student.checked("ZO\u00cb").username != "Zo\u00eb"


def test_each_student_has_attempts_state_and_history(session, echo, responder):
    assert submitted(responder, session).custom["attempts"] == "n1"
    assert asked(responder, "submitAs", username=" ada ")["ok"]
    # What the task gives back of @attempts and @state is that of a student who begins.
    assert submitted(responder, session).custom == {"state": ".", "lang": "en", "attempts": "n1"}
    assert submitted(responder, session).custom["state"] == "+."
    ada = session.history.of_task("lab", "echo", "ada")
    assert [record.number for record in ada] == [2, 1]
    assert session.history.inputdata(ada[0].id)["@username"] == "ada"
    assert session.history.inputdata(ada[0].id)["@random"] == echo.random_values("ada")
    assert asked(responder, "submitAs", username="")["ok"]
    assert session.people.student == session.people.person
    assert submitted(responder, session).custom["attempts"] == "n2"


def test_a_repeated_submission_stays_its_students(session, echo):
    first = session.submit(echo, {"text": "wrong"}, student=Student("bob", "b@x"), origin="api")
    first.wait(WAIT_S)
    session.people.submit_as("bob")
    again = session.submissions.resubmit(first.id)
    session.people.submit_as("")
    assert (again.student, again.number) == (Student("bob", "b@x"), 2)


@pytest.mark.parametrize("name", ["a\nb", "a\u202eb", "a\u200bb", "x" * 101])
def test_a_name_that_nobody_can_read_is_refused(session, responder, name):
    refusal = asked(responder, "submitAs", username=name)
    assert not refusal["ok"]
    assert "visible" in refusal["error"]
    assert session.people.student == session.people.person


def test_a_guest_speaks_for_nobody_else(course_folder, new_session):
    settings = load_settings(None, os.environ)
    settings.courses = [str(course_folder)]
    visiting = new_session(settings, is_guest=True)
    responder = TaskResponder(Publisher(visiting, visiting.task("lab/echo"), lambda _changed: None))
    assert "Only the owner" in asked(responder, "submitAs", username="ada")["error"]
    assert visiting.people.student == visiting.people.person
    assert "Only the owner" in asked(responder, "record", submission="x")["error"]


def test_a_site_takes_submissions_of_who_signed_in_only(session, echo, monkeypatch):
    monkeypatch.setattr(type(session.services.current), "knows_who", True)
    with pytest.raises(UsageError, match="not of ada"):
        session.submit(echo, {"text": "right"}, student=Student("ada"), origin="api")
    session.submit(echo, {"text": "right"}, origin="api").wait(WAIT_S)


def test_a_view_follows_who_submits_and_a_command_keeps_its_own(session, echo):
    told = {}
    view = Publisher(session, echo, told.update)
    of_command = session.submit(echo, {"text": "x"}, student=Student("ada"), origin="magic")
    of_command.wait(WAIT_S)
    card = {}
    command = Publisher(session, echo, card.update, submission=of_command)
    view._refresh_now()
    assert (told["student"], told["history"]) == ("", [])
    session.people.submit_as("ada")
    view._refresh_now()
    assert told["student"] == "ada"
    assert [row["id"] for row in told["history"]] == [of_command.id]
    session.people.submit_as("")
    command._refresh_now()
    assert card["student"] == "ada"
