"""A class that is graded live: what a front end gets and may ask, and what it never gets."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from inginious_nb.classroom import live as live_module
from inginious_nb.classroom import surroundings
from inginious_nb.classroom.class_lock import only_grader
from inginious_nb.classroom.grading import ClassGrading
from inginious_nb.classroom.grading_queue import GradingQueue, Work
from inginious_nb.classroom.live import LiveClass
from inginious_nb.classroom.reading import Reading
from inginious_nb.errors import UsageError
from inginious_nb.frontend import class_view
from inginious_nb.frontend.class_snapshot import class_bundle
from inginious_nb.frontend.class_view import ClassPublisher, ClassResponder, look_at
from inginious_nb.frontend.protocol.common import PROTOCOL_VERSION
from inginious_nb.notebook.answers import Answers
from inginious_nb.submissions.history import History
from tests.support.histories import add, result
from tests.support.invented_class import write_notebook
from tests.support.processes import running
from tests.support.published_class import class_of, graded, publisher_of

LIMIT_S = 30
CHOICES = {"ada": "red", "bob": "blue", "cyd": "blue"}


class Page:
    """What a page knows of a class, put together as `js/class/class_view.ts` does it."""

    def __init__(self, session, live):
        self.heard = queue.SimpleQueue()
        self.publisher = ClassPublisher(session, live, self.heard.put)
        self.responder = ClassResponder(self.publisher)
        self.known, self.cells, self.tasks, self.raw = {}, {}, {}, []

    def hear(self):
        info = self.heard.get(timeout=LIMIT_S)
        self.raw.append(json.dumps(info))
        assert info["whole"] or info["seq"] == self.known["seq"] + 1
        if info["whole"]:
            self.cells, self.tasks = {}, {}
        self.known = info
        self.cells |= {(cell["student"], cell["task"]): cell for cell in info["cells"]}
        self.tasks |= {task["ref"]: task for task in info["tasks"]}

    def until(self, holds):
        while not holds(self):
            self.hear()

    def is_graded(self):
        return self.cells and not self.known["busy"]

    def ask(self, kind, **fields):
        request = {"v": PROTOCOL_VERSION, "kind": kind, "id": 1, **fields}
        reply, _ = self.responder.answer(request)
        return reply["value"] if reply["ok"] else reply["error"]

    def number(self, name):
        names = self.ask("names")["names"]
        return next(int(number) for number, known in names.items() if known == name)


@pytest.fixture
def folder(tmp_path):
    for student, colour in CHOICES.items():
        write(tmp_path / "class" / f"{student}.ipynb", colour)
    write_notebook(tmp_path / "class" / "dan.ipynb", {}, "lab/choice")
    return tmp_path / "class"


def write(path, colour):
    write_notebook(path, {"colour": colour, "word": "rose"}, "lab/choice")


@pytest.fixture
def opened(session, folder, monkeypatch):
    """Open a live class and a page that looks at it."""
    monkeypatch.setattr(class_view, "INTERVAL_S", 0.01)
    opened = []

    def open_class(**options):
        live = LiveClass(session, folder, no_isolation=True, **options)
        opened.append(live)
        return live, Page(session, live)

    yield open_class
    for live in opened:
        live.close()


def test_a_page_follows_a_class_and_nobody_is_named(opened):
    live, page = opened()
    live.grade()
    page.until(Page.is_graded)
    cells = {(number, task): (c["state"], c["grade"]) for (number, task), c in page.cells.items()}
    dan, ada, bob = (page.number(name) for name in ("dan", "ada", "bob"))
    assert cells[dan, "lab/choice"] == ("missing", None)
    assert cells[ada, "lab/choice"] == ("graded", 100.0)
    assert cells[bob, "lab/choice"][0] == "graded"
    groups = page.tasks["lab/choice"]["groups"]
    assert [len(group["students"]) for group in groups] == [2, 1]
    assert bob in groups[0]["students"]
    # What is published is what the command line would say, and it may be kept by the page.
    assert page.ask("class")["cells"] == list(page.cells.values())
    assert not [name for name in CHOICES if name in "".join(page.raw)]
    assert '"ada","lab/choice","graded"' in page.ask("export")["text"]
    assert page.ask("lang", lang="fr") == {}
    page.until(lambda page: page.known["lang"] == "fr")
    assert "Corrigé sur cette machine" in page.known["sandbox"]


def test_nothing_is_lost_where_what_a_page_asked_for_comes_late():
    state = class_of(4, 2)
    told, late = [], []
    publisher = publisher_of(state, told.append)
    publisher.publish_now()
    first, second, third, *_ = state.entries
    state.put(graded(first, 1))  # nobody is told of it yet
    late.append(publisher.whole())
    state.put(graded(second, 1))
    publisher.publish_now()
    state.put(graded(third, 1))
    late.append(publisher.whole())
    cells, seq = {}, 0
    for info in [*told, *late]:
        if info["seq"] > seq:
            assert info["whole"] or info["seq"] == seq + 1
            cells |= {(cell["student"], cell["task"]): cell["state"] for cell in info["cells"]}
            seq = info["seq"]
    assert sorted(cells.values()) == ["graded"] * 3 + ["waiting"] * 5


def test_after_a_message_that_did_not_leave_all_is_told_again():
    state, told = class_of(2, 1), []

    def publish(info):
        told.append(info)
        if len(told) == 2:
            raise OSError("nobody is there")

    publisher = publisher_of(state, publish)
    publisher.publish_now()
    for entry in state.entries:
        state.put(graded(entry, 1))
        with contextlib.suppress(OSError):
            publisher.publish_now()
    assert [info["whole"] for info in told] == [True, False, True]
    assert {cell["state"] for cell in told[-1]["cells"]} == {"graded"}


def test_a_page_is_told_where_no_thread_can_begin_to_wait(monkeypatch):
    told = queue.SimpleQueue()
    publisher = publisher_of(class_of(1, 1), told.put)
    publisher.publish_now()
    with monkeypatch.context() as full:
        full.setattr(threading.Timer, "start", no_thread)
        publisher.refresh()
    publisher.refresh()
    assert [told.get(timeout=LIMIT_S)["seq"] for _ in range(2)] == [1, 2]


def no_thread(_thread):
    raise RuntimeError("can't start new thread")


@pytest.fixture
def while_read(monkeypatch):
    """Do something when the notebooks of a class have been read and nobody sees that yet."""
    acts, fill = [], ClassGrading.fill

    def filled(*args, **options):
        fill(*args, **options)
        if acts:
            acts.pop()()

    monkeypatch.setattr(ClassGrading, "fill", filled)
    return acts.append


def settle(live):
    """Wait until a class has nothing to do any more, also if it has not by now."""
    changed = threading.Event()
    unsubscribe = live.subscribe(changed.set)
    while live.is_busy:
        assert changed.wait(LIMIT_S)
        changed.clear()
    unsubscribe()


def test_what_is_asked_for_while_a_class_is_read_again_is_done(opened, folder, while_read):
    live, page = opened()
    live.grade()
    settle(live)
    write(folder / "ada.ipynb", "blue")
    write(folder / "cyd.ipynb", "red")
    ada, bob = ({"student": page.number(name), "task": "lab/choice"} for name in ("ada", "bob"))

    def ask():
        assert page.ask("regrade", **bob) == {}
        assert page.ask("stop", **ada) == {}

    while_read(ask)
    live.grade()
    settle(live)
    found = {entry.student: (entry.grade, entry.is_reused) for entry in live.state.entries}
    assert found == {
        "ada": (None, False),
        "bob": (50.0, False),
        "cyd": (100.0, False),
        "dan": (None, False),
    }


def test_a_class_that_is_closed_begins_nothing_more(opened, while_read):
    live, _page = opened()

    def close():
        live.grade()
        live.close()

    while_read(close)
    live.grade()
    settle(live)
    assert {entry.state for entry in live.state.entries} == {"ungraded", "missing"}


def test_what_has_ended_waits_no_more():
    told, meanwhile = [], []
    entry = class_of(1, 1).entries[0]

    def refuse(*_args, **_options):
        raise UsageError("It cannot be graded.")

    def put(changed):
        if meanwhile:
            meanwhile.pop()()  # another thread, which takes whatever waits
        told.append(changed.state)

    to_grade = GradingQueue(SimpleNamespace(), SimpleNamespace(new=refuse), 1, put)
    meanwhile.append(to_grade.run)
    to_grade.add(Work(entry, SimpleNamespace(), Answers()))
    to_grade.run()
    assert told == ["waiting", "ungraded"]


@pytest.mark.parametrize("names", [False, True])
def test_a_static_table_has_names_only_where_they_are_shown(opened, names):
    live, page = opened()
    live.grade()
    page.until(Page.is_graded)
    table = class_bundle(live.state, title="<b>", sandbox="so", key="k", names=names, lang="en")
    assert "<h3>&lt;b&gt;</h3>" in table["text/html"]
    for text in table.values():
        assert [name for name in CHOICES if name in text] == (list(CHOICES) if names else [])
        assert text.count("50 %") == 2
        assert "no answer" in text
        assert "66.7 %" in text  # the mean


def test_answers_are_shown_when_asked_for_as_text(opened, folder):
    write(folder / "eve.ipynb", "<img src=x onerror=alert(1)>")
    live, page = opened()
    live.grade()
    page.until(Page.is_graded)
    cells = [{"student": page.number(name), "task": "lab/choice"} for name in ("bob", "eve")]
    bob, eve = page.ask("answers", cells=cells, names=False)["answers"]
    assert bob["answers"] == {"colour": "1", "word": "rose"}
    assert "Cold." in bob["problems"]["colour"]["feedback"]["html"]
    assert (eve["state"], eve["message"]) == ("refused", "")  # a message may name a notebook
    assert eve["answers"]["colour"] == "<img src=x onerror=alert(1)>"
    (told,) = page.ask("answers", cells=cells[1:], names=True)["answers"]
    assert told["message"]
    nobody = {"student": 99, "task": "lab/choice"}
    assert "no such answer" in page.ask("answers", cells=[nobody], names=True)
    assert "no such answer" in page.ask("regrade", **nobody)


def test_what_was_graded_is_kept_and_regraded_when_asked(opened, session, folder):
    live, page = opened()
    live.grade()
    page.until(Page.is_graded)
    live.close()
    write(folder / "cyd.ipynb", "red")
    live, page = opened()
    live.grade()
    page.until(Page.is_graded)
    reused = {name: page.cells[page.number(name), "lab/choice"]["reused"] for name in CHOICES}
    assert reused == {"ada": True, "bob": True, "cyd": False}
    bob = page.number("bob"), "lab/choice"
    assert page.ask("regrade", student=bob[0], task=bob[1]) == {}
    page.until(lambda page: not page.cells[bob]["reused"] and page.is_graded())
    assert page.cells[page.number("ada"), "lab/choice"]["reused"]
    assert page.ask("grade", regrade=True) == {}
    page.until(lambda page: not any(cell["reused"] for cell in page.cells.values()))
    # The history of whoever grades has none of it.
    assert session.history.recent("ada") == session.history.recent("bob") == []


def test_a_class_that_another_program_grades_waits_for_its_end(opened, folder, session):
    kept_in = surroundings.history_of([folder], session.settings.history)
    with grading_elsewhere(kept_in) as other:
        live, page = opened()
        live.grade()
        page.until(lambda page: f"process {other.pid}" in page.known.get("error", ""))
        assert {cell["state"] for cell in page.cells.values()} == {"missing", "waiting"}
        ada = {"student": page.number("ada"), "task": "lab/choice"}
        assert page.ask("stop", **ada) == {}
        page.until(lambda page: page.cells[tuple(ada.values())]["state"] == "ungraded")
        assert page.known["busy"]
        other.kill()
        page.until(lambda page: not page.known["error"] and page.is_graded())
    states = sorted(cell["state"] for cell in page.cells.values())
    assert states == ["graded", "graded", "missing", "ungraded"]
    with grading_elsewhere(kept_in):
        assert page.ask("regrade", **ada) == {}
        page.until(lambda page: page.known["error"])
        assert page.ask("stop", student=None, task=None) == {}
        page.until(lambda page: not page.known["error"] and page.is_graded())
    assert page.cells[tuple(ada.values())]["state"] == "ungraded"


def test_what_another_program_graded_since_it_was_read_is_not_graded_twice(
    opened, folder, session, while_read
):
    live, _page = opened()

    def graded_elsewhere():
        other = History(surroundings.history_of([folder], session.settings.history))
        for entry in live.state.entries:
            if entry.state == "waiting":
                name, answers = entry.student, dict(entry.answers)
                add(other, name, "choice", course_id="lab", username=name, inputdata=answers)
                other.finish(name, result())
        other.close()

    while_read(graded_elsewhere)
    live.grade()
    settle(live)
    states = {(entry.state, entry.is_reused) for entry in live.state.entries}
    assert states == {("graded", True), ("missing", False)}


@contextlib.contextmanager
def grading_elsewhere(kept_in):
    """Let another process be the one that grades a class, until it is killed."""
    holds = "import sys, pathlib; from inginious_nb.classroom.class_lock import only_grader\n"
    holds += "with only_grader(pathlib.Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holds, kept_in]
    with running(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        yield other


def test_where_nothing_can_be_kept_nobody_is_kept_out():
    nowhere = Path(__file__) / "class.sqlite"
    with only_grader(nowhere), only_grader(nowhere), only_grader(None), only_grader(None):
        pass


RACE = """
import contextlib, functools, os, pathlib, sqlite3, sys, time

class Slow(sqlite3.Connection):
    def execute(self, *words):
        try:
            return super().execute(*words)
        finally:
            time.sleep(0.02)  # so that the others come in between

sqlite3.connect = functools.partial(sqlite3.connect, factory=Slow)
from inginious_nb.classroom.class_lock import only_grader
from inginious_nb.errors import ClassBusyError
print(flush=True)
began = float(sys.stdin.readline())
with contextlib.ExitStack() as held:
    for number in range(4):
        time.sleep(max(0, began + number * 0.4 - time.time()))
        try:
            held.enter_context(only_grader(pathlib.Path(sys.argv[1], str(number))))
            print(f"process {os.getpid()} ")
        except ClassBusyError as error:
            print(error)
    print(flush=True)
    sys.stdin.read()
"""


def test_of_several_that_begin_at_once_each_names_the_one_that_grades(tmp_path):
    with contextlib.ExitStack() as ended:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        programs = [
            ended.enter_context(running([sys.executable, "-c", RACE, tmp_path], **pipes))
            for _ in range(3)
        ]
        for program in programs:
            program.stdout.readline()
        for program in programs:
            print(time.time() + 0.1, file=program.stdin, flush=True)
        told = [list(iter(program.stdout.readline, "\n")) for program in programs]
    for answers in zip(*told, strict=True):
        assert len({re.search(r"process (\d+) ", answer)[1] for answer in answers}) == 1, answers


def test_what_waits_is_stopped_at_once_and_what_runs_is_killed(opened, folder):
    for student in CHOICES:
        write_notebook(folder / f"{student}.ipynb", {"seconds": "60"}, "lab/sleep")
    live, page = opened(jobs=1, reading=Reading(("lab/sleep",)))
    live.grade()
    page.until(lambda page: "running" in [cell["state"] for cell in page.cells.values()])
    running = next(cell for cell in page.cells.values() if cell["state"] == "running")
    waiting = [cell for cell in page.cells.values() if cell["state"] == "waiting"]
    assert len(waiting) == len(CHOICES) - 1
    one = waiting[0]
    assert page.ask("stop", student=one["student"], task=one["task"]) == {}
    page.until(lambda page: page.cells[one["student"], one["task"]]["state"] == "ungraded")
    assert page.cells[running["student"], running["task"]]["state"] == "running"
    assert page.ask("stop", student=None, task=None) == {}
    page.until(Page.is_graded)
    states = sorted(cell["state"] for cell in page.cells.values())
    assert states == ["missing", *["ungraded"] * len(CHOICES)]


def test_a_class_goes_on_when_nobody_looks_and_is_read_as_the_last_time(session, folder):
    subject = {"folder": str(folder), "no_isolation": True}
    live, look_away = look_at(session, folder, subject | {"tasks": [], "student_from": ""})
    second, look_away_again = look_at(session, folder, subject)
    assert second is live
    look_away()
    live.read_as(Reading(("lab/choice",), "{student}.ipynb"))
    look_away_again()
    settle(live)
    assert [e.grade for e in live.state.entries] == [100.0, 50.0, 50.0, None]
    again, look_away = look_at(session, folder, subject)
    assert again is not live
    assert again.reading == Reading(("lab/choice",), "{student}.ipynb")
    look_away()
    settle(again)
    assert [entry.is_reused for entry in again.state.entries] == [True, True, True, False]


def test_what_cannot_be_kept_is_told_and_stays_until_it_can(session, folder, monkeypatch):
    monkeypatch.setattr(live_module, "_WRITE_INTERVAL_S", 0.05)
    kept_in = surroundings.history_of([folder], session.settings.history)
    kept_in.mkdir(parents=True)
    subject = {"folder": str(folder), "no_isolation": True}
    live, look_away = look_at(session, folder, subject)
    page = Page(session, live)
    page.until(lambda page: page.is_graded() and page.known["warning"])
    assert "save the grades" in page.known["warning"]
    look_away()
    again, look_away = look_at(session, folder, subject)
    assert again is live  # nobody looked, and nothing else has the grades
    kept_in.rmdir()
    page.until(lambda page: not page.known["warning"] and page.is_graded())
    assert [entry.grade for entry in live.state.entries] == [100.0, 50.0, 50.0, None]
    look_away()
    again, look_away = look_at(session, folder, subject)
    page = Page(session, again)
    page.until(Page.is_graded)
    assert [cell["reused"] for cell in page.cells.values()] == [True, True, True, False]
    look_away()


def test_how_a_class_is_read_can_be_changed_and_what_cannot_be_is_refused(opened, folder):
    live, page = opened(reading=Reading((), "{student}.ipynb"))
    live.grade()
    page.until(Page.is_graded)
    refused = {
        "must have {student}": {"tasks": [], "student_from": "hw1.ipynb"},
        "no notebook of a student": {"tasks": [], "student_from": "hw1_{student}.ipynb"},
        "nowhere": {"tasks": ["lab/nowhere"], "student_from": ""},
    }
    for said, reading in refused.items():
        assert said in page.ask("read", **reading)
    assert len(page.ask("class")["cells"]) == len(CHOICES) + 1
    assert page.ask("read", tasks=["lab/choice", " "], student_from="{student}y*.ipynb") == {}
    page.until(lambda page: page.known["reading"]["tasks"] == ["lab/choice"] and page.is_graded())
    # The numbers of the others stay theirs, whatever a page still asks about them.
    assert page.ask("names")["names"] == {"5": "c"}


def test_other_peoples_notebooks_are_not_graded_without_isolation(session, folder, monkeypatch):
    session.settings.sandbox = "plain"
    with pytest.raises(UsageError, match="no-isolation"):
        LiveClass(session, folder)
