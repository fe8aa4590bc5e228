"""How much a job has on disk, measured while it works against that."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOO_MUCH = sys.maxsize
"""Stands for what cannot be measured, which only happens to who hides it."""

_BLOCK_BYTES = 4096
_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_HIDING = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG)


def disk_usage_bytes(root: Path) -> int:
    """Return what everything below a folder occupies; a file counts at least a block.

    A folder that is nested too deep or that may not be entered makes it `TOO_MUCH`.
    """
    total = 0
    real_root = os.path.realpath(root)
    folders = [real_root]
    while folders:
        folder = folders.pop()
        try:
            for name, is_folder, occupied in _entries(folder, real_root):
                total += max(_BLOCK_BYTES, occupied)
                if is_folder:
                    folders.append(f"{folder}/{name}")
        except OSError as error:
            # The others say that it was removed, or swapped for something else.
            if error.errno in _HIDING:
                return TOO_MUCH
    return total


def _entries(folder: str, root: str) -> Iterator[tuple[str, bool, int]]:
    descriptor = os.open(folder, _FLAGS)
    try:
        if not _real_path(descriptor, folder).startswith(root):
            return  # on the way there a folder was swapped for a link
        with os.scandir(descriptor) as entries:
            for entry in entries:
                try:
                    # Blocks, so that a sparse file counts what it occupies.
                    occupied = entry.stat(follow_symlinks=False).st_blocks * 512
                    yield entry.name, entry.is_dir(follow_symlinks=False), occupied
                except FileNotFoundError:
                    continue
    finally:
        os.close(descriptor)


def _real_path(descriptor: int, path: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - not a link on a disk
    except FileNotFoundError:  # not Linux
        return os.path.realpath(path)
