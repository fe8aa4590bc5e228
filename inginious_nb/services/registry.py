"""The grading services of one session: the one in use, and those left that still grade for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .service import Service

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from inginious_nb.settings import Inginious


class Services:
    """Grading services by address.

    Args:
        settings: The first one's address, and the limits of all.
        course_paths: Folders that the embedded service grades from; more may be added to the list.
        changed: Called when the state of one changed, on any thread.

    Attributes:
        current: The one that gets what is submitted.

    Raises:
        UsageError: The address of the settings is not one.
    """

    def __init__(
        self, settings: Inginious, course_paths: list[Path], changed: Callable[[], object]
    ) -> None:
        self._settings = settings
        self._course_paths = course_paths
        self._changed = changed
        self._lock = threading.Lock()
        self._by_address: dict[str, Service] = {}
        self.current = self.choose(settings.backend)

    def choose(self, address: str) -> Service:
        """Make the service at an address the current one.

        Raises:
            UsageError: It is not an address.
        """
        with self._lock:
            backend = self._by_address.get(address)
            if backend is None:
                backend = Service(self._settings, self._course_paths, address)
                backend.subscribe(self._changed)
                self._by_address[address] = backend
            self.current = backend
            return backend

    @property
    def all(self) -> list[Service]:
        """Every one that was not left for good."""
        with self._lock:
            return list(self._by_address.values())

    def take_idle(self, used: AbstractSet[Service]) -> list[Service]:
        """Take out those that are neither current nor used; whoever takes them ends them."""
        with self._lock:
            idle = {
                address: backend
                for address, backend in self._by_address.items()
                if backend is not self.current and backend not in used
            }
            for address in idle:
                del self._by_address[address]
            return list(idle.values())

    async def add_course_path(self, path: Path) -> None:
        """Let the embedded service grade the courses below path too."""
        for backend in self.all:
            await backend.add_course_path(path)
