"""Which folders are courses and tasks, and where below a path they are.

Source: docs/protocol.md, Courses on disk.

Real repositories nest tasks deeper than INGInious allows or lack the course.yaml; both are found.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from inginious_nb.errors import CourseError, CourseNotFoundError
from inginious_nb.i18n import Message

from . import probing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COURSE_FILES = ("course.yaml", "course.json")
TASK_FILES = ("task.yaml", "task.json")
_MISNAMED = re.compile(r"(course|task)\.(?:ya?ml|json)(?:\.txt)?", re.IGNORECASE)
"""The names that people, editors and Windows give to these files, which nobody reads."""
_LEVELS_ABOVE = 3
_MAX_DEPTH = 4
MAX_FOLDERS = 2_000
"""Folders that are looked at for courses below one path: it may be somebody's unrelated folder, on
a slow disk."""
MAX_INNER_FOLDERS = 10_000
"""Folders in folders of one course that are looked at for tasks; it may be somebody's home."""


def course_file(path: Path) -> Path | None:
    """Return the file that makes a folder a course, or None."""
    return probing.first_of(path, COURSE_FILES)[0]


def task_file(path: Path) -> Path | None:
    """Return the file that makes a folder a task, or None."""
    return probing.first_of(path, TASK_FILES)[0]


def expanded(path: Path) -> Path:
    """Return a path with the home folder for its ``~``; as it is where there is none.

    An account may have neither HOME nor an entry in the list of users, and ``~name`` may name
    nobody.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def course_paths(named: Iterable[str], directory: Path | None = None) -> list[Path]:
    """Return the paths below which courses are looked for.

    Args:
        named: Those that the settings name; they are all, if there is one.
        directory: Where the notebook is (default: the working directory). The folder ``courses`` in
            it or in one of the three above it is such a path, and so are those of these four that
            are courses. What somebody else put where everybody may write, as in /tmp, is none.
    """
    paths = [expanded(Path(name)) for name in named]
    if paths:
        return paths
    try:
        here = probing.real(directory or Path.cwd())
    except OSError:  # the folder that this process works in has been removed
        return []
    near = [here, *here.parents[:_LEVELS_ABOVE]]
    inside = [path for folder in near if _may_be_folder(path := folder / "courses")]
    return inside + [
        folder
        for folder in near
        if (file := course_file(folder)) is not None and not _is_planted(probing.look(file), folder)
    ]


def _may_be_folder(path: Path) -> bool:
    """Return whether a folder is there, or on a drive that does not answer: the library says so."""
    seen = probing.look(path)
    if isinstance(seen.error, probing.NoAnswerError):
        return True
    return seen.kind == "folder" and not _is_planted(seen, path.parent)


def _is_planted(seen: probing.Seen, folder: Path) -> bool:
    """Return whether somebody else put a thing into a folder in which everybody may write."""
    shared = probing.look(folder).status
    if seen.status is None or shared is None or not hasattr(os, "geteuid"):
        return False
    return bool(shared.st_mode & stat.S_IWOTH) and seen.status.st_uid not in (0, os.geteuid())


def course_folders(path: Path) -> Iterator[Path | CourseError]:
    """Yield the course folders at and below a path, those nearer to it first.

    A folder without course.yaml is one too when folders of tasks lie directly in it. Between them
    stands why others cannot be looked at, and last whether there are too many.
    """
    looked_at = 0
    level = [path]
    for _ in range(_MAX_DEPTH + 1):
        below: list[Path] = []
        for folder in level:
            if course_file(folder) is not None:
                yield folder
                continue
            children, _, errors = _entries(folder)
            yield from errors
            looked_at += 1 + len(children)
            if looked_at > MAX_FOLDERS:
                yield _too_many(path, MAX_FOLDERS)
                return
            others, has_tasks = [], False
            for child in children:
                file, error = probing.first_of(child, TASK_FILES)
                has_tasks |= file is not None
                if error is not None:
                    yield error
                elif file is None:
                    others.append(child)
            if has_tasks:
                yield folder
            below += others
        level = below


class TaskFolders(Struct):
    """The task folders of a course.

    Attributes:
        found: Those with a task, outer ones first.
        errors: Why other folders in the course cannot be looked at.
    """

    found: list[Path] = field(default_factory=list)
    errors: list[CourseError] = field(default_factory=list)


def task_folders(course: Path, *, nested: bool) -> TaskFolders:
    """Return the task folders of a course.

    Args:
        course: Its folder.
        nested: Whether to look into folders that are no tasks themselves.
    """
    tasks = TaskFolders()
    looked_at = 0
    waiting = [(course, 0)]
    while waiting:
        folder, depth = waiting.pop()
        children, files, errors = _entries(folder)
        tasks.errors += errors
        tasks.errors += _misnamed(files, "task" if depth else "course")
        looked_at += len(children) if depth else 0
        if looked_at > MAX_INNER_FOLDERS:
            tasks.errors.append(_too_many(course, MAX_INNER_FOLDERS))
            break
        inner = []
        for child in children:
            file, error = probing.first_of(child, TASK_FILES)
            if file is not None:
                tasks.found.append(child)
            elif error is not None:
                tasks.errors.append(error)
            elif nested and depth < _MAX_DEPTH and course_file(child) is None:
                inner.append((child, depth + 1))
        waiting += reversed(inner)
    return tasks


def _too_many(path: Path, limit: int) -> CourseNotFoundError:
    return CourseNotFoundError(
        Message(
            "{path} has more than {limit:,} folders, of which the others were not looked at; name "
            "the folder of the course itself.",
            path=path,
            limit=limit,
        ),
        path=path,
    )


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


def _misnamed(files: list[Path], kind: str) -> Iterator[CourseError]:
    """Yield which files of a folder are meant for that of a course or task, which it has not."""
    names = COURSE_FILES if kind == "course" else TASK_FILES
    if any(file.name in names for file in files):
        return
    for file in files:
        meant = _MISNAMED.fullmatch(file.name)
        if meant and meant[1].lower() == kind:
            yield CourseError(
                Message("{file} is not read: rename it to {name}.", file=file, name=names[0]),
                path=file if kind == "course" else file.parent,
            )


def _entries(path: Path) -> tuple[list[Path], list[Path], list[CourseError]]:
    """Return the folders that may hold tasks or courses, in natural order, files, and faults."""
    listing = probing.listed(path)
    children = [child for child in listing.folders if not child.name.startswith("$")]
    children.sort(key=lambda child: natural(child.name))
    return children, listing.files, listing.errors
