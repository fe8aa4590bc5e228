"""Keys of a client for ZeroMQ's CURVE, which encrypts a connection and authenticates both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import zmq

if TYPE_CHECKING:
    Socket = zmq.Socket[bytes]


@dataclass(frozen=True, slots=True)
class CurveKeys:
    """Keys for an encrypted, authenticated connection, in ZeroMQ's 40-character text form.

    Attributes:
        server: Public key of the backend.
        public: Our public key.
        secret: Our secret key.
    """

    server: bytes
    public: bytes
    secret: bytes

    def apply_to(self, socket: Socket) -> None:
        """Make a socket the client side of CURVE; to be done before it connects."""
        socket.setsockopt(zmq.CURVE_SERVERKEY, self.server)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self.public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self.secret)
