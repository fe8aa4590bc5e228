"""A ZeroMQ socket read on an asyncio loop. Knows no message and no peer.

`zmq.asyncio` makes a future for every frame, which costs about three times what is done here: the
loop watches the socket's descriptor and one call reads all that has arrived. The descriptor is
edge-triggered (zmq_getsockopt(3), ZMQ_FD): a socket must be read until it is empty, once before it
tells of anything, and looked at again after sending, which may consume the sign of an arrival.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import zmq

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    Socket = zmq.Socket[bytes]

_EVENTS, _POLLIN = int(zmq.EVENTS), int(zmq.POLLIN)  # plain, since flags are slow to combine

_POLL_S = 0.005
"""Interval of polling on a loop that cannot watch descriptors (Windows' proactor)."""


class SocketReader:
    """A reader of one socket, run whenever something may have arrived.

    Args:
        socket: A plain socket, already bound or connected; `close` closes it.
        loop: The loop whose thread makes all calls.
        read: Reads one message without waiting and handles it; called until the socket is empty.
        limit: After so many messages other work of the loop has its turn; it has it at once where
            ``read`` returns True.
        drained: Called after each turn of reading.
        terminated: Called instead when the socket's context has ended. Default: `close`.
    """

    def __init__(
        self,
        socket: Socket,
        loop: asyncio.AbstractEventLoop,
        read: Callable[[], bool],
        *,
        limit: int,
        drained: Callable[[], object] | None = None,
        terminated: Callable[[], object] | None = None,
    ) -> None:
        self.socket = socket
        self._loop = loop
        self._read = read
        self._limit = limit
        self._drained = drained
        self._terminated = terminated or self.close
        self._planned = False
        self._poll: asyncio.TimerHandle | None = None
        self._watched = False
        # Kept, since a socket does not tell it any more once its context has ended.
        self._descriptor = int(socket.getsockopt(zmq.FD))
        try:
            loop.add_reader(self._descriptor, self._drain)
            self._watched = True
        except NotImplementedError:
            self._poll = loop.call_later(_POLL_S, self._poll_socket)
        self._plan()  # what arrived before now has already used up its wake-up

    @property
    def closed(self) -> bool:
        """True once the socket was closed."""
        return self.socket.closed

    def check(self) -> None:
        """Look whether something arrived; to be called after sending."""
        if not (self._planned or self.socket.closed) and self._has_arrivals():
            self._plan()

    def close(self, linger_ms: int = 0) -> None:
        """Close the socket; messages already queued have so long to leave."""
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None
        elif self._watched and not self._loop.is_closed():
            self._loop.remove_reader(self._descriptor)
        self._watched = False
        self.socket.close(linger=linger_ms)

    def _has_arrivals(self) -> bool:
        try:
            return bool(int(self.socket.getsockopt(_EVENTS)) & _POLLIN)
        except zmq.ContextTerminated:
            return True  # to be read, and closed then

    def _plan(self) -> None:
        if not (self._planned or self._loop.is_closed()):
            self._planned = True
            self._loop.call_soon(self._drain)

    def _drain(self) -> None:
        # May be entered again from within: a callback may run the loop (nest_asyncio2).
        self._planned = False
        if self._read_some():
            self._plan()
        if self._drained is not None:
            self._drained()

    def _read_some(self) -> bool:
        """Read what has arrived; True if there may be more."""
        try:
            for _ in range(self._limit):
                if self.socket.closed:
                    return False
                if self._read():
                    break
        except zmq.Again:
            return False
        except zmq.ContextTerminated:
            self._terminated()
            return False
        return True

    def _poll_socket(self) -> None:
        self._poll = self._loop.call_later(_POLL_S, self._poll_socket)
        self._drain()
