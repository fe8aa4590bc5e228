"""Stale processes: programs of services that were killed, found and ended.

The `sweeper` of such a service does that at once; the next service does, if the sweeper was killed
as well. In the plain sandbox nothing else does. bubblewrap dies with its parent, but only once it
has asked the kernel for that, or at once when nobody reads what it tells. When it is gone before
its child has asked for the same, the child waits for it for ever, or goes on without it.

They are known by a mark in their environment, which all their descendants inherit. What cannot be
read of a program that lets nobody look into it, or is hidden (`process_tree`), its parent or its
session tells, while one that can be read is there. A plain program that gives itself another
environment stays; it is no jail (see `PlainSandbox.describe`).
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import re
import select
import signal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from . import process_tree
from .launch_script import WORKER_ID, drops_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

logger = logging.getLogger(__name__)

MARK = "INGINIOUS_BOX"
_WRITTEN = re.compile(r"(\d+)-(\d+)-(\d+)-\d+")
_MAX_ROUNDS = 100
_EXIT_TIMEOUT_MS = 5000
_numbers = itertools.count(1)


def new_mark() -> str:
    """Return a value for the mark of one more program: whose it is, and its number."""
    return f"{_owner(os.getpid())}-{next(_numbers)}"


@lru_cache(maxsize=1)
def _owner(pid: int) -> str:
    """Return what a mark says of this process, the one with that number."""
    # Process ids come again, and are others in a container; together with the rest they are not.
    return f"{_namespace()}-{pid}-{process_tree.started_at(pid) or 0}"


def is_stale(mark: str) -> bool:
    """Return whether a mark is of a service that is no more."""
    written = _WRITTEN.fullmatch(mark)
    if written is None:
        return False
    namespace, service, started_at = map(int, written.groups())
    return namespace == _namespace() and process_tree.has_ended(service, started_at)


def end_stale_processes() -> None:
    """End programs of this user's services that are no more, and wait until they are gone."""
    ended: set[int] = set()
    for _ in range(_MAX_ROUNDS):  # what is found may start others until it is gone
        found = _stale_processes() - ended
        if not found:
            break
        _end(found)
        ended |= found
    if ended:
        logger.warning("Ended processes of a service that was killed: %s", sorted(ended))


def _end(pids: Iterable[int]) -> None:
    dying = []
    for pid in pids:
        with contextlib.suppress(OSError, AttributeError):  # it is gone, or this is not Linux
            dying.append(os.pidfd_open(pid))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    for descriptor in dying:
        gone = select.poll()
        gone.register(descriptor, select.POLLIN)
        gone.poll(_EXIT_TIMEOUT_MS)
        os.close(descriptor)


def _stale_processes() -> set[int]:
    """Return the stale ones.

    They are marked, descend from one that is, or are in a session that such a one leads.
    """
    marked, closed = set(), set()
    for pid, mark in _own_processes():
        if mark is None:
            closed.add(pid)
        elif is_stale(mark):
            marked.add(pid)
    found = {pid for each in marked for pid in process_tree.descendants(each)}
    return found | {pid for pid in closed if _session(pid) in marked}


def _own_processes() -> Iterator[tuple[int, str | None]]:
    """Yield this user's processes, each with its mark; "" without one, None if it lets not look."""
    # Of a process that lets nobody look into it /proc belongs to root.
    users = {0, os.geteuid(), WORKER_ID if drops_root() else os.geteuid()}
    for entry in os.scandir("/proc") if Path("/proc/self/environ").exists() else ():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            try:
                if entry.stat().st_uid in users:
                    yield int(entry.name), _mark(Path(entry.path))
            except PermissionError:
                yield int(entry.name), None


def _mark(process: Path) -> str:
    for variable in (process / "environ").read_text("utf-8", "replace").split("\0"):
        name, _, value = variable.partition("=")
        if name == MARK:
            return value
    return ""


def _session(pid: int) -> int:
    identity = process_tree.identity(pid)
    return 0 if identity is None else identity.session


def _namespace() -> int:
    """Return the number of the namespace that process ids are meant in."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - not a file on a disk
    except OSError:  # not Linux
        return 0
