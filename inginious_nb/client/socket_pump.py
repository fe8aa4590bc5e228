"""ZeroMQ sockets of one client on an asyncio loop: frames in, frames out, nothing else."""

from __future__ import annotations

import contextlib
import logging
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import zmq
from zmq.utils.monitor import parse_monitor_message

from inginious_nb.io.keepalive import keep_alive
from inginious_nb.io.socket_reader import SocketReader
from inginious_nb.messages import MAX_FRAME_BYTES

from .connections import Close, Open, Send

if TYPE_CHECKING:
    import asyncio
    from collections import deque

    from inginious_nb.io.curve import CurveKeys

    from .connections import Action

    Socket = zmq.Socket[bytes]

logger = logging.getLogger(__name__)

_FRAMES_AT_ONCE = 64
"""After so many frames other work of the loop has its turn."""

_LARGE_BYTES = 1024 * 1024
"""A frame from this size on is worked off before the next is read, and sent from where it lies.

Smaller ones are copied: for others pyzmq starts a thread that lives as long as the process.
"""

_FAILED = {Open: "could not be opened", Send: "took no frame", Close: "could not be closed"}

_LINGER_MS = 500
"""Time that queued frames have to leave after a socket was closed."""


class Listener(Protocol):
    """A receiver of socket events, which name connections by their numbers."""

    def receive(self, connection: int, frame: memoryview) -> None:
        """Take a frame that arrived."""

    def drained(self) -> None:
        """Take note that the frames that had arrived, or some of many, were passed on."""

    def established(self, connection: int) -> None:
        """Take note that a connection was established, for the first time or again."""

    def broken(self, connection: int) -> None:
        """Take note that a connection broke; ZeroMQ establishes it again by itself."""


class _Channel(NamedTuple):
    socket: SocketReader
    monitor: SocketReader
    """Reports what happens to the connection of the socket."""


class SocketPump:
    """The sockets of one client.

    Args:
        context: Any ZeroMQ context; only plain sockets are made in it.
        address: Where the backend listens.
        curve: Keys, if the backend wants some.
        loop: The loop whose thread makes all calls.
        listener: Receives the events of the sockets.
        max_frame_bytes: A backend that sends a larger frame is cut off before it is in memory.
    """

    def __init__(
        self,
        context: zmq.Context[Socket],
        address: str,
        curve: CurveKeys | None,
        loop: asyncio.AbstractEventLoop,
        listener: Listener,
        max_frame_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        # A zmq.asyncio context would make sockets of its own kind.
        self._context: zmq.Context[Socket] = zmq.Context.shadow(context.underlying)
        self._address = address
        self._curve = curve
        self._loop = loop
        self._listener = listener
        self._max_frame_bytes = max_frame_bytes
        self._channels: dict[int, _Channel] = {}

    def perform(self, actions: deque[Action]) -> None:
        """Do what the core asks for, in order, each once: what a socket refuses is only logged.

        A connection that could not be opened is as one that nobody answers; the core replaces it.
        """
        while actions:
            action = actions.popleft()
            try:
                if type(action) is Send:
                    self._send(action.connection, action.frame)
                elif type(action) is Open:
                    self._open(action.connection, action.routing_id)
                elif type(action) is Close:
                    self._close(action.connection)
            except (zmq.ZMQError, OSError) as error:
                logger.warning("A socket to %s %s: %s", self._address, _FAILED[type(action)], error)
        for channel in self._channels.values():
            channel.socket.check()

    def move_to(self, address: str, curve: CurveKeys | None) -> None:
        """Connect all sockets to another address; frames that did not leave are lost."""
        left, self._address, self._curve = self._address, address, curve
        for channel in self._channels.values():
            socket = channel.socket.socket
            socket.setsockopt(zmq.LINGER, 0)  # else what did not leave keeps the context alive
            with contextlib.suppress(zmq.ZMQError):  # the connection has ended by itself
                socket.disconnect(left)
            if curve is not None:
                curve.apply_to(socket)
            socket.connect(address)

    def close(self) -> None:
        """Close all sockets; frames just handed over still leave if the backend is there."""
        for connection in list(self._channels):
            self._close(connection, linger_ms=_LINGER_MS)

    def _open(self, connection: int, routing_id: bytes) -> None:
        socket = self._context.socket(zmq.DEALER)
        monitor = None
        try:
            self._configure(socket, routing_id)
            monitor = socket.get_monitor_socket(
                zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
            )
            socket.connect(self._address)
        except zmq.ZMQError:
            _disable_monitor(socket)
            if monitor is not None:
                monitor.close(linger=0)
            socket.close(linger=0)
            raise
        self._channels[connection] = _Channel(
            SocketReader(
                socket,
                self._loop,
                partial(self._read_frame, connection, socket),
                limit=_FRAMES_AT_ONCE,
                drained=self._listener.drained,
                terminated=partial(self._close, connection),
            ),
            SocketReader(
                monitor,
                self._loop,
                partial(self._read_event, connection, monitor),
                limit=_FRAMES_AT_ONCE,
                terminated=partial(self._close, connection),
            ),
        )

    def _configure(self, socket: Socket, routing_id: bytes) -> None:
        socket.setsockopt(zmq.ROUTING_ID, routing_id)
        # A full queue makes a backend drop results, silently: there is no limit on either side.
        socket.setsockopt(zmq.SNDHWM, 0)
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, self._max_frame_bytes)
        socket.setsockopt(zmq.IPV6, 1)
        socket.setsockopt(zmq.RECONNECT_IVL, 100)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
        # When the connection to a vanished network ends, libzmq connects again under the same id.
        keep_alive(socket)
        socket.setsockopt(zmq.TCP_MAXRT, 30_000)
        if self._curve is not None:
            self._curve.apply_to(socket)

    def _close(self, connection: int, *, linger_ms: int = 0) -> None:
        channel = self._channels.pop(connection, None)
        if channel is not None:
            _disable_monitor(channel.socket.socket)
            channel.monitor.close()
            channel.socket.close(linger_ms)

    def _send(self, connection: int, frame: bytes) -> None:
        channel = self._channels.get(connection)
        if channel is not None:
            channel.socket.socket.send(frame, zmq.DONTWAIT, copy=len(frame) < _LARGE_BYTES)

    def _read_frame(self, connection: int, socket: Socket) -> bool:
        # Not copied: a Frame costs a microsecond, a copy of 10 MB costs a thousand.
        frame = socket.recv(zmq.DONTWAIT, copy=False).buffer
        self._listener.receive(connection, frame)
        return len(frame) >= _LARGE_BYTES  # there is enough to do for one turn

    def _read_event(self, connection: int, monitor: Socket) -> bool:
        event = parse_monitor_message(monitor.recv_multipart(zmq.DONTWAIT))
        if event["event"] == zmq.EVENT_DISCONNECTED:
            self._listener.broken(connection)
        elif event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self._listener.established(connection)
        return False


def _disable_monitor(socket: Socket) -> None:
    with contextlib.suppress(zmq.ZMQError):  # the context may have ended
        socket.disable_monitor()
