"""An ssh server for one job: one password, shells and commands, and nothing else that ssh has.

No keys, no forwarding of ports, agents or displays, no file transfer beside what a shell can do.
The password is in no log. There is one user at a time: who comes while nobody is waited for has
to wait, and who comes while somebody is there is told so.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import re
import secrets
import signal
from functools import partial
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine

_USER = "worker"  # docs/protocol.md, SSH debugging
_PASSWORD_BYTES = 18
_ATTEMPTS = 3
MAX_CONNECTIONS = 8
MAX_CHANNELS = 4
MAX_VARIABLES = 64
_WINDOW_BYTES = 256 << 10
_LOGIN_S = 20.0
_LEAVE_S = 5.0
_CANNOT = 1
MAX_COLUMNS = 0xFFFF
_PART_BYTES = 32 << 10
_PASSED_ON = re.compile(rb"[\w.@+-]{1,64}")


class SshUser:
    """Somebody who is let in and asks for a shell, or for one command.

    Attributes:
        command: What is to be run; None is an interactive shell.
        environ: The only variables of the client that are passed on: TERM and LANG.
        has_terminal: Whether a terminal is asked for.
    """

    def __init__(self, session: _Session) -> None:
        self._process = session
        self._resized = session.resized
        self._input: asyncio.Task[None] | None = None
        self._outputs: list[asyncio.Task[None]] = []
        self.command = session.command
        self.has_terminal = session.term_type is not None
        asked = {"LANG": session.lang, "TERM": (session.term_type or "").encode("utf-8", "replace")}
        self.environ = {
            name: value.decode("ascii")
            for name, value in asked.items()
            if _PASSED_ON.fullmatch(value)
        }

    def size(self) -> tuple[int, int]:
        """Return the rows and columns of the terminal now, 0 if not known."""
        columns, rows, *_ = self._process.term_size
        return min(rows, MAX_COLUMNS), min(columns, MAX_COLUMNS)

    async def resized(self) -> None:
        """Return when it has another size than at the last time."""
        await self._resized.wait()
        self._resized.clear()

    @property
    def is_here(self) -> bool:
        """Return whether they have not gone yet."""
        return not self._process.is_closing()

    async def gone(self) -> None:
        """Return when they are gone, whyever."""
        await self._process.channel.wait_closed()

    def say(self, text: str) -> None:
        """Show a line, aside from what the shell prints; they may be gone."""
        with contextlib.suppress(OSError):
            self._process.stderr.write(text.encode("utf-8") + b"\r\n")

    def attach(self, stdin: int, stdout: int, stderr: int) -> None:
        """Connect them with the other ends of their shell's streams, owned from now on."""
        process = self._process
        self._input = _passing(_take(process.stdin, stdin), stdin)
        self._outputs = [
            _passing(_give(stdout, process.stdout), stdout),
            _passing(_give(stderr, process.stderr), stderr),
        ]

    async def leave(self, status: int | None, text: str = "") -> None:
        """See them out, once all is said that their shell still had to say.

        Args:
            status: The exit status of the shell, -N for signal N; None if it was ended.
            text: Why it was ended.
        """
        with contextlib.suppress(OSError, asyncssh.Error):
            async with asyncio.timeout(_LEAVE_S):  # some do not listen
                await asyncio.gather(*self._outputs)
                if text:
                    self.say(text)
                if status is None or status < 0:
                    self._process.exit_with_signal(_signal_name(-(status or 0)))
                else:
                    self._process.exit(status)
                await self._process.wait_closed()

    async def drop(self) -> None:
        """Give back what is open, at once."""
        self._process.channel.abort()
        tasks = [*self._outputs, *([] if self._input is None else [self._input])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:  # none, or one without a name
        return "KILL"


def _passing(work: Coroutine[None, None, None], descriptor: int) -> asyncio.Task[None]:
    """Do some work with a descriptor that is closed afterwards, even if it never begins."""
    os.set_blocking(descriptor, False)
    task = asyncio.create_task(work)
    task.add_done_callback(lambda _: os.close(descriptor))
    return task


async def _give(descriptor: int, writer: asyncssh.SSHWriter[bytes]) -> None:
    """Pass on what a shell prints, as fast as it is taken."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, asyncssh.Error):
        while True:
            await _ready(descriptor, loop.add_reader, loop.remove_reader)
            with contextlib.suppress(BlockingIOError):
                data = os.read(descriptor, _PART_BYTES)
                if not data:
                    return
                writer.write(data)
                await writer.drain()


async def _take(reader: asyncssh.SSHReader[bytes], descriptor: int) -> None:
    """Pass on what a user types, as fast as it is read."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await reader.read(_PART_BYTES):
            while data:
                await _ready(descriptor, loop.add_writer, loop.remove_writer)
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(descriptor, data) :]


async def _ready(
    descriptor: int,
    watch: Callable[[int, Callable[[], None]], object],
    unwatch: Callable[[int], object],
) -> None:
    ready = asyncio.Event()
    watch(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        unwatch(descriptor)


class _Session(asyncssh.SSHServerProcess[bytes]):
    """One channel. Of what the library would keep until it is read, only the latest is kept.

    Attributes:
        lang: The only variable of the client that may be set.
        resized: Set when its terminal has another size.
    """

    def __init__(
        self, receive: Callable[[_Session], None], on_end: Callable[[_Session], None]
    ) -> None:
        super().__init__(lambda _: receive(self), None, 0, allow_scp=False)
        self.lang = b""
        self.resized = asyncio.Event()
        self._on_end = on_end

    def terminal_size_changed(self, *_: int) -> None:
        self.resized.set()

    def signal_received(self, signal: str) -> None:
        """Nothing: a terminal has keys for them."""

    def break_received(self, msec: int) -> bool:  # noqa: ARG002 - for the library
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._on_end(self)


class SshServer:
    """The ssh server of one job.

    Attributes:
        user: Who may log in.
        password: The password, of this job alone.
        port: The port on this machine; 0 before the start.
    """

    def __init__(self) -> None:
        self.user = _USER
        self.password = secrets.token_urlsafe(_PASSWORD_BYTES)
        self.port = 0
        self.connections: list[_SshConnection] = []
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._guest: SshUser | None = None
        self._has_come = asyncio.Event()

    async def start(self, listener: socket.socket) -> None:
        """Serve a listening socket, owned from now on, with a host key of its own."""
        self.port = listener.getsockname()[1]
        self._acceptor = await asyncssh.listen(
            sock=listener,
            server_factory=lambda: _SshConnection(self),
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            config=None,
            public_key_auth=False,
            kbdint_auth=False,
            host_based_auth=False,
            gss_host=None,
            authorized_client_keys=None,
            agent_forwarding=False,
            x11_forwarding=False,
            rdns_lookup=False,
            line_editor=False,
            compression_algs=["none"],  # a few bytes could become very many
            login_timeout=_LOGIN_S,
        )

    async def next_user(self) -> SshUser:
        """Wait for the next one who asks for a shell, who may be there already."""
        while True:
            await self._has_come.wait()
            self._has_come.clear()
            if self._guest is not None and self._guest.is_here:
                return self._guest

    def receive(self, process: _Session) -> None:
        """Have somebody in who asks for a shell, or for what is not to be had."""
        user = SshUser(process)
        if process.subsystem is not None:
            user.say("There are only shells and commands here.")
        elif self._guest is not None and self._guest.is_here:
            user.say("This job has one shell at a time, and somebody is there already.")
        else:
            self._guest = user
            self._has_come.set()
            return
        process.exit(_CANNOT)

    def admits(self, user: str, password: str) -> bool:
        """Return whether user and password are right; takes as long for all wrong ones."""
        right_user = hmac.compare_digest(user.encode(), self.user.encode())
        right_password = hmac.compare_digest(password.encode(), self.password.encode())
        return right_user and right_password

    def close(self) -> None:
        """Listen no more, and cut all connections."""
        if self._acceptor is not None:
            self._acceptor.close()
        for connection in list(self.connections):
            connection.drop()

    def has_come(self, newcomer: _SshConnection) -> None:
        """Take notice of a connection. Who only knocks keeps nobody out: the first one goes."""
        self.connections.append(newcomer)
        unauthenticated = [connection for connection in self.connections if not connection.is_in]
        if len(unauthenticated) > MAX_CONNECTIONS:
            unauthenticated[0].drop()

    def has_logged_in(self, newcomer: _SshConnection) -> None:
        """Take notice of a login. Those who are in session, so the last one goes."""
        if sum(connection.is_in for connection in self.connections) > MAX_CONNECTIONS:
            newcomer.drop()

    def has_gone(self, connection: _SshConnection) -> None:
        """Forget a connection."""
        if connection in self.connections:
            self.connections.remove(connection)


class _SshConnection(asyncssh.SSHServer):
    """Lets in, or not, who is at the other end of one connection.

    Attributes:
        is_in: Whether they have logged in.
    """

    def __init__(self, server: SshServer) -> None:
        self.is_in = False
        self._server = server
        self._attempts = 0
        self._variables = 0
        self._sessions: set[_Session] = set()
        self._connection: asyncssh.SSHServerConnection | None = None

    def drop(self) -> None:
        """Cut the connection."""
        self._server.has_gone(self)
        if self._connection is not None:
            self._connection.abort()

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.has_come(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - for the library
        self._server.has_gone(self)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - the same for everybody
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return self._server.admits(username, password) or self._refused()

    def change_password(self, username: str, old_password: str, new_password: str) -> bool:  # noqa: ARG002
        return self._refused()

    def _refused(self) -> bool:
        self._attempts += 1
        if self._attempts >= _ATTEMPTS and self._connection is not None:
            self._connection.disconnect(
                asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many wrong passwords"
            )
        return False

    def auth_completed(self) -> None:
        self.is_in = True
        self._server.has_logged_in(self)

    def session_requested(
        self,
    ) -> tuple[asyncssh.SSHServerChannel[bytes], asyncssh.SSHServerSession[bytes]]:
        if self._connection is None or len(self._sessions) >= MAX_CHANNELS:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_RESOURCE_SHORTAGE, "Too many channels")
        channel = self._connection.create_server_channel(encoding=None, window=_WINDOW_BYTES)
        session = _Session(self._server.receive, self._sessions.discard)
        self._sessions.add(session)
        # The library would keep all variables, and asks nobody.
        channel._process_env_request = partial(  # type: ignore[method-assign]  # noqa: SLF001
            self._set_variable, session
        )
        return channel, session

    def _set_variable(self, session: _Session, packet: asyncssh.packet.SSHPacket) -> bool:
        """Answer whether a variable is taken.

        Raises:
            ProtocolError: There are too many, which ends the connection.
        """
        name, value = packet.get_string(), packet.get_string()
        self._variables += 1
        if self._variables > MAX_VARIABLES:
            raise asyncssh.ProtocolError("Too many variables")
        if name != b"LANG" or not _PASSED_ON.fullmatch(value):
            return False
        session.lang = value
        return True
