"""A ZeroMQ socket served by the running asyncio loop. Knows no message and no peer.

`zmq.asyncio` makes a future of every frame; here everything that has arrived is handed over in one
call of the loop, which costs a third of it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import zmq

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

_MESSAGES_AT_A_TIME = 100
"""So many are handed over before other work of the loop has its turn."""

_UNDELIVERABLE = (zmq.EAGAIN, zmq.EHOSTUNREACH)


class LoopSocket:
    """Hands each message of a socket to ``receive`` on the loop that runs at construction.

    Args:
        socket: A plain socket, already bound or connected; this object closes it.
        receive: Called with the frames of each message. What it raises is logged and the next
            message is handed over all the same.
    """

    def __init__(self, socket: zmq.Socket[bytes], receive: Callable[[list[bytes]], object]) -> None:
        self._socket = socket
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._drain_planned = False
        self._descriptor = int(socket.getsockopt(zmq.FD))
        self._loop.add_reader(self._descriptor, self._drain)
        self._plan_drain()  # what arrived before now has already used up its wake-up

    @property
    def closed(self) -> bool:
        """Return whether `close` was called."""
        return self._socket.closed

    def send(self, frames: Sequence[bytes]) -> bool:
        """Send one message without waiting.

        Returns:
            False if it went nowhere: the peer is not connected or reads too slowly.

        Raises:
            zmq.ZMQError: The socket cannot be used at all.
        """
        try:
            self._socket.send_multipart(frames, zmq.DONTWAIT)
        except zmq.ZMQError as error:
            if error.errno not in _UNDELIVERABLE:
                raise
            return False
        finally:
            self._plan_drain_if_readable()
        return True

    def close(self, linger_s: float = 1.0) -> None:
        """Close the socket; messages already queued have ``linger_s`` seconds to leave."""
        if not self._socket.closed:
            self._loop.remove_reader(self._descriptor)
            self._socket.close(linger=round(linger_s * 1000))

    def _drain(self) -> None:
        self._drain_planned = False
        for _ in range(_MESSAGES_AT_A_TIME):
            if self._socket.closed:
                return
            try:
                frames = self._socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            try:
                self._receive(frames)
            except Exception:
                logger.exception("A message could not be handled; going on with the next one")
        self._plan_drain()

    def _plan_drain_if_readable(self) -> None:
        # The descriptor tells of changes only, and sending consumes the sign of a message that
        # arrived in the meantime.
        if not self._socket.closed and int(self._socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
            self._plan_drain()

    def _plan_drain(self) -> None:
        if not self._drain_planned:
            self._drain_planned = True
            self._loop.call_soon(self._drain)
