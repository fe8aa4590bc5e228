"""Which folders are courses and tasks, and where below a path they are (protocol.md 3.1).

Real repositories nest tasks deeper than INGInious allows or lack the course.yaml; both are found.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

COURSE_FILES = ("course.yaml", "course.json")
TASK_FILES = ("task.yaml", "task.json")
_MAX_DEPTH = 4


def course_file(path: Path) -> Path | None:
    """Return the file that makes a folder a course, or None."""
    return next((path / name for name in COURSE_FILES if (path / name).is_file()), None)


def task_file(path: Path) -> Path | None:
    """Return the file that makes a folder a task, or None."""
    return next((path / name for name in TASK_FILES if (path / name).is_file()), None)


def course_folders(path: Path, depth: int = 0) -> Iterator[Path]:
    """Yield the course folders at and below path.

    A folder without course.yaml is one too when folders of tasks lie directly in it.
    """
    if course_file(path) is not None:
        yield path
        return
    children = _subfolders(path)
    if any(task_file(child) is not None for child in children):
        yield path
    if depth < _MAX_DEPTH:
        for child in children:
            if task_file(child) is None:
                yield from course_folders(child, depth + 1)


def task_folders(course: Path, *, nested: bool, depth: int = 0) -> Iterator[Path]:
    """Yield the task folders of a course, outer ones first.

    Args:
        course: Its folder.
        nested: Whether to look into folders that are no tasks themselves.
        depth: How deep below the course this is.
    """
    inner = []
    for child in _subfolders(course):
        if task_file(child) is not None:
            yield child
        elif nested and course_file(child) is None:
            inner.append(child)
    if depth < _MAX_DEPTH:
        for child in inner:
            yield from task_folders(child, nested=True, depth=depth + 1)


def natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts task2 before task10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part.lower())
        for part in re.split(r"(\d+)", name, flags=re.ASCII)
        if part
    ]


def _subfolders(path: Path) -> list[Path]:
    """Return the folders that may hold tasks or courses, in natural order."""
    try:
        children = [
            child for child in path.iterdir() if child.name[:1] not in ".$" and child.is_dir()
        ]
    except OSError as error:
        logger.warning("%s cannot be listed: %s", path, error)
        return []
    return sorted(children, key=lambda child: natural(child.name))
