"""The cgroups of jobs, for both their memory and their number of processes.

The only module that makes, limits and removes cgroups. The kernel enforces these limits, while the
limit supervisor samples: between two samples a program can use up memory, also memory that belongs
to no process. Version 2 serves where it is delegated, version 1 where its folders can be written;
each controller counts on its own. Only child cgroups are made, where the controllers are enabled
already; nothing of others changes.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .stale_processes import is_stale, new_mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .base import Limits

logger = logging.getLogger(__name__)

Controller = Literal["memory", "pids"]

_MOUNT = Path("/sys/fs/cgroup")
_CONTROLLERS: tuple[Controller, ...] = ("memory", "pids")
_PREFIX = "inginious-"
_REMOVAL_ROUNDS = 100
_REMOVAL_PAUSE_S = 0.01
# Moves the shell itself, before anything of the program exists; 0 stands for the writer. Outside of
# its cgroups the program does not run at all.
_ENTER = """\
while [ "$1" != -- ]; do
    { echo 0 > "$1"; } 2>/dev/null ||
        { echo "No cgroup can be entered for this program." >&2; exit 1; }
    shift
done
shift
exec "$@"
"""


@dataclass(frozen=True)
class Place:
    """A folder of the cgroup file system in which cgroups can be made.

    Attributes:
        folder: The folder.
        controllers: What can be limited there.
        is_old: Whether it is of version 1, whose files have other names.
    """

    folder: Path
    controllers: frozenset[Controller]
    is_old: bool = False

    @property
    def entered_by(self) -> str:
        """Return the file of a cgroup to which a process without threads writes to enter it.

        A write to ``cgroup.procs`` waits until the kernel has no reader of any process's threads
        left, ten milliseconds; a thread that moves itself waits for nobody.
        """
        return "tasks" if self.is_old else "cgroup.procs"

    def is_usable(self) -> bool:
        """Return whether a cgroup can be made here, and a process be moved to it."""
        if not os.access(self.folder, os.W_OK):
            return False
        tried = Cgroup([(self, self._new_folder())])
        try:
            tried.make()
            # Making one is not enough: moving a process there needs rights as well.
            command = [*tried.entering, "/bin/sh", "-c", "exit 0"]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - fixed words
        except OSError:
            return False
        finally:
            tried.remove()

    def _new_folder(self) -> Path:
        return self.folder / f"{_PREFIX}{new_mark()}"


class Cgroups:
    """The places in which this process makes cgroups for programs.

    Args:
        places: Together they limit each controller once at most; not empty.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = tuple(places)

    @classmethod
    def find(cls, mount: Path = _MOUNT, own: Path = Path("/proc/self/cgroup")) -> Cgroups | None:
        """Return those that may be used, near the cgroup of this process; None if there are none.

        Args:
            mount: Where cgroups are mounted.
            own: The file that names the cgroup of this process.
        """
        places: list[Place] = []
        for place in _candidates(mount, own):
            taken = {name for found in places for name in found.controllers}
            more = Place(place.folder, place.controllers - taken, place.is_old)
            if more.controllers and more.is_usable():
                logger.info("%s: limited by cgroups in %s", sorted(more.controllers), more.folder)
                places.append(more)
        return cls(places) if places else None

    @property
    def controllers(self) -> frozenset[Controller]:
        """Return what the kernel limits for a job."""
        return frozenset(name for place in self._places for name in place.controllers)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Return the folders in which cgroups are made."""
        return tuple(place.folder for place in self._places)

    def new(self, limits: Limits) -> Cgroup | None:
        """Make a cgroup with these limits; return None if it cannot be made after all."""
        name = f"{_PREFIX}{new_mark()}"
        made = Cgroup([(place, place.folder / name) for place in self._places])
        try:
            made.make()
            made.limit(limits)
        except OSError as error:
            logger.warning("No cgroup for a program: %s", error)
            made.remove()
            return None
        return made

    def sweep(self) -> None:
        """Remove those of services that were killed, and end what is in them."""
        for place in self._places:
            for path in place.folder.glob(f"{_PREFIX}*"):
                if is_stale(path.name.removeprefix(_PREFIX)):
                    Cgroup([(place, path)]).remove()


def limits_memory(cgroups: Cgroups | None) -> bool:
    """Return whether the kernel limits the memory of jobs."""
    return cgroups is not None and "memory" in cgroups.controllers


class Cgroup:
    """The cgroup of one program and all it starts: a folder in each place.

    Args:
        folders: Each place with the folder of this cgroup in it.
    """

    def __init__(self, folders: Sequence[tuple[Place, Path]]) -> None:
        self._folders = tuple(folders)

    def make(self) -> None:
        """Make the folders.

        Raises:
            OSError: One of them cannot be made.
        """
        for _, folder in self._folders:
            folder.mkdir()

    @property
    def entering(self) -> list[str]:
        """Return what to put before a command so that it runs here."""
        lists = [str(folder / place.entered_by) for place, folder in self._folders]
        return ["/bin/sh", "-c", _ENTER, "sh", *lists, "--"]

    def limit(self, limits: Limits) -> None:
        """Set the limits.

        Raises:
            OSError: One of them is not accepted.
        """
        for place, folder in self._folders:
            if "pids" in place.controllers:
                _write(folder / "pids.max", limits.kernel_processes)
            if "memory" in place.controllers:
                _limit_memory(folder, limits.memory_bytes, is_old=place.is_old)

    def ran_out_of_memory(self) -> bool:
        """Return whether the kernel ended something here for its memory."""
        for place, folder in self._folders:
            if "memory" not in place.controllers:
                continue
            name = "memory.oom_control" if place.is_old else "memory.events"
            with contextlib.suppress(OSError):
                for line in (folder / name).read_text("utf-8").splitlines():
                    key, _, count = line.partition(" ")
                    if key == "oom_kill" and int(count) > 0:
                        return True
        return False

    def kill(self) -> None:
        """End everything here."""
        for place, folder in self._folders:
            try:
                if place.is_old:
                    raise FileNotFoundError
                _write(folder / "cgroup.kill", 1)
            except OSError:  # version 1, or a kernel before 5.14
                for pid in _processes(folder):
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)

    def removal(self) -> Iterator[float]:
        """Remove it, and end what is still in it: what has just been ended may be dying there.

        Yields:
            How long to wait, in seconds, before going on; nothing once it is removed.
        """
        busy = [folder for _, folder in self._folders]
        for _ in range(_REMOVAL_ROUNDS):
            busy = [folder for folder in busy if _is_busy(folder)]
            if not busy:
                return
            self.kill()
            yield _REMOVAL_PAUSE_S
        logger.warning("Processes stay, which cannot be ended, in %s", busy)

    def remove(self) -> None:
        """Remove it, and end what is still in it; waits until all has ended, a second at most."""
        for pause_s in self.removal():
            time.sleep(pause_s)


def _candidates(mount: Path, own: Path) -> Iterator[Place]:
    """Yield where cgroups might be made, the best first: version 2, both controllers, near."""
    try:
        lines = own.read_text("utf-8").splitlines()
    except OSError:
        return
    fields = [line.split(":", 2) for line in lines if line.count(":") > 1]
    for _, _, path in (words for words in fields if words[:2] == ["0", ""]):
        here = mount / path.lstrip("/")
        near = [Place(folder, _enabled(folder)) for folder in (here, here.parent)]
        inside = [place for place in near if place.folder.is_relative_to(mount)]
        yield from sorted(inside, key=lambda place: -len(place.controllers))
    for _, names, path in fields:
        for name in _CONTROLLERS:
            # A container may see the path that its cgroup has outside.
            for folder in (mount / name / path.lstrip("/"), mount / name):
                if name in names.split(",") and folder.is_dir():
                    yield Place(folder, frozenset({name}), is_old=True)


def _is_busy(folder: Path) -> bool:
    """Remove the folder of a cgroup, or return that there still are processes in it."""
    try:
        folder.rmdir()
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


def _enabled(folder: Path) -> frozenset[Controller]:
    """Return what can be limited for children of a cgroup of version 2."""
    try:
        words = (folder / "cgroup.subtree_control").read_text("utf-8").split()
    except OSError:
        return frozenset()
    return frozenset(name for name in _CONTROLLERS if name in words)


def _limit_memory(folder: Path, limit_bytes: int, *, is_old: bool) -> None:
    """Limit memory, without swap where that can be said.

    Raises:
        OSError: The limit is not accepted.
    """
    _write(folder / ("memory.limit_in_bytes" if is_old else "memory.max"), limit_bytes)
    # Absent where there is no swap, or on old kernels.
    more = (
        [("memory.memsw.limit_in_bytes", limit_bytes)]
        if is_old
        else [("memory.swap.max", 0), ("memory.oom.group", 1)]
    )
    for name, value in more:
        with contextlib.suppress(OSError):
            _write(folder / name, value)


def _processes(folder: Path) -> list[int]:
    """Return the processes in a cgroup that can be seen from here."""
    try:
        text = (folder / "cgroup.procs").read_text("utf-8")
    except OSError:
        return []
    return [pid for pid in map(int, text.split()) if pid > 0]


def _write(path: Path, value: int) -> None:
    # Without O_CREAT: a file that is not there is a limit that does not exist.
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, b"%d" % value)
    finally:
        os.close(descriptor)
