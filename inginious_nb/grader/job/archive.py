"""The archive of a job: a tar of what it wrote to ``/archive``, within a size limit.

The content is not trusted: it may be meant to keep the service busy (files that are all holes), or
hold what no tar can (sockets). Packing never costs a job its grade.
"""

from __future__ import annotations

import gzip
import io
import itertools
import logging
import os
import stat
import tarfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

_LEVEL = 6
_MAX_SKIPPED = 100
"""How many skipped files are remembered by name."""


@dataclass(frozen=True)
class Archive:
    """A packed archive.

    Attributes:
        content: A gzip'd tar; empty if there is too much to pack.
        skipped: Paths below ``/archive``, as `repr` writes them, of what is not in it: what is no
            file, folder or link, and what cannot be read. Of a folder that cannot be read the
            folder alone is in it. At most a hundred are named.
    """

    content: bytes
    skipped: tuple[str, ...] = ()


class _GivenUpError(Exception):
    """The reason why there is no archive."""


class _Source:
    """A file that is read only as long as the archive is wanted."""

    def __init__(self, file: IO[bytes], given_up: threading.Event) -> None:
        self._file = file
        self._given_up = given_up

    def read(self, size: int = -1) -> bytes:
        if self._given_up.is_set():
            raise _GivenUpError("it is not wanted any more")
        return self._file.read(size)


def pack(folder: Path, path: Path, limit_bytes: int, given_up: threading.Event) -> Archive:
    """Return the content of a folder as a gzip'd tar. Links in it are never followed.

    Args:
        folder: The folder; nobody changes it any more.
        path: A file to write to.
        limit_bytes: The most that its files may have together, holes included.
        given_up: Set when nobody wants the archive any more.
    """
    try:
        if _is_empty(folder) and limit_bytes >= tarfile.BLOCKSIZE:
            return Archive(_with_itself_alone(folder))
        with tarfile.open(path, "w:gz", compresslevel=_LEVEL) as tar:
            skipped = _add_all(tar, folder, limit_bytes, given_up)
        content = path.read_bytes()
        if len(content) > limit_bytes:
            raise _too_much(limit_bytes)
    except (_GivenUpError, OSError) as error:
        logger.warning("A job gets no archive: %s", error)
        return Archive(b"")
    if skipped:
        logger.warning("An archive is without what cannot be packed: %s", ", ".join(skipped))
    return Archive(content, skipped)


def _is_empty(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None and not folder.is_symlink()
    except OSError:
        return False  # nobody knows


def _with_itself_alone(folder: Path) -> bytes:
    """Return the archive of an empty folder, which is what most jobs leave.

    It needs no file, and no look-up of the names of an owner whom the service has chosen itself: on
    a machine whose accounts are kept elsewhere that waits for a server.

    Raises:
        OSError: The folder is gone.
    """
    status = os.lstat(folder)
    member = tarfile.TarInfo(".")
    member.type, member.mode = tarfile.DIRTYPE, stat.S_IMODE(status.st_mode)
    member.uid, member.gid, member.mtime = status.st_uid, status.st_gid, int(status.st_mtime)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(member)
    return gzip.compress(buffer.getvalue(), _LEVEL)


def _too_much(limit_bytes: int) -> _GivenUpError:
    return _GivenUpError(f"there is more than {limit_bytes >> 20} MB in /archive")


def _add_all(
    tar: tarfile.TarFile, folder: Path, limit_bytes: int, given_up: threading.Event
) -> tuple[str, ...]:
    """Add everything that can be added, and return the names of what cannot.

    Raises:
        _GivenUpError: There is too much, or nobody wants the archive any more.
        OSError: The archive cannot be written, or a file cannot be read to its end.
    """
    left_bytes = limit_bytes
    skipped: dict[str, None] = {}
    for source, name in _members(folder, skipped):
        if given_up.is_set():
            raise _GivenUpError("it is not wanted any more")
        member = _member(tar, source, name)
        if member is not None:
            left_bytes -= max(member.size, tarfile.BLOCKSIZE)
            if left_bytes < 0:
                raise _too_much(limit_bytes)
        # A hard link is one to a member with that name.
        is_broken = member is not None and member.islnk() and member.linkname in skipped
        if member is None or is_broken or not _add(tar, source, member, given_up):
            skipped[name] = None
    return tuple(map(repr, itertools.islice(skipped, _MAX_SKIPPED)))


def _member(tar: tarfile.TarFile, source: str, name: str) -> tarfile.TarInfo | None:
    """Return the header of a file, folder or link; None for anything else."""
    try:
        member = tar.gettarinfo(source, name)
    except (OSError, ValueError):
        return None
    # There is none for a socket. A pipe or a device makes whoever unpacks the archive wait or fail.
    if member is None or member.isfifo() or member.ischr() or member.isblk():
        return None
    return member


def _add(
    tar: tarfile.TarFile, source: str, member: tarfile.TarInfo, given_up: threading.Event
) -> bool:
    """Add a member, and return whether it could be opened.

    Raises:
        OSError: The archive cannot be written, or the file cannot be read to its end: part of the
            member is in the archive then.
    """
    if not member.isreg():
        tar.addfile(member)
        return True
    try:
        file = open(source, "rb")  # noqa: PTH123, SIM115 - a hot path; closed below
    except (OSError, ValueError):
        return False
    with file:
        tar.addfile(member, _Source(file, given_up))
    return True


def _members(folder: Path, skipped: dict[str, None]) -> Iterator[tuple[str, str]]:
    """Yield everything in a folder, parents first, with the names it gets in the archive.

    Args:
        folder: The folder.
        skipped: Gets the names of the folders that cannot be read.
    """
    yield os.fspath(folder), "."
    folders = [(os.fspath(folder), ".")]
    while folders:
        path, name = folders.pop()
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            skipped[name] = None
            continue
        for entry in entries:
            member = f"{name}/{entry.name}"
            yield entry.path, member
            if entry.is_dir(follow_symlinks=False):
                folders.append((entry.path, member))
