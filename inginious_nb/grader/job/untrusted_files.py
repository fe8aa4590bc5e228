"""Files that a job made, opened safely while it may swap them (TOCTOU).

A job can replace a folder by a link between a check and its use. So a file is opened first, and
its real path is checked on the open descriptor.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Only a place in the file tree: opening it has no effect, whatever it is.
_PLACE = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK)


def open_inside(path: Path, folder: Path) -> int:
    """Return a descriptor of what is at a path, links followed as long as they stay in a folder.

    Nothing can be read from it: it names a place, as `pinned_path` uses it.

    Args:
        path: The path.
        folder: The folder, by its real path.

    Raises:
        OSError: There is nothing, or it is not in the folder.
    """
    descriptor = os.open(path, _PLACE | os.O_CLOEXEC)
    if not is_inside(descriptor, path, str(folder)):
        os.close(descriptor)
        raise PermissionError(f"{path.name} of a job leads out of its folder")
    return descriptor


def is_inside(descriptor: int, path: Path | str, folder: str) -> bool:
    """Return whether what is open lies in a folder, or is that folder itself.

    Args:
        descriptor: What is open.
        path: The path by which it was opened.
        folder: The folder, by its real path.
    """
    try:
        real = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - not a link on a disk
    except OSError:  # not Linux
        real = os.path.realpath(path)
    return real == folder or real.startswith(f"{folder}/")


@contextlib.contextmanager
def pinned_path(path: Path, folder: Path) -> Iterator[str]:
    """Return a path to what `open_inside` finds; nobody can swap it while the context lasts.

    Args:
        path: As for `open_inside`.
        folder: As for `open_inside`.

    Raises:
        OSError: There is nothing, or it is not in the folder.
    """
    descriptor = open_inside(path, folder)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def read_beginning(path: Path | str, limit_bytes: int, *, follow: bool = False) -> bytes:
    """Return the beginning of a regular file, empty for anything else that a job put there.

    Args:
        path: Where it is.
        limit_bytes: How much to read at most.
        follow: Whether the path itself may be a link.
    """
    # Opening a pipe waits for its other end.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags if follow else flags | os.O_NOFOLLOW)
    except OSError:
        return b""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(limit_bytes)
