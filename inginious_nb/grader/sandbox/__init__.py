"""Where programs of a job run: bubblewrap where it works, plain processes with limits elsewhere."""

from .base import Box, Description, Limits, Mount, Sandbox, Streams
from .bubblewrap import BubblewrapSandbox
from .choice import SandboxKind, choose_sandbox
from .plain import PlainSandbox
from .supervisor import Reason, supervise

__all__ = [
    "Box",
    "BubblewrapSandbox",
    "Description",
    "Limits",
    "Mount",
    "PlainSandbox",
    "Reason",
    "Sandbox",
    "SandboxKind",
    "Streams",
    "choose_sandbox",
    "supervise",
]
