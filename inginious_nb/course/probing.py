"""Looks at paths that may be anything: closed folders, dead mounts, links in a circle, pipes.

What cannot be looked at costs itself: it becomes a `CourseError` with a sentence that is handed
back, or raised by `read` alone. `pathlib` raises in the middle of a look (before Python 3.14).
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message

from . import drives

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["file", "folder", "other", "nothing", "unknown"]

_DEAD = (errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT)
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
# As the system says them, so that they can be said in other languages.
_REASONS = {
    errno.EACCES: Message("permission denied"),
    errno.EPERM: Message("permission denied"),
    errno.ENOENT: Message("it has been removed"),
    errno.ELOOP: Message("its link leads in a circle"),
    errno.ESTALE: Message("its network drive was lost; have it mounted again"),
    errno.ENOTCONN: Message("its network drive was lost; have it mounted again"),
    errno.EHOSTDOWN: Message("its network drive does not answer"),
    errno.ETIMEDOUT: Message("its network drive does not answer"),
    errno.EIO: Message("the disk or network drive has an error"),
}


class NoAnswerError(CourseError):
    """The drive that a path is on does not answer: what is there may be in order."""


class Seen(Struct, frozen=True):
    """A path and the kind of thing that is there.

    Attributes:
        kind: ``other`` is a pipe, a device, or a link to nothing; ``unknown`` what cannot be seen.
        error: Why it cannot be used, of ``other`` and ``unknown``.
        status: Its status, if it can be seen.
        why: The reason in the error.
    """

    kind: Kind
    error: CourseError | None = None
    status: os.stat_result | None = None
    why: str = ""


def look(path: Path) -> Seen:
    """Return what is at a path, links followed; raises nothing."""
    try:
        drives.enter(path)
        status = os.stat(path)  # noqa: PTH116 - a hot path
    except ValueError:  # no path can hold a NUL
        return Seen("nothing")
    except OSError as error:
        if error.errno in _ABSENT:
            if os.path.islink(path):  # noqa: PTH114 - raises nothing
                return Seen("other", _unusable(path, Message("its link leads to nothing")))
            return Seen("nothing")
        kind: Kind = "other" if error.errno == errno.ELOOP else "unknown"
        return Seen(kind, unreadable(path, error), None, reason(error))
    if stat.S_ISREG(status.st_mode):
        return Seen("file", None, status)
    if stat.S_ISDIR(status.st_mode):
        return Seen("folder", None, status)
    return Seen("other", _unusable(path, Message("it is no ordinary file")), status)


def is_file(path: Path) -> bool:
    """Return whether a regular file can be seen at a path; raises nothing."""
    return look(path).kind == "file"


def is_folder(path: Path) -> bool:
    """Return whether a folder can be seen at a path; raises nothing."""
    return look(path).kind == "folder"


def real(path: Path) -> Path:
    """Return a path with its links resolved as far as they can be; raises nothing."""
    try:
        drives.enter(path)
        return Path(os.path.realpath(path))
    except (OSError, ValueError):  # the working directory is gone, a drive is dead, or a NUL
        return path


class Listing(Struct, frozen=True):
    """The entries of a folder.

    Attributes:
        folders: Its folders, links to folders among them.
        files: Its regular files, links among them.
        errors: What of it cannot be used, or itself if it cannot be listed.
    """

    folders: list[Path]
    files: list[Path]
    errors: list[CourseError]


def listed(folder: Path) -> Listing:
    """Return what a folder holds, hidden entries left out; raises nothing.

    Pipes, sockets and devices are left out, too, and links that lead back to where they are.
    """
    listing = Listing([], [], [])
    try:
        drives.enter(folder)
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    _sort_in(entry, folder, listing)
    except OSError as error:
        listing.errors.append(unreadable(folder, error))
    return listing


def _sort_in(entry: os.DirEntry[str], folder: Path, listing: Listing) -> None:
    path = folder / entry.name
    try:
        # The folder knows as much; asking each child would take long on a slow disk.
        kind: Kind | None = (
            "folder"
            if entry.is_dir(follow_symlinks=False)
            else "file"
            if entry.is_file(follow_symlinks=False)
            else None
            if entry.is_symlink()
            else "nothing"
        )
    except OSError as error:
        listing.errors.append(unreadable(path, error))
        return
    if kind is None:
        seen = look(path)
        kind = seen.kind
        if seen.error is not None and seen.status is None:
            listing.errors.append(seen.error)
        elif kind == "folder" and real(folder).is_relative_to(real(path)):
            return
    if kind == "folder":
        listing.folders.append(path)
    elif kind == "file":
        listing.files.append(path)


def first_of(folder: Path, names: Iterable[str]) -> tuple[Path | None, CourseError | None]:
    """Return the first of some names that is in a folder, and why that cannot be known.

    What is there under such a name but no file, such as a link to nothing, is returned too: whoever
    reads it says what is wrong.
    """
    for name in names:
        seen = look(folder / name)
        if seen.kind == "unknown":
            is_dead = isinstance(seen.error, NoAnswerError)
            return None, _unusable(folder, seen.why, NoAnswerError if is_dead else CourseError)
        if seen.kind in ("file", "other"):
            return folder / name, None
    return None, None


def read(path: Path, max_bytes: int) -> bytes:
    """Return the content of a regular file.

    Raises:
        CourseError: It cannot be read, is no regular file or too large.
    """
    seen = look(path)
    if seen.kind == "other" and seen.error is not None:
        raise seen.error
    try:
        drives.enter(path)
        # Opening a pipe waits for its other end, and it may have become one meanwhile.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _unusable(path, Message("it is no ordinary file"))
            content = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if len(content) > max_bytes:
        raise CourseError(
            Message(
                "{path} is too large to be read: a file of a course may have {limit} MiB.",
                path=path,
                limit=max_bytes >> 20,
            ),
            path=path,
        )
    return content


def beginning(path: Path, max_bytes: int) -> str:
    """Return the beginning of a regular file as text; empty if it cannot be read."""
    try:
        drives.enter(path)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return ""
            return file.read(max_bytes).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


_BINARY = getattr(os, "O_BINARY", 0)


def reason(error: Exception) -> str:
    """Return why the system refused something, in words for a person."""
    number = getattr(error, "errno", None)
    return _REASONS.get(number or 0) or getattr(error, "strerror", None) or str(error)


def unreadable(path: Path, error: Exception) -> CourseError:
    """Return the error for a path that the system refuses to show."""
    is_dead = getattr(error, "errno", None) in _DEAD
    return _unusable(path, reason(error), NoAnswerError if is_dead else CourseError)


def _unusable(path: Path, why: str, kind: type[CourseError] = CourseError) -> CourseError:
    return kind(
        Message(
            "{path} cannot be read ({reason}). Correct that, or take it out of the courses.",
            path=path,
            reason=why,
        ),
        path=path,
    )
