"""Keys of a client for ZeroMQ's CURVE, which encrypts a connection and authenticates both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import zmq

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    def as_texts(self) -> tuple[str, str, str]:
        """Return the keys as JSON can carry them, in the order of the attributes."""
        return self.server.decode(), self.public.decode(), self.secret.decode()

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> Self:
        """Return the keys of an `as_texts`.

        Raises:
            ValueError: These are not three texts.
        """
        server, public, secret = (text.encode() for text in texts)
        return cls(server, public, secret)

    def apply_to(self, socket: Socket) -> None:
        """Make a socket the client side of CURVE; to be done before it connects."""
        socket.setsockopt(zmq.CURVE_SERVERKEY, self.server)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self.public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self.secret)
