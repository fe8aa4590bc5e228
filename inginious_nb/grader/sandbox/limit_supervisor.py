"""Enforces limits from outside: samples what a program uses and ends it beyond a limit.

What the kernel enforces is set elsewhere: rlimits in `launch_script`, cgroups in `cgroup`.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Literal

from .deleted_files import DeletedFilesUsage, deleted_files_usage

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .base import Limits
    from .process import BoxedProcess
    from .process_tree import Usage

Reason = Literal["exited", "killed", "time", "memory", "disk", "hidden"]
"""Why a program ended: by itself, because somebody asked, for one of its limits, or because it hid
from them."""

_INTERVAL_S = 0.05
_MAX_INTERVAL_S = 0.5
_FILES_INTERVAL_S = 0.25
_SHARE_OF_TIME = 0.1
_MAX_HIDDEN_SAMPLES = 2
"""A program of another owner that has just been started may be hidden for a moment."""


async def supervise(
    process: BoxedProcess,
    limits: Limits,
    *,
    kill_requested: asyncio.Event | None = None,
    disk_bytes: Callable[[], int] | None = None,
) -> Reason:
    """Wait until a program ended, by itself or because it had to; then nothing of it is left.

    Args:
        process: The program.
        limits: What it may use.
        kill_requested: Ends it when set.
        disk_bytes: Gives what it has on disk, quickly.
    """
    files = _Files(process)
    exited = asyncio.ensure_future(process.wait())
    kill = asyncio.ensure_future(kill_requested.wait()) if kill_requested is not None else None
    hidden_samples = 0

    def excess(wall_s: float) -> Reason | None:
        nonlocal hidden_samples
        usage = process.measure()
        hidden_samples = hidden_samples + 1 if usage.hidden else 0
        if hidden_samples == _MAX_HIDDEN_SAMPLES:
            return "hidden"
        return _excess(process, usage, limits, wall_s, disk_bytes, files.latest)

    try:
        reason = await _first_reason(exited, kill, limits.wall_s, excess)
    finally:
        # Also when cancelled: nothing may survive its supervisor.
        files.stop()
        process.kill()
        exited.cancel()
        if kill is not None:
            kill.cancel()
        await _whatever_happens(process.finish())
    if reason == "exited" and process.ran_out_of_memory:
        return "memory"
    return reason


async def _first_reason(
    exited: asyncio.Future[Any],
    kill: asyncio.Future[Any] | None,
    wall_limit_s: float,
    excess: Callable[[float], Reason | None],
) -> Reason:
    """Wait until a program ended or has to; return why.

    Args:
        exited: Done once the program ended.
        kill: Done once its end is asked for.
        wall_limit_s: How long it may run at most.
        excess: Returns which limit a program that has run for so long exceeds; takes its time.
    """
    waited_for: set[asyncio.Future[Any]] = {exited} if kill is None else {exited, kill}
    started_at = time.monotonic()
    interval_s = _INTERVAL_S
    while True:
        left_s = wall_limit_s - (time.monotonic() - started_at)
        await asyncio.wait(
            waited_for,
            timeout=max(0.0, min(interval_s, left_s)),
            return_when=asyncio.FIRST_COMPLETED,
        )
        if exited.done():
            return "exited"
        if kill is not None and kill.done():
            return "killed"
        began = time.monotonic()
        reason = excess(began - started_at)
        if reason is not None:
            return reason
        wanted_s = max(_INTERVAL_S, (time.monotonic() - began) / _SHARE_OF_TIME)
        interval_s = min(wanted_s, _MAX_INTERVAL_S)


async def _whatever_happens(work: Coroutine[None, None, None]) -> None:
    """Wait for the end of some work, also when cancelled meanwhile; that then counts afterwards."""
    working = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not working.done():
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError as error:
            cancelled = error
    working.result()
    if cancelled is not None:
        raise cancelled


def _excess(
    process: BoxedProcess,
    usage: Usage,
    limits: Limits,
    wall_s: float,
    disk_bytes: Callable[[], int] | None,
    files: DeletedFilesUsage,
) -> Reason | None:
    if wall_s >= limits.wall_s:
        return "time"
    if usage.cpu_s > limits.cpu_s:
        return "time"
    # Cgroups of version 1 end one process; the others would go on without it.
    if process.ran_out_of_memory or usage.processes > limits.processes:
        return "memory"
    if (
        usage.memory_bytes + files.memory_bytes > limits.memory_bytes
        and process.exact_memory(files.memory_bytes) > limits.memory_bytes
    ):
        return "memory"
    on_disk_bytes = 0 if disk_bytes is None else disk_bytes()
    if on_disk_bytes + files.disk_bytes > limits.disk_bytes:
        return "disk"
    return None


class _Files:
    """Keeps up to date what a program holds open without a name.

    In a thread and less often than the rest: some hundred processes have very many files open.
    """

    def __init__(self, process: BoxedProcess) -> None:
        self.latest = DeletedFilesUsage()
        self._process = process
        self._task = asyncio.create_task(self._measure())

    def stop(self) -> None:
        """Measure no more."""
        self._task.cancel()

    async def _measure(self) -> None:
        pause_s = _FILES_INTERVAL_S
        while True:
            await asyncio.sleep(pause_s)
            began = time.monotonic()
            self.latest = await asyncio.to_thread(deleted_files_usage, self._process.pids())
            pause_s = max(_FILES_INTERVAL_S, (time.monotonic() - began) / _SHARE_OF_TIME)
