"""Clients and agents as the broker remembers them. Nothing here sends anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .jobs import BrokerJob, Topic

UNANSWERED_PINGS = 5
"""An agent that left more pings than this unanswered is gone.

Source: docs/protocol.md, Registration and heartbeats.
"""

AWAY_S = 2.5
"""A client pings every second; after so many seconds it counts as away.

Source: docs/protocol.md, Registration and heartbeats.
"""

FORGOTTEN_S = 24 * 3600.0
"""A client that was not heard for so long must say hello again."""


def is_lasting(address: bytes) -> bool:
    """Return whether a peer chose its routing id and so can come back under it.

    The ids that a ROUTER assigns begin with a zero byte, which no chosen one may.
    """
    return address[:1] != b"\0"


@dataclass(eq=False, slots=True)
class ClientPeer:
    """A registered client.

    Attributes:
        returned_at: When it last was heard after an absence, or said hello once more.
    """

    address: bytes
    heard_at: float
    returned_at: float | None = None

    def heard(self, now: float, *, is_hello: bool = False) -> None:
        """Note that it lives."""
        if is_hello or self.is_away(now):
            self.returned_at = now
        self.heard_at = now

    def is_away(self, now: float) -> bool:
        """Return whether it missed more than two pings."""
        return now - self.heard_at > AWAY_S

    def was_away_since(self, moment: float) -> bool:
        """Return whether it may have missed what was sent to it at that moment."""
        return (
            is_lasting(self.address) and self.returned_at is not None and self.returned_at > moment
        )


@dataclass(eq=False, slots=True)
class AgentPeer:
    """A registered agent.

    Attributes:
        unanswered: How many pings it did not answer.
        is_reachable: Whether the last job given to it could be sent.
        running: Its jobs by id, in the order in which it got them.
    """

    address: bytes
    name: str
    topics: frozenset[Topic]
    unanswered: int = 0
    is_reachable: bool = True
    running: dict[str, BrokerJob] = field(default_factory=dict)
