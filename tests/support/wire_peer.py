"""Peers that speak the wire by hand: a client or agent (DEALER) and a backend's side (ROUTER)."""

from __future__ import annotations

import asyncio

import zmq
import zmq.asyncio

from inginious_nb import messages

TIMEOUT_S = 15.0
"""Nothing asked of a peer may take longer; nothing should come near it."""


class DealerPeer:
    """A client, or an agent with ``incoming=messages.TO_AGENT``, that says what it is told."""

    def __init__(self, address, *, identity=None, incoming=messages.TO_CLIENT, curve=None):
        self._context = zmq.asyncio.Context()
        self._incoming = incoming
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.IPV6, 1)
        if identity is not None:
            self.socket.setsockopt(zmq.ROUTING_ID, identity)
        if curve is not None:
            curve.apply_to(self.socket)
        self.socket.connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    async def say(self, message):
        frame = message if isinstance(message, bytes) else messages.encode(message)
        await self.socket.send(frame)

    async def hear(self, timeout_s=TIMEOUT_S):
        """The next message."""
        frame = await asyncio.wait_for(self.socket.recv(), timeout_s)
        return messages.decode(frame, self._incoming)

    async def hear_a(self, kind):
        """The next message of that kind; pings are answered, others are dropped."""
        while not isinstance(message := await self.hear(), kind):
            if isinstance(message, messages.Ping):
                await self.say(messages.Pong())
        return message

    async def ask(self, message, kind):
        await self.say(message)
        return await self.hear_a(kind)

    def close(self):
        self._context.destroy(linger=0)


class RouterPeer:
    """The backend's side of agents; says and hears what it is told to."""

    def __init__(self, address="tcp://127.0.0.1:*"):
        self._context = zmq.asyncio.Context()
        self.socket = self._context.socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.socket.bind(address)
        self.address = self.socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    async def say(self, identity, message):
        frame = message if isinstance(message, bytes) else messages.encode(message)
        await self.socket.send_multipart([identity, frame])

    async def hear(self, timeout_s=TIMEOUT_S):
        """The next message and who sent it."""
        identity, frame = await asyncio.wait_for(self.socket.recv_multipart(), timeout_s)
        return identity, messages.decode(frame, messages.FROM_AGENT)

    async def hear_a(self, kind):
        """The next message of that kind and who sent it; others are dropped."""
        while True:
            identity, message = await self.hear()
            if isinstance(message, kind):
                return identity, message

    def close(self):
        self._context.destroy(linger=0)
