"""The classes of a session that somebody looks at or that are being graded: one for each folder.

Grading goes on when nobody looks any more, and whoever looks again sees where it is. A class whose
results cannot be written stays open until they are: here alone they are not lost.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inginious_nb.session import Session

    from .live import LiveClass


@dataclass
class _Opened:
    live: LiveClass
    viewers: set[object] = field(default_factory=set)


class OpenClasses:
    """The open classes of one session; safe to use from any thread."""

    def __init__(self) -> None:
        self._opened: dict[Path, _Opened] = {}
        self._lock = threading.RLock()

    def look_at(
        self, folder: Path, make: Callable[[], LiveClass]
    ) -> tuple[LiveClass, Callable[[], None]]:
        """Return the class of a folder, and how to look away.

        Args:
            folder: The folder.
            make: Makes the class where none is open.

        Raises:
            InginiousError: It cannot be made, as `make` says.
        """
        folder, viewer = folder.resolve(), object()
        with self._lock:
            opened = self._opened.get(folder)
            if opened is None:
                opened = self._opened[folder] = _Opened(make())
                opened.live.subscribe(lambda: self._end_if_unused(folder))
            opened.viewers.add(viewer)

        def look_away() -> None:
            opened.viewers.discard(viewer)
            self._end_if_unused(folder)

        return opened.live, look_away

    def _end_if_unused(self, folder: Path) -> None:
        with self._lock:
            opened = self._opened.get(folder)
            if opened is None or opened.viewers:
                return
            if opened.live.is_busy or opened.live.has_unwritten:
                return
            del self._opened[folder]
        opened.live.close()


_of_sessions: WeakKeyDictionary[Session, OpenClasses] = WeakKeyDictionary()
_lock = threading.Lock()


def classes_of(session: Session) -> OpenClasses:
    """Return the open classes of a session."""
    with _lock:
        return _of_sessions.setdefault(session, OpenClasses())
