"""Process trees on Linux: who descends from whom, and what they use. Elsewhere all is empty.

CPU time is complete although processes end between two measurements: the kernel adds the times of
waited-for children to their parent, and the init of a box waits for all orphans.

Not psutil: every box is sampled twenty times a second on the event loop. psutil reads all processes
of the machine to find children, 10 ms on one with 140 of them; the kernel's list takes 0.1 ms. Its
create_time moves with the system's clock, so it cannot tell a stale service from a live one.

Where ``/proc`` is mounted with ``hidepid``, processes of other owners do not exist in it, nor do
own ones that made themselves unreadable (PR_SET_DUMPABLE); the kernel still tells that they run.
Old kernels, and systems that only look like Linux, lack some files: others stand for them.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import sys
import time
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROC = Path("/proc")
_NOBODY_KNOWS = sys.maxsize
_RESIDENT = (b"VmRSS:", b"RssAnon:", b"RssShmem:")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Usage(NamedTuple):
    """The use of some processes together.

    Attributes:
        cpu_s: CPU seconds, also those of descendants that ended.
        memory_bytes: An upper bound: memory shared after a fork counts more than once.
        processes: How many there are.
        hidden: How many of them are hidden; of these nothing else is known.
    """

    cpu_s: float
    memory_bytes: int
    processes: int
    hidden: int = 0


def descendants(pid: int) -> list[int]:
    """Return a process and all its descendants, parents before children.

    Hidden children of a hidden process are not found before it has ended.
    """
    found = [pid]
    others: Mapping[int, list[int]] | None = None
    for parent in found:
        listed = _listed_children(parent)
        if listed is None:
            others = _visible_by_parent() if others is None else others
            listed = others.get(parent, [])
        found += listed
    return found


def children(pid: int) -> list[int]:
    """Return the direct children of a process; empty if it is gone."""
    listed = _listed_children(pid)
    return _visible_by_parent().get(pid, []) if listed is None else listed


def _listed_children(pid: int) -> list[int] | None:
    """Return the children of a process, also hidden ones; None if its list cannot be read."""
    if not _lists_children():
        return None
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - a hot path
    except OSError:
        return None if is_hidden(pid) else found
    for thread in threads:
        with contextlib.suppress(OSError):
            text = (_PROC / str(pid) / "task" / thread / "children").read_text("ascii")
            found += map(int, text.split())
    return found


@cache
def _lists_children() -> bool:
    """Return whether this kernel lists the children of a process (CONFIG_PROC_CHILDREN)."""
    own = str(os.getpid())
    return (_PROC / own / "task" / own / "children").exists() or not _PROC.is_dir()


def _visible_by_parent() -> Mapping[int, list[int]]:
    """Return the processes of the machine by their parent; looks at every one that can be seen."""
    found = defaultdict(list)
    with contextlib.suppress(OSError):
        for entry in os.scandir(_PROC):
            if entry.name.isdecimal():
                with contextlib.suppress(OSError, ValueError):
                    found[int(_stat(int(entry.name))[1])].append(int(entry.name))
    return found


def is_hidden(pid: int) -> bool:
    """Return whether a process runs of which ``/proc`` shows nothing to this one."""
    try:
        _stat(pid)
    except (OSError, ValueError):
        return is_there(pid) and not _is_dead(pid)
    return False


def is_there(pid: int, *, of_others: bool = True) -> bool:
    """Return whether a process is there, also a hidden one, or a dead one that nobody collected.

    Args:
        pid: Its number.
        of_others: Whether one counts that this process may not signal.
    """
    if os.name != "posix":
        return False  # it would be ended
    try:
        os.kill(pid, 0)
    except PermissionError:
        return of_others
    except (OSError, OverflowError):
        return False
    return True


def _is_dead(pid: int) -> bool:
    """Return whether a process has ended that nobody collected, if the kernel can tell."""
    try:
        descriptor = os.pidfd_open(pid)
    except (OSError, AttributeError):
        return False
    try:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        return bool(ended.poll(0))
    finally:
        os.close(descriptor)


class Identity(NamedTuple):
    """The identity of a process.

    Attributes:
        pid: Its number, which comes again.
        started_at: When it started, in ticks of the system; later than all others if it is hidden.
        session: Its session.
    """

    pid: int
    started_at: int
    session: int

    @property
    def is_hidden(self) -> bool:
        """Return whether nothing else is known of it."""
        return self.started_at == _NOBODY_KNOWS


def identity(pid: int) -> Identity | None:
    """Return which process it is, also of a dead one that nobody collected; None if it is gone."""
    try:
        fields = _stat(pid)
        return Identity(pid, int(fields[19]), int(fields[3]))
    except (OSError, ValueError):
        pass
    try:
        return Identity(pid, _NOBODY_KNOWS, os.getsid(pid))
    except (OSError, AttributeError):
        return None


def started_at(pid: int) -> int | None:
    """Return when a process started, in clock ticks since the system did; None if it is gone."""
    try:
        return int(_stat(pid)[19])
    except (OSError, ValueError):
        return None


def has_ended(pid: int, since: int) -> bool:
    """Return whether a process of this user has ended, also if nobody collected it.

    Of a hidden one it is known that it runs, and whether it may be signalled, as those of somebody
    else may not; it may be another one of this user with the same number.

    Args:
        pid: Its number, which comes again.
        since: When it started, in clock ticks since the system did.
    """
    try:
        fields = _stat(pid)
        return int(fields[19]) != since or fields[0] in (b"Z", b"X")
    except (OSError, ValueError):
        return not is_there(pid, of_others=False) or _is_dead(pid)


def _stat(pid: int) -> list[bytes]:
    """Return the fields of a process's ``stat`` from its state on."""
    text = (_PROC / str(pid) / "stat").read_bytes()
    # The name, in parentheses, may contain anything: count fields from its end.
    return text[text.rindex(b")") + 2 :].split()


def usage(pids: list[int]) -> Usage:
    """Return what the processes use together; those that are gone count nothing."""
    ticks = 0
    memory_kb = 0
    count = 0
    hidden = 0
    for pid in pids:
        try:
            ticks += sum(map(int, _stat(pid)[11:15]))
            memory_kb += _resident_kilobytes(pid)
            count += 1
        except (OSError, ValueError):
            hidden += is_hidden(pid)
    return Usage(ticks / _TICKS_PER_S, memory_kb * 1024, count + hidden, hidden)


def cpu_s(pids: list[int]) -> float:
    """Return the CPU seconds of the processes, and of what they started that has ended."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError):
            ticks += sum(map(int, _stat(pid)[11:15]))
    return ticks / _TICKS_PER_S


def exact_memory_bytes(pids: list[int], files_bytes: int) -> int:
    """Memory of the processes with shared pages counted once; slow, it walks all page tables.

    Args:
        pids: The processes.
        files_bytes: What files in memory that they hold open occupy. They may be among the shared
            pages as well, so only the greater of the two counts.
    """
    private_kb = shared_kb = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError):
            path = f"/proc/{pid}/smaps_rollup"
            try:
                private_kb += _kilobytes(path, (b"Pss_Anon:",))
                shared_kb += _kilobytes(path, (b"Pss_Shmem:",))
            except OSError:
                private_kb += _proportional_kilobytes(pid)
    return private_kb * 1024 + max(shared_kb * 1024, files_bytes)


def _proportional_kilobytes(pid: int) -> int:
    """Return what counts of a process without a ``smaps_rollup``, as before Linux 4.14.

    That of a process which is not dumpable can be read by root alone, while its ``status`` can.

    Raises:
        OSError: It is gone.
    """
    with contextlib.suppress(OSError):
        return _kilobytes(f"/proc/{pid}/smaps", (b"Pss:",))
    return _resident_kilobytes(pid)


class UserCount:
    """The processes and threads of a user, as RLIMIT_NPROC counts them.

    Counting looks at every process of the machine, so it is not done again within a second.
    """

    _VALID_S = 1.0

    def __init__(self, user_id: int) -> None:
        self._user_id = user_id
        self._counted_at = -math.inf
        self._count = 0

    def __call__(self) -> int:
        """Return the number."""
        if time.monotonic() > self._counted_at + self._VALID_S:
            self._count = self._counted()
            self._counted_at = time.monotonic()
        return self._count

    def _counted(self) -> int:
        count = 0
        for entry in os.scandir("/proc") if _PROC.is_dir() else ():
            if entry.name.isdecimal():
                with contextlib.suppress(OSError):
                    if entry.stat().st_uid == self._user_id:
                        count += len(os.listdir(f"{entry.path}/task"))  # noqa: PTH208 - hot
        return count


def _resident_kilobytes(pid: int) -> int:
    """Return the memory of a process that is no file's; before Linux 4.5, all that is resident.

    Raises:
        OSError: It is gone, or hidden.
    """
    with open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123 - a hot path
        words = [line.split() for line in file if line.startswith(_RESIDENT)]
    found = {name: int(kilobytes) for name, kilobytes, *_ in words}
    if b"RssAnon:" in found:
        return found[b"RssAnon:"] + found.get(b"RssShmem:", 0)
    return found.get(b"VmRSS:", 0)


def _kilobytes(path: str, keys: tuple[bytes, ...]) -> int:
    with open(path, "rb") as file:  # noqa: PTH123 - a hot path
        return sum(int(line.split()[1]) for line in file if line.startswith(keys))
