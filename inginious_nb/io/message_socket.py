"""A ZeroMQ socket that hands over whole messages on the running asyncio loop. Knows no peer."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

import zmq

from .socket_reader import SocketReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

_MAX_MESSAGES = 100
"""So many are handed over before other work of the loop has its turn."""

_MAX_PARTS = 8
"""More than any message of ours has; of one with more the others are dropped."""

_UNDELIVERABLE = (zmq.EAGAIN, zmq.EHOSTUNREACH)


class MessageSocket(SocketReader):
    """A reader that hands each message of a socket to ``receive``, and sends.

    Args:
        socket: A plain socket, already bound or connected; this object closes it.
        receive: Called with the frames of each message, eight at most, on the loop that runs at
            construction. An error that it raises is logged, and the next message is handed over.
    """

    def __init__(self, socket: zmq.Socket[bytes], receive: Callable[[list[bytes]], object]) -> None:
        self._receive = receive
        super().__init__(
            socket,
            asyncio.get_running_loop(),
            self._read_message,
            limit=_MAX_MESSAGES,
            terminated=partial(self.close, 0),
        )

    def send(self, frames: Sequence[bytes]) -> bool:
        """Send one message without waiting.

        Returns:
            False if it went nowhere: the peer is not connected or reads too slowly.

        Raises:
            zmq.ZMQError: The socket cannot be used at all.
        """
        try:
            self.socket.send_multipart(frames, zmq.DONTWAIT)
        except zmq.ZMQError as error:
            if error.errno not in _UNDELIVERABLE:
                raise
            return False
        finally:
            self.check()
        return True

    def close(self, linger_ms: int = 1000) -> None:
        """Close the socket; messages already queued have so long to leave."""
        super().close(linger_ms)

    def _read_message(self) -> bool:
        frames = [self.socket.recv(zmq.DONTWAIT)]
        # A peer may send millions; each takes longer to make than to send.
        while self.socket.getsockopt(zmq.RCVMORE):
            frame = self.socket.recv(zmq.DONTWAIT, copy=False)
            if len(frames) < _MAX_PARTS:
                frames.append(frame.bytes)
        try:
            self._receive(frames)
        except Exception:
            logger.exception("A message could not be handled; going on with the next one")
        return False
