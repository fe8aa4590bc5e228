"""The documented view of a backend's queue, read from its last snapshot.

Source: docs/protocol.md, Client contract.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

RunningRow = tuple[str, bool, str, str, str, int, int]
"""job id, ours, agent, "course/task", launcher, started at (UNIX epoch), time limit in s or -1."""

WaitingRow = tuple[str, bool, str, str, int]
"""job id, ours, "course/task", launcher, time limit in s or -1."""

Snapshot = tuple[list[RunningRow], list[WaitingRow]] | tuple[None, None]


def queue_info(
    running: Iterable[RunningRow], waiting: Iterable[WaitingRow], job_id: str
) -> tuple[int, float] | None:
    """Return ``(jobs before it, seconds to wait)`` as documented, or None if it is not there.

    A running job has -1 before it, and the seconds it may still take (0 without a limit). A
    waiting one waits for the time limits of all jobs up to and including itself.
    """
    for row in running:
        if row[0] == job_id:
            started_at, limit_s = row[5], row[6]
            return -1, max(0, started_at + limit_s - time.time()) if limit_s > 0 else 0
    seconds = 0
    for before, waiting_row in enumerate(waiting):
        seconds += max(0, waiting_row[4])
        if waiting_row[0] == job_id:
            return before, seconds
    return None
