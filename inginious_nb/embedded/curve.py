"""CURVE keys made for one service, for where its socket is not protected by a folder.

Both sides are authenticated: the service admits just the one client key, and a client recognises
the service by its public key.
"""

from __future__ import annotations

from dataclasses import dataclass

import zmq


@dataclass(frozen=True, slots=True)
class CurveKeys:
    """What a client needs, in Z85 text: the service's public key and a key pair of its own."""

    server_public: str
    public: str
    secret: str


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """What the service needs, in Z85 text: its secret key and the one client key it admits."""

    secret: str
    admitted: str

    def apply_to(self, socket: zmq.Socket[bytes]) -> None:
        """Make a socket the server side of CURVE; to be done before it is bound."""
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self.secret.encode())
        socket.setsockopt(zmq.ZAP_DOMAIN, b"inginious-nb")


def new_keys() -> tuple[CurveKeys, ServerKeys]:
    """Make the keys of both sides of a new service."""
    server_public, server_secret = (key.decode() for key in zmq.curve_keypair())
    public, secret = (key.decode() for key in zmq.curve_keypair())
    return CurveKeys(server_public, public, secret), ServerKeys(server_secret, public)
