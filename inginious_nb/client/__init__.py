"""The documented `inginious.client` API over ZeroMQ, and an asyncio one beside it.

`client`, `client_buffer` and `client_sync` hold the documented classes under their documented
names; `core` and `links` decide everything and do no I/O; `socket_pump` does the I/O.
"""

from inginious_nb.io.curve import CurveKeys

from .client import AbstractClient, Client
from .client_buffer import ClientBuffer
from .client_sync import ClientSync
from .connection import ConnectionState
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
