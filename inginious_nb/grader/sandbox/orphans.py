"""Orphaned processes of plain programs: which program each belongs to, also when it disguises.

Those that lose their parent come to this process (see `adopt_orphans`). A program's own are known
by their session, by a mark in their environment, or because they were seen below it. One that has
changed all of this before anybody looked belongs to whoever ran since before it started; if that
may be several, it is ended with the last of them, or at once if it is hidden (`process_tree`).
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from . import process_tree
from .stale_processes import MARK

if TYPE_CHECKING:
    from .process_tree import Identity


class OrphanTracker:
    """The programs that run, with what descends from them."""

    def __init__(self) -> None:
        self._living: dict[int, TrackedProgram] = {}
        self._strangers: set[tuple[int, int]] = set()

    def prepare(self) -> None:
        """Learn which children are nobody's; to be called before a program is started."""
        if not self._living:
            self._strangers = {
                (pid, identity.started_at)
                for pid in process_tree.children(os.getpid())
                if (identity := process_tree.identity(pid)) is not None
            }

    def track(self, pid: int, mark: str) -> TrackedProgram:
        """Follow a program that was just started with a mark."""
        program = TrackedProgram(pid, f"{MARK}={mark}".encode("ascii"), alone=not self._living)
        for other in self._living.values():
            other.is_alone = False
        self._living[pid] = program
        return program

    def remove(self, program: TrackedProgram) -> None:
        """Follow a program no more: it has ended, and all that descends from it."""
        self._living.pop(program.pid, None)

    def orphans(self, program: TrackedProgram, *, ending: bool) -> list[int]:
        """Return the orphans of a program, also the dead ones among them.

        Args:
            program: The program and what descends from it.
            ending: It is about to end, so also those that can only be its own or that of an ended
                one. Before, they are not held against it.
        """
        found = []
        for pid in process_tree.children(os.getpid()):
            identity = process_tree.identity(pid)
            # In our own session is only what we started ourselves: programs get others.
            if pid in self._living or identity is None or identity.session == os.getsid(0):
                continue
            if program.owns(identity) or (
                (pid, identity.started_at) not in self._strangers
                and (ending or program.is_alone)
                and self._is_nobody_elses(identity, program)
            ):
                found.append(pid)
            elif (pid, identity.started_at) not in self._strangers and identity.is_hidden:
                # Whoever it belongs to may not hide; it is collected with the last of them.
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        return found

    def _is_nobody_elses(self, identity: Identity, program: TrackedProgram) -> bool:
        others = [other for other in self._living.values() if other is not program]
        return not any(
            other.started_at <= identity.started_at or other.owns(identity) for other in others
        )


class TrackedProgram:
    """A program and what descends from it.

    Attributes:
        pid: The program.
        started_at: When it started, in ticks of the system.
        is_alone: Whether no other program ran in its time.
    """

    def __init__(self, pid: int, mark: bytes, *, alone: bool) -> None:
        self.pid = pid
        self.is_alone = alone
        self.started_at = process_tree.started_at(pid) or 0
        self._mark = mark
        self._sessions = {pid}
        self._seen: set[tuple[int, int]] = set()

    def remember(self, pids: list[int]) -> None:
        """Remember processes that descend from the program."""
        for pid in pids:
            identity = process_tree.identity(pid)
            if identity is not None:
                self._seen.add((pid, identity.started_at))
                self._sessions.add(identity.session)

    def owns(self, identity: Identity) -> bool:
        """Return whether a process is known to be one of the program."""
        return (
            identity.session in self._sessions
            or (identity.pid, identity.started_at) in self._seen
            or self._is_marked(identity.pid)
        )

    def _is_marked(self, pid: int) -> bool:
        try:
            return self._mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False
