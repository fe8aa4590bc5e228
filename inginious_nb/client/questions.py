"""When the queue was asked for, and which question an answer belongs to; not what answers say.

Neither carries a number. A backend answers in order, but under load many heartbeats late, so that
the queue is asked for again meanwhile. An answer therefore belongs to the oldest open question.
Where an answer was lost the next ones count for older questions than theirs, which is the safe
side: they then prove less about jobs sent in between, until the open question is given up as lost.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .options import ClientOptions

_TIMEOUT_TICKS = 5
"""The queue is asked for again when an answer is missing for so many heartbeats."""


class _Question(NamedTuple):
    asked_at: float
    sends: int


class Questions:
    """The open questions on the connection in use.

    Args:
        options: Time limits.
        now: The time.

    Attributes:
        told_at: When the queue was last told; at first, the beginning.
    """

    def __init__(self, options: ClientOptions, now: float) -> None:
        self._timeout_s = _TIMEOUT_TICKS * options.heartbeat_s
        self._lost_after_s = options.deaf_after_s
        self._open: deque[_Question] = deque()
        self._waiting_since: float | None = None
        self.told_at = now

    @property
    def waiting(self) -> bool:
        """Whether no answer came since the last question."""
        return self._waiting_since is not None

    def is_overdue(self, now: float) -> bool:
        """Whether the answer has taken so long that the question is to be asked again."""
        return self._waiting_since is not None and now - self._waiting_since > self._timeout_s

    def asked(self, sends: int, now: float) -> None:
        """Take note of a question that follows so many sendings of jobs."""
        while self._open and now - self._open[0].asked_at > self._lost_after_s:
            self._open.popleft()
        self._open.append(_Question(now, sends))
        self._waiting_since = now

    def answered(self, now: float) -> int:
        """Take note of an answer.

        Returns:
            How many sendings it certainly came after; 0 if nothing was asked.
        """
        self.told_at = now
        self._waiting_since = None
        return self._open.popleft().sends if self._open else 0

    def forget(self) -> None:
        """Take note that no open question will be answered."""
        self._open.clear()
        self._waiting_since = None
