"""One registration of an agent with a backend: a socket, and when it was last heard.

What the messages mean is the agent's business.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import zmq

from inginious_nb import messages
from inginious_nb.errors import ServiceError
from inginious_nb.io.message_socket import MessageSocket

if TYPE_CHECKING:
    from collections.abc import Callable


class Connection:
    """A DEALER socket to the agent address of a backend.

    It has a routing id of its own, so that it stays the same agent to the backend when its TCP
    connection breaks and libzmq makes another.

    Attributes:
        was_heard: Whether anything ever came back.
        silent_s: Seconds since something came; its owner counts them.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        address: str,
        receive: Callable[[Connection, bytes], None],
    ) -> None:
        self.was_heard = False
        self.silent_s = 0.0
        self._receive = receive
        socket = context.socket(zmq.DEALER)
        socket.setsockopt(zmq.IPV6, 1)
        socket.setsockopt(zmq.MAXMSGSIZE, messages.MAX_FRAME_BYTES)
        socket.setsockopt(zmq.SNDHWM, 0)  # what is sent is bounded by what is received
        socket.setsockopt(zmq.ROUTING_ID, b"agent-" + uuid.uuid4().bytes)
        try:
            socket.connect(address)
        except zmq.ZMQError as error:
            socket.close(linger=0)
            raise ServiceError(f"Cannot connect to {address}: {error.strerror}.") from error
        self._socket = MessageSocket(socket, self._take)

    def send(self, message: messages.WireMessage) -> None:
        """Send a message; after `close` it is dropped.

        Raises:
            LocalProtocolError: The message is not valid; nothing was sent.
        """
        frame = messages.encode(message)
        if not self._socket.closed:
            self._socket.send([frame])

    def close(self, linger_ms: int = 1000) -> None:
        """Close the socket; what was sent has so long to leave."""
        self._socket.close(linger_ms)

    def _take(self, frames: list[bytes]) -> None:
        self.was_heard = True
        self.silent_s = 0.0
        self._receive(self, frames[0])
