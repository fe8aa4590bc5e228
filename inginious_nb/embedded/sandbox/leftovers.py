"""Ends programs of services that were killed: in the plain sandbox nothing else does.

They are known by a mark in their environment, which all their descendants inherit. A program that
gives itself another environment stays; it is no jail (see `PlainSandbox.describe`).
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from . import proctree

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

MARK = "INGINIOUS_BOX"
_WRITTEN = re.compile(MARK.encode() + rb"=(\d+)-(\d+)-\d+")
_MOST_ROUNDS = 100
_numbers = itertools.count(1)


def new_mark() -> str:
    """A value for the mark of one more program: whose it is, and its number."""
    # Process ids come again; together with when it started one does not.
    return f"{os.getpid()}-{proctree.started_at(os.getpid()) or 0}-{next(_numbers)}"


def end_leftovers(users: frozenset[int]) -> None:
    """End programs of services that are no more.

    Args:
        users: The ids of the users whose processes may be ended.
    """
    ended: set[int] = set()
    for _ in range(_MOST_ROUNDS):  # what is found may start others until it is gone
        found = set(_leftovers(users)) - ended
        if not found:
            break
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        ended |= found
    if ended:
        logger.warning("Ended what a killed service had left running: %s", sorted(ended))


def _leftovers(users: frozenset[int]) -> Iterator[int]:
    for entry in os.scandir("/proc") if Path("/proc/self/environ").exists() else ():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            if entry.stat().st_uid in users and _is_leftover(Path(entry.path)):
                yield int(entry.name)


def _is_leftover(process: Path) -> bool:
    for variable in (process / "environ").read_bytes().split(b"\0"):
        written = _WRITTEN.fullmatch(variable)
        if written is None:
            continue
        service, started_at = map(int, written.groups())
        # In a container of its own a service has another number there than here.
        is_of_here = (process / "ns/pid").readlink() == Path("/proc/self/ns/pid").readlink()
        return is_of_here and proctree.started_at(service) != started_at
    return False
