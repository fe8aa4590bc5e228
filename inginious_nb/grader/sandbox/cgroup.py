"""Memory limits that the kernel enforces, where a cgroup v2 is delegated to this user.

They complement the limit supervisor, which samples: between two samples a program can use up
memory, also memory that belongs to no process (docs/protocol.md, section 4.6). Only child cgroups
are made, where the controllers are enabled already; nothing of others changes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .stale_processes import is_stale, new_mark

if TYPE_CHECKING:
    from .base import Limits

logger = logging.getLogger(__name__)

_MOUNT = Path("/sys/fs/cgroup")
_NEEDED = {"memory", "pids"}
_PREFIX = "inginious-"
# Moves the shell itself, before anything of the program exists; 0 stands for the writer. Outside of
# its cgroup the program does not run at all.
_ENTER = """\
{ echo 0 > "$0"; } 2>/dev/null || { echo "No cgroup can be entered for this program." >&2; exit 1; }
exec "$@"
"""


class Cgroups:
    """A folder of the cgroup file system in which cgroups for programs can be made.

    Args:
        parent: The folder.
    """

    def __init__(self, parent: Path) -> None:
        self._parent = parent

    @classmethod
    def find(cls, mount: Path = _MOUNT, own: Path = Path("/proc/self/cgroup")) -> Cgroups | None:
        """The one of this process or the one above it, whichever may be used; None if neither."""
        try:
            lines = own.read_text("utf-8").splitlines()
        except OSError:
            return None
        paths = [line[len("0::/") :] for line in lines if line.startswith("0::/")]
        for path in paths:
            here = mount / path
            for parent in (here, here.parent):
                if parent.is_relative_to(mount) and cls(parent).is_usable():
                    logger.info("Memory is limited by cgroups in %s", parent)
                    return cls(parent)
        return None

    def is_usable(self) -> bool:
        """Whether a cgroup can be made here, and a process be moved to it."""
        try:
            controllers = (self._parent / "cgroup.subtree_control").read_text("utf-8").split()
            if not set(controllers) >= _NEEDED or not os.access(self._parent, os.W_OK):
                return False
            tried = self._make()
        except OSError:
            return False
        try:
            # Making one is not enough: moving a process there needs rights as well.
            command = ["/bin/sh", "-c", 'echo 0 > "$0"', str(tried.procs)]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - fixed words
        finally:
            tried.remove()

    def new(self, limits: Limits) -> Cgroup | None:
        """A cgroup with these limits, or None if it cannot be made after all."""
        made = None
        try:
            made = self._make()
            made.limit(limits)
        except OSError as error:
            logger.warning("No cgroup for a program: %s", error)
            if made is not None:
                made.remove()
            return None
        return made

    def sweep(self) -> None:
        """Remove those of services that were killed, and end what is in them."""
        for path in self._parent.glob(f"{_PREFIX}*"):
            if is_stale(path.name.removeprefix(_PREFIX)):
                left = Cgroup(path)
                left.kill()
                left.remove()

    def _make(self) -> Cgroup:
        path = self._parent / f"{_PREFIX}{new_mark()}"
        path.mkdir()
        return Cgroup(path)


class Cgroup:
    """The cgroup of one program and all it starts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def procs(self) -> Path:
        """The file to which a process is written to move it here."""
        return self._path / "cgroup.procs"

    @property
    def entering(self) -> list[str]:
        """What to put before a command so that it runs here."""
        return ["/bin/sh", "-c", _ENTER, str(self.procs)]

    def limit(self, limits: Limits) -> None:
        """Set the limits.

        Raises:
            OSError: One of them is not accepted.
        """
        self._write("memory.max", limits.memory_bytes)
        self._write("pids.max", 2 * limits.processes)  # as the launch script has it
        # Absent where there is no swap, or on old kernels.
        for name, value in (("memory.swap.max", 0), ("memory.oom.group", 1)):
            with contextlib.suppress(OSError):
                self._write(name, value)

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel ended something here for its memory."""
        try:
            events = (self._path / "memory.events").read_text("utf-8")
        except OSError:
            return False
        counts = dict(line.split() for line in events.splitlines())
        return int(counts.get("oom_kill", 0)) > 0

    def kill(self) -> None:
        """End everything here at once; kernels before 5.14 cannot."""
        with contextlib.suppress(OSError):
            self._write("cgroup.kill", 1)

    def remove(self) -> None:
        """Remove it; nothing may be running in it."""
        with contextlib.suppress(OSError):
            self._path.rmdir()

    def _write(self, name: str, value: int) -> None:
        # Without O_CREAT: a file that is not there is a limit that does not exist.
        descriptor = os.open(self._path / name, os.O_WRONLY)
        try:
            os.write(descriptor, b"%d" % value)
        finally:
            os.close(descriptor)
