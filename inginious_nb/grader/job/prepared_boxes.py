"""Boxes made in advance: after a job, the folders and the box of a next one of the same kind.

Each waits with an interpreter that has started and imported the grading API. It serves one job, or
none: it is ended when nobody submits for a while, and with the service.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from inginious_nb.grader.sandbox.prepared import PreparedProcess

    from .workspace import Workspace

STARTER = "from inginious_container_api._prepared import main; main()"
"""Python code that waits for the run script of a job."""

_MAX_IDLE_S = 60.0


@dataclass(frozen=True, eq=False)
class PreparedBox:
    """A box without a job.

    Attributes:
        workspace: Its files, without a task.
        common: The shared files of the course that it sees, or None.
        process: The process in it.
    """

    workspace: Workspace
    common: Path | None
    process: PreparedProcess

    def remove(self) -> None:
        """End the process, unless it has a program, and remove the files; takes milliseconds."""
        self.process.end()
        self.workspace.remove()


class PreparedBoxes:
    """The boxes of a grader that wait for a job. Used where its asyncio loop runs.

    Args:
        max_boxes: So many wait at most.
        max_idle_s: So long each of them waits, in seconds.

    Attributes:
        closed: Whether no box is kept any more.
    """

    def __init__(self, max_boxes: int, *, max_idle_s: float = _MAX_IDLE_S) -> None:
        self._max_boxes = max_boxes
        self._max_idle_s = max_idle_s
        # Of its own: boxes are ended also while the loop, with its threads, comes to its end.
        self._ending = ThreadPoolExecutor(1, "ending boxes")
        self._waiting: dict[PreparedBox, asyncio.TimerHandle] = {}
        self.closed = False

    def take(self, common: Path | None) -> PreparedBox | None:
        """Return a box with these shared files of a course, which now is the caller's; or None."""
        # The latest first: those that are one too many become idle.
        for box in reversed(self._waiting):
            if box.common == common:
                self._waiting.pop(box).cancel()
                return box
        return None

    def add(self, box: PreparedBox) -> None:
        """Keep a box for a job to come."""
        loop = asyncio.get_running_loop()
        self._waiting[box] = loop.call_later(self._max_idle_s, self._drop, box)
        if len(self._waiting) > self._max_boxes:
            self._drop(next(iter(self._waiting)))

    def _drop(self, box: PreparedBox) -> None:
        self._waiting.pop(box).cancel()
        self._ending.submit(box.remove)

    def close(self) -> None:
        """End all that wait; no job may be running, and no box may come any more."""
        self.closed = True
        for box in list(self._waiting):
            self._drop(box)
        self._ending.shutdown()
