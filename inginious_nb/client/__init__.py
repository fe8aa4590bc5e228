"""The documented `inginious.client` API over ZeroMQ, and an asyncio one beside it.

`client`, `client_buffer` and `client_sync` hold the documented classes under their documented
names; `core` and `connections` decide everything and do no I/O; `socket_pump` does the I/O.

All of it is loaded on first use: whoever keeps results needs no sockets.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inginious_nb.io.curve import CurveKeys

    from .client import AbstractClient, Client
    from .client_buffer import ClientBuffer
    from .client_sync import ClientSync
    from .connection_state import ConnectionState
    from .events import JobDone, JobEvent, JobQueued, JobSent, JobSsh, JobStarted
    from .job import Job
    from .options import ClientOptions
    from .results import JobResult

__all__ = [
    "AbstractClient",
    "Client",
    "ClientBuffer",
    "ClientOptions",
    "ClientSync",
    "ConnectionState",
    "CurveKeys",
    "Job",
    "JobDone",
    "JobEvent",
    "JobQueued",
    "JobResult",
    "JobSent",
    "JobSsh",
    "JobStarted",
]

_HOMES = {
    "AbstractClient": ".client",
    "Client": ".client",
    "ClientBuffer": ".client_buffer",
    "ClientOptions": ".options",
    "ClientSync": ".client_sync",
    "ConnectionState": ".connection_state",
    "CurveKeys": "inginious_nb.io.curve",
    "Job": ".job",
    "JobResult": ".results",
}


def __getattr__(name: str) -> Any:
    """Return a class of the package, loaded now (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, ".events")
    return getattr(importlib.import_module(home, __name__), name)
