"""The grading service that a session talks to: its client, and the embedded service if need be.

Started on first use, on the session's loop. Knows how to reach a grader and in which state the
connection is; knows nothing of submissions.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import zmq

from .client.client import Client
from .client.options import ClientOptions, CurveKeys
from .embedded.service import EmbeddedService
from .errors import ServiceError, UsageError
from .observers import Observers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .client.connection import ConnectionState
    from .settings import Inginious

_log = logging.getLogger(__name__)

_ADDRESS = re.compile(r"(tcp://\S+:\d+|ipc://\S+|inproc://\S+)", re.ASCII)
_WATCH_INTERVAL_S = 1.0
_RESTART_LIMIT = 5

State = Literal["idle", "starting", "connecting", "connected", "silent", "failed", "closed"]


@dataclass(frozen=True)
class ServiceState:
    """What can be told about the grading service.

    Attributes:
        kind: Whether it is the embedded one.
        address: A label for a person, without secrets.
        state: Where the connection stands.
        silent_s: Seconds since its last message, if it is silent.
        message: The state in plain words, with what to do where something can be done.
        sandbox: How the embedded service isolates scripts, None where that is not ours to say.
    """

    kind: Literal["embedded", "remote"]
    address: str
    state: State
    silent_s: float
    message: str
    sandbox: Mapping[str, Any] | None = None


def checked_address(address: str) -> str:
    """A backend's client address as the user wrote it, if it can be one.

    Raises:
        UsageError: It cannot.
    """
    if not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"{address!r} is not the address of a grading service; it looks like "
            "tcp://grading.example.org:2001, or is the word 'embedded'."
        )
    return address


class Backend:
    """One grading service, embedded or remote.

    All coroutines run on the session's loop; `state` may be read from any thread.

    Args:
        settings: Address and limits.
        course_paths: Folders that the embedded service grades from.
        address: A remote backend's client address, or empty for the embedded service.
    """

    def __init__(self, settings: Inginious, course_paths: list[Path], address: str) -> None:
        self.address = address
        self._settings = settings
        self._course_paths = list(course_paths)
        self._service: EmbeddedService | None = None
        self._client: Client | None = None
        self._starting: asyncio.Task[Client] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._failure: ServiceError | None = None
        self._closed = False
        self._observers = Observers()

    @property
    def embedded(self) -> bool:
        """Whether it is the embedded service."""
        return not self.address

    @property
    def label(self) -> str:
        """The service's name for a person and for the history."""
        return "embedded" if self.embedded else self.address

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback when the state changed, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)

    @property
    def state(self) -> ServiceState:
        """Where the connection stands now."""
        connection = self._client.connection if self._client is not None else None
        state: State
        if self._closed:
            state = "closed"
        elif self._failure is not None:
            state = "failed"
        elif connection is not None:
            state = connection.state
        else:
            state = "starting" if self._starting is not None else "idle"
        return ServiceState(
            kind="embedded" if self.embedded else "remote",
            address=self.label,
            state=state,
            silent_s=connection.silent_s if connection is not None else 0.0,
            message=self._message(state, connection),
            sandbox=self._service.sandbox if self._service is not None else None,
        )

    def _message(self, state: State, connection: ConnectionState | None) -> str:
        name = "The embedded grading service" if self.embedded else f"The service at {self.address}"
        if state == "failed":
            return str(self._failure)
        if state == "silent" and connection is not None:
            return (
                f"{name} has not answered for {connection.silent_s:.0f} s. "
                "Your job may still be running; nothing is lost, and the result is shown when it "
                "comes."
            )
        if state == "connecting" and not self.embedded:
            return (
                f"No grading service answers at {self.address} yet. What you submit is kept and "
                "sent as soon as it answers; if the address is wrong, use "
                "%inginious connect ADDRESS."
            )
        return {
            "idle": f"{name} starts with the first submission.",
            "starting": f"{name} is starting.",
            "connecting": f"{name} is starting.",
            "connected": f"{name} is ready.",
            "closed": f"{name} has been left.",
        }[state]

    async def client(self) -> Client:
        """The client connected to the service, which is started if it is not yet.

        Raises:
            ServiceError: The embedded service cannot be started.
        """
        if self._starting is None:
            self._failure = None
            self._starting = asyncio.create_task(self._start())
            self._observers.notify()
        try:
            return await asyncio.shield(self._starting)
        except ServiceError as error:
            # The next submission tries again: what was missing may be there then.
            self._starting = None
            self._failure = error
            self._observers.notify()
            raise

    async def add_course_path(self, path: Path) -> None:
        """Let the embedded service grade the courses below path too."""
        self._course_paths.append(path)
        if self._service is not None:
            await asyncio.to_thread(self._service.add_course_path, path)

    async def close(self) -> None:
        """End the client and the embedded service; outstanding jobs get their last answer."""
        self._closed = True
        for task in (self._watching, self._starting):
            if task is not None:
                task.cancel()
        if self._client is not None:
            self._client.close()
        if self._service is not None:
            await asyncio.to_thread(self._service.stop)
        if self._context is not None:
            self._context.destroy(linger=0)
        self._observers.notify()

    async def _start(self) -> Client:
        settings = self._settings
        address = self.address
        if self.embedded:
            self._service = EmbeddedService(
                self._course_paths,
                slots=settings.slots or None,
                sandbox=settings.sandbox,
                environment_aliases=settings.environments,
            )
            await asyncio.to_thread(self._service.start)
            address = self._service.address
            self._watching = asyncio.create_task(self._watch(self._service))
        self._context = zmq.Context()
        self._client = Client(
            self._context,
            address,
            settings.queue_update_s,
            options=ClientOptions(
                resend_limit=settings.resend_limit,
                # Whether the service was ever there makes no difference to a student.
                first_contact_s=settings.give_up_after_s,
                give_up_s=settings.give_up_after_s,
                environment_wait_s=settings.environment_wait_s,
                curve=_client_keys(self._service),
            ),
        )
        self._client.add_connection_listener(lambda _state: self._observers.notify())
        self._client.start()
        return self._client

    async def _watch(self, service: EmbeddedService) -> None:
        """Start the embedded service again if it ends by itself; the client then sends again."""
        restarts = 0
        while True:
            await asyncio.sleep(_WATCH_INTERVAL_S)
            if service.alive:
                continue
            if restarts == _RESTART_LIMIT:
                self._failure = ServiceError(
                    "The embedded grading service ended again and again; restart the kernel, and "
                    "tell your instructor what the task does."
                )
                self._observers.notify()
                return
            restarts += 1
            _log.warning("The embedded grading service ended and is started again.")
            try:
                await asyncio.to_thread(service.start)
            except ServiceError as error:
                self._failure = error
                self._observers.notify()
                return


def _client_keys(service: EmbeddedService | None) -> CurveKeys | None:
    keys = service.curve if service is not None else None
    return None if keys is None else CurveKeys(keys.server, keys.public, keys.secret)
