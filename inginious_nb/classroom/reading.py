"""The reading of a class: of which tasks, and where the names stand in paths; kept by folder.

It is a convenience: what cannot be read or written keeps nobody from grading.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """The settings for reading the notebooks of a class.

    Attributes:
        tasks: References of the tasks; empty for those that the notebooks submit or open.
        student_from: Where the name stands in a path; empty for where the layout has it.
    """

    tasks: tuple[str, ...] = ()
    student_from: str = ""


def remember(reading: Reading, history: Path | None) -> None:
    """Keep it beside the file that keeps what was graded; None where nothing is kept."""
    if history is None:
        return
    path = _beside(history)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(reading)), "utf-8")
        part.replace(path)
    except (OSError, ValueError) as error:
        _log.info("How a class is read is not kept: %s", error)


def remembered(history: Path | None) -> Reading:
    """Return what was kept there, or that nothing is known."""
    try:
        kept = {} if history is None else json.loads(_beside(history).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return Reading()
    if not isinstance(kept, dict):
        return Reading()
    return reading_from(kept.get("tasks"), kept.get("student_from")) or Reading()


def reading_from(tasks: object, student_from: object) -> Reading | None:
    """Return it from values that somebody else wrote; None if they are not of its form."""
    if not isinstance(tasks, list) or not isinstance(student_from, str):
        return None
    if not all(isinstance(task, str) for task in tasks):
        return None
    named = (task.strip() for task in tasks)
    return Reading(tuple(task for task in named if task), student_from.strip())


def _beside(history: Path) -> Path:
    return history.with_suffix(".json")
