"""Masked paths: private folders that lie below the system folders every isolated program sees.

A home below /opt is not rare on shared machines, and courses are kept below /usr/share or beside an
interpreter; in a course are the solutions of its tasks.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .base import Mount

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
_FILES = ("INGINIOUS_HISTORY",)
_SYSTEM = (
    "/usr/bin",
    "/usr/include",
    "/usr/lib",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/sbin",
    "/usr/share",
)


def personal_folders() -> list[Path]:
    """Return the home of this user, and where settings, history and temporary files are."""
    named = [Path(os.environ[name]) for name in _VARIABLES if os.environ.get(name)]
    named += [Path(os.environ[name]).parent for name in _FILES if os.environ.get(name)]
    named.append(Path(tempfile.gettempdir()))
    with contextlib.suppress(RuntimeError):
        named.append(Path.home())
    # pathlib raises for links in a circle.
    return sorted({Path(os.path.realpath(path)) for path in named if path.is_absolute()})


def holds_home(folder: Path) -> bool:
    """Return whether a folder is the home of this user or has it somewhere in it."""
    # An account may have none.
    home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111 - pathlib raises then
    return Path(home).is_relative_to(os.path.realpath(folder))


def masked_places(masked: Iterable[Path], mounts: Iterable[Mount]) -> list[PurePosixPath]:
    """Return where programs would see folders that they should not.

    Args:
        masked: The folders, without links in their paths.
        mounts: What the programs see, in the order of mounting. Of a job's own files nothing is
            masked, so what matters is what shows files of this machine: where they are, or marked
            as the system's.

    Returns:
        The places to mask, outer ones first.
    """
    mounts = list(mounts)
    shown = [
        (number, f"{os.path.realpath(mount.source)}/", PurePosixPath(mount.place))
        for number, mount in enumerate(mounts)
        if mount.is_system or str(mount.source) == mount.place
    ]
    seen = [(source, place) for _, source, place in shown]
    places = {
        place / str(folder)[len(source) :]
        for folder in masked
        for number, source, place in shown
        # What is mounted for itself is meant to be seen.
        if str(folder).startswith(source)
        and os.path.isdir(folder)  # noqa: PTH112 - below what is closed, pathlib raises
        and not _is_covered(place / str(folder)[len(source) :], number, mounts)
    }
    found: list[PurePosixPath] = []
    for place in sorted(places):
        is_masked = any(
            place.is_relative_to(outer)
            and not any(
                place.is_relative_to(inner) and inner.is_relative_to(outer) for _, inner in seen
            )
            for outer in found
        )
        if not is_masked and not _has_system(place):
            found.append(place)
    return found


def _is_covered(place: PurePosixPath, number: int, mounts: Sequence[Mount]) -> bool:
    """Return whether a place in one of the mounts is not seen because of another one above it."""
    own = PurePosixPath(mounts[number].place)
    return any(
        place.is_relative_to(mount.place)
        and PurePosixPath(mount.place).is_relative_to(own)
        and (mount.place != mounts[number].place or other > number)
        for other, mount in enumerate(mounts)
    )


def _has_system(folder: PurePosixPath) -> bool:
    """Return whether hiding it would hide the system: some users have a home such as /usr/sbin."""
    return any(PurePosixPath(place).is_relative_to(folder) for place in _SYSTEM)
