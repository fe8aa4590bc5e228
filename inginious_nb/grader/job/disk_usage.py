"""The disk usage of a job, measured while the job may swap and hide what is measured."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

from .untrusted_files import is_inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOO_MUCH = sys.maxsize
"""Stands for what cannot be measured, which only happens to who hides it."""

_BLOCK_BYTES = 4096
_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_HIDING = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG)
"""The errors of a folder that may not be entered, or is nested too deep."""


def disk_usage_bytes(root: Path) -> int:
    """Return what everything below a folder occupies; a file counts at least a block.

    Links are not followed, and what is swapped for a link meanwhile counts nothing. A folder that
    is nested too deep or that may not be entered makes it `TOO_MUCH`.
    """
    total = 0
    real_root = os.path.realpath(root)
    folders = [real_root]
    while folders:
        folder = folders.pop()
        try:
            for name, is_folder, occupied_bytes in _entries(folder, real_root):
                total += max(_BLOCK_BYTES, occupied_bytes)
                if is_folder:
                    folders.append(f"{folder}/{name}")
        except OSError as error:
            # Any other error says that it was removed, or swapped for something else.
            if error.errno in _HIDING:
                return TOO_MUCH
    return total


def _entries(folder: str, root: str) -> Iterator[tuple[str, bool, int]]:
    """Yield name, whether it is a folder, and occupied bytes of what is in a folder.

    Raises:
        OSError: It cannot be read.
    """
    descriptor = os.open(folder, _FLAGS)
    try:
        if not is_inside(descriptor, folder, root):
            return  # a folder above it was swapped for a link
        with os.scandir(descriptor) as entries:
            for entry in entries:
                try:
                    # Blocks, so that a sparse file counts what it occupies.
                    occupied_bytes = entry.stat(follow_symlinks=False).st_blocks * 512
                    yield entry.name, entry.is_dir(follow_symlinks=False), occupied_bytes
                except FileNotFoundError:
                    continue
    finally:
        os.close(descriptor)
