"""Folders of the system as isolated jobs see them: the machine's own files, and ours beside them.

Nothing can be added to a read-only mount. So a folder of links is mounted over a system folder, and
the folder itself at another place, to which most of the links lead. Nothing of the machine changes.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.grader.sandbox import Mount

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

logger = logging.getLogger(__name__)

_USR = Path("/usr")
PROGRAMS = Path("/usr/bin")
_REAL_PROGRAMS = _USR / ".bin"
_OFTEN_EMPTY = (_USR / "games", _USR / "src")


@cache
def real_programs_at() -> Path:
    """Return where jobs see the files of `PROGRAMS` themselves: a neighbour of that folder.

    It covers an empty folder of the machine where there is one: with each mount a box starts later,
    and a new name in /usr takes one for each folder there. It stays the same for as long as this
    process lives.
    """
    return next((folder for folder in _OFTEN_EMPTY if _is_empty(folder)), _REAL_PROGRAMS)


class SystemViews:
    """The system folders to which something is added, and the mounts that show them.

    Args:
        folder: Where the folders of links are made; jobs see it read-only.
        seen_at: Where jobs see it.
    """

    def __init__(self, folder: Path, seen_at: str) -> None:
        self._folder = folder
        self._seen_at = seen_at
        self._numbers = itertools.count(1)
        self._added: dict[Path, dict[str, str]] = {}
        self._with_libraries: set[Path] = set()
        self._made: dict[Path, tuple[object, tuple[Mount, ...]]] = {}
        self._making = threading.Lock()

    def add(self, place: Path, links: Mapping[str, str], *, with_libraries: bool = False) -> None:
        """Have jobs find more names in a folder of the system.

        Args:
            place: The folder, without links in its path.
            links: For each name the path that it leads to, as jobs see it. A file of the machine
                with that name is not seen any more.
            with_libraries: Whether libraries in its folders may look for others from where they are
                themselves, as those of conda do: such folders are mounted, which takes longer.
        """
        self._added.setdefault(place, {}).update(links)
        if with_libraries:
            self._with_libraries.add(place)

    def mounts(self) -> tuple[Mount, ...]:
        """Return the mounts that show the folders as they are now: what is installed is seen.

        Raises:
            OSError: One of the folders cannot be read, or no links can be made.
        """
        found: list[Mount] = []
        with self._making:
            for place, links in self._added.items():
                state = _state(place)
                made = self._made.get(place)
                if made is None or made[0] != state:
                    make = self._programs if place == PROGRAMS else self._view
                    made = self._made[place] = state, make(place, links)
                found += made[1]
        return tuple(found)

    def _view(self, place: Path, links: Mapping[str, str]) -> tuple[Mount, ...]:
        """Return a view of a folder, whose files are mounted at a place of ours."""
        view, files, files_seen = self._new_folder()
        _make_folder(files)
        mounted = _folders_with_libraries(place) if place in self._with_libraries else set()
        mounted.difference_update(links)
        for name in mounted:
            _make_folder(view / name)
        _fill(view, place, files_seen, links, mounted)
        return (
            Mount(view, str(place)),
            Mount(place, files_seen, is_system=True),
            *(Mount(place / name, str(place / name)) for name in sorted(mounted)),
        )

    def _programs(self, place: Path, links: Mapping[str, str]) -> tuple[Mount, ...]:
        """Return a view of `PROGRAMS`, which look for their files from where they are themselves.

        gcc and Python follow all links to their own file and go on to ``../lib`` from there, so the
        folder that has the files must be a neighbour of the one that has the links.
        """
        view, _, _ = self._new_folder()
        real = real_programs_at()
        if real == _REAL_PROGRAMS:
            mounts = _usr_with(real.name, place.name, view)
            view /= place.name
        else:
            mounts = (Mount(view, str(place)),)
        _fill(view, place, str(real), links)
        return (*mounts, Mount(place, str(real), is_system=True))

    def _new_folder(self) -> tuple[Path, Path, str]:
        """Make a folder for links; return it, a path for the files, and where jobs see these."""
        number = str(next(self._numbers))
        _make_folder(self._folder / number)
        view = self._folder / number / "view"
        _make_folder(view)
        return view, self._folder / number / "files", f"{self._seen_at}/{number}/files"


def _usr_with(added: str, replaced: str, view: Path) -> tuple[Mount, ...]:
    """Return a view of /usr with one more folder; that one and a replaced one are left empty."""
    mounts = [Mount(view, str(_USR))]
    with os.scandir(_USR) as found:
        entries = list(found)
    for entry in entries:
        inside = view / entry.name
        if entry.is_symlink():
            inside.symlink_to(Path(entry.path).readlink())
        elif entry.is_dir() and entry.name not in (added, replaced):
            _make_folder(inside)
            mounts.append(Mount(Path(entry.path), entry.path))
    for name in (added, replaced):
        _make_folder(view / name)
    return tuple(mounts)


def _is_empty(folder: Path) -> bool:
    """Return whether there is such a folder, no link, with nothing in it."""
    try:
        return not folder.is_symlink() and not os.listdir(folder)  # noqa: PTH208 - only names
    except OSError:
        return False


def _state(place: Path) -> object:
    """Return what changes when a name comes or goes."""
    folders = (place, _USR) if place == PROGRAMS else (place,)
    statuses = [folder.stat() for folder in folders]
    return [(status.st_dev, status.st_ino, status.st_mtime_ns) for status in statuses]


def _folders_with_libraries(place: Path) -> set[str]:
    """Return the names of the folders, links left out, that have a library somewhere in them."""
    with os.scandir(place) as entries:
        folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    return {
        folder.name
        for folder in folders
        if any(".so" in Path(name).suffixes for _, _, names in os.walk(folder) for name in names)
    }


def _fill(
    view: Path,
    place: Path,
    files_seen: str,
    links: Mapping[str, str],
    left_out: Collection[str] = (),
) -> None:
    """Link each name of a folder to where jobs see its files, and more names to their targets."""
    for name in os.listdir(place):  # noqa: PTH208 - hot, a thousand names
        if name not in links and name not in left_out:
            os.symlink(f"{files_seen}/{name}", f"{view}/{name}")  # noqa: PTH211 - hot
    for name, target in links.items():
        (view / name).symlink_to(target)


def _make_folder(folder: Path) -> None:
    """Make a folder that the user of jobs can enter, whatever the umask."""
    folder.mkdir()
    folder.chmod(0o755)
