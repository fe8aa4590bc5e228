"""The queue that is shown stays up to date, as long as something of ours is under way."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from inginious_nb.magics import live_queue

FIRST, LATER = [("job", True, "waits")], [("job", True, "runs")]


@pytest.fixture(autouse=True)
def earlier():
    """The threads that other tests left."""
    return set(threading.enumerate())


def watching(earlier):
    """The threads of a test that keep a queue up to date."""
    new = set(threading.enumerate()) - earlier
    return [thread for thread in new if thread.name == "inginious_nb queue"]


class Screen:
    """What stands beneath the cell, and a wait for more."""

    def __init__(self):
        self.shown = []
        self.changed = threading.Semaphore(0)

    def update(self, table):
        self.shown.append(table)
        self.changed.release()


def test_it_is_shown_anew_with_each_change_until_nothing_of_ours_is_left(monkeypatch, earlier):
    screen = Screen()
    known = [(([], FIRST), [SimpleNamespace(id="job")])]  # rows and what of ours waits, in one
    monkeypatch.setattr(live_queue, "INTERVAL_S", 0.01)

    def display(table, **_options):
        screen.update(table)
        return screen

    monkeypatch.setattr(live_queue, "display", display)

    class Submissions:
        @property
        def pending(self):
            return known[0][1]

    client = SimpleNamespace(get_job_queue_snapshot=lambda: known[0][0])
    session = SimpleNamespace(
        services=SimpleNamespace(client=lambda: client), submissions=Submissions()
    )
    live_queue.show_live_queue(session, lambda found: found)
    assert screen.changed.acquire(timeout=10)
    known[0] = ((LATER, []), known[0][1])
    assert screen.changed.acquire(timeout=10)
    known[0] = (([], []), [])
    assert screen.changed.acquire(timeout=10)
    assert screen.shown == [([], FIRST), (LATER, []), ([], [])]
    for thread in watching(earlier):
        thread.join(10)
        assert not thread.is_alive()


def test_the_next_one_takes_its_place(monkeypatch, earlier):
    monkeypatch.setattr(live_queue, "INTERVAL_S", 60)
    monkeypatch.setattr(live_queue, "display", lambda _table, **_options: Screen())
    client = SimpleNamespace(get_job_queue_snapshot=lambda: ([], FIRST))
    session = SimpleNamespace(
        services=SimpleNamespace(client=lambda: client),
        submissions=SimpleNamespace(pending=[SimpleNamespace(id="job")]),
    )
    for _ in range(2):
        live_queue.show_live_queue(session, lambda found: found)
    before = watching(earlier)
    assert before
    live_queue.show_live_queue(session, lambda found: found)
    for thread in before:
        thread.join(10)
        assert not thread.is_alive()
    live_queue._output.replace()


def test_a_submission_that_has_its_result_is_not_shown_as_running(session):
    submission = session.submit(session.task("lab/echo"), {"text": "right"})
    submission.wait(30)
    told = [(submission.id, True, "agent"), ("another", True, "agent"), ("x", False, "agent")], []
    client = SimpleNamespace(get_job_queue_snapshot=lambda: told)
    seen = SimpleNamespace(
        services=SimpleNamespace(client=lambda: client),
        submissions=session.submissions,
        history=session.history,
        people=session.people,
    )
    running, waiting = live_queue.queue_rows(seen)
    assert [job_id for job_id, *_ in running] == ["another", "x"]
    assert waiting == []
