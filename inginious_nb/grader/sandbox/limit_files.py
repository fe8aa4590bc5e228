"""Files by which a program in a box learns its memory limit, as it would in a container.

The JVM sizes its heap by the limit of its cgroup, Node.js by the same file. Few machines let this
user make cgroups, so the files are made for each box: a small folder over a mount of cgroup v2,
which is how a program knows where to look. None of the machine's own cgroups is seen in it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Limits

_PLACE = "/sys/fs/cgroup"
_MOUNT_POINT_FIELD = 4
_CONTROLLERS = ("cpuset", "cpu", "cpuacct", "memory", "pids")


class LimitFiles:
    """Makes the files of boxes.

    Args:
        mount: Where cgroup v2 is mounted on this machine.
        has_modes: Whether this bubblewrap can set the mode of a file: a program that is not the
            user who started it cannot read one of them otherwise.
    """

    def __init__(self, mount: str, *, has_modes: bool) -> None:
        self._mount = mount
        self._readable_by_all = ("--perms", "0444") if has_modes else ()

    @classmethod
    def find(
        cls, *, has_modes: bool, mounts: Path = Path("/proc/self/mountinfo")
    ) -> LimitFiles | None:
        """Return the files, or None where no cgroup v2 is mounted; the limit is then not seen."""
        with contextlib.suppress(OSError):
            for line in mounts.read_text("utf-8", "surrogateescape").splitlines():
                before, _, after = line.partition(" - ")
                mount = before.split(" ")[_MOUNT_POINT_FIELD]
                if after.startswith("cgroup2 ") and "\\" not in mount and os.path.isdir(mount):  # noqa: PTH112 - also where it cannot be read
                    return cls(mount, has_modes=has_modes)
        return None

    def arguments(
        self, limits: Limits, opened: contextlib.ExitStack
    ) -> tuple[list[str], list[int]]:
        """Return arguments for bubblewrap, and the descriptors that they name.

        Args:
            limits: The limits of the box.
            opened: Closes the descriptors, which bubblewrap has to inherit.
        """
        memory = b"%d\n" % limits.memory_bytes
        controllers = b"".join(b"%s\t0\t1\t1\n" % name.encode() for name in _CONTROLLERS)
        files = {
            f"{_PLACE}/memory.max": memory,
            f"{_PLACE}/memory.high": b"max\n",  # Node.js takes the lesser of both
            f"{_PLACE}/cpu.max": b"max 100000\n",
            # The same of cgroup v1, which Node.js reads where this machine has both.
            f"{_PLACE}/memory/memory.limit_in_bytes": memory,
            f"{_PLACE}/memory/memory.soft_limit_in_bytes": memory,
        }
        # A namespace in which the cgroup of the box is the root, so that nothing has a path to add.
        arguments = ["--unshare-cgroup-try", "--dir", _PLACE]
        arguments += [
            "--ro-bind",
            self._mount,
            _PLACE,
            "--tmpfs",
            _PLACE,
            "--dir",
            f"{_PLACE}/memory",
        ]
        descriptors = []
        for path, content in files.items():
            descriptors.append(readable(content, opened))
            arguments += ["--file", str(descriptors[-1]), path]
        # Says that cgroup v2 has all controllers.
        descriptors.append(readable(b"#subsys_name\n" + controllers, opened))
        arguments += ["--remount-ro", _PLACE, *self._readable_by_all, "--ro-bind-data"]
        arguments += [str(descriptors[-1]), "/proc/cgroups"]
        return arguments, descriptors


def readable(content: bytes, opened: contextlib.ExitStack) -> int:
    """Return a descriptor from which a few bytes can be read."""
    read, write = os.pipe()
    opened.callback(os.close, read)
    try:
        os.write(write, content)
    finally:
        os.close(write)
    return read
