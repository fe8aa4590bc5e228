"""Recorded submissions graded again, for ``inginious-nb test`` and ``%inginious try``."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from inginious_nb.grader.replay import replay_courses

if TYPE_CHECKING:
    from pathlib import Path

    from inginious_nb.grader.replay import Replayed
    from inginious_nb.settings import Inginious

Replays: TypeAlias = "list[Replayed]"
"""Records as they are graded now."""


async def replayed(folder: Path, task: str | None, settings: Inginious) -> Replays:
    """Return the records of the courses in a folder, or of one task, as they are graded now.

    Raises:
        CourseError: There is no such course or task.
        ServiceError: The sandbox does not work here, or an alias makes no sense.
    """
    records = replay_courses(folder, task, sandbox=settings.sandbox, aliases=settings.environments)
    return [record async for record in records]
