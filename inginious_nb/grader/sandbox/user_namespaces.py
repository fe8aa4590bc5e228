"""User namespaces in which a box of root has all ids as they are, but a count of its own.

The kernel counts the processes of a user within a user namespace. Where no cgroup counts them, a
limit on those of a job needs one, since all jobs of a service of root run as the same user. Files
keep their owners: each id stands for itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import contextlib

_WAIT = "echo; read -r _"


def new_user_namespace(opened: contextlib.ExitStack) -> int:
    """Return a descriptor of a new namespace, which ends with it and with what is in it.

    Args:
        opened: Closes the descriptor.

    Raises:
        OSError: There can be none, as where this process is not root.
    """
    program = shutil.which("unshare")
    if program is None:
        raise FileNotFoundError("unshare is not installed")
    with subprocess.Popen(  # noqa: S603 - fixed words
        [program, "--user", "/bin/sh", "-c", _WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as holder:
        assert holder.stdout is not None  # noqa: S101 - a pipe, as asked for
        if not holder.stdout.readline():
            raise OSError("no user namespace can be made")
        process = Path("/proc", str(holder.pid))
        for name in ("uid_map", "gid_map"):
            lines = Path("/proc/self", name).read_text("ascii").splitlines()
            same = "".join(
                f"{first} {first} {count}\n" for first, _, count in map(str.split, lines)
            )
            (process / name).write_text(same, "ascii")
        descriptor = os.open(process / "ns" / "user", os.O_RDONLY | os.O_CLOEXEC)
    opened.callback(os.close, descriptor)
    return descriptor
