"""CURVE keys made for one service, for where its socket is not protected by a folder.

Both sides are authenticated: the service admits just the one client key, and a client recognises
the service by its public key. Keys are in ZeroMQ's 40-character text form.
"""

from __future__ import annotations

from dataclasses import dataclass

import zmq
from zmq.auth.asyncio import AsyncioAuthenticator

from inginious_nb.io.curve import CurveKeys


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """The keys of the service: its secret key and the one client key it admits."""

    secret: bytes
    admitted: bytes

    def as_dict(self) -> dict[str, str]:
        """Return the keys as JSON can carry them."""
        return {"secret": self.secret.decode(), "admitted": self.admitted.decode()}

    @classmethod
    def from_dict(cls, keys: dict[str, str]) -> ServerKeys:
        """Return the keys of an `as_dict`."""
        return cls(keys["secret"].encode(), keys["admitted"].encode())

    def apply_to(self, socket: zmq.Socket[bytes]) -> None:
        """Make a socket the server side of CURVE; to be done before it is bound."""
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self.secret)

    def start_authenticator(self, context: zmq.Context[zmq.Socket[bytes]]) -> AsyncioAuthenticator:
        """Let in nobody but the one client, from now on until the authenticator is stopped."""
        authenticator = AsyncioAuthenticator(context)
        authenticator.start()
        authenticator.configure_curve_callback("*", credentials_provider=self)
        return authenticator

    def callback(self, domain: str, key: bytes) -> bool:
        """Return whether a client with that public key is let in; the authenticator asks."""
        del domain
        return key == self.admitted


def new_keys() -> tuple[CurveKeys, ServerKeys]:
    """Make the keys of both sides of a new service."""
    server_public, server_secret = zmq.curve_keypair()
    public, secret = zmq.curve_keypair()
    return CurveKeys(server_public, public, secret), ServerKeys(server_secret, public)
