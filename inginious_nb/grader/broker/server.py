"""The broker's sockets: pumps frames into the scheduler and out of it. Decides nothing."""

from __future__ import annotations

import asyncio
import logging
import re
import socket as unix_socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import zmq

from inginious_nb.errors import ServiceError
from inginious_nb.io.keepalive import keep_alive
from inginious_nb.io.message_socket import MessageSocket
from inginious_nb.messages import MAX_FRAME_BYTES

from .scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmq.auth.asyncio import AsyncioAuthenticator

    from inginious_nb.grader.curve import ServerKeys

logger = logging.getLogger(__name__)

_TICK_S = 1.0


class Broker:
    """Listens for agents and for clients, as INGInious's backend does (docs/protocol.md, Topology).

    Args:
        context: Where the sockets are made.
        agent_addr: Address for agents.
        client_addr: Address for clients.
        curve: Encrypt the clients' side and let in only the one client that has the right key.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        agent_addr: str,
        client_addr: str,
        curve: ServerKeys | None = None,
    ) -> None:
        self._context = context
        self._agent_addr = agent_addr
        self._client_addr = client_addr
        self._curve = curve
        self._authenticator: AsyncioAuthenticator | None = None
        self._agents: MessageSocket | None = None
        self._clients: MessageSocket | None = None
        self._arrivals = asyncio.Event()
        self.scheduler = Scheduler()

    def bind(self) -> str:
        """Start to listen; frames are served from now on, by the running loop.

        Returns:
            The client address, with the real port where a wildcard was asked for.

        Raises:
            ServiceError: An address is in use or cannot be listened on.
        """
        if self._curve is not None:
            self._authenticator = self._curve.start_authenticator(self._context)
        try:
            agents = self._bound(self._agent_addr)
            self._agents = MessageSocket(agents, self._from_agent)
            clients = self._bound(self._client_addr, self._curve)
            self._clients = MessageSocket(clients, self._from_client)
        except ServiceError:
            self.close()
            raise
        endpoint = clients.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")
        # An IPv4 address shows in its IPv6 form, which a client without IPv6 cannot use.
        return re.sub(r"\[::ffff:([\d.]+)\]", r"\1", endpoint)

    async def has_agents(self, count: int) -> None:
        """Wait until so many agents are registered."""
        while self.scheduler.agent_count < count:
            self._arrivals.clear()
            await self._arrivals.wait()

    async def run(self) -> None:
        """Serve until cancelled, then close; binds first unless that was done."""
        if self._clients is None:
            self.bind()
        try:
            while True:
                await asyncio.sleep(_TICK_S)
                self.scheduler.tick(time.time())
                self._send()
        finally:
            self.close()

    def close(self) -> None:
        """Close both sockets; what was sent has a second to leave."""
        for served in (self._agents, self._clients):
            if served is not None:
                served.close()
        if self._authenticator is not None:
            self._authenticator.stop()

    def _from_agent(self, frames: list[bytes]) -> None:
        self._pump(self.scheduler.receive_from_agent, frames)
        self._arrivals.set()

    def _from_client(self, frames: list[bytes]) -> None:
        self._pump(self.scheduler.receive_from_client, frames)

    def _pump(self, receive: Callable[[bytes, bytes, float], None], frames: list[bytes]) -> None:
        try:
            # Frames after the payload are ignored (docs/protocol.md, Framing).
            sender, frame = frames[0], frames[1] if len(frames) > 1 else b""
            receive(sender, frame, time.time())
        finally:
            self._send()

    def _send(self) -> None:
        outbox = self.scheduler.outbox
        while outbox:
            outgoing = outbox.popleft()
            served = self._clients if outgoing.side == "client" else self._agents
            if served is None or not served.send((outgoing.recipient, outgoing.frame)):
                self.scheduler.undelivered(outgoing, time.time())

    def _bound(self, address: str, curve: ServerKeys | None = None) -> zmq.Socket[bytes]:
        if _is_served_ipc(address):
            raise ServiceError(_in_use(address))
        socket = self._context.socket(zmq.ROUTER)
        socket.setsockopt(zmq.IPV6, 1)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        # A peer that is not connected shows at once, and one that comes back under its routing id
        # gets it although the broken connection has not been noticed yet.
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        # What waits for a slow peer is bounded by what it asked for, and must not be lost.
        socket.setsockopt(zmq.SNDHWM, 0)
        keep_alive(socket)
        if curve is not None:
            curve.apply_to(socket)
        try:
            socket.bind(address)
        except zmq.ZMQError as error:
            socket.close(linger=0)
            if error.errno == zmq.EADDRINUSE:
                raise ServiceError(_in_use(address)) from error
            raise ServiceError(f"Cannot listen on {address}: {error.strerror}.") from error
        return socket


def _in_use(address: str) -> str:
    return (
        f"The address {address} is in use, probably by another backend: "
        "stop that one or choose another address."
    )


def _is_served_ipc(address: str) -> bool:
    """Return whether somebody listens on an ipc address, which libzmq would take over."""
    path = address.removeprefix("ipc://")
    if path == address or not hasattr(unix_socket, "AF_UNIX") or not Path(path).exists():
        return False
    with unix_socket.socket(unix_socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
