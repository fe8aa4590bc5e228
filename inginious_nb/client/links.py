"""Which connection to the backend is used: registration, heartbeats, and a way out of deafness.

Rules, and why (docs/decisions/0007-never-lose-a-submission.md):

* Silence alone never closes a connection. A backend that was merely slow sends its results there.
* After a silence a second connection, the probe, says hello under an identity of its own. When
  neither is answered, the backend is away or busy: go on waiting.
* When only the probe is answered, and ours was not since it was last established, the backend
  refuses our routing id because it believes in an earlier connection: close ours and connect again
  under the same id, a few times; then use the probe. When ours did work, a large frame may be under
  way on a slow line: the same, but only after a long time.
* ``Unknown`` means that the backend does not know us, so it has none of our jobs under this id.

No job is known here, and no socket: what to do comes out as `Open`, `Send` and `Close`. Whenever
something may have been lost on the way, ``doubt`` is set for the owner to read and reset.
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
"""With so many unanswered, only every fifth tick adds one: they pile up in the socket meanwhile."""

_PINGS_LOST = 3
"""So many unanswered while others are answered: frames were lost between two heartbeats."""

_PROBE_TIMEOUT_FACTOR = 4
"""A probe is replaced by another when it was not answered for so many times the silence."""


class Open(NamedTuple):
    """Connect a new socket under this routing id and call it by this number."""

    link: int
    routing_id: bytes


class Send(NamedTuple):
    """Send one frame."""

    link: int
    frame: bytes


class Close(NamedTuple):
    """Close the socket of that number at once."""

    link: int


Action = Open | Send | Close


@dataclass(slots=True)
class Link:
    """One connection, from the day it was opened."""

    number: int
    routing_id: bytes
    sign_at: float
    """When it last gave a sign of life; at first, when it was opened."""
    hello_at: float
    heard: bool = False
    established: bool = False
    """Whether ZeroMQ's handshake has succeeded and the connection has not broken since."""
    answered: bool = False
    """Whether anything was heard since it was last established."""
    registered: bool = False
    pings_unanswered: int = 0


class Links:
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
        self._probe: Link | None = None
        self._rejoin_deadline: float | None = None
        self._rejoins = 0
        self.doubt = False
        self.heard_at: float | None = None
        self.current = self._open(next(routing_ids), now)

    @property
    def registered(self) -> bool:
        """Whether the backend knows us on the connection in use."""
        return self.current.registered

    def is_silent(self, now: float) -> bool:
        """Whether the connection in use has been silent for too long to be called connected."""
        return now - self.current.sign_at > self._options.silent_after_s

    def send(self, frame: bytes) -> None:
        """Send a frame on the connection in use."""
        self._actions.append(Send(self.current.number, frame))

    def established(self, number: int) -> bool:
        """Take note that a connection was established, for the first time or again.

        Returns:
            Whether it is the one in use, and what was under way on it is gone.
        """
        link = self._find(number)
        if link is None:
            return False
        link.established = True
        link.answered = False
        if not link.heard:
            return False
        self._actions.append(Send(link.number, _PING))
        self.doubt = self.doubt or link is self.current
        return link is self.current

    def broken(self, number: int) -> None:
        """Take note that a connection broke; ZeroMQ is trying to establish it again."""
        link = self._find(number)
        if link is not None:
            link.established = link.answered = False

    def receive(self, number: int, message: messages.WireMessage | None, now: float) -> bool:
        """Take note of a frame; message is None when it could not be decoded.

        Returns:
            Whether it came on the connection in use.
        """
        link = self._find(number)
        if link is None:
            return False  # a connection that was closed meanwhile
        if link is self.current:
            if self.is_silent(now):
                self.doubt = True
            self.heard_at = now
            self._drop_probe()
        link.sign_at = now
        link.heard = True
        link.answered = link.established
        if isinstance(message, messages.Pong):
            link.pings_unanswered = max(0, link.pings_unanswered - 1)
            if not link.registered:
                # It knows us from before, and our hello of now was lost.
                self._say_hello(link, now)
        elif isinstance(message, messages.Unknown):
            self._say_hello(link, now)
        elif isinstance(message, messages.BackendUpdateEnvironments) and not link.registered:
            link.registered = True
            if link is self.current:
                self.doubt = True
        return link is self.current

    def tick(self, now: float) -> float:
        """Send pings, and look for a way out when nothing comes back.

        Returns:
            How many seconds this tick is late: a loop that was held, or a suspended machine, is
            not the backend's silence.
        """
        pause_s = self._forgive_own_pause(now)
        self._ticks += 1
        current = self.current
        if current.pings_unanswered >= _PINGS_LOST and not self.is_silent(now):
            self.doubt = True
            current.pings_unanswered = 0
        self._ping(current)
        if self._probe is not None:
            self._ping(self._probe)
            if self._probe.heard:
                self._choose(self._probe, now)
            elif now - self._probe.sign_at > _PROBE_TIMEOUT_FACTOR * self._options.silent_after_s:
                # What broke our connection may have swallowed the beginning of this one too.
                self._actions.append(Close(self._probe.number))
                self._probe = self._open(next(self._routing_ids), now)
        elif self.is_silent(now):
            self._probe = self._open(next(self._routing_ids), now)
        return pause_s

    def close(self) -> None:
        """Close every connection."""
        self._drop_probe()
        self._actions.append(Close(self.current.number))

    def _open(self, routing_id: bytes, now: float) -> Link:
        self._opened += 1
        link = Link(self._opened, routing_id, sign_at=now, hello_at=now)
        self._actions.append(Open(link.number, routing_id))
        self._actions.append(Send(link.number, _HELLO))
        return link

    def _find(self, number: int) -> Link | None:
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

    def _say_hello(self, link: Link, now: float) -> None:
        # Pings that left before our hello are answered as if there was none: one is enough.
        if link.registered or now - link.hello_at >= self._options.heartbeat_s:
            link.registered = False
            link.hello_at = now
            self._actions.append(Send(link.number, _HELLO))

    def _ping(self, link: Link) -> None:
        if link.pings_unanswered < _PINGS_AT_FULL_RATE or self._ticks % 5 == 0:
            link.pings_unanswered += 1
            self._actions.append(Send(link.number, _PING))

    def _forgive_own_pause(self, now: float) -> float:
        pause_s = now - self._ticked_at - self._options.heartbeat_s
        self._ticked_at = now
        if pause_s <= self._options.heartbeat_s:
            return 0.0
        for link in (self.current, self._probe):
            if link is not None:
                link.sign_at = min(now, link.sign_at + pause_s)
        return pause_s

    def _choose(self, probe: Link, now: float) -> None:
        """The probe was answered and the connection in use was not: replace that one in time."""
        current, options = self.current, self._options
        if self._rejoin_deadline is None:
            self._rejoin_deadline = now + options.rejoin_wait_s
        deadline = self._rejoin_deadline
        if current.answered:
            deadline = max(deadline, current.sign_at + options.deaf_after_s)
        if now < deadline or now - probe.sign_at > options.silent_after_s:
            return
        self._rejoin_deadline = now + options.rejoin_wait_s
        self._actions.append(Close(current.number))
        self.doubt = True
        if self._rejoins < options.rejoin_limit:
            self._rejoins += 1
            logger.info("Connecting again under the same routing id")
            self.current = self._open(current.routing_id, now)
        else:
            logger.warning("The backend does not accept our routing id; going on with another")
            self.current = probe
            self.heard_at = now
            self._probe = None
            self._rejoin_deadline = None
            self._rejoins = 0
            # Nobody listened to what it was told as a probe, the environments above all.
            self._say_hello(probe, now)
