"""The queue of a class: entries that wait to be graded, and those under way, a few at a time.

One thread runs it; any other may add to it and stop what is in it meanwhile. Where answers come
from is not known here.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inginious_nb.errors import BackendUnavailableError, InginiousError
from inginious_nb.i18n import Message
from inginious_nb.submissions.record import NO_GRADE_CODES
from inginious_nb.submissions.student import Student
from inginious_nb.submissions.submission import CONTACT_TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from inginious_nb.course import Task
    from inginious_nb.notebook.answers import Answers
    from inginious_nb.session import Session
    from inginious_nb.submissions import JobResult, Submission
    from inginious_nb.submissions.submissions import Submissions

    from .class_state import Entry

_LOOK_INTERVAL_S = 0.5


@dataclass(frozen=True)
class Work:
    """Answers that are to be graded.

    Attributes:
        entry: Their entry, which waits.
        task: The task they answer.
        answers: They, and where they were read.
    """

    entry: Entry
    task: Task
    answers: Answers


class GradingQueue:
    """The work of a class.

    Args:
        session: The session whose service grades.
        submissions: Where the submissions are made.
        at_a_time: So many are under way at most.
        put: Takes each entry that changed, on any thread.
    """

    def __init__(
        self,
        session: Session,
        submissions: Submissions,
        at_a_time: int,
        put: Callable[[Entry], object],
    ) -> None:
        self.put = put
        self._session = session
        self._submissions = submissions
        self._at_a_time = at_a_time
        self._waiting: deque[Work] = deque()
        self._under_way: dict[str, tuple[Work, Submission]] = {}
        self._lock = threading.Lock()
        self._changes: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def add(self, work: Work) -> None:
        """Have answers graded after all that waits."""
        self.put(work.entry)  # first, since it may have ended as soon as it can be found
        with self._lock:
            self._waiting.append(work)
        self._changes.put("")

    def stop(self, student: str | None = None, task: str | None = None) -> None:
        """Take what waits out, and ask for the end of what is under way.

        Args:
            student: Whose, None for everybody's.
            task: The reference of the task, None for every task.
        """

        def is_meant(work: Work) -> bool:
            return student in (None, work.entry.student) and task in (None, work.entry.task)

        with self._lock:
            dropped = [work for work in self._waiting if is_meant(work)]
            self._waiting = deque(work for work in self._waiting if not is_meant(work))
            killed = [submission for work, submission in self._under_way.values() if is_meant(work)]
        for work in dropped:
            self.put(_not_graded(work, Message("It was stopped before it was graded.")))
        for submission in killed:
            submission.kill()

    @property
    def waiting(self) -> int:
        """Return how many answers are to be graded and not under way."""
        return len(self._waiting)

    def take_waiting(self) -> set[tuple[str, str]]:
        """Take out all that waits; return the students and tasks."""
        with self._lock:
            taken, self._waiting = self._waiting, deque()
        return {(work.entry.student, work.entry.task) for work in taken}

    def interrupt(self) -> None:
        """Have `run` raise KeyboardInterrupt soon; for the handler of a signal.

        Python's own handler raises it wherever the thread is, and in a destructor it is lost.
        """
        self._changes.put(None)  # the one kind of queue that may be used there

    def run(self) -> None:
        """Grade until nothing waits or is under way.

        Raises:
            KeyboardInterrupt: It was interrupted.
            BackendUnavailableError: No grading service was there for a while.
        """
        contact_deadline = time.monotonic() + CONTACT_TIMEOUT_S
        while self._submit_next():
            try:
                changed = self._changes.get(timeout=_LOOK_INTERVAL_S)
            except queue.Empty:
                state = self._session.service
                if state.state not in ("starting", "connecting"):
                    contact_deadline = time.monotonic() + CONTACT_TIMEOUT_S
                elif time.monotonic() > contact_deadline:
                    raise BackendUnavailableError(state.message) from None
                continue
            if changed is None:
                raise KeyboardInterrupt
            self._look_at(changed)

    def _submit_next(self) -> bool:
        """Submit what may be under way now; return whether anything is."""
        while True:
            with self._lock:
                if not self._waiting or len(self._under_way) >= self._at_a_time:
                    return bool(self._under_way)
                work = self._waiting.popleft()
                # Whoever stops it meanwhile must find it in one of the two.
                try:
                    submission = self._submissions.new(
                        work.task, origin="cli", student=Student(work.entry.student)
                    )
                except InginiousError as error:
                    refused: InginiousError | None = error
                else:
                    refused = None
                    self._under_way[submission.id] = work, submission
            if refused is not None:
                self.put(_not_graded(work, refused.text))
                continue
            found = submission.id
            submission.subscribe(lambda found=found: self._changes.put(found))  # type: ignore[misc]
            try:
                submission.submit(lambda work=work: work.answers)  # type: ignore[misc]
            except InginiousError:
                continue  # it has ended with that, which is looked at like any end
            finally:
                self._changes.put(found)

    def _look_at(self, changed: str) -> None:
        with self._lock:
            found = self._under_way.get(changed)
            if found is None:
                return
            work, submission = found
            if submission.done:
                del self._under_way[changed]
        if submission.done:
            self.put(_entry_of(work, submission))
        elif submission.phase == "running":
            self.put(replace(work.entry, state="running", submission_id=submission.id))


def _entry_of(work: Work, submission: Submission) -> Entry:
    if submission.result is None:
        error = submission.error
        return replace(
            _not_graded(work, "" if error is None else error.text), submission_id=submission.id
        )
    return ended(work.entry, submission.id, submission.result)


def _not_graded(work: Work, message: str) -> Entry:
    return replace(work.entry, state="ungraded", message=message)


def ended(entry: Entry, submission_id: str, result: JobResult, *, is_reused: bool = False) -> Entry:
    """Return an entry with the result of its submission."""
    code, text = result.result
    is_graded = code not in NO_GRADE_CODES
    return replace(
        entry,
        state="graded" if is_graded else "ungraded",
        grade=result.grade if is_graded else None,
        code=code,
        message="" if is_graded else text,
        feedback=text,
        problems=dict(result.problems),
        tests=result.tests,
        submission_id=submission_id,
        is_reused=is_reused,
    )
