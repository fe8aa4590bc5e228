"""Process trees on Linux: who descends from whom, and what they use. Elsewhere all is empty.

CPU time is complete although processes end between two measurements: the kernel adds the times of
waited-for children to their parent, and the init of a box waits for all orphans.

Not psutil: every box is sampled twenty times a second on the event loop. psutil reads all processes
of the machine to find children, 10 ms on one with 140 of them; the kernel's list takes 0.1 ms. Its
create_time moves with the system's clock, so it cannot tell a stale service from a live one.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Usage(NamedTuple):
    """The use of some processes together.

    Attributes:
        cpu_s: CPU seconds, also those of descendants that ended.
        memory_bytes: An upper bound: memory shared after a fork counts more than once.
        processes: How many there are.
    """

    cpu_s: float
    memory_bytes: int
    processes: int


def descendants(pid: int) -> list[int]:
    """Return a process and all its descendants, parents before children."""
    found = [pid]
    for parent in found:
        found += children(parent)
    return found


def children(pid: int) -> list[int]:
    """Return the direct children of a process; empty if it is gone."""
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - a hot path
    except OSError:
        return found
    for thread in threads:
        with contextlib.suppress(OSError):
            text = (_PROC / str(pid) / "task" / thread / "children").read_text("ascii")
            found += map(int, text.split())
    return found


class Identity(NamedTuple):
    """The identity of a process.

    Attributes:
        pid: Its number, which comes again.
        started_at: When it started, in ticks of the system.
        session: Its session.
    """

    pid: int
    started_at: int
    session: int


def identity(pid: int) -> Identity | None:
    """Return which process it is, also of a dead one that nobody collected; None if it is gone."""
    try:
        fields = _stat(pid)
        return Identity(pid, int(fields[19]), int(fields[3]))
    except (OSError, ValueError):
        return None


def started_at(pid: int) -> int | None:
    """Return when a process started, in clock ticks since the system did; None if it is gone."""
    try:
        return int(_stat(pid)[19])
    except (OSError, ValueError):
        return None


def has_ended(pid: int, since: int) -> bool:
    """Return whether a process has ended, also if nobody collected it.

    Args:
        pid: Its number, which comes again.
        since: When it started, in clock ticks since the system did.
    """
    try:
        fields = _stat(pid)
        return int(fields[19]) != since or fields[0] in (b"Z", b"X")
    except (OSError, ValueError):
        return True


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
    for pid in pids:
        try:
            ticks += sum(map(int, _stat(pid)[11:15]))
            memory_kb += _kilobytes(f"/proc/{pid}/status", (b"RssAnon:", b"RssShmem:"))
            count += 1
        except (OSError, ValueError):
            continue
    return Usage(ticks / _TICKS_PER_S, memory_kb * 1024, count)


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
            private_kb += _kilobytes(path, (b"Pss_Anon:",))
            shared_kb += _kilobytes(path, (b"Pss_Shmem:",))
    return private_kb * 1024 + max(shared_kb * 1024, files_bytes)


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


def _kilobytes(path: str, keys: tuple[bytes, ...]) -> int:
    with open(path, "rb") as file:  # noqa: PTH123 - a hot path
        return sum(int(line.split()[1]) for line in file if line.startswith(keys))
