"""Remote shells into jobs: ssh debugging and `ssh_student` (docs/grading-api.md).

`access` is the door of one job: its port, its password, one visitor at a time. `server` speaks ssh.
`stay` is the box that a visitor gets a shell in. The server runs in the service, its shells only
ever in a sandbox, under the limits of the job.
"""

from __future__ import annotations

from .access import NO_LIBRARY, ShellAccess, ShellSettings, can_open_shells
from .stay import Stay

__all__ = ["NO_LIBRARY", "ShellAccess", "ShellSettings", "Stay", "can_open_shells"]
