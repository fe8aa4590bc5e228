"""Programs as ordinary processes with limits: where nothing better works.

They see the whole machine. Each job still has its files in one folder with the layout of a
container, so that tasks with relative paths work, and whatever a job leaves running is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from inginious_nb.i18n import marked

from . import process_tree
from .base import KERNEL, Description, Sandbox, describe_limits, describe_uncounted
from .cgroup import Cgroups, limits_memory
from .launch_script import (
    dropping,
    drops_root,
    launch_command,
    launches_in_perl,
    own,
    report_pipe,
)
from .orphans import OrphanTracker
from .process import BoxedProcess, adopt_orphans
from .process_limit import ProcessLimit
from .stale_processes import MARK, end_stale_processes
from .sweeper import new_swept_mark

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .base import Box, Streams
    from .cgroup import Cgroup

logger = logging.getLogger(__name__)

_MAX_PAUSES = 500
_PAUSE_S = 0.01
_WAIT = "echo; read -r _"
_OPEN_TO_YOURSELF = [
    marked(
        "files: a program can read, change and delete yours, also courses, solutions and other jobs"
    ),
    marked("processes: it can look into yours and end them"),
]
_OPEN_TO_OTHERS = [
    marked("files that every user can read, which often are courses with their solutions"),
    marked("other jobs, which run as the same user"),
]
_UNCOUNTED = marked(
    "memory of files without a name, of a program that lets nobody look into it (PR_SET_DUMPABLE)"
)
_OPEN = [
    marked(
        "what a program writes outside of its own folder, as in /tmp: neither limited nor removed"
    ),
    marked("shared memory and messages between processes, devices, keys of the kernel"),
    marked("network"),
    marked("the end of a program that hides: it may come with that of the last job beside it"),
]


def can_watch_programs() -> bool:
    """Return whether this process sees what programs use that it starts in the plain sandbox.

    Without a ``/proc``, or where that hides what runs as another user (``hidepid=ptraceable``),
    nobody could keep a job within its limits, or find what it leaves.
    """
    if sys.platform != "linux":
        return True
    pipe = subprocess.PIPE
    with subprocess.Popen([*dropping(), "/bin/sh", "-c", _WAIT], stdin=pipe, stdout=pipe) as tried:  # noqa: S603 - fixed words
        assert tried.stdout is not None  # noqa: S101 - a pipe, as asked for
        tried.stdout.readline()
        return (
            tried.pid in process_tree.children(os.getpid())
            and not process_tree.is_hidden(tried.pid)
            and os.path.exists(f"/proc/self/fd/{tried.stdout.fileno()}")  # noqa: PTH110 - no file
        )


class PlainSandbox(Sandbox):
    """Starts programs as plain processes."""

    def __init__(self) -> None:
        self._cgroups = Cgroups.find()
        self._process_limit = ProcessLimit(self._cgroups, has_user_namespace=False)
        self._orphan_tracker = OrphanTracker()
        adopt_orphans()
        end_stale_processes()
        launches_in_perl()  # now, not while the first job waits
        if self._cgroups is not None:
            self._cgroups.sweep()

    def describe(self) -> Description:
        """Return what is isolated and what is not."""
        return {
            "kind": "plain",
            "isolated": [describe_limits(kernel_limits_memory=limits_memory(self._cgroups))],
            "not_isolated": [
                *(_OPEN_TO_OTHERS if drops_root() else _OPEN_TO_YOURSELF),
                *_OPEN,
                *describe_uncounted(
                    kernel_limits_memory=limits_memory(self._cgroups), has_user_namespaces=True
                ),
                *([] if drops_root() or limits_memory(self._cgroups) else [_UNCOUNTED]),
                KERNEL,
                marked("tasks that use absolute paths such as /task or /course/common do not work"),
            ],
        }

    def root_seen(self, root: Path) -> str:
        """Jobs see their files below their own folder."""
        return str(root)

    def start(self, box: Box, streams: Streams) -> BoxedProcess:
        """Start a program in its job's folder."""
        mark = new_swept_mark()
        environ = {**box.environ, MARK: mark}
        # What this process keeps is given back if the start fails, what it passes on in any case.
        with contextlib.ExitStack() as kept, contextlib.ExitStack() as passed:
            report_read = report_write = None
            if box.report_status:
                report_read, report_write = own(report_pipe(), kept, passed)
            arguments = launch_command(
                box, report_write, process_limit=self._process_limit(box.limits)
            )
            cgroup = self._cgroups.new(box.limits) if self._cgroups is not None else None
            if cgroup is not None:
                kept.callback(cgroup.remove)
                arguments = [*cgroup.entering, *arguments]
            self._orphan_tracker.prepare()
            popen = subprocess.Popen(  # noqa: S603 - this is what the package is for
                arguments,
                stdin=streams.stdin,
                stdout=streams.stdout,
                stderr=streams.stderr,
                pass_fds=() if report_write is None else (report_write,),
                env=environ,
                cwd="/",
                start_new_session=True,
            )
            kept.pop_all()
        return _PlainProcess(popen, mark, self._orphan_tracker, report=report_read, cgroup=cgroup)


class _PlainProcess(BoxedProcess):
    def __init__(
        self,
        popen: subprocess.Popen[bytes],
        mark: str,
        orphan_tracker: OrphanTracker,
        *,
        report: int | None,
        cgroup: Cgroup | None,
    ) -> None:
        super().__init__(popen, report=report, cgroup=cgroup)
        self._orphan_tracker = orphan_tracker
        self._tracked = orphan_tracker.track(self.pid, mark)
        self._ended: set[int] = set()

    def _members(self, *, ending: bool = False) -> list[int]:
        found = [] if self._exited.done() else process_tree.descendants(self.pid)
        for orphan in self._orphan_tracker.orphans(self._tracked, ending=ending):
            found += process_tree.descendants(orphan)
        self._tracked.remember(found)
        return found

    def kill(self) -> None:
        """End everything that descends from the program."""
        if self._cgroup is not None:
            self._cgroup.kill()
        self._end_all()

    async def finish(self) -> None:
        """Wait for the program, then end and collect whatever it left running."""
        await self.wait()
        for _ in range(_MAX_PAUSES):
            found = self._end_all()
            self._ended = {pid for pid in self._ended if not _is_collected(pid)}
            if self._ended:
                await asyncio.sleep(_PAUSE_S)
            elif not found:
                # Only now: what was just being started may have escaped a look that found others.
                break
        else:
            logger.error("Processes of a job could not be ended: %s", sorted(self._ended))
        self._orphan_tracker.remove(self._tracked)
        await self._collect(self._exited.result())

    def _end_all(self) -> bool:
        """End all that can be found, and say whether there was any.

        All are stopped before any is ended: what is stopped cannot start others.
        """
        stopped: set[int] = set()
        while found := set(self._members(ending=True)) - stopped:
            _signal(found, signal.SIGSTOP)
            stopped |= found
        _signal(stopped, signal.SIGKILL)
        self._ended |= stopped - {self.pid}
        if sys.platform != "linux":  # no process trees: at least what stayed in its group
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        return bool(stopped)


def _is_collected(pid: int) -> bool:
    """Return whether an ended process is gone; it is collected if it has become our child."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return not process_tree.is_there(pid)


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
