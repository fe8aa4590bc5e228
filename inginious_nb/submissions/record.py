"""One row of the history: what is known of a submission without its answers and its feedback."""

from __future__ import annotations

import math
import os
import socket
import time
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inginious_nb.client.results import JobResult
    from inginious_nb.services.account import Account

ALIVE_S = 20.0
"""A process that waits for results says so at least this often."""

_CLOCKS_APART_S = 3600.0
"""The clock of another machine is ahead by no more; what was said later yet, nobody said."""

NO_GRADE_CODES = ("crash", "crashed", "killed")
"""Results that say nothing about the answer: the grader failed, or was stopped."""


class SubmissionRecord(Struct, frozen=True):
    """One submission as the history lists it.

    The answers, the result and the archive are loaded by its id (`History.answers`,
    `History.result`, `History.archive`).

    Attributes:
        id: Its id, also that of its job on the wire.
        number: 1-based count of this user's submissions to this task.
        origin: The part of the user interface that made it.
        service: The address of the service that grades it, without secrets.
        submitted_at: In seconds since the epoch, as all times here.
        finished_at: When its result came, None as long as none did.
        code: The code of its result.
        grade: Its grade in percent.
        owner: The process that waits for the result, as ``host:pid``.
        alive_at: When that process last said that it does.
        repeated_by: The submission that repeats this one, which got no result.
        remote_id: The id that a site gave it.
        account: The name of whose it is at the site that grades it; empty as long as nobody has
            signed in there, None for a service without accounts.
    """

    id: str
    course_id: str
    task_id: str
    username: str
    number: int
    origin: str
    service: str
    submitted_at: float
    finished_at: float | None = None
    code: str | None = None
    grade: float | None = None
    owner: str = ""
    alive_at: float = 0.0
    repeated_by: str | None = None
    remote_id: str | None = None
    account: str | None = None

    def is_of(self, account: Account | None) -> bool:
        """Return whether an account may call it its own; None where nobody signs in.

        What was made for a site before anybody had signed in there is of whoever does.
        """
        if account is None or self.account is None or self.service != account.site:
            return account is None and self.account is None
        if not self.account:
            return self.remote_id is None
        return self.account == account.name

    def with_result(self, result: JobResult, finished_at: float | None) -> SubmissionRecord:
        """Return this row with a result that came at a time."""
        return replace(
            self,
            finished_at=finished_at,
            code=result.result[0],
            grade=kept_grade(result.grade),
        )

    @property
    def finished(self) -> bool:
        """Return whether a result came back."""
        return self.code is not None

    @property
    def orphaned(self) -> bool:
        """Return whether it has no result and the process that waited for it has ended."""
        if self.finished or self.repeated_by is not None:
            return False
        if not -_CLOCKS_APART_S <= time.time() - self.alive_at <= ALIVE_S:
            return True
        host, _, pid = self.owner.rpartition(":")
        return host == socket.gethostname() and not _process_exists(pid)

    @property
    def under_way_elsewhere(self) -> bool:
        """Return whether another process, such as a kernel, waits for its result."""
        waits = not self.finished and self.repeated_by is None and self.owner != this_process()
        return waits and not self.orphaned


def this_process() -> str:
    """Return this process as the owner of submissions."""
    return f"{socket.gethostname()}:{os.getpid()}"


def evaluated(records: Iterable[SubmissionRecord], mode: str) -> SubmissionRecord | None:
    """Return the submission that counts: the best one, or the last if the task says so.

    One that ended without a grade, by a crash of the grader or a kill, does not count.

    Args:
        records: Newest first.
        mode: ``best`` or ``last`` (docs/protocol.md, Courses on disk: evaluation_mode).
    """
    graded = (record for record in records if counts(record))
    if mode == "last":
        return next(graded, None)
    # max keeps the first of equals, which is the newest.
    return max(graded, key=lambda record: record.grade or 0.0, default=None)


def counts(record: SubmissionRecord) -> bool:
    """Return whether a submission has a grade that says something about its answers."""
    return is_graded(record.code)


def kept_grade(grade: float | None) -> float | None:
    """Return a grade that can be compared and shown: none where a script gave no finite number."""
    return grade if grade is not None and math.isfinite(grade) else None


def is_graded(code: str | None) -> bool:
    """Return whether a result of that code says something about the answer."""
    return code is not None and code not in NO_GRADE_CODES


def _process_exists(pid: str) -> bool:
    if os.name != "posix":
        return True  # os.kill would end it; what it last said decides
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except OSError:
        return True
    return True
