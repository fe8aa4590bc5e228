"""The recorded submissions beneath ``%inginious try --watch``, graded again after each save."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.display import display

from inginious_nb.errors import InginiousError

from .live_output import LiveOutput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

INTERVAL_S = 0.5
"""As often as the files are looked at."""

_output = LiveOutput("inginious_nb try")


def show_live_try(tried: Callable[[], object], folders: Iterable[Path]) -> None:
    """Show what a function gives, and again after each change below folders, until the next one.

    Args:
        tried: Grades, and returns what is to be shown; what it raises ends this.
        folders: The files it depends on, and folders of such; those that are not there may come.
    """
    folders = list(folders)
    replaced = _output.replace()
    state = _state_of(folders)
    shown = display(tried(), display_id=True)

    def update() -> bool:
        nonlocal state
        now = _state_of(folders)
        if now != state:
            state = now
            try:
                result = tried()
            except InginiousError as error:
                result = error.text  # the next save may mend it
            if not replaced.is_set():
                shown.update(result)
        return True

    _output.follow(replaced, update, INTERVAL_S)


def stop_watching() -> None:
    """Leave what is shown as it is."""
    _output.replace()


def _state_of(folders: Iterable[Path]) -> dict[str, tuple[int, int]]:
    """Return when each file below folders was changed, and its size."""
    found: dict[str, tuple[int, int]] = {}
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            try:
                about = path.stat()
            except OSError:
                continue  # removed meanwhile
            found[str(path)] = about.st_mtime_ns, about.st_size
    return found
