"""Sandboxes for the programs of a job: bubblewrap where it works, plain processes elsewhere.

`choice` selects one. `bubblewrap` and `plain` start programs. Limits are enforced by
`limit_supervisor` (sampling), `launch_script` (rlimits) and `cgroup` (kernel). `masked_paths`,
`session_keyring`, `orphans`, `stale_processes`, `sweeper` and `system_calls` each close one way out
of a sandbox, `own_network` one out of its network.
"""

from .base import Box, Description, Limits, Mount, PreparingSandbox, Sandbox, Streams
from .bubblewrap import BubblewrapSandbox
from .choice import SandboxKind, choose_sandbox
from .limit_supervisor import Reason, supervise
from .plain import PlainSandbox

__all__ = [
    "Box",
    "BubblewrapSandbox",
    "Description",
    "Limits",
    "Mount",
    "PlainSandbox",
    "PreparingSandbox",
    "Reason",
    "Sandbox",
    "SandboxKind",
    "Streams",
    "choose_sandbox",
    "supervise",
]
