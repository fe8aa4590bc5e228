"""The box of a job: one that was made in advance if there is one that fits, else a new one.

After a job the folders and the box of a next one of the same kind are made. Python is started there
as the kernel will start it for the run script, which does not exist yet; it waits in its own start
(``inginious_prepared.pth`` of the grading API). A box serves one job, or none: it is ended when
nobody submits for a while, and with the service.
"""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inginious_nb.grader.sandbox import PreparingSandbox

from .workspace import Workspace, is_readable_by_jobs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inginious_nb.grader.sandbox import Box, Sandbox
    from inginious_nb.grader.sandbox.prepared import PreparedProcess
    from inginious_nb.grader.sandbox.process import BoxedProcess

    from .shared_files import SharedFiles

logger = logging.getLogger(__name__)

_BY_ENV = ("/usr/bin/env", "python3")
_MAX_IDLE_S = 60.0
_MAX_FIRST_LINE_BYTES = 256


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


class JobBox:
    """The box of one job, and the workspace it has.

    Args:
        boxes: Where a box may wait for it, and where it leaves one for the next job.
        shared_files: Files that all jobs share.
        sandbox: What its programs run in.
        common: The shared files of its course, or None.
        is_shell: Whether somebody is at a shell in it, who waits for no interpreter.

    Attributes:
        workspace: The files of the job.
    """

    def __init__(
        self,
        boxes: PreparedBoxes,
        shared_files: SharedFiles,
        sandbox: Sandbox,
        common: Path | None,
        *,
        is_shell: bool,
    ) -> None:
        self._boxes = boxes
        self._shared_files = shared_files
        self._sandbox = sandbox
        self._preparing = sandbox if isinstance(sandbox, PreparingSandbox) else None
        self._common = common
        self._prepared = None if is_shell else boxes.take(common)
        self._repeated: tuple[str, ...] | None = None
        self.workspace = (
            Workspace(shared_files.new_job_folder())
            if self._prepared is None
            else self._prepared.workspace
        )

    def wait_until_ready(self) -> None:
        """Wait until files can be laid out: what waits in the box must not have seen any before."""
        if self._prepared is not None and not self._prepared.process.wait_until_ready():
            self._prepared.process.end()

    async def start(self, box: Box, *, needs_ipython: bool) -> BoxedProcess:
        """Start the program of a box, in the one that waits if that differs in nothing else.

        Args:
            box: The box.
            needs_ipython: Whether its program is that of IPython.

        Raises:
            OSError: The sandbox could not be started.
        """
        interpreter = self._interpreter(box.argv[0], needs_ipython=needs_ipython)
        # Files of the task's own in /etc are mounted when they are there, and a network of its own
        # ends with the job.
        is_alone = self.workspace.has_system_files or box.network is not None
        as_started = (*interpreter, *box.argv)
        if interpreter and not is_alone and self._shared_files.is_in_system:
            self._repeated = as_started
        if self._prepared is not None and self._preparing is not None:
            is_same = self._prepared.process.argv == as_started
            wanted = replace(box, argv=as_started) if is_same else box
            process = self._preparing.begin(self._prepared.process, wanted)
            if process is not None:
                return process
            await asyncio.to_thread(self._prepared.process.end)
        with self.workspace.streams() as streams:
            return self._sandbox.start(box, streams)

    def _interpreter(self, program: str, *, needs_ipython: bool) -> tuple[str, ...]:
        """Return the words that the kernel puts before a script in Python; none for others.

        Others start as fast as can be.
        """
        prefix = "/task/"
        python = (self._shared_files.python,)
        if needs_ipython or not program.startswith(prefix):
            return python if needs_ipython else ()
        with (self.workspace.root / "task" / program[len(prefix) :]).open("rb") as file:
            line = file.readline(_MAX_FIRST_LINE_BYTES)
        words = tuple(map(os.fsdecode, line.removeprefix(b"#!").split()))
        is_script = line.startswith(b"#!")
        return words if is_script and words in (python, _BY_ENV) else ()

    def clear_away(self) -> None:
        """End what still waits in the box, and remove the workspace."""
        if self._prepared is not None:
            self._prepared.process.end()
        self.workspace.remove()
        self._shared_files.prepare_job_folder()

    def prepare_next(self, box_of: Callable[[tuple[str, ...], Workspace], Box]) -> None:
        """Have a box wait for a next job of the same kind, where that can be.

        Args:
            box_of: Returns the box of a program and a workspace, as this job would have it.
        """
        if self._preparing is None or self._repeated is None:
            return
        if self._common is not None and not is_readable_by_jobs(self._common):
            return  # each job has a copy of its own
        if self._boxes.closed:  # the folders of jobs are gone, and threads take no more work
            return
        workspace = Workspace(self._shared_files.new_job_folder())
        try:
            workspace.offer_common(self._common, copy=False)
            box = box_of(self._repeated, workspace)
            with workspace.streams() as streams:
                process = self._preparing.prepare(box, streams.stdout, streams.stderr)
        except OSError as error:
            logger.warning("No box could be prepared: %s", error)
            self._shared_files.in_background(workspace.remove)
        else:
            self._boxes.add(PreparedBox(workspace, self._common, process))
