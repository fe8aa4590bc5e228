"""The grading services of one session: the one in use, and those left that still grade for it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import InginiousError, ServiceError
from inginious_nb.i18n import Message
from inginious_nb.settings import EMBEDDED

from .embedded import EmbeddedService
from .inginious_web.address import checked_site, is_site
from .service import ServiceWithAccounts
from .zeromq import ZeroMQService, checked_address

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from collections.abc import Set as AbstractSet
    from concurrent.futures import Future
    from pathlib import Path

    from inginious_nb.client.client import AbstractClient
    from inginious_nb.course import CourseLibrary, Task
    from inginious_nb.course.library import CourseSource
    from inginious_nb.settings import Inginious

    from .account import Account
    from .service import Service, ServiceState

_log = logging.getLogger(__name__)


class Services:
    """Grading services by address.

    Args:
        settings: The first one's address, and the limits of all.
        course_paths: Folders that the embedded service grades from; more may be added to the list.
        changed: Called when the state of one changed, on any thread.
        spawn: Runs a coroutine on the session's loop.
        run: The same for who waits for its result.
        used: Returns those that still grade something.
        opened: Called with a task of a site whenever its page was fetched, on the loop.

    Raises:
        UsageError: The address of the settings is not one.
    """

    def __init__(
        self,
        settings: Inginious,
        course_paths: list[Path],
        changed: Callable[[], object],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        run: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
        used: Callable[[], AbstractSet[Service]],
        opened: Callable[[Task], object],
    ) -> None:
        self._settings = settings
        self._course_paths = course_paths
        self._changed = changed
        self._spawn = spawn
        self._run = run
        self._used = used
        self._opened = opened
        self._has_ended = False
        self._beside: Service | None = None
        self._is_attended = False
        self._tell_wait: Callable[[Message], object] | None = None
        self._lock = threading.Lock()
        self._by_address: dict[str, Service] = {}
        self._current = self.choose(settings.backend)

    def begin(self, start: Callable[[], object]) -> None:
        """Start the loop that all services are talked to on.

        Raises:
            ServiceError: It cannot be started.
        """
        try:
            start()
        except (OSError, RuntimeError) as error:
            raise ServiceError(
                Message(
                    "Nothing can be graded here now, since this program may open no more files or "
                    "threads ({reason}). End others, such as kernels that you do not need, and try "
                    "again.",
                    reason=getattr(error, "strerror", None) or str(error),
                )
            ) from error

    @property
    def current(self) -> Service:
        """Return the one that gets what is submitted.

        Raises:
            ServiceError: The session has ended.
        """
        if self._has_ended:
            raise ServiceError(
                Message("This session has ended; run the cell that opens the task once more.")
            )
        return self._current

    @property
    def state(self) -> ServiceState:
        """Return where the connection to the current one stands, also at the end."""
        return self._current.state

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
            self._current, self._beside = self._at(address), None
            return self._current

    def grading(self, task: Task) -> Service:
        """Return the service that grades a task: its site if it is from one, else the current.

        Raises:
            ServiceError: The session has ended.
        """
        current = self.current
        return self.of(task) if task.site else current

    def account(self, task: Task) -> Account | None:
        """Return the account that submits to a task now, None where nobody signs in."""
        return self.of(task).account

    def state_for(self, task: Task, username: str = "") -> ServiceState:
        """Return where the service of a task stands, for a user where people sign in.

        Args:
            task: The task.
            username: The name at the site; "" for whoever signed in last.
        """
        service = self.of(task)
        if isinstance(service, ServiceWithAccounts):
            return service.state_of(username)
        return service.state

    def of(self, task: Task) -> Service:
        """Return the service that a task belongs to, also at the end; see `grading`."""
        with self._lock:
            return self._at(task.site) if task.site else self._current

    @property
    def whose(self) -> tuple[Account | None, ...]:
        """Return what decides whose submissions are shown: the current account, and all others."""
        return self._current.account, *self.accounts

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Return the accounts of all sites that were connected to."""
        accounts = (service.account for service in self.all)
        return tuple(account for account in accounts if account is not None)

    @property
    def courses(self) -> CourseSource | None:
        """Return the courses of the site that is used, None if none is."""
        if self._has_ended:
            return None
        return self._current.courses or (self._beside.courses if self._beside else None)

    def _at(self, address: str) -> Service:
        service = self._by_address.get(address)
        if service is None:
            service = self._new(address)
            service.subscribe(self._changed)
            self._by_address[address] = service
        return service

    def _new(self, address: str) -> Service:
        if address == EMBEDDED:
            return EmbeddedService(self._settings, self._course_paths)
        if is_site(address):
            # A notebook that grades elsewhere opens without an HTTP client.
            from .inginious_web.service import InginiousWebService  # noqa: PLC0415

            return InginiousWebService(
                self._settings,
                address,
                self._run,
                opened=self._opened,
                attended=lambda: self._is_attended,
                telling=lambda: self._tell_wait,
            )
        return ZeroMQService(self._settings, checked_address(address))

    def use_offer_of(self, process_id: int) -> None:
        """Have the embedded service be that of a process, if it offers one."""
        service = self._by_address.get(EMBEDDED)
        if isinstance(service, EmbeddedService):
            service.server = process_id

    async def offer(self, library: CourseLibrary, add_courses: Callable[[Path], object]) -> None:
        """Let other processes of this user use the embedded service, if it is the current one."""
        service = self.current
        if isinstance(service, EmbeddedService):
            await service.offer(library, add_courses)

    @property
    def all(self) -> list[Service]:
        """Return every one that was not left for good."""
        with self._lock:
            return list(self._by_address.values())

    def client(self) -> AbstractClient:
        """Return the client of the current one, started if need be; blocks until it is there.

        Raises:
            ServiceError: The embedded service cannot be started, or the session has ended.
            BackendError: Nobody is signed in at the site.
        """
        client: AbstractClient = self._run(self.current.client()).result()
        return client

    def warm_up(self) -> None:
        """Start and connect the current one in the background; a failure is logged.

        Raises:
            ServiceError: The session has ended.
        """

        async def start(service: Service) -> None:
            try:
                await service.client()
            except InginiousError as error:
                _log.warning("%s", error)

        self._spawn(start(self.current))

    @property
    def with_accounts(self) -> ServiceWithAccounts | None:
        """Return the one where people sign in, also at the end: the current one, or that beside."""
        for service in (self._current, self._beside):
            if isinstance(service, ServiceWithAccounts):
                return service
        return None

    def use_beside(self, address: str) -> None:
        """Have the courses of a site there, too; what is of a folder is graded as before."""
        with self._lock:
            self._beside = self._at(address)

    def expect_person(self) -> None:
        """Let submissions wait for a person who may sign in: somebody is there to see that."""
        self._is_attended = True

    def wait_longer(self, tell: Callable[[Message], object]) -> None:
        """Have whoever asks for what a site has not sent yet wait for it: a command line, say.

        Args:
            tell: Called with what is waited for, once that is longer than a moment.
        """
        self._tell_wait = tell

    def leave_idle(self) -> None:
        """End those that are neither current nor used."""
        if self._has_ended:
            return
        with self._lock:
            # Not before: whoever submits notes its service first, then looks whether it is current.
            used = self._used()
            idle = {
                address: service
                for address, service in self._by_address.items()
                if service is not self._current
                and service not in used
                # The tasks of a site that are open are submitted to it all the same.
                and service.courses is None
            }
            for address in idle:
                del self._by_address[address]
        for service in idle.values():
            self._spawn(service.leave())

    async def add_course_path(self, path: Path) -> None:
        """Let the embedded service grade the courses below path too."""
        for service in self.all:
            await service.add_course_path(path)

    def end(self) -> None:
        """Take nothing to grade any more; `disconnect` and each one's `stop` follow."""
        self._has_ended = True

    async def disconnect(self) -> None:
        """Close the connection to each."""
        for service in self.all:
            await service.disconnect()
