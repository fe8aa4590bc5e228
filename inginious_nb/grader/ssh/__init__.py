"""Remote shells into jobs: ssh debugging and `ssh_student` (docs/grading-api.md).

`access` is the endpoint of one job: its port, its password, one user at a time. `server` speaks
ssh. `session` is the box that a user gets a shell in. The server runs in the service, its shells
only ever in a sandbox, under the limits of the job.
"""

from __future__ import annotations

from .access import NO_LIBRARY, SshAccess, SshSettings, can_open_ssh
from .session import SshSession

__all__ = ["NO_LIBRARY", "SshAccess", "SshSession", "SshSettings", "can_open_ssh"]
