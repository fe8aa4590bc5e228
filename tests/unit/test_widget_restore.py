"""Widgets that a saved notebook names are made again; whatever else it says is passed over."""

from __future__ import annotations

import uuid

import pytest
from ipywidgets import IntSlider, widget_serialization

from inginious_nb.widget import AnswerView, Restorer, TaskWidget, living

LIMIT_S = 30


class Told(Restorer):
    """A restorer whose messages are kept."""

    def __init__(self, session):
        self.said = []
        super().__init__(session)

    def send(self, content, buffers=None):
        self.said.append(content)

    def hears(self, *widgets, kind="restore", v=1):
        """What it answers to its front end."""
        request = uuid.uuid4().hex
        content = {"v": v, "kind": kind, "id": request, "widgets": list(widgets)}
        self._handle_custom_msg(content, [])
        if not self.said:
            return None
        assert self.said[-1]["id"] == request
        return self.said[-1]["model_ids"]


@pytest.fixture
def restorer(session):
    restorer = Told(session)
    yield restorer
    restorer.close()


def view(task="lab/echo", role="task", **changes):
    subject = {"widget": uuid.uuid4().hex, "task": task, "role": role}
    subject |= {"problem_id": "", "submission": ""}
    return {"model_id": uuid.uuid4().hex, "subject": subject | changes}


def test_a_widget_is_made_under_the_ids_that_its_outputs_name(restorer):
    saved = view()
    assert restorer.hears(saved) == [saved["model_id"]]
    made = living.find(saved["subject"]["widget"])
    assert made.model_id == saved["model_id"]
    assert made.task["ref"] == "lab/echo"
    # Another page of the same kernel asks for it too: it is there.
    assert restorer.hears(saved) == [saved["model_id"]]
    assert living.find(saved["subject"]["widget"]) is made
    made.close()


def test_the_widget_of_a_command_keeps_the_result_that_it_showed(restorer, session):
    task = session.task("lab/echo")
    first, second = (
        session.submit(task, {"text": text}, origin="magic") for text in ("wrong", "right")
    )
    for submission in (first, second):
        submission.wait(LIMIT_S)
    kept, latest = view(role="submission", submission=first.id), view()
    restorer.hears(kept, latest)
    command, opened = (living.find(one["subject"]["widget"]) for one in (kept, latest))
    assert (command.role, command.result["grade"]) == ("submission", 40)
    assert command.submission is None
    assert opened.result["grade"] == 100
    command.close()
    opened.close()


def test_a_slim_view_is_made_for_its_problem(restorer, session):
    lost = AnswerView(session.task("lab/echo"), "text", session=session)
    saved = view(role="answer", problem_id="text")
    assert restorer.hears(saved) == [saved["model_id"]]
    made = living.find(saved["subject"]["widget"])
    assert (made.role, made.problem_id) == (lost.role, lost.problem_id)
    made.close()
    lost.close()


@pytest.mark.parametrize(
    "saved",
    [
        view(task="lab/gone"),
        view(task=""),
        view(task=None),
        view(role="answer", problem_id="gone"),
        view(role="answer", problem_id=[]),
        view(role=["task"]),
        view(role="teacher"),
        view(role="submission", submission={}),
        view(widget="not an id"),
        view(widget=5),
        view() | {"model_id": "IPY_MODEL_x"},
        {"model_id": "a" * 32},
        {"model_id": "a" * 32, "subject": "no dictionary"},
        "no dictionary",
        None,
    ],
)
def test_what_is_no_widget_of_a_task_is_passed_over(restorer, saved):
    good = view()
    assert restorer.hears(saved, good) == [good["model_id"]]
    living.find(good["subject"]["widget"]).close()


def test_other_messages_are_not_answered(restorer):
    assert restorer.hears(view(), kind="else") is None
    assert restorer.hears(view(), v=2) is None


def test_a_living_widget_is_not_taken_by_another_model(restorer, session):
    known = TaskWidget(session.task("lab/echo"), session=session)
    assert restorer.hears(view(widget=known.key)) == []
    assert living.find(known.key) is known
    known.close()


def test_a_widget_that_pages_cannot_reach_any_more_is_made_again(restorer, session):
    closed = TaskWidget(session.task("lab/echo"), session=session)
    ids = [closed.model_id]
    closed.close()
    unheard = TaskWidget(session.task("lab/echo"), session=session)
    ids.append(unheard.model_id)
    unheard.comm.close()  # a page does that where it cannot show it
    lost = [view(widget=known.key) for known in (closed, unheard)]
    for saved, model_id in zip(lost, ids, strict=True):
        saved["model_id"] = model_id
    assert restorer.hears(*lost) == ids
    for known, model_id in zip((closed, unheard), ids, strict=True):
        made = living.find(known.key)
        assert made is not known
        assert made.comm is not None
        assert made.model_id == model_id
        made.close()


def test_one_whose_making_fails_keeps_no_other_asleep(restorer, monkeypatch, caplog):
    bad, good = view(), view()

    class Failing(TaskWidget):
        def __init__(self, task, *, key, **others):
            if key == bad["subject"]["widget"]:
                raise RuntimeError("no memory left")
            super().__init__(task, key=key, **others)

    monkeypatch.setattr("inginious_nb.widget.restore.TaskWidget", Failing)
    assert restorer.hears(bad, good) == [good["model_id"]]
    assert "no memory left" in caplog.text
    living.find(good["subject"]["widget"]).close()


def widget_of(model_id):
    """What ipywidgets has under an id."""
    return widget_serialization["from_json"](f"IPY_MODEL_{model_id}", None)


def test_a_notebook_cannot_take_the_place_of_any_other_widget(restorer, session):
    slider = IntSlider()
    unheard = IntSlider()
    unheard.comm.close()  # a page may do that; the widget is still there
    ours = TaskWidget(session.task("lab/echo"), session=session)
    for known in (slider, unheard, restorer, ours):
        model_id = known.model_id
        assert restorer.hears(view() | {"model_id": model_id}) == []
        assert widget_of(model_id) is known
    for one in (slider, unheard, ours):
        one.close()


def test_a_request_wakes_a_screenful_and_not_hundreds(restorer):
    many = [view() for _ in range(50)]
    woken = restorer.hears(*many)
    assert woken == [one["model_id"] for one in many[:20]]
    for one in many[:20]:
        living.find(one["subject"]["widget"]).close()
