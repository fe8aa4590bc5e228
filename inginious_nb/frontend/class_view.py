"""A class that is graded live, as a front end gets it: what changed, a few times a second.

Names and answers are not in what is published; a page asks for them (`CLASS_REQUESTS` of
`protocol.class_view`). The class itself is in `inginious_nb.classroom`.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar

from inginious_nb.classroom import export, surroundings
from inginious_nb.classroom.class_state import column_names
from inginious_nb.classroom.live import LiveClass
from inginious_nb.classroom.open_classes import classes_of
from inginious_nb.classroom.reading import Reading, reading_from, remember, remembered
from inginious_nb.classroom.report import shown_answer
from inginious_nb.errors import InginiousError, UsageError
from inginious_nb.i18n import Message, in_language, printable

from . import serialize
from .class_snapshot import class_bundle
from .protocol.class_view import (
    CLASS_REQUESTS,
    ClassAnswer,
    ClassAnswersReply,
    ClassAnswersRequest,
    ClassCell,
    ClassCellName,
    ClassExportReply,
    ClassGradeRequest,
    ClassInfo,
    ClassNamesReply,
    ClassReading,
    ClassStopRequest,
    ClassTaskInfo,
)
from .responder import Responder
from .worker import call_later, call_soon

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from inginious_nb.classroom import ClassState, Entry
    from inginious_nb.notebook.review import Magics
    from inginious_nb.session import Session

    from .protocol.common import EmptyMessage
    from .protocol.task import HtmlPart
    from .responder import Buffers, Handler

INTERVAL_S = 0.25
"""Between two messages at least: results come faster than anybody reads them."""

MAX_ANSWERS = 60
"""Answers that are shown at once."""

MAX_ANSWER_CHARS = 50_000
"""Characters of one answer that are shown."""

MAX_REASON_CHARS = 200


def look_at(
    session: Session, folder: Path, subject: Mapping[str, Any]
) -> tuple[LiveClass, Callable[[], None]]:
    """Return the class of a folder, which is graded whether or not anybody looks, and how to leave.

    It is read as the subject says, else as it was the last time.

    Args:
        session: Whose service grades.
        folder: The folder.
        subject: As `ClassSubject` has it, but unchecked.

    Raises:
        InginiousError: The class cannot be opened, as `LiveClass` says.
    """
    kept_in = surroundings.history_of([folder], session.settings.history)
    said = reading_from(subject.get("tasks"), subject.get("student_from"))

    def make() -> LiveClass:
        is_trusted = subject.get("no_isolation") is True
        reading = said or remembered(kept_in)
        made = LiveClass(session, folder, reading=reading, no_isolation=is_trusted)
        if said is not None:
            remember(said, kept_in)
        return made

    live, look_away = classes_of(session).look_at(folder, make)
    try:
        if said is not None and said != live.reading:
            live.read_as(said)
        elif not live.is_busy:
            live.grade()
    except InginiousError:
        look_away()
        raise
    return live, look_away


def open_class(
    session: Session,
    folder: Path,
    *,
    tasks: tuple[str, ...] = (),
    student_from: str = "",
    jobs: int | None = None,
    no_isolation: bool = False,
    magics: Magics = "refuse",
) -> ClassPublisher:
    """Return the class of a folder, for one view; whoever opens it grades and closes it.

    Args:
        session: Whose service grades.
        folder: The folder.
        tasks: As `Reading` has them.
        student_from: Likewise.
        jobs: As `LiveClass` has it.
        no_isolation: Likewise.
        magics: Likewise.

    Raises:
        InginiousError: The class cannot be opened, as `LiveClass` says.
    """
    live = LiveClass(
        session,
        folder,
        reading=Reading(tasks, student_from),
        jobs=jobs,
        no_isolation=no_isolation,
        magics=magics,
    )
    return ClassPublisher(session, live)


class ClassPublisher:
    """The state of a class, and what changes in it.

    Args:
        session: Who looks.
        live: The class.
        publish: Gets what changed, on any thread but never two at once; None while nobody does.
    """

    def __init__(
        self,
        session: Session,
        live: LiveClass,
        publish: Callable[[ClassInfo], object] | None = None,
    ) -> None:
        self.session = session
        self.live = live
        self.lang = session.language
        self._publish = publish
        self._lock = threading.RLock()
        self._due = threading.Event()
        self._at = 0.0
        self._seq = 0
        self._closed = False
        self._state = live.state
        self._is_whole_due = True
        self._published: dict[tuple[str, str], Entry] = {}
        self._unsubscribe = live.subscribe(self.refresh)

    def speak(self, lang: str) -> None:
        """Use another language from now on."""
        self.lang = lang
        self._is_whole_due = True
        self.refresh()

    def publish_to(self, publish: Callable[[ClassInfo], object]) -> None:
        """From now on publish to another receiver, which asks for the whole first."""
        with self._lock:
            self._publish = publish

    def refresh(self) -> None:
        """Publish soon what changed since the last time."""
        if self._publish is None or self._due.is_set():
            return
        self._due.set()
        wait_s = self._at + INTERVAL_S - time.monotonic()
        if wait_s <= 0:
            call_soon(self.publish_now)
            return
        call_later(wait_s, self.publish_now)

    def publish_now(self) -> None:
        """Publish what changed."""
        self._due.clear()
        with self._lock:
            if not self._closed and self._publish is not None:
                self._at = time.monotonic()
                self._publish_changes()

    def whole(self) -> ClassInfo:
        """Return all of the state, which is what the messages up to its number add up to.

        It may arrive after messages that follow it, and is ignored then: so what has changed up to
        now is published first.
        """
        with self._lock:
            self._publish_changes()
            return self._whole()

    def table(self, *, key: str, names: bool) -> dict[str, str]:
        """Return the class as a static table (`class_snapshot.class_bundle`)."""
        live = self.live
        return class_bundle(
            live.state, title=live.title, sandbox=live.sandbox, key=key, names=names, lang=self.lang
        )

    def close(self) -> None:
        """Stop following the class; harmless when repeated."""
        if self._closed:
            return  # without a lock: a widget that is thrown away comes here anywhere
        with self._lock:
            self._closed = True
            self._unsubscribe()

    def _publish_changes(self) -> None:
        """Publish the next message, where anybody gets it."""
        try:
            changes = self._take_changes()
            if not self._closed and self._publish is not None:
                self._publish(changes)
        except BaseException:
            self._is_whole_due = True  # nobody knows what has arrived
            raise

    def _take_changes(self) -> ClassInfo:
        """Return the next message, and count what it tells as published."""
        state = self.live.state
        before, self._published = self._published, _by_key(state.entries)
        is_other = state is not self._state or self._published.keys() != before.keys()
        self._state = state
        self._seq += 1
        if is_other or self._is_whole_due:
            self._is_whole_due = False
            return self._whole()
        changed = [entry for key, entry in self._published.items() if entry is not before[key]]
        tasks = {entry.task for entry in changed}
        info = self._info(state, changed)
        info["tasks"] = [self._task(state, t) for t in state.tasks if t.reference in tasks]
        return info

    def _whole(self) -> ClassInfo:
        """Return all that is published."""
        state = self._state
        info = self._info(state, list(self._published.values()))
        info["whole"] = True
        info["tasks"] = [self._task(state, task) for task in state.tasks]
        return info

    def _info(self, state: ClassState, entries: list[Entry]) -> ClassInfo:
        live, aliases = self.live, state.aliases
        return {
            "seq": self._seq,
            "whole": False,
            "lang": self.lang,
            "title": live.title,
            "sandbox": in_language(live.sandbox, self.lang),
            "busy": live.is_busy,
            "reading": {
                "tasks": list(live.reading.tasks),
                "student_from": printable(live.reading.student_from),
            },
            "error": "" if live.error is None else live.error.in_language(self.lang),
            "warning": printable(in_language(live.warning or "", self.lang)),
            "students": len(aliases),
            "column_names": column_names(),
            "tasks": [],
            "cells": [_cell(entry, aliases[entry.student]) for entry in entries],
        }

    def _task(self, state: ClassState, task: Any) -> ClassTaskInfo:
        reference, aliases = task.reference, state.aliases
        return {
            "ref": reference,
            "name": task.name,
            "mean": state.mean(reference),
            "columns": state.histogram(reference),
            "tests": [
                {"id": test.id, "name": test.name, "passed": test.passed, "failed": test.failed}
                for test in state.tests(reference)
            ],
            "groups": [
                {
                    "code": group.code,
                    "problems": dict(group.problems),
                    "failed": list(group.failed),
                    "reason": printable(in_language(group.reason, self.lang))[:MAX_REASON_CHARS],
                    "students": [aliases[entry.student] for entry in group.entries],
                }
                for group in state.groups(reference)
            ],
        }


def _by_key(entries: list[Entry]) -> dict[tuple[str, str], Entry]:
    return {(entry.student, entry.task): entry for entry in entries}


def _cell(entry: Entry, student: int) -> ClassCell:
    return {
        "student": student,
        "task": entry.task,
        "state": entry.state,
        "grade": _finite(entry.grade),
        "code": entry.code,
        "reused": entry.is_reused,
    }


def _finite(grade: float | None) -> float | None:
    """Return a grade that JSON has a word for."""
    return grade if grade is not None and abs(grade) < float("inf") else None


class ClassResponder(Responder):
    """Answers what a view of a class asks.

    Args:
        publisher: The class that the page sees.
    """

    shapes = CLASS_REQUESTS

    def __init__(self, publisher: ClassPublisher) -> None:
        super().__init__(publisher)
        self._publisher = publisher

    def _class(self, _request: EmptyMessage, _buffers: Buffers) -> ClassInfo:
        return self._publisher.whole()

    def _answers(self, request: ClassAnswersRequest, _buffers: Buffers) -> ClassAnswersReply:
        state, names = self._publisher.live.state, request["names"]
        found = [_entry(state, cell) for cell in request["cells"][:MAX_ANSWERS]]
        numbers = state.aliases
        return {"answers": [self._answer(e, numbers[e.student], names=names) for e in found]}

    def _names(self, _request: EmptyMessage, _buffers: Buffers) -> ClassNamesReply:
        aliases = self._publisher.live.state.aliases
        return {"names": {str(number): name for name, number in aliases.items()}}

    def _grade(self, request: ClassGradeRequest, _buffers: Buffers) -> EmptyMessage:
        self._publisher.live.grade(regrade=request["regrade"])
        return {}

    def _regrade(self, request: ClassCellName, _buffers: Buffers) -> EmptyMessage:
        entry = _entry(self._publisher.live.state, request)
        self._publisher.live.regrade(entry.student, entry.task)
        return {}

    def _read(self, request: ClassReading, _buffers: Buffers) -> EmptyMessage:
        reading = reading_from(request["tasks"], request["student_from"]) or Reading()
        self._publisher.live.read_as(reading)
        return {}

    def _stop(self, request: ClassStopRequest, _buffers: Buffers) -> EmptyMessage:
        student, task = request["student"], request["task"]
        if student is None or task is None:
            self._publisher.live.stop()
        else:
            cell: ClassCellName = {"student": student, "task": task}
            entry = _entry(self._publisher.live.state, cell)
            self._publisher.live.stop(entry.student, entry.task)
        return {}

    def _export(self, _request: EmptyMessage, _buffers: Buffers) -> ClassExportReply:
        live = self._publisher.live
        text = export.as_csv(live.state, self._publisher.lang)
        # A surrogate, which a grader may quote, is no text in JSON.
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        return {"filename": "grades.csv", "text": text}

    def _answer(self, entry: Entry, number: int, *, names: bool) -> ClassAnswer:
        publisher, lang = self._publisher, self._publisher.lang
        # What was refused is told with the names of notebooks, which are those of students.
        message = entry.message if names or entry.state == "ungraded" else ""
        feedback: Callable[[str], HtmlPart]
        try:
            task = publisher.session.task(entry.task)
            feedback = lambda text: serialize.feedback(task, text, lang)  # noqa: E731
        except InginiousError:  # it was taken away meanwhile
            feedback = lambda _text: {"html": "", "size_bytes": 0, "cut": False}  # noqa: E731
        return {
            "student": number,
            "task": entry.task,
            "state": entry.state,
            "grade": _finite(entry.grade),
            "code": entry.code,
            "message": printable(in_language(message, lang)),
            "feedback": feedback("" if message else entry.feedback),
            "problems": {
                problem: {"code": code, "feedback": feedback(text)}
                for problem, (code, text) in entry.problems.items()
            },
            "passed": list(entry.passed_tests),
            "failed": list(entry.failed_tests),
            "answers": {
                problem: shown_answer(value, lang, MAX_ANSWER_CHARS)
                for problem, value in entry.answers.items()
            },
        }

    handlers: ClassVar[Mapping[str, Handler]] = {
        "lang": Responder.change_language,
        "class": _class,
        "answers": _answers,
        "names": _names,
        "grade": _grade,
        "regrade": _regrade,
        "read": _read,
        "stop": _stop,
        "export": _export,
    }


def _entry(state: ClassState, cell: ClassCellName) -> Entry:
    """Return the entry that a page names.

    Raises:
        UsageError: There is none.
    """
    names = {number: name for name, number in state.aliases.items()}
    entry = state.entry(names.get(cell["student"], ""), cell["task"])
    if entry is None:
        raise UsageError(Message("The class has no such answer."))
    return entry
