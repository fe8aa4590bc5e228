"""The notebooks of a class on disk: which file is whose.

Three layouts are known without being told: one notebook a student in a folder (``ada.ipynb``), a
folder a student, and nbgrader's ``submitted/STUDENT/ASSIGNMENT/``. A pattern describes any other.
"""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STUDENT = "{student}"
"""What stands for the username in a pattern."""

_SUBMITTED = "submitted"  # the folder of nbgrader
_SUFFIX = re.compile(r"\.ipynb(?:\.(?:json|txt))?\Z", re.IGNORECASE)
"""The end of a notebook's name, also as Windows and browsers that download one write it."""
_MAX_LOOKED_AT = 1_000


@dataclass(frozen=True)
class StudentNotebook:
    """A notebook file and whose it is.

    Attributes:
        student: The username, with escapes for what nobody sees in the name of the file.
        path: The file; or a folder or link that is called so, or where the student's files should
            be, and is not one.
        is_link: Whether it is a link that leads out of its folder, to another student's, say.
    """

    student: str
    path: Path
    is_link: bool = False


def find_notebooks(paths: Iterable[Path], pattern: str = "") -> list[StudentNotebook]:
    """Return the notebooks below folders, or the named ones, by student.

    Args:
        paths: Folders and notebook files.
        pattern: The end of a notebook's path with ``{student}`` in it, such as
            ``hw1_{student}.ipynb`` or ``{student}/*/hw1.ipynb``; ``*`` is anything within one name.
            What does not match is left out. Empty: by the layout.

    Raises:
        UsageError: The pattern has no ``{student}``, or nothing was found.
    """
    matches = _compiled(pattern) if pattern else None
    found: dict[Path, StudentNotebook] = {}
    for given in paths:
        # nbgrader has the folders source, release and feedback beside it.
        root = given / _SUBMITTED if (given / _SUBMITTED).is_dir() else given
        for path in _notebook_files(root):
            student = (
                _by_layout(root, path) if matches is None else _by_pattern(matches, path.as_posix())
            )
            if student:
                found[path] = StudentNotebook(visible(student), path, _leads_out(root, path))
    if not found:
        raise UsageError(
            Message(
                "There is no notebook of a student in {paths}; name a folder with one notebook or "
                "one folder a student, or say where the name stands: "
                "--student-from 'hw1_{{student}}.ipynb'.",
                paths=", ".join(map(str, paths)),
            )
        )
    return sorted(found.values(), key=lambda n: (n.student.casefold(), n.student, str(n.path)))


def _notebook_files(root: Path) -> Iterator[Path]:
    """Yield the notebooks below a folder, or the file itself; what is hidden is not handed in.

    Whatever else stands in the place of one is yielded, too: nobody is left out in silence.
    """
    if not root.is_dir():
        yield root
        return
    yield from filter(_is_no_folder_of_notebooks, _not_hidden(sorted(root.iterdir())))
    found = [path for path in _below(root) if _SUFFIX.search(path.name)]
    folders = {folder for path in found for folder in path.parents}
    yield from (path for path in found if path not in folders)


def _is_no_folder_of_notebooks(path: Path) -> bool:
    """Return whether a folder of a student is a link to one, or cannot be looked into."""
    if not os.path.isdir(path):  # noqa: PTH112 - `Path.is_dir` raises for a link to no name
        return False
    if path.is_symlink():  # what lies behind it is not looked for
        return _may_have_notebooks(path)
    return not os.access(path, os.R_OK | os.X_OK)


def _may_have_notebooks(folder: Path) -> bool:
    """Return whether a link leads to notebooks, or to more than is looked at, such as a disk."""
    found = list(itertools.islice(_below(folder), _MAX_LOOKED_AT))
    return len(found) == _MAX_LOOKED_AT or any(_SUFFIX.search(path.name) for path in found)


def _below(root: Path) -> Iterator[Path]:
    """Yield what is below a folder and not hidden; links are not followed, what fails is passed.

    `Path.rglob` raises for what may be there: a link with too long a name, a folder that has gone.
    """
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        shown = _not_hidden(here / name for name in sorted([*folders, *files]))
        folders[:] = {path.name for path in shown}.intersection(folders)
        yield from shown


def _not_hidden(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if not path.name.startswith(".")]


def _leads_out(root: Path, path: Path) -> bool:
    """Return whether a notebook below a folder is a link to a file elsewhere."""
    if path == root or not path.is_symlink():
        return False
    folder = Path(os.path.realpath(path.parent))
    return path.parent == root or not Path(os.path.realpath(path)).is_relative_to(folder)


def _by_layout(root: Path, path: Path) -> str:
    folders = path.relative_to(root).parts[:-1]
    if folders:
        return folders[0]
    return _SUFFIX.sub("", path.name) if _SUFFIX.search(path.name) else path.stem


def _by_pattern(matches: re.Pattern[str], path: str) -> str:
    match = matches.search(path)
    return match.group("student") if match else ""


def _compiled(pattern: str) -> re.Pattern[str]:
    if pattern.count(STUDENT) != 1:
        raise UsageError(
            Message(
                "The pattern {pattern} must have {{student}} in it once, where the name of the "
                "student stands: 'hw1_{{student}}.ipynb'.",
                pattern=pattern,
            )
        )
    parts = re.split(r"(\{student\}|\*)", pattern)
    expressions = {STUDENT: "(?P<student>[^/]+?)", "*": "[^/]*"}
    regex = "".join(expressions.get(part) or re.escape(part) for part in parts)
    return re.compile(f"(?:^|/){regex}$")
