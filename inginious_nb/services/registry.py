"""The grading services of one session: the one in use, and those left that still grade for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from inginious_nb.settings import EMBEDDED

from .embedded import EmbeddedService
from .inginious_web.address import checked_site, is_site
from .zeromq import ZeroMQService, checked_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from inginious_nb.settings import Inginious

    from .service import Service


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

        Args:
            address: That of an INGInious backend or of a site, or ``embedded``.

        Raises:
            UsageError: It is not an address.
        """
        if is_site(address):
            address = checked_site(address)
        with self._lock:
            service = self._by_address.get(address)
            if service is None:
                service = self._new(address)
                service.subscribe(self._changed)
                self._by_address[address] = service
            self.current = service
            return service

    def _new(self, address: str) -> Service:
        if address == EMBEDDED:
            return EmbeddedService(self._settings, self._course_paths)
        if is_site(address):
            # A notebook that grades elsewhere opens without an HTTP client.
            from .inginious_web.service import InginiousWebService  # noqa: PLC0415

            return InginiousWebService(self._settings, address)
        return ZeroMQService(self._settings, checked_address(address))

    @property
    def all(self) -> list[Service]:
        """Return every one that was not left for good."""
        with self._lock:
            return list(self._by_address.values())

    def take_idle(self, used: AbstractSet[Service]) -> list[Service]:
        """Take out those that are neither current nor used; whoever takes them ends them."""
        with self._lock:
            idle = {
                address: service
                for address, service in self._by_address.items()
                if service is not self.current and service not in used
            }
            for address in idle:
                del self._by_address[address]
            return list(idle.values())

    async def add_course_path(self, path: Path) -> None:
        """Let the embedded service grade the courses below path too."""
        for service in self.all:
            await service.add_course_path(path)
