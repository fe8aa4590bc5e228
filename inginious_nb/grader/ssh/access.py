"""The ssh endpoint of one job: a port and a password for as long as the job runs, told once.

Nothing here needs the ssh library; it is loaded when the first endpoint is opened.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inginious_nb.errors import ServiceError
from inginious_nb.i18n import Message, faults

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import ModuleType

    from .server import SshServer, SshUser

HOST = "127.0.0.1"
"""Who may come from elsewhere logs in to this machine first."""

_INSTALL = "pip install 'inginious_nb[ssh]'"
NO_LIBRARY = Message(
    "A remote shell needs an ssh library that is not installed where this job is graded. "
    "Install it there: {command}",
    command=_INSTALL,
)
"""What is said where `can_open_ssh` is false."""

_LIBRARY = "asyncssh"


@dataclass(frozen=True)
class SshSettings:
    """The settings of remote shells.

    Attributes:
        ports: The ports that may be listened on, one for each job with a shell (docs/protocol.md,
            SSH debugging). arrival_s: Seconds in which the user has to come. session_s: What
            replaces both time limits of a job that may have a user (docs/protocol.md,
            The grading container). end_s: Seconds in which a box has to end by itself once its
            user left, teardown included.
    """

    ports: Sequence[int] = field(default_factory=lambda: range(64120, 64131))
    arrival_s: float = 120.0
    session_s: float = 1800.0
    end_s: float = 60.0


def can_open_ssh() -> bool:
    """Return whether this machine has what remote shells need."""
    return os.name == "posix" and importlib.util.find_spec(_LIBRARY) is not None


class SshAccess:
    """The way of one job's submitter into it.

    Args:
        settings: How remote shells are offered.
        tell: Told host, port, user and password when the first user is waited for; all others
            of the same job come in with them too (docs/protocol.md, Messages: at most once per
            job).

    Attributes:
        settings: As given.
        in_use: Held while somebody is waited for or is in: one user at a time.
    """

    def __init__(
        self, settings: SshSettings, tell: Callable[[str, int, str, str], Awaitable[None]]
    ) -> None:
        self.settings = settings
        self.in_use = asyncio.Lock()
        self._tell = tell
        self._server: SshServer | None = None
        self._is_told = False

    async def open(self) -> None:
        """Listen, unless it does already.

        Raises:
            ServiceError: The ssh library is missing, or all ports are in use.
        """
        if self._server is not None:
            return
        if not can_open_ssh():
            raise ServiceError(NO_LIBRARY)
        listener = _listen(self.settings.ports)
        try:
            # Loading it takes a while, in which other jobs go on.
            module = await asyncio.to_thread(_server_module)
            server: SshServer = module.SshServer()
            await server.start(listener)
        except BaseException:
            listener.close()
            raise
        self._server = server

    async def next_user(self) -> SshUser | None:
        """Wait for the next one who asks for a shell; None if nobody did in time."""
        server = self._server
        if server is None:
            raise RuntimeError("the endpoint is not open")
        if not self._is_told:
            self._is_told = True
            await self._tell(HOST, server.port, server.user, server.password)
        try:
            async with asyncio.timeout(self.settings.arrival_s):
                return await server.next_user()
        except TimeoutError:
            return None

    def nobody_came(self) -> str:
        """Return what is said when nobody came."""
        text = Message(
            "Nobody came to the remote shell within {seconds} seconds; "
            "submit again and log in sooner.",
            seconds=f"{self.settings.arrival_s:g}",
        )
        return faults.of_nobody(text)

    def close(self) -> None:
        """Listen no more, and cut all connections."""
        if self._server is not None:
            self._server.close()


def _server_module() -> ModuleType:
    from . import server  # noqa: PLC0415 - needs the ssh library

    return server


def _listen(ports: Sequence[int]) -> socket.socket:
    for port in ports:
        try:
            return socket.create_server((HOST, port))
        except OSError:
            continue
    text = Message(
        "All ports for remote shells are in use, {first} to {last}: "
        "leave a shell that is still open, then submit again.",
        first=ports[0],
        last=ports[-1],
    )
    raise ServiceError(faults.of_nobody(text))
