"""The grading service that a session talks to: its client, and the embedded service if need be.

Started on first use, on the session's loop. Knows how to reach a grader and in which state the
connection is; knows nothing of submissions.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import zmq

from inginious_nb.client.client import Client
from inginious_nb.client.options import ClientOptions, CurveKeys
from inginious_nb.errors import InginiousError, ServiceError, UsageError
from inginious_nb.grader.service import EmbeddedService
from inginious_nb.i18n import Message
from inginious_nb.io.observers import Observers
from inginious_nb.settings import EMBEDDED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from inginious_nb.client.connection import ConnectionState
    from inginious_nb.settings import Inginious

_log = logging.getLogger(__name__)

_TCP = re.compile(r"tcp://(?P<host>[^\s:/*]+|\[[0-9A-Fa-f:.%]+\]):(?P<port>\d{1,5})", re.ASCII)
_LONGEST_IPC_PATH = 100
"""Bytes; systems allow 104 to 108 for the path of a socket."""

_HIGHEST_PORT = 65535
_WATCH_INTERVAL_S = 1.0
_RESTART_LIMIT = 5
_STEADY_AFTER_S = 60.0
"""A service that ran this long has not ended *again*."""

State = Literal["idle", "starting", "connecting", "connected", "silent", "failed", "closed"]


@dataclass(frozen=True)
class ServiceState:
    """The state of a grading service, as far as it can be told.

    Attributes:
        kind: Whether it is the embedded one.
        address: A label for a person, without secrets.
        state: Where the connection stands.
        silent_s: Seconds since its last message, if it is silent.
        message: The state in plain words, with what to do where something can be done.
        short_message: The same without the address.
        sandbox: How the embedded service isolates scripts, None where that is not ours to say.
    """

    kind: Literal["embedded", "remote"]
    address: str
    state: State
    silent_s: float
    message: str
    short_message: str
    sandbox: Mapping[str, Any] | None = None


def checked_address(address: str) -> str:
    """A backend's client address as the user wrote it, if it can be one.

    Raises:
        UsageError: It cannot.
    """
    tcp = _TCP.fullmatch(address)
    path = address.removeprefix("ipc://")
    if tcp is not None and 0 < int(tcp["port"]) <= _HIGHEST_PORT:
        return address
    if path != address and 0 < len(os.fsencode(path)) <= _LONGEST_IPC_PATH:
        return address
    raise UsageError(
        Message(
            "{address!r} is not the address of a grading service; it looks like "
            "tcp://grading.example.org:2001, or is the word {embedded!r}.",
            address=address,
            embedded=EMBEDDED,
        )
    )


class Service:
    """One grading service, embedded or remote.

    All coroutines run on the session's loop; `state` may be read from any thread.

    Args:
        settings: Address and limits.
        course_paths: Folders that the embedded service grades from.
        address: A remote backend's client address, or `settings.EMBEDDED`.

    Raises:
        UsageError: It is not an address.
    """

    def __init__(self, settings: Inginious, course_paths: list[Path], address: str) -> None:
        self.address = address if address == EMBEDDED else checked_address(address)
        self._settings = settings
        self._course_paths = list(course_paths)
        self._service: EmbeddedService | None = None
        self._client: Client | None = None
        self._starting: asyncio.Task[Client] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._failure: InginiousError | None = None
        self._closed = False
        self._observers = Observers()

    @property
    def embedded(self) -> bool:
        """Return whether it is the embedded service."""
        return self.address == EMBEDDED

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback when the state changed, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)

    @property
    def state(self) -> ServiceState:
        """Return where the connection stands now."""
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
            address=self.address,
            state=state,
            silent_s=connection.silent_s if connection is not None else 0.0,
            message=self._message(state, connection, self._name),
            short_message=self._message(state, connection, Message("The grading service")),
            sandbox=self._service.sandbox if self._service is not None else None,
        )

    @property
    def _name(self) -> str:
        if self.embedded:
            return Message("The embedded grading service")
        return Message("The service at {address}", address=self.address)

    def check(self, debug: bool | Literal["ssh"]) -> None:
        """Refuse what this service certainly cannot do, before an attempt is made of it.

        Raises:
            UsageError: A shell is asked for, and what it needs is not installed.
        """
        if debug != "ssh" or not self.embedded:
            return
        from inginious_nb.grader.ssh import can_open_ssh  # noqa: PLC0415 - seldom needed

        if not can_open_ssh():
            raise UsageError(
                Message(
                    "A shell needs an ssh library that is not installed here; run: "
                    "pip install 'inginious_nb[ssh]'"
                )
            )

    def _message(self, state: State, connection: ConnectionState | None, name: str) -> str:
        if self._failure is not None and state == "failed":
            return self._failure.text
        if state == "silent" and connection is not None:
            return Message(
                "{service} has not answered for {silent_s:.0f} s. Your job may still be running; "
                "nothing is lost, and the result is shown when it comes.",
                service=name,
                silent_s=connection.silent_s,
            )
        if state == "connecting" and not self.embedded:
            return Message(
                "{service} does not answer yet. What you submit is kept and sent as soon as it "
                "answers; if the address is wrong, use %inginious connect ADDRESS.",
                service=name,
            )
        sentences = {
            "idle": Message("{service} starts with the first submission.", service=name),
            "connected": Message("{service} is ready.", service=name),
            "closed": Message("{service} has been left.", service=name),
        }
        return sentences.get(state) or Message("{service} is starting.", service=name)

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
        except InginiousError as error:
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

    async def disconnect(self) -> None:
        """End the client; outstanding jobs get their last answer. Then call `stop`."""
        self._closed = True
        for task in (self._watching, self._starting):
            if task is not None:
                task.cancel()
        self._close_client()
        self._observers.notify()

    def stop(self) -> None:
        """End the embedded service. Blocks, so it is not for the loop; any other thread may call.

        A coroutine could not: at the end of the interpreter a loop has no threads left to lend.
        """
        if self._service is not None:
            self._service.stop()

    async def leave(self) -> None:
        """Do both, on a loop that goes on."""
        await self.disconnect()
        await asyncio.to_thread(self.stop)

    def _close_client(self) -> None:
        client, self._client = self._client, None
        context, self._context = self._context, None
        if client is not None:
            client.close()
        if context is not None:
            context.destroy(linger=0)

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
        loop = asyncio.get_running_loop()
        restarts, started_at = 0, loop.time()
        while True:
            await asyncio.sleep(_WATCH_INTERVAL_S)
            if service.alive:
                continue
            restarts = 0 if loop.time() - started_at > _STEADY_AFTER_S else restarts
            if restarts == _RESTART_LIMIT:
                self._give_up(
                    ServiceError(
                        Message(
                            "The embedded grading service ended again and again, so it was given "
                            "up; submit again to start it anew, and tell your instructor if it "
                            "goes on."
                        )
                    )
                )
                return
            _log.warning("The embedded grading service ended and is started again.")
            try:
                await asyncio.to_thread(service.start)
            except ServiceError as error:
                self._give_up(error)
                return
            restarts, started_at = restarts + 1, loop.time()

    def _give_up(self, failure: ServiceError) -> None:
        """End what cannot go on: jobs get their last answer, the next use begins anew."""
        _log.error("%s", failure)
        self._failure = failure
        self._starting = None
        self._close_client()
        self._observers.notify()


def _client_keys(service: EmbeddedService | None) -> CurveKeys | None:
    keys = service.curve if service is not None else None
    return None if keys is None else CurveKeys(keys.server, keys.public, keys.secret)
