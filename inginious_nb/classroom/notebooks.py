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
from inginious_nb.i18n import Message, in_one_form, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STUDENT = "{student}"
"""What stands for the username in a pattern."""

_SUBMITTED = "submitted"  # the folder of nbgrader
_BESIDE_SUBMITTED = ("gradebook.db", "nbgrader_config.py", "source", "release")
_SUFFIX = re.compile(r"\.ipynb(?:\.(?:json|txt))?\Z", re.IGNORECASE)
"""The end of a notebook's name, also as Windows and browsers that download one write it."""
_MAX_LOOKED_AT = 1_000
_OF_NOBODY = {
    "__MACOSX",
    "__pycache__",
    "@eaDir",
    "$RECYCLE.BIN",
    "System Volume Information",
    "lost+found",
}
"""Folders that systems and their archives put beside those of students."""


@dataclass(frozen=True)
class StudentNotebook:
    """A notebook file and whose it is.

    Attributes:
        student: The username, in one Unicode form, with escapes for what nobody sees in it.
        path: The file; or a folder or link that is called so, or where the student's files should
            be, and is not one.
        is_link: Whether it is a link that leads out of its folder, to another student's, say.
        only: The names of the first other files in a student's folder without a notebook, with
            escapes likewise; None if the path is no such folder.
    """

    student: str
    path: Path
    is_link: bool = False
    only: tuple[str, ...] | None = None


class _Layout:
    """The place of a student's name in the paths of notebooks.

    Args:
        pattern: As `find_notebooks` has it.

    Raises:
        UsageError: It has no ``{student}``.
    """

    def __init__(self, pattern: str) -> None:
        pattern = in_one_form(pattern)
        self._file = self._folder = _compiled(pattern) if pattern else None
        self._below_folder = pattern.partition(STUDENT)[2].count("/")
        if self._below_folder:
            self._folder = _compiled(pattern.rsplit("/", self._below_folder)[0])

    def student_of(self, root: Path, path: Path) -> str:
        """Return whose a notebook below a folder is, empty for nobody's."""
        name = _by_layout(root, path) if self._file is None else _matched(self._file, path)
        return in_one_form(name)

    def folder_of(self, root: Path, path: Path) -> Path | None:
        """Return the folder of a notebook's student, None if others have notebooks in it, too."""
        if self._file is not None:
            return path.parents[self._below_folder - 1] if self._below_folder else None
        parts = path.relative_to(root).parts
        return root / parts[0] if len(parts) > 1 else None

    def student_of_folder(self, folder: Path) -> str:
        """Return whose a folder is, if it is any student's."""
        name = folder.name if self._folder is None else _matched(self._folder, folder)
        return in_one_form(name)


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
    layout = _Layout(pattern)
    found: dict[Path, StudentNotebook] = {}
    for given in paths:
        # nbgrader has the folders source, release and feedback beside it.
        root = given / _SUBMITTED if (given / _SUBMITTED).is_dir() else given
        whose = "" if pattern else _student_of_nbgrader(given)
        folders: set[Path | None] = set()
        for path in _notebook_files(root):
            student = whose or layout.student_of(root, path)
            if student:
                found[path] = StudentNotebook(visible(student), path, _leads_out(root, path))
                folders.add(layout.folder_of(root, path))
        for path in _without_notebook(root, {folder for folder in folders if folder}):
            student = layout.student_of_folder(path)
            if student and path not in found and not whose:
                found[path] = _without(path, visible(student))
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


def _student_of_nbgrader(path: Path) -> str:
    """Return whose a path below nbgrader's ``submitted`` is, empty for one that is elsewhere."""
    below: list[str] = []
    for folder in (whole := Path(os.path.abspath(path)), *whole.parents):  # noqa: PTH100 - no links
        if folder.name == _SUBMITTED and below:
            beside = any((folder.parent / name).exists() for name in _BESIDE_SUBMITTED)
            return below[-1] if beside else ""
        below.append(folder.name)
    return ""


def is_notebook_name(name: str) -> bool:
    """Return whether a file is called as a notebook is."""
    return _SUFFIX.search(name) is not None


def _notebook_files(root: Path) -> Iterator[Path]:
    """Yield the notebooks below a folder, or the file itself; what is hidden is not handed in.

    Whatever else stands in the place of one is yielded, too: nobody is left out in silence.
    """
    if not root.is_dir():
        yield root
        return
    yield from filter(_is_no_folder_of_notebooks, _not_hidden(sorted(root.iterdir())))
    found = [path for path in _below(root) if is_notebook_name(path.name)]
    folders = {folder for path in found for folder in path.parents}
    yield from (path for path in found if path not in folders)


def _without_notebook(root: Path, with_notebook: set[Path]) -> Iterator[Path]:
    """Yield what stands beside the folders of students with a notebook, and is such a folder, too.

    Args:
        root: The folder of the class.
        with_notebook: The folders of the students who have one.
    """
    for depth in {len(folder.relative_to(root).parts) for folder in with_notebook}:
        for path in _at_depth(root, depth):
            is_one = os.path.isdir(path) or _is_broken_link(path)  # noqa: PTH112 - as below
            if is_one and path not in with_notebook and path.name not in _OF_NOBODY:
                yield path


def _at_depth(folder: Path, depth: int) -> Iterator[Path]:
    """Yield what is not hidden so many levels below a folder; links are not followed."""
    try:
        shown = _not_hidden(sorted(folder.iterdir()))
    except OSError:
        return
    for path in shown:
        if depth == 1:
            yield path
        elif not path.is_symlink() and path.is_dir():
            yield from _at_depth(path, depth - 1)


def _is_broken_link(path: Path) -> bool:
    return path.is_symlink() and not os.path.exists(path)  # noqa: PTH110 - as below


def _without(folder: Path, student: str) -> StudentNotebook:
    """Return what a student's folder without a notebook has in its place."""
    if folder.is_symlink():
        return StudentNotebook(student, folder, is_link=True)
    below = list(itertools.islice(_below(folder), _MAX_LOOKED_AT))
    for path in (folder, *below):
        if path.is_dir() and not path.is_symlink() and not os.access(path, os.R_OK | os.X_OK):
            return StudentNotebook(student, path)
    files = [path for path in below if path.is_symlink() or not path.is_dir()]
    return StudentNotebook(student, folder, only=tuple(visible(path.name) for path in files))


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
    return len(found) == _MAX_LOOKED_AT or any(is_notebook_name(path.name) for path in found)


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
    return _SUFFIX.sub("", path.name) if is_notebook_name(path.name) else path.stem


def _matched(pattern: re.Pattern[str], path: Path) -> str:
    match = pattern.search(in_one_form(path.as_posix()))
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
