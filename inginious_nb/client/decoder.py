"""Frames from the backend to messages, taken in the order in which they came."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

from inginious_nb import messages
from inginious_nb.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    Take = Callable[[int, messages.WireMessage | None, float], Iterator[None] | None]

logger = logging.getLogger(__name__)

_END = object()


class Decoder:
    """A decoder of frames, which passes the messages on in order.

    Args:
        take: Called with the connection, the message (None if the frame is malformed) and the
            time. Where that is long work it returns an iterator that does a step of it each time;
            frames that come meanwhile wait.
        max_bytes: Longer frames are dropped.
        counters: What was dropped is counted here, by reason.
    """

    def __init__(self, take: Take, max_bytes: int, counters: Counter[str]) -> None:
        self._take = take
        self._max_bytes = max_bytes
        self._counters = counters
        self._unread: deque[tuple[int, bytes | memoryview, float]] = deque()
        self._steps: Iterator[None] | None = None

    def receive(self, connection: int, frame: bytes | memoryview, now: float) -> None:
        """Take a frame; what is wrong with it is logged and counted, never raised."""
        if self.busy:
            self._unread.append((connection, frame, now))
        else:
            self._begin(connection, frame, now)

    @property
    def busy(self) -> bool:
        """True while work or frames are left; call `proceed` then."""
        return self._steps is not None or bool(self._unread)

    def proceed(self) -> None:
        """Do the next step, or take the next frame."""
        if self._steps is not None:
            if next(self._steps, _END) is _END:
                self._steps = None
        elif self._unread:
            self._begin(*self._unread.popleft())

    def finish(self) -> None:
        """Do all that is left."""
        while self.busy:
            self.proceed()

    def _begin(self, connection: int, frame: bytes | memoryview, now: float) -> None:
        self._steps = self._take(connection, self._decode(frame), now)
        if self._steps is not None:
            self.proceed()

    def _decode(self, frame: bytes | memoryview) -> messages.WireMessage | None:
        if len(frame) > self._max_bytes:
            self._counters["oversized frames"] += 1
            logger.warning("Dropped a frame of %d bytes from the backend", len(frame))
            return None
        try:
            return messages.decode(frame, messages.TO_CLIENT)
        except RemoteProtocolError as error:
            self._counters["malformed frames"] += 1
            logger.warning("Dropped a frame from the backend: %s", error)
            return None
