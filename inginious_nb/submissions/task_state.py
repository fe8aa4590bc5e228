"""The live state of one task that all views of it share: widgets, tables, the command line.

A view that a submit command shows keeps to its own submission; all else is the same for all.
"""

from __future__ import annotations

import bisect
import threading
import time
from typing import TYPE_CHECKING

from inginious_nb.course import SiteStanding
from inginious_nb.io.observers import Observers

from .drafts import Drafts
from .record import SubmissionRecord, counts, evaluated

if TYPE_CHECKING:
    from collections.abc import Callable

    from inginious_nb.course import Task
    from inginious_nb.services.account import Account

    from .history import History
    from .submission import Submission

_HOUR_S = 3600


class TaskState:
    """The submissions of one user to one task, and the one that is under way.

    The history is read once; afterwards the state follows the submissions of this process, and
    those of others when it is told to look (`read_again`).

    Attributes:
        task: The task, as its file was when it was last opened.
        drafts: What was entered in its views and not submitted yet.
        submitting: Held from the look whether a submission is under way to the end of making one:
            whichever views ask at the same moment, one submits.
        revision: Changes when the history has other rows, or the site another count.
    """

    def __init__(
        self,
        task: Task,
        history: History,
        username: str,
        account: Callable[[Task], Account | None] = lambda _task: None,
    ) -> None:
        self.task = task
        self._account = account
        self._current: Submission | None = None
        self.submitting = threading.Lock()
        self.revision = 0
        self._history = history
        self._username = username
        self._records: list[SubmissionRecord] | None = None
        self._best: SubmissionRecord | None = None
        self._elsewhere: set[str] = set()
        self._lock = threading.Lock()
        self._observers = Observers()
        self.drafts = Drafts(self, history)

    @property
    def current(self) -> Submission | None:
        """Return the newest submission of this process, None if there is none of this account."""
        current = self._current
        record = None if current is None else current.record
        return None if record is not None and not self._is_ours(record) else current

    def _is_ours(self, record: SubmissionRecord) -> bool:
        return record.is_of(self._account(self.task))

    @property
    def _standing(self) -> SiteStanding:
        """Return how the account stands at its site, as far as the site has told."""
        account, told = self._account(self.task), self.task.standing
        return told if account is not None and account.name == told.username else SiteStanding()

    @property
    def records(self) -> list[SubmissionRecord]:
        """Return this user's submissions to the task, newest first."""
        with self._lock:
            return self._read()[::-1]

    @property
    def attempts(self) -> int:
        """Return how many submissions were graded; a crash of the grader is no attempt.

        Of a task of a site it is the site that counts.
        """
        told = self._standing.attempts
        if told is not None:
            return told
        with self._lock:
            return sum(counts(record) for record in self._read())

    @property
    def attempts_left(self) -> int | None:
        """Return how many of a limited number are left, None without a limit.

        None as well of a site where so many count within some hours: the site counts those.
        """
        limit = self.task.settings.submission_limit
        if limit.amount is None:
            return None
        if limit.period_h is None:
            return max(0, limit.amount - self.attempts)
        if self.task.site:
            return None
        since = time.time() - limit.period_h * _HOUR_S
        with self._lock:
            recent = sum(counts(row) for row in self._read() if row.submitted_at > since)
        return max(0, limit.amount - recent)

    @property
    def newest(self) -> SubmissionRecord | None:
        """Return the newest submission."""
        with self._lock:
            return next(reversed(self._read()), None)

    @property
    def last(self) -> SubmissionRecord | None:
        """Return the newest submission that has a result."""
        with self._lock:
            return next((record for record in reversed(self._read()) if record.finished), None)

    @property
    def best(self) -> SubmissionRecord | None:
        """Return the submission with the best grade."""
        with self._lock:
            self._read()
            return self._best

    @property
    def evaluated(self) -> SubmissionRecord | None:
        """Return the submission that counts: the best, or the last where the task says so."""
        if self.task.evaluation_mode == "best":
            return self.best
        with self._lock:
            return evaluated(reversed(self._read()), self.task.evaluation_mode)

    @property
    def grade(self) -> float | None:
        """Return the grade that counts, None before there is one."""
        told, counting = self._standing, self.evaluated
        if told.grade is not None and (told.attempts or told.grade):
            return told.grade
        return None if counting is None else counting.grade

    @property
    def code(self) -> str | None:
        """Return the code of the result that counts, None before there is one."""
        counting = self.evaluated
        return self._standing.code if counting is None else counting.code

    @property
    def left_state(self) -> str:
        """Return the state that the evaluated submission left for the next, empty if none did."""
        counting = self.evaluated
        result = None if counting is None else self._history.result(counting.id)
        return "" if result is None else result.state

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback after anything here changed, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)

    def read_again(self) -> None:
        """Take what another process wrote to the history."""
        with self._lock:
            before, self._records = self._records, None
            if before is None or before == self._read():
                return
        self._revise()

    def look_at_owners(self) -> None:
        """Notice that a process has ended which waited for a result."""
        with self._lock:
            records = self._records or ()
            elsewhere = {record.id for record in records if record.under_way_elsewhere}
            before, self._elsewhere = self._elsewhere, elsewhere
        if before - elsewhere:
            self._revise()

    def renew(self, task: Task) -> None:
        """Take what a site says now of the task, and what of it came to the history."""
        self.task = task
        self.forget()

    def forget(self) -> None:
        """Read what there is once more when somebody looks."""
        with self._lock:
            self._records = None
        self._revise()

    def _revise(self) -> None:
        with self._lock:  # of two threads at once, each must change it
            self.revision += 1
        self._observers.notify()

    def follow(self, submission: Submission) -> None:
        """Make a submission the current one and tell of its changes from now on."""
        self._current = submission
        submission.subscribe(lambda: self._changed(submission))
        self._changed(submission)

    def _read(self) -> list[SubmissionRecord]:
        """Return the rows, oldest first, so that a new one costs the same after thousands."""
        if self._records is None:
            task = self.task
            newest_first = self._history.of_task(
                task.course_id, task.id, self._username, self._account(task)
            )
            self._best = evaluated(newest_first, "best")
            self._records = newest_first[::-1]
            self._records.sort(key=_number)
        return self._records

    def _changed(self, submission: Submission) -> None:
        with self._lock:
            record = submission.record  # else another thread may put a newer one meanwhile
            if record is not None and self._is_ours(record) and self._put(record):
                self.revision += 1  # also of one that is not the newest any more
        self._observers.notify()

    def _put(self, record: SubmissionRecord) -> bool:
        """Put the newest state of a row in its place, near the end; return whether it is new."""
        records = self._read()
        index = bisect.bisect_left(records, record.number, key=_number)
        # Two kernels that could not write gave the same number.
        while index < len(records) and records[index].number == record.number:
            if records[index].id == record.id:
                if records[index] == record:
                    return False
                records[index] = record
                break
            index += 1
        else:
            records.insert(index, record)
        candidates = [record] if self._best is None else [record, self._best]
        candidates.sort(key=_number, reverse=True)  # of equal grades the newest counts
        self._best = evaluated(candidates, "best")
        return True


def _number(record: SubmissionRecord) -> int:
    return record.number
