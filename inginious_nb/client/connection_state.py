"""The state of a client's connection, as callers get it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

State = Literal["connecting", "connected", "silent", "closed"]


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """A snapshot of a connection.

    Attributes:
        state: ``connecting`` until the backend has answered (again), ``connected``, ``silent``
            when it answered before and does not now (jobs may still be running), ``closed``.
        silent_s: Seconds since the backend was last heard of, or since the start.
        environments: Environment types to names, as last announced.
    """

    state: State
    silent_s: float = 0.0
    environments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
