"""Temporary folders that do not outlive their users, even when these are killed.

Each process that uses one locks the folder itself; the lock ends with the process. Whoever makes
the next folder removes the stale ones, which nobody locks any more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# Only a place in the file tree: opening it needs no right to look into it.
_PLACE = getattr(os, "O_PATH", 0)
_PRIVATE = 0o700


class FolderLock:
    """Lock that keeps a folder from being removed as stale, until it is released or collected.

    Args:
        folder: The folder.

    Raises:
        OSError: It is not there, or may not be looked at.
    """

    def __init__(self, folder: Path) -> None:
        self.release: Callable[[], object] = lambda: None
        if sys.platform == "win32":  # nothing is swept there
            return
        descriptor = os.open(folder, _FLAGS)
        self.release = weakref.finalize(self, os.close, descriptor)
        # Some file systems have no locks; then what a killed process left stays.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        if not os.path.samestat(os.fstat(descriptor), folder.lstat()):
            self.release()
            raise FileNotFoundError(f"{folder} is being replaced")


def make_locked_folder(prefix: str, parent: str) -> tuple[Path, FolderLock]:
    """Make a folder that only its owner can enter, and lock it.

    Raises:
        OSError: None can be made there.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        try:
            return folder, FolderLock(folder)
        except FileNotFoundError:
            continue  # swept before it was locked


def remove_stale_folders(prefix: str, parents: Iterable[str]) -> None:
    """Remove this user's folders with a prefix that no process has locked."""
    if sys.platform == "win32":
        return
    for parent in parents:
        for folder in Path(parent).glob(f"{prefix}*"):
            with contextlib.suppress(OSError):
                descriptor = os.open(folder, _FLAGS)
                try:
                    if os.fstat(descriptor).st_uid == os.geteuid():
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        remove_tree(folder)
                finally:
                    os.close(descriptor)


def remove_tree(root: Path) -> None:
    """Remove a folder with all that is in it, whatever a job did to it; of a link only itself."""
    if not root.is_symlink():
        with contextlib.suppress(OSError, RecursionError):
            shutil.rmtree(root)
    if os.name == "posix" and os.path.lexists(root):
        # Folders without permissions, or nested deeper than Python recurses.
        _make_removable(root)
        _run(["rm", "-rf", "--", str(root)])


def _make_removable(root: Path) -> None:
    """Give the owner all rights in a folder, if it is one; nobody can swap it for a link."""
    try:
        descriptor = os.open(root, _PLACE | _FLAGS)
    except OSError:
        return
    try:
        # The place may be without any right, which opening it to read would need.
        place = f"/proc/self/fd/{descriptor}" if _PLACE else str(root)
        with contextlib.suppress(OSError):
            os.chmod(place, _PRIVATE)  # noqa: PTH101 - not a path of files
        _run(["chmod", "-R", "u+rwx", "--", f"{place}/."], descriptor)
    finally:
        os.close(descriptor)


def _run(command: list[str], *inherited: int) -> None:
    subprocess.run(  # noqa: S603 - fixed words and our own path
        ["/usr/bin/env", *command],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=inherited,
    )
