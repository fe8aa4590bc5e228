"""Requests for the queue, and the request that an answer belongs to; no queue is read here.

Neither a request nor an answer carries a number. A backend answers in order, but under load many
heartbeats late, and the client asks again meanwhile. So an answer belongs to the oldest open
request. After a lost answer, later answers count for older requests than their own. That is the
safe side: they then prove less about jobs sent in between, until the open request times out.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .options import ClientOptions

_TIMEOUT_HEARTBEATS = 5
"""The client asks for the queue again when an answer is missing for so many heartbeats."""


class _QueueRequest(NamedTuple):
    asked_at: float
    sends: int


class QueueRequests:
    """The open requests on the connection in use.

    Args:
        options: Time limits.
        now: The time.

    Attributes:
        answered_at: Time of the last answer; at first, the time of construction.
    """

    def __init__(self, options: ClientOptions, now: float) -> None:
        self._timeout_s = _TIMEOUT_HEARTBEATS * options.heartbeat_s
        self._lost_after_s = options.unresponsive_after_s
        self._open: deque[_QueueRequest] = deque()
        self._unanswered_since: float | None = None
        self.answered_at = now

    @property
    def unanswered(self) -> bool:
        """True if no answer came since the last request."""
        return self._unanswered_since is not None

    def is_overdue(self, now: float) -> bool:
        """Return whether the answer takes so long that the client asks again."""
        return self._unanswered_since is not None and now - self._unanswered_since > self._timeout_s

    def add(self, sends: int, now: float) -> None:
        """Record a request that follows so many sendings of jobs."""
        while self._open and now - self._open[0].asked_at > self._lost_after_s:
            self._open.popleft()
        self._open.append(_QueueRequest(now, sends))
        self._unanswered_since = now

    def take_answer(self, now: float) -> int:
        """Record an answer.

        Returns:
            The number of sendings that it certainly came after; 0 if nothing was asked.
        """
        self.answered_at = now
        self._unanswered_since = None
        return self._open.popleft().sends if self._open else 0

    def clear(self) -> None:
        """Drop the open requests, which nobody will answer."""
        self._open.clear()
        self._unanswered_since = None
