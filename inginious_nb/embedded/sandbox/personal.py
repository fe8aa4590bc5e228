"""Folders of a person that lie among the system's own, where every isolated program would see them.

A home below /opt is not rare on shared machines.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_VARIABLES = (
    "HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
)
_PROGRAMS = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/lib", "/usr/local/lib")


def personal_folders(system: Iterable[str]) -> list[Path]:
    """The home, and where settings, history, sockets and temporary files are, of this user.

    Args:
        system: Names of folders in the root; only what is below one of them is wanted.
    """
    named = [Path(os.environ[name]) for name in _VARIABLES if os.environ.get(name)]
    named.append(Path(tempfile.gettempdir()))
    with contextlib.suppress(RuntimeError):
        named.append(Path.home())
    folders: list[Path] = []
    for folder in sorted({path.resolve() for path in named if path.is_absolute()}):
        # One within another that is hidden already could not be mounted.
        if (
            folder.is_dir()
            and _is_below(folder, system)
            and not _has_programs(folder)
            and not any(folder.is_relative_to(outer) for outer in folders)
        ):
            folders.append(folder)
    return folders


def _is_below(folder: Path, system: Iterable[str]) -> bool:
    root_and_name = 2
    return len(folder.parts) > root_and_name and folder.parts[1] in system


def _has_programs(folder: Path) -> bool:
    """Whether hiding it would hide the system: some users have a home such as /usr/sbin."""
    return any(Path(place).is_relative_to(folder) for place in _PROGRAMS)
