"""Two threads at once: what is newer is never replaced by what another had read before it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from inginious_nb.course import CourseLibrary
from inginious_nb.errors import ServiceError, UsageError
from inginious_nb.frontend import opened_courses, worker
from inginious_nb.io.observers import Observers
from inginious_nb.services.account import Account
from inginious_nb.services.embedded import EmbeddedService
from inginious_nb.services.shared_service import SharedService
from inginious_nb.services.zeromq import ZeroMQService
from inginious_nb.settings import load_settings
from inginious_nb.submissions.student import Student
from inginious_nb.submissions.submission import Submission
from inginious_nb.submissions.submissions import Submissions
from inginious_nb.submissions.task_state import TaskState
from inginious_nb.submissions.task_states import TaskStates
from tests.support.histories import add, ids, result

LIMIT_S = 30
ADA = Student("ada")


class Meanwhile:
    """Another thread that does something while this one is in the middle of something else."""

    def __init__(self, act):
        self._thread = threading.Thread(target=act)

    def __call__(self):
        """Let it begin; go on once it has ended, or waits for this thread."""
        self._thread.start()
        self._thread.join(0.2)

    def join(self):
        self._thread.join()


def task_of(course_folder):
    return CourseLibrary([course_folder]).task("lab/choice")


def test_a_result_that_comes_while_its_end_is_asked_for_stays(course_folder, history):
    task = task_of(course_folder)
    waiting = add(history, "s1", course_id=task.course_id, task_id=task.id)
    state = TaskState(task, history, "ada")

    class Followed(Observers):
        """A submission of which somebody has just read that it has no result."""

        result_comes = None
        came = None

        @property
        def record(self):
            come, self.result_comes = self.result_comes, None
            if come is None:
                return self.came or waiting
            come()
            return waiting

        def finish(self):
            history.finish("s1", result())
            self.came = history.get("s1")
            self.notify()

    submission = Followed()
    state.follow(submission)
    submission.result_comes = Meanwhile(submission.finish)
    result_comes = submission.result_comes
    submission.notify()
    result_comes.join()
    assert [record.finished for record in state.records] == [True]
    assert state.attempts == 1


def test_a_result_that_comes_after_that_of_a_newer_submission_is_told(course_folder, history):
    task, told = task_of(course_folder), []
    where = {"course_id": task.course_id, "task_id": task.id}
    records = {name: add(history, name, **where) for name in ("older", "newer")}
    state = TaskState(task, history, "ada")
    submissions = {name: Observers() for name in records}
    for name, submission in submissions.items():
        submission.record = records[name]
        state.follow(submission)
    for name in ("newer", "older"):
        before = state.revision
        history.finish(name, result())
        submissions[name].record = history.get(name)
        submissions[name].notify()
        told.append(state.revision != before)
    assert told == [True, True]
    assert [record.finished for record in state.records] == [True, True]


def test_whoever_reads_a_submission_meanwhile_finds_the_time_of_its_phase(course_folder):
    context = SimpleNamespace(student=lambda: ADA, person=ADA)
    submission = Submission("s", task_of(course_folder), "api", context)
    read = iter(submission.times.items())
    submission.refuse(UsageError("It cannot be sent."))
    assert [phase for phase, _ in read] == ["reading"]
    assert list(submission.times) == ["reading", "refused"]


def test_whoever_signs_in_sees_what_is_theirs(course_folder, history):
    task = task_of(course_folder)
    account = [Account("https://site", name) for name in ("ada", "bob")]
    now = [account[0]]
    for one in account:
        where = {"course_id": task.course_id, "task_id": task.id, "service": one.site}
        add(history, one.name, account=one, **where)
    states = TaskStates(history, lambda _task: now[0])
    state = states.of(task, ADA)
    assert ids(state.records) == ["ada"]

    def sign_in(one):
        now[0] = one
        states.be_of(lambda: (one,))

    bob = Meanwhile(lambda: sign_in(account[1]))

    def told_late():
        bob()
        return (account[0],)

    states.be_of(told_late)
    bob.join()
    assert ids(state.records) == ["bob"]
    sign_in(account[0])
    assert ids(state.records) == ["ada"]


def test_a_submission_may_be_stopped_as_soon_as_it_can_be_found(course_folder, monkeypatch):
    told = []
    context = SimpleNamespace(service_for=lambda _task: None, student=lambda: ADA, person=ADA)
    submissions = Submissions(context, None, lambda: told.append(submissions.pending))
    subscribe = Submission.subscribe

    def stopped_before(submission, callback):
        for found in submissions.pending:
            found.kill()
        return subscribe(submission, callback)

    monkeypatch.setattr(Submission, "subscribe", stopped_before)
    submissions.new(task_of(course_folder), origin="api").kill()
    assert told == [[]]


@pytest.fixture
def new_worker(monkeypatch):
    """Let the next task begin the thread of the worker, as of this class of threads."""

    def begin(thread):
        worker._forget()
        monkeypatch.setattr(worker, "threading", SimpleNamespace(**vars(threading) | thread))

    yield begin
    worker._forget()


def test_two_that_ask_first_begin_one_worker(new_worker):
    begun, done = [], threading.Semaphore(0)

    class Worker(threading.Thread):
        def start(self):
            begun.append(self)
            if len(begun) == 1:
                other()
            super().start()

    other = Meanwhile(lambda: worker.call_soon(done.release))
    new_worker({"Thread": Worker})
    worker.call_soon(done.release)
    other.join()
    assert done.acquire(timeout=LIMIT_S)
    assert done.acquire(timeout=LIMIT_S)
    assert len(begun) == 1


def test_what_no_thread_could_be_begun_for_is_done_later(new_worker):
    done, full = [], [True]
    last = threading.Event()

    class Worker(threading.Thread):
        def start(self):
            if full.pop():
                raise RuntimeError("can't start new thread")
            super().start()

    new_worker({"Thread": Worker})
    worker.call_soon(lambda: done.append("first"))
    full.append(False)
    worker.call_soon(last.set)
    assert last.wait(LIMIT_S)
    assert done == ["first"]


def test_two_pages_that_open_courses_forget_neither(tmp_path, monkeypatch):
    session = SimpleNamespace(history=SimpleNamespace(folder=tmp_path))
    read, acts = opened_courses._read, []

    def read_slowly(session):
        found = read(session)
        if acts:
            acts.pop()()
        return found

    other = Meanwhile(lambda: opened_courses.remember(session, tmp_path / "b"))
    acts.append(other)
    monkeypatch.setattr(opened_courses, "_read", read_slowly)
    opened_courses.remember(session, tmp_path / "a")
    other.join()
    assert read(session) == [str(tmp_path / "a"), str(tmp_path / "b")]


def test_a_service_is_not_left_while_somebody_begins_to_submit_to_it(session, monkeypatch):
    first, second = "tcp://127.0.0.1:1", "tcp://127.0.0.1:2"
    session.connect(first)
    check, known = type(session.services.current).check, []

    def check_slowly(service, debug):
        session.connect(second)
        known.extend(service.address for service in session.services.all)
        check(service, debug)

    monkeypatch.setattr(type(session.services.current), "check", check_slowly)
    submission = session.submit(session.task("lab/echo"), {"text": "right"})
    assert submission.service.address == first
    assert first in known
    submission.kill()


async def test_a_service_that_was_left_begins_no_more():
    service = ZeroMQService(load_settings(None), "tcp://127.0.0.1:1")
    await service.disconnect()
    with pytest.raises(ServiceError, match="has been left"):
        await service.client()


async def test_a_course_that_is_added_while_the_server_is_asked_reaches_it(session, monkeypatch):
    known, adding = [], []
    paths = [Path("first")]
    service = EmbeddedService(session.settings, paths)
    service.server = 1

    async def add(path):
        paths.append(path)
        await service.add_course_path(path)

    async def find(_settings, paths, _server):
        known.extend(paths)
        adding.append(asyncio.create_task(add(Path("second"))))
        for _ in range(3):
            await asyncio.sleep(0)
        return found

    async def know(path):
        known.append(path)

    found = SimpleNamespace(
        know=know, address="", curve=None, is_alive=asyncio.Event().wait, close=lambda: None
    )
    monkeypatch.setattr(SharedService, "find", find)
    monkeypatch.setattr(service, "_connect", lambda *_: None)
    await service.client()
    await asyncio.gather(*adding)
    await service.disconnect()
    assert known == [Path("first"), Path("second")]
