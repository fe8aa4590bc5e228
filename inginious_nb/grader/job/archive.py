"""The archive of a job: what it left in ``/archive``, packed within a limit, and as long as wanted.

Everything in there may be meant to keep us busy, such as files that are all holes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tarfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)


class _GivenUpError(Exception):
    """There is no archive."""


class _Source:
    """A file that is read only as long as the archive is wanted."""

    def __init__(self, file: IO[bytes], given_up: threading.Event) -> None:
        self._file = file
        self._given_up = given_up

    def read(self, size: int = -1) -> bytes:
        if self._given_up.is_set():
            raise _GivenUpError("it is not wanted any more")
        return self._file.read(size)


def pack(folder: Path, path: Path, limit_bytes: int, given_up: threading.Event) -> bytes:
    """The content of a folder as a gzip'd tar; empty if there is too much of it.

    Links in it are never followed, and what cannot be read is left out.

    Args:
        folder: The folder; nobody changes it any more.
        path: A file to write to.
        limit_bytes: The most that its files may have together, holes included.
        given_up: Set when nobody wants the archive any more.
    """
    try:
        with tarfile.open(path, "w:gz", compresslevel=6) as tar:
            _add_all(tar, folder, limit_bytes, given_up)
    except _GivenUpError as error:
        logger.warning("A job gets no archive: %s", error)
        return b""
    content = path.read_bytes()
    return content if len(content) <= limit_bytes else b""


def _add_all(
    tar: tarfile.TarFile, folder: Path, limit_bytes: int, given_up: threading.Event
) -> None:
    left_bytes = limit_bytes
    for source, name in _members(folder):
        if given_up.is_set():
            raise _GivenUpError("it is not wanted any more")
        # Something unreadable must not cost the grade.
        with contextlib.suppress(OSError, ValueError):
            member = tar.gettarinfo(source, name)
            left_bytes -= max(member.size, tarfile.BLOCKSIZE)
            if left_bytes < 0:
                raise _GivenUpError(f"there is more than {limit_bytes >> 20} MB in /archive")
            if not member.isreg():
                tar.addfile(member)
                continue
            with open(source, "rb") as file:  # noqa: PTH123 - a hot path
                tar.addfile(member, _Source(file, given_up))


def _members(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything in a folder, parents first, with the names it gets in the archive."""
    yield os.fspath(folder), "."
    folders = [(os.fspath(folder), ".")]
    while folders:
        path, name = folders.pop()
        try:
            entries = sorted(os.scandir(path), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            member = f"{name}/{entry.name}"
            yield entry.path, member
            if entry.is_dir(follow_symlinks=False):
                folders.append((entry.path, member))
