"""Which folders are courses and tasks, and where below a path they are.

Source: docs/protocol.md, Courses on disk.

Real repositories nest tasks deeper than INGInious allows or lack the course.yaml; both are found.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from inginious_nb.errors import CourseNotFoundError
from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

COURSE_FILES = ("course.yaml", "course.json")
TASK_FILES = ("task.yaml", "task.json")
_MAX_DEPTH = 4
MAX_FOLDERS = 2_000
"""Folders that are looked at for courses below one path: it may be somebody's unrelated folder, on
a slow disk."""


def course_file(path: Path) -> Path | None:
    """Return the file that makes a folder a course, or None."""
    return next((path / name for name in COURSE_FILES if (path / name).is_file()), None)


def task_file(path: Path) -> Path | None:
    """Return the file that makes a folder a task, or None."""
    return next((path / name for name in TASK_FILES if (path / name).is_file()), None)


def expanded(path: Path) -> Path:
    """Return a path with the home folder for its ``~``; as it is where there is none.

    An account may have neither HOME nor an entry in the list of users, and ``~name`` may name
    nobody.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def course_folders(path: Path) -> Iterator[Path]:
    """Yield the course folders at and below a path, those nearer to it first.

    A folder without course.yaml is one too when folders of tasks lie directly in it.

    Raises:
        CourseNotFoundError: The path has too many folders to be meant. What was found until then
            has been yielded.
    """
    looked_at = 0
    level = [path]
    for _ in range(_MAX_DEPTH + 1):
        below: list[Path] = []
        for folder in level:
            if course_file(folder) is not None:
                yield folder
                continue
            children = _subfolders(folder)
            looked_at += 1 + len(children)
            if looked_at > MAX_FOLDERS:
                raise CourseNotFoundError(
                    Message(
                        "{path} has more than {limit:,} folders, of which the others were not "
                        "looked at; name the folder of the course itself.",
                        path=path,
                        limit=MAX_FOLDERS,
                    ),
                    path=path,
                )
            others = [child for child in children if task_file(child) is None]
            if len(others) < len(children):
                yield folder
            below += others
        level = below


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
        _number_key(part) if part.isdecimal() else (-1, part.lower())
        for part in re.split(r"(\d+)", name, flags=re.ASCII)
        if part
    ]


def _number_key(digits: str) -> tuple[int, str]:
    """Return a key that orders numbers of any length, of which Python converts only some."""
    digits = digits.lstrip("0")
    return len(digits), digits


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
