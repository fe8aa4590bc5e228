"""A socket of the grading service whose messages are handed over on the running asyncio loop."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import zmq

from inginious_nb.io.socket_reader import SocketReader

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
        self._reader = SocketReader(
            socket, asyncio.get_running_loop(), self._read, limit=_MESSAGES_AT_A_TIME
        )

    @property
    def closed(self) -> bool:
        """Return whether `close` was called."""
        return self._reader.closed

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
            self._reader.check()
        return True

    def close(self, linger_s: float = 1.0) -> None:
        """Close the socket; messages already queued have ``linger_s`` seconds to leave."""
        self._reader.close(round(linger_s * 1000))

    def _read(self) -> bool:
        frames = self._socket.recv_multipart(zmq.DONTWAIT)
        try:
            self._receive(frames)
        except Exception:
            logger.exception("A message could not be handled; going on with the next one")
        return False
