"""Files and folders that are written whole or not at all, and why one could not be written."""

from __future__ import annotations

import contextlib
import errno
import re
import secrets
import shutil
from typing import TYPE_CHECKING

from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from pathlib import Path

_REASONS = {
    errno.ENOSPC: Message("the disk is full"),
    errno.EDQUOT: Message("your quota of the disk is used up"),
    errno.EROFS: Message("the disk is read-only"),
    errno.EACCES: Message("permission denied"),
    errno.EPERM: Message("permission denied"),
    errno.ENOENT: Message("its folder is not there"),
    errno.ENOTDIR: Message("what should be its folder is a file"),
    errno.EISDIR: Message("a folder is in its place"),
    errno.EFBIG: Message("the file would be too large"),
    errno.EIO: Message("the disk or network drive has an error"),
}
_NUMBER = re.compile(r"\[Errno (\d+)\]")
_COMPILED = shutil.ignore_patterns("__pycache__")
"""What pip adds to scripts when it installs them; a copy of a course has no use for it."""


def why_not_written(error: OSError) -> str:
    """Return why something could not be written, a part of a sentence."""
    number, text = error.errno, error.strerror or str(error)
    if isinstance(error, shutil.Error):  # of a copy: one line for each file
        _, _, text = error.args[0][0]
        found = _NUMBER.search(text)
        number = int(found[1]) if found else None
    return _REASONS.get(number or 0) or text


def write_file(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write a file in one step: whoever reads it has the old one or the new one.

    Args:
        path: The file; its folder is there.
        content: What is in it.
        mode: Its permissions, default those that it has, or those of any new file.

    Raises:
        OSError: It cannot be written; what was there is as it was.
    """
    part = _beside(path)
    try:
        with part.open("xb") as file:
            file.write(content)
        if mode is None and path.exists():
            mode = path.stat().st_mode & 0o777
        if mode is not None:
            part.chmod(mode)
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def copy_folder(source: Path, folder: Path) -> None:
    """Copy a folder to where nothing is, in one step; folders above it are made if need be.

    Raises:
        OSError: It cannot be copied; nothing of it is left.
    """
    part = _beside(folder)
    try:
        shutil.copytree(source, part, ignore=_COMPILED)
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")
