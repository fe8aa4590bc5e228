"""The rlimit of processes for the programs of a job, which is no limit of a job everywhere.

The kernel counts RLIMIT_NPROC for a user within a user namespace, so services and jobs of one user
share it. It is exact in two cases only: where a cgroup counts in its stead, and in a user namespace
of the job's own since Linux 5.14 (before, user namespaces shared the count). Elsewhere it only
keeps one job from filling the process table until the supervisor, which counts per job, ends it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from .launch_script import WORKER_ID, drops_root
from .process_tree import UserCount

if TYPE_CHECKING:
    from .base import Limits
    from .cgroup import Cgroups

_COUNTED_PER_NAMESPACE = (5, 14)
_SHARED = 3072
"""How many more a user may have than at the start of a job: three jobs at their limit.

A fork bomb fills it; to end this many takes the plain sandbox 5 s, and five times as many 40 s.
"""


class ProcessLimit:
    """Gives the rlimit for each program.

    Args:
        cgroups: The cgroups that programs run in, if any.
        has_user_namespace: Whether each program has a user namespace of its own.

    Attributes:
        has_user_namespace: As given; may be found out later.
    """

    def __init__(self, cgroups: Cgroups | None, *, has_user_namespace: bool) -> None:
        self._has_cgroup = cgroups is not None and "pids" in cgroups.controllers
        self._is_per_namespace = _kernel_version() >= _COUNTED_PER_NAMESPACE
        self.has_user_namespace = has_user_namespace
        user = WORKER_ID if drops_root() else os.geteuid()
        self._processes = UserCount(user)

    @property
    def needs_namespace(self) -> bool:
        """Return whether only a user namespace makes the limit exact, and would."""
        return self._is_per_namespace and not self._has_cgroup

    def __call__(self, limits: Limits) -> int | None:
        """Return the rlimit for a program with these limits; None if it needs none."""
        if self._has_cgroup:
            return None
        if self.has_user_namespace and self._is_per_namespace:
            return limits.kernel_processes
        return self._processes() + max(_SHARED, limits.kernel_processes)


def _kernel_version() -> tuple[int, int]:
    """Return the version of Linux, (0, 0) elsewhere."""
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if os.uname().sysname != "Linux" or found is None:
        return (0, 0)
    return int(found[1]), int(found[2])
