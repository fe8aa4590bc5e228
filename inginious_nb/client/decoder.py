"""Decodes frames in the order in which they came; a long snapshot of the queue in steps."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

from inginious_nb import messages
from inginious_nb.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Generator, Iterable, Iterator

    Take = Callable[[int, messages.WireMessage | None, float], Iterable[None]]

logger = logging.getLogger(__name__)

_END = object()


class Decoder:
    """A decoder of frames, which passes the messages on in order.

    Args:
        take: Called with the connection, the message (None if the frame is malformed) and the
            time; returns an iterable whose iteration does the long work.
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
        if self._steps is not None or messages.is_long_queue(frame):
            self._unread.append((connection, frame, now))
            self._steps = self._steps or self._read()
            return
        for _ in self._take(connection, self._decode(frame), now):
            pass

    @property
    def busy(self) -> bool:
        """True while frames are left to read; call `proceed` then."""
        return self._steps is not None

    def proceed(self) -> None:
        """Go on reading for a fraction of a millisecond."""
        if self._steps is not None and next(self._steps, _END) is _END:
            self._steps = self._read() if self._unread else None

    def finish(self) -> None:
        """Read all that is left."""
        while self.busy:
            self.proceed()

    def _read(self) -> Iterator[None]:
        while self._unread:
            connection, frame, now = self._unread.popleft()
            if messages.is_long_queue(frame):
                yield from self._take(connection, (yield from self._decode_in_steps(frame)), now)
            else:
                yield from self._take(connection, self._decode(frame), now)
            yield

    def _decode(self, frame: bytes | memoryview) -> messages.WireMessage | None:
        if self._is_oversized(frame):
            return None
        try:
            return messages.decode(frame, messages.TO_CLIENT)
        except RemoteProtocolError as error:
            self._drop_malformed(error)
            return None

    def _decode_in_steps(
        self, frame: bytes | memoryview
    ) -> Generator[None, None, messages.WireMessage | None]:
        if self._is_oversized(frame):
            return None
        try:
            return (yield from messages.decode_in_steps(frame, messages.TO_CLIENT))
        except RemoteProtocolError as error:
            self._drop_malformed(error)
            return None

    def _is_oversized(self, frame: bytes | memoryview) -> bool:
        if len(frame) <= self._max_bytes:
            return False
        self._counters["oversized frames"] += 1
        logger.warning("Dropped a frame of %d bytes from the backend", len(frame))
        return True

    def _drop_malformed(self, error: RemoteProtocolError) -> None:
        self._counters["malformed frames"] += 1
        logger.warning("Dropped a frame from the backend: %s", error)
