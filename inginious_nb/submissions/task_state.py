"""The shared live state of one task in one kernel, mirrored by every widget of that task.

A widget that a submit command shows keeps to its own submission; all else is the same for all.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from inginious_nb.io.observers import Observers

from .history import Attempt, History, evaluated

if TYPE_CHECKING:
    from collections.abc import Callable

    from inginious_nb.course import Task

    from .submission import Submission


class TaskState:
    """What was submitted to one task, and the submission that is under way.

    Attributes:
        task: The task, as its file was when it was last opened.
        current: The newest submission of this kernel session, None before the first.
        submitting: Held from the look whether a submission is under way to the end of making one:
            whichever views ask at the same moment, one submits.
    """

    def __init__(self, task: Task, history: History, username: str) -> None:
        self.task = task
        self.current: Submission | None = None
        self.submitting = threading.Lock()
        self._history = history
        self._username = username
        self._attempts: list[Attempt] | None = None
        self._lock = threading.Lock()
        self._observers = Observers()

    @property
    def attempts(self) -> list[Attempt]:
        """This user's submissions to the task, newest first.

        Raises:
            HistoryError: The history cannot be read.
        """
        with self._lock:
            if self._attempts is None:
                self._attempts = self._history.attempts(
                    self.task.course_id, self.task.id, self._username
                )
            return self._attempts

    @property
    def last(self) -> Attempt | None:
        """The newest submission that has a result."""
        return next((attempt for attempt in self.attempts if attempt.finished), None)

    @property
    def best(self) -> Attempt | None:
        """The submission with the best grade."""
        return evaluated(self.attempts, "best")

    @property
    def evaluated(self) -> Attempt | None:
        """The submission that counts: the best, or the last where the task says so."""
        return evaluated(self.attempts, self.task.evaluation_mode)

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback after anything here changed, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)

    def watch(self, submission: Submission) -> None:
        """Make a submission the current one and tell of its changes from now on."""
        self.current = submission
        submission.subscribe(lambda: self._changed(submission))
        self._changed(submission)

    def _changed(self, submission: Submission) -> None:
        if submission.phase in ("saved", "done"):  # the phases that the history knows
            with self._lock:
                self._attempts = None
        self._observers.notify()
