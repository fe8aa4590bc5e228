"""ZeroMQ sockets of one client on an asyncio loop: frames in, frames out, nothing else.

`zmq.asyncio` makes a future for every frame, which costs about three times what is done here: the
loop watches the socket's descriptor and one call reads all that has arrived. The descriptor is
edge-triggered (zmq_getsockopt(3), ZMQ_FD): a socket must be read until it is empty, once before it
tells of anything, and looked at again after sending, which may consume the sign of an arrival.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, NamedTuple, Protocol

import zmq
from zmq.utils.monitor import parse_monitor_message

from .links import Close, Open, Send

if TYPE_CHECKING:
    import asyncio
    from collections import deque

    from inginious_nb.io.curve import CurveKeys

    from .links import Action

    Socket = zmq.Socket[bytes]

logger = logging.getLogger(__name__)

_EVENTS, _POLLIN = int(zmq.EVENTS), int(zmq.POLLIN)  # plain, since flags are slow to combine

_FRAMES_AT_ONCE = 64
"""After so many frames other work of the loop has its turn."""

_LARGE_BYTES = 1024 * 1024
"""A frame from this size on is worked off before the next is read, and sent from where it lies.

Smaller ones are copied: for others pyzmq starts a thread that lives as long as the process.
"""

_POLL_S = 0.005
"""How often sockets are looked at on a loop that cannot watch descriptors (Windows' proactor)."""

_FAILED = {Open: "could not be opened", Send: "took no frame", Close: "could not be closed"}

_LINGER_MS = 500
"""How long frames that are still queued may take to leave after a socket was closed."""


class Listener(Protocol):
    """Who is told what happens on the sockets; links are called by their numbers."""

    def receive(self, link: int, frame: memoryview) -> None:
        """A frame arrived."""

    def drained(self) -> None:
        """The frames that had arrived, or some of many, were handed over."""

    def established(self, link: int) -> None:
        """A connection was established, for the first time or again."""

    def broken(self, link: int) -> None:
        """A connection broke; ZeroMQ tries to establish it again by itself."""


class _Channel(NamedTuple):
    socket: Socket
    monitor: Socket
    """Tells what happens to the connection of the socket."""
    descriptors: tuple[int, int]
    """Of both; kept, since a socket does not tell it any more once its context has ended."""


class SocketPump:
    """The sockets of one client.

    Args:
        context: Any ZeroMQ context; only plain sockets are made in it.
        address: Where the backend listens.
        curve: Keys, if the backend wants some.
        loop: The loop whose thread makes all calls.
        listener: Who is told what happens.
    """

    def __init__(
        self,
        context: zmq.Context[Socket],
        address: str,
        curve: CurveKeys | None,
        loop: asyncio.AbstractEventLoop,
        listener: Listener,
    ) -> None:
        # A zmq.asyncio context would make sockets of its own kind.
        self._context: zmq.Context[Socket] = zmq.Context.shadow(context.underlying)
        self._address = address
        self._curve = curve
        self._loop = loop
        self._listener = listener
        self._channels: dict[int, _Channel] = {}
        self._planned = False
        self._poll: asyncio.TimerHandle | None = None

    def perform(self, actions: deque[Action]) -> None:
        """Do what the core asks for, in order, each once: what a socket refuses is only logged.

        A link that could not be opened is as one that nobody answers; the core replaces it.
        """
        while actions:
            action = actions.popleft()
            try:
                if type(action) is Send:
                    self._send(action.link, action.frame)
                elif type(action) is Open:
                    self._open(action.link, action.routing_id)
                elif type(action) is Close:
                    self._close(action.link, linger_ms=0)
            except (zmq.ZMQError, OSError) as error:
                logger.warning("A socket to %s %s: %s", self._address, _FAILED[type(action)], error)
        if not self._planned and any(map(_has_arrivals, self._channels.values())):
            self._plan_drain()

    def close(self) -> None:
        """Close all sockets; frames just handed over still leave if the backend is there."""
        for link in list(self._channels):
            self._close(link, linger_ms=_LINGER_MS)
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None

    def _open(self, link: int, routing_id: bytes) -> None:
        socket = self._context.socket(zmq.DEALER)
        monitor = None
        try:
            self._configure(socket, routing_id)
            monitor = socket.get_monitor_socket(
                zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
            )
            socket.connect(self._address)
        except zmq.ZMQError:
            _end(socket, monitor, linger_ms=0)
            raise
        channel = _Channel(socket, monitor, (_descriptor(socket), _descriptor(monitor)))
        self._channels[link] = channel
        self._loop.call_soon(self._drain_monitor, link)
        try:
            self._loop.add_reader(channel.descriptors[0], self._drain)
            self._loop.add_reader(channel.descriptors[1], self._drain_monitor, link)
        except NotImplementedError:
            if self._poll is None:
                self._poll = self._loop.call_later(_POLL_S, self._poll_sockets)

    def _configure(self, socket: Socket, routing_id: bytes) -> None:
        socket.setsockopt(zmq.ROUTING_ID, routing_id)
        # A full queue makes a backend drop results, silently: there is no limit on either side.
        socket.setsockopt(zmq.SNDHWM, 0)
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.setsockopt(zmq.IPV6, 1)
        socket.setsockopt(zmq.RECONNECT_IVL, 100)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
        # The kernel of a stalled backend still acknowledges, a vanished network does not: these
        # end connections to the latter only, and then libzmq connects again under the same id.
        socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
        socket.setsockopt(zmq.TCP_KEEPALIVE_IDLE, 15)
        socket.setsockopt(zmq.TCP_KEEPALIVE_INTVL, 5)
        socket.setsockopt(zmq.TCP_KEEPALIVE_CNT, 3)
        socket.setsockopt(zmq.TCP_MAXRT, 30_000)
        if self._curve is not None:
            self._curve.apply_to(socket)

    def _close(self, link: int, *, linger_ms: int) -> None:
        channel = self._channels.pop(link, None)
        if channel is None:
            return
        if self._poll is None and not self._loop.is_closed():
            for descriptor in channel.descriptors:
                self._loop.remove_reader(descriptor)
        _end(channel.socket, channel.monitor, linger_ms=linger_ms)

    def _send(self, link: int, frame: bytes) -> None:
        channel = self._channels.get(link)
        if channel is not None:
            channel.socket.send(frame, zmq.DONTWAIT, copy=len(frame) < _LARGE_BYTES)

    def _plan_drain(self) -> None:
        if not self._planned and not self._loop.is_closed():
            self._planned = True
            self._loop.call_soon(self._drain)

    def _drain(self) -> None:
        # May be entered again from within: a callback may run the loop (nest_asyncio2).
        self._planned = False
        for link in list(self._channels):
            if self._drain_link(link):
                self._plan_drain()
        self._listener.drained()

    def _drain_link(self, link: int) -> bool:
        """Hand over what has arrived; True if there may be more."""
        for _ in range(_FRAMES_AT_ONCE):
            channel = self._channels.get(link)
            if channel is None:
                return False
            try:
                # Not copied: a Frame costs a microsecond, a copy of 10 MB costs a thousand.
                frame = channel.socket.recv(zmq.DONTWAIT, copy=False).buffer
            except zmq.Again:
                return False
            except zmq.ContextTerminated:
                self._close(link, linger_ms=0)
                return False
            self._listener.receive(link, frame)
            if len(frame) >= _LARGE_BYTES:
                break  # there is enough to do for one turn
        return True

    def _drain_monitor(self, link: int) -> None:
        while (channel := self._channels.get(link)) is not None:
            try:
                event = parse_monitor_message(channel.monitor.recv_multipart(zmq.DONTWAIT))
            except zmq.Again:
                return
            except zmq.ContextTerminated:
                self._close(link, linger_ms=0)
                return
            if event["event"] == zmq.EVENT_DISCONNECTED:
                self._listener.broken(link)
            elif event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self._listener.established(link)

    def _poll_sockets(self) -> None:
        self._poll = self._loop.call_later(_POLL_S, self._poll_sockets)
        for link in list(self._channels):
            self._drain_monitor(link)
        self._drain()


def _descriptor(socket: Socket) -> int:
    return int(socket.getsockopt(zmq.FD))


def _has_arrivals(channel: _Channel) -> bool:
    try:
        return bool(int(channel.socket.getsockopt(_EVENTS)) & _POLLIN)
    except zmq.ContextTerminated:
        return True  # to be read, and closed then


def _end(socket: Socket, monitor: Socket | None, *, linger_ms: int) -> None:
    with contextlib.suppress(zmq.ZMQError):  # the context may have ended
        socket.disable_monitor()
    if monitor is not None:
        monitor.close(linger=0)
    socket.close(linger=linger_ms)
