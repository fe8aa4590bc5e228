"""Connections to the backend: registration, heartbeats, and recovery of an unresponsive one.

Rules, and why (docs/decisions/0007-never-lose-a-submission.md):

* Silence alone never closes a connection. A backend that was merely slow sends its results there.
* After a silence a second connection, the probe, says hello under an identity of its own. When
  neither is answered, the backend is away or busy: go on waiting.
* When only the probe is answered, and ours was not since it was last established, the backend
  refuses our routing id because it still has an earlier connection: close ours and reconnect under
  the same id, a few times; then use the probe. When ours did work, a large frame may be under way
  on a slow line: do the same, but only after a long time.
* ``Unknown`` means that the backend does not know us, so it has none of our jobs under this id.

No job and no socket is known here: `Open`, `Send` and `Close` say what to do. Whenever a frame may
have been lost, ``resync_due`` is set; the owner reads and resets it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from inginious_nb import messages

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterator

    from .options import ClientOptions

logger = logging.getLogger(__name__)

_HELLO = messages.encode(messages.ClientHello(name="me"))  # the name INGInious's client sends
_PING = messages.encode(messages.Ping())

_PINGS_AT_FULL_RATE = 10
"""Beyond so many unanswered pings only every fifth tick adds one: they pile up in the socket."""

_PINGS_LOST = 3
"""So many unanswered pings among answered ones show that frames were lost."""

_PROBE_TIMEOUT_FACTOR = 4
"""An unanswered probe is replaced after so many times ``silent_after_s``."""


class Open(NamedTuple):
    """A new socket to connect under this routing id, for the connection of this number."""

    connection: int
    routing_id: bytes


class Send(NamedTuple):
    """One frame to send."""

    connection: int
    frame: bytes


class Close(NamedTuple):
    """A socket to close at once."""

    connection: int


Action = Open | Send | Close


@dataclass(slots=True)
class BackendConnection:
    """One connection to the backend, which libzmq may establish several times."""

    number: int
    routing_id: bytes
    sign_at: float
    """Time of the last frame; at first, time of opening."""
    hello_at: float
    heard: bool = False
    established: bool = False
    """True from ZeroMQ's handshake until the connection breaks."""
    answered: bool = False
    """True if a frame came since it was last established."""
    registered: bool = False
    pings_unanswered: int = 0


class Connections:
    """The connection in use (``current``) and, during a silence, the probe.

    Args:
        options: Time limits.
        routing_ids: Where routing ids come from; the first is the stable one.
        actions: Receives what is to be done, in order.
        now: The time, in seconds, of any clock that never goes back.
    """

    def __init__(
        self,
        options: ClientOptions,
        routing_ids: Iterator[bytes],
        actions: deque[Action],
        now: float,
    ) -> None:
        self._options = options
        self._routing_ids = routing_ids
        self._actions = actions
        self._opened = 0
        self._ticks = 0
        self._ticked_at = now
        self._probe: BackendConnection | None = None
        self._rejoin_deadline: float | None = None
        self._rejoins = 0
        self.resync_due = False
        self.heard_at: float | None = None
        self.current = self._open(next(routing_ids), now)

    @property
    def registered(self) -> bool:
        """True if the backend knows us on the connection in use."""
        return self.current.registered

    def is_silent(self, now: float) -> bool:
        """Return whether the connection in use is silent for longer than ``silent_after_s``."""
        return now - self.current.sign_at > self._options.silent_after_s

    def send(self, frame: bytes) -> None:
        """Send a frame on the connection in use."""
        self._actions.append(Send(self.current.number, frame))

    def established(self, number: int) -> bool:
        """Record that a connection was established, for the first time or again.

        Returns:
            True if it is the one in use and the frames under way on it are lost.
        """
        connection = self._find(number)
        if connection is None:
            return False
        connection.established = True
        connection.answered = False
        if not connection.heard:
            return False
        self._actions.append(Send(connection.number, _PING))
        self.resync_due = self.resync_due or connection is self.current
        return connection is self.current

    def broken(self, number: int) -> None:
        """Record that a connection broke; ZeroMQ establishes it again by itself."""
        connection = self._find(number)
        if connection is not None:
            connection.established = connection.answered = False

    def receive(self, number: int, message: messages.WireMessage | None, now: float) -> bool:
        """Record a frame; message is None if it could not be decoded.

        Returns:
            True if it came on the connection in use.
        """
        connection = self._find(number)
        if connection is None:
            return False  # a connection that was closed meanwhile
        if connection is self.current:
            if self.is_silent(now):
                self.resync_due = True
            self.heard_at = now
            self._drop_probe()
        connection.sign_at = now
        connection.heard = True
        connection.answered = connection.established
        if isinstance(message, messages.Pong):
            connection.pings_unanswered = max(0, connection.pings_unanswered - 1)
            if not connection.registered:
                # It knows us from before, and our hello of now was lost.
                self._say_hello(connection, now)
        elif isinstance(message, messages.Unknown):
            self._say_hello(connection, now)
        elif isinstance(message, messages.BackendUpdateEnvironments) and not connection.registered:
            connection.registered = True
            if connection is self.current:
                self.resync_due = True
        return connection is self.current

    def tick(self, now: float) -> float:
        """Send pings, and probe or reconnect when nothing comes back.

        Returns:
            The delay of this tick in seconds, 0 if small: a loop that was held, or a suspended
            machine, is not the backend's silence.
        """
        pause_s = self._forgive_own_pause(now)
        self._ticks += 1
        current = self.current
        if current.pings_unanswered >= _PINGS_LOST and not self.is_silent(now):
            self.resync_due = True
            current.pings_unanswered = 0
        self._ping(current)
        if self._probe is not None:
            self._ping(self._probe)
            if self._probe.heard:
                self._choose(self._probe, now)
            elif now - self._probe.sign_at > _PROBE_TIMEOUT_FACTOR * self._options.silent_after_s:
                # What broke our connection may have lost the first frames of this one too.
                self._actions.append(Close(self._probe.number))
                self._probe = self._open(next(self._routing_ids), now)
        elif self.is_silent(now):
            self._probe = self._open(next(self._routing_ids), now)
        return pause_s

    def close(self) -> None:
        """Close every connection."""
        self._drop_probe()
        self._actions.append(Close(self.current.number))

    def _open(self, routing_id: bytes, now: float) -> BackendConnection:
        self._opened += 1
        connection = BackendConnection(self._opened, routing_id, sign_at=now, hello_at=now)
        self._actions.append(Open(connection.number, routing_id))
        self._actions.append(Send(connection.number, _HELLO))
        return connection

    def _find(self, number: int) -> BackendConnection | None:
        if number == self.current.number:
            return self.current
        if self._probe is not None and number == self._probe.number:
            return self._probe
        return None

    def _drop_probe(self) -> None:
        if self._probe is not None:
            self._actions.append(Close(self._probe.number))
            self._probe = None
            self._rejoin_deadline = None
        self._rejoins = 0

    def _say_hello(self, connection: BackendConnection, now: float) -> None:
        # Pings that left before our hello are answered as if there was none: one is enough.
        if connection.registered or now - connection.hello_at >= self._options.heartbeat_s:
            connection.registered = False
            connection.hello_at = now
            self._actions.append(Send(connection.number, _HELLO))

    def _ping(self, connection: BackendConnection) -> None:
        if connection.pings_unanswered < _PINGS_AT_FULL_RATE or self._ticks % 5 == 0:
            connection.pings_unanswered += 1
            self._actions.append(Send(connection.number, _PING))

    def _forgive_own_pause(self, now: float) -> float:
        pause_s = now - self._ticked_at - self._options.heartbeat_s
        self._ticked_at = now
        if pause_s <= self._options.heartbeat_s:
            return 0.0
        for connection in (self.current, self._probe):
            if connection is not None:
                connection.sign_at = min(now, connection.sign_at + pause_s)
        return pause_s

    def _choose(self, probe: BackendConnection, now: float) -> None:
        """Replace the connection in use, in time, since only the probe is answered."""
        current, options = self.current, self._options
        if self._rejoin_deadline is None:
            self._rejoin_deadline = now + options.rejoin_wait_s
        deadline = self._rejoin_deadline
        if current.answered:
            deadline = max(deadline, current.sign_at + options.unresponsive_after_s)
        if now < deadline or now - probe.sign_at > options.silent_after_s:
            return
        self._rejoin_deadline = now + options.rejoin_wait_s
        self._actions.append(Close(current.number))
        self.resync_due = True
        if self._rejoins < options.rejoin_limit:
            self._rejoins += 1
            logger.info("Reconnecting under the same routing id")
            self.current = self._open(current.routing_id, now)
        else:
            logger.warning("The backend does not accept our routing id; going on with another")
            self.current = probe
            self.heard_at = now
            self._probe = None
            self._rejoin_deadline = None
            self._rejoins = 0
            # What it received as a probe was ignored, the environments above all.
            self._say_hello(probe, now)
