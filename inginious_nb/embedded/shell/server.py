"""An ssh server for one job: one password, shells and commands, and nothing else that ssh has.

No keys, no forwarding of ports, agents or displays, no file transfer beside what a shell can do.
The password is in no log. There is one visitor at a time: who comes while nobody is waited for has
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
import termios
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_USER = "worker"  # protocol.md 4.10
_PASSWORD_BYTES = 18
_ATTEMPTS = 3
_MOST_CONNECTIONS = 8
_LEAVE_S = 5.0
_CANNOT = 1
_MOST_COLUMNS = 0xFFFF
_PART_BYTES = 32 << 10
_PASSED_ON = re.compile(rb"[\w.@+-]{1,64}")


class Visitor:
    """Somebody who is let in and asks for a shell, or for one command.

    Attributes:
        command: What is to be run; None is an interactive shell.
        environ: The only variables of the client that are passed on: TERM and LANG.
        has_terminal: Whether a terminal is asked for.
        size: Its rows and columns, 0 if not known.
    """

    def __init__(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self._process = process
        self._input: asyncio.Task[None] | None = None
        self._outputs: list[asyncio.Task[None]] = []
        self.command = process.command
        self.has_terminal = process.term_type is not None
        columns, rows, *_ = (min(number, _MOST_COLUMNS) for number in process.term_size)
        self.size = rows, columns
        asked = dict(process.channel.get_environment_bytes())
        if process.term_type is not None:
            asked[b"TERM"] = process.term_type.encode("utf-8", "replace")
        self.environ = {
            name.decode("ascii"): asked[name].decode("ascii")
            for name in (b"TERM", b"LANG")
            if _PASSED_ON.fullmatch(asked.get(name, b""))
        }

    @property
    def is_here(self) -> bool:
        """Whether they have not gone yet."""
        return not self._process.is_closing()

    async def gone(self) -> None:
        """Return when they are gone, whyever."""
        await self._process.channel.wait_closed()

    def say(self, text: str) -> None:
        """Show a line, aside from what the shell prints; they may be gone."""
        with contextlib.suppress(OSError):
            self._process.stderr.write(text.encode("utf-8") + b"\r\n")

    def attach(self, stdin: int, stdout: int, stderr: int | None = None) -> None:
        """Connect them with the other ends of their shell's streams, owned from now on."""
        process = self._process
        self._input = asyncio.create_task(_take(process.stdin, stdin))
        self._outputs = [asyncio.create_task(_give(stdout, process.stdout))]
        if stderr is not None:
            self._outputs.append(asyncio.create_task(_give(stderr, process.stderr)))

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


async def _give(descriptor: int, writer: asyncssh.SSHWriter[bytes]) -> None:
    """Pass on what a shell prints, as fast as it is taken."""
    loop = asyncio.get_running_loop()
    os.set_blocking(descriptor, False)
    try:
        while True:
            await _ready(descriptor, loop.add_reader, loop.remove_reader)
            with contextlib.suppress(BlockingIOError):
                data = os.read(descriptor, _PART_BYTES)  # fails at the end of a terminal
                if not data:
                    return
                writer.write(data)
                await writer.drain()
    except (OSError, asyncssh.Error):
        return
    finally:
        os.close(descriptor)


async def _take(reader: asyncssh.SSHReader[bytes], descriptor: int) -> None:
    """Pass on what a visitor types, as fast as it is read."""
    loop = asyncio.get_running_loop()
    os.set_blocking(descriptor, False)
    try:
        while True:
            try:
                data = await reader.read(_PART_BYTES)
            except asyncssh.TerminalSizeChanged as change:
                _resize(descriptor, change.height, change.width)
                continue
            except (asyncssh.SignalReceived, asyncssh.BreakReceived):
                continue  # a terminal has keys for them
            if not data:
                return
            while data:
                await _ready(descriptor, loop.add_writer, loop.remove_writer)
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(descriptor, data) :]
    except (OSError, asyncssh.Error):
        return
    finally:
        os.close(descriptor)


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


def _resize(descriptor: int, rows: int, columns: int) -> None:
    if os.isatty(descriptor):
        termios.tcsetwinsize(descriptor, (min(rows, _MOST_COLUMNS), min(columns, _MOST_COLUMNS)))


class ShellServer:
    """The server.

    Attributes:
        user: Who may log in.
        password: With what.
        port: Where, on this machine; 0 before the start.
    """

    def __init__(self) -> None:
        self.user = _USER
        self.password = secrets.token_urlsafe(_PASSWORD_BYTES)
        self.port = 0
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._guest: Visitor | None = None
        self._has_come = asyncio.Event()

    async def start(self, listener: socket.socket) -> None:
        """Serve a listening socket, owned from now on, with a host key of its own."""
        self.port = listener.getsockname()[1]
        self._acceptor = await asyncssh.listen(
            sock=listener,
            server_factory=lambda: _Doorkeeper(self),
            process_factory=self._receive,
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            config=None,
            public_key_auth=False,
            kbdint_auth=False,
            host_based_auth=False,
            gss_host=None,
            authorized_client_keys=None,
            agent_forwarding=False,
            x11_forwarding=False,
            sftp_factory=None,
            allow_scp=False,
            rdns_lookup=False,
            line_editor=False,
            encoding=None,
        )

    async def visitor(self) -> Visitor:
        """The next one who asks for a shell, who may be there already."""
        while True:
            await self._has_come.wait()
            self._has_come.clear()
            if self._guest is not None and self._guest.is_here:
                return self._guest

    def _receive(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        visitor = Visitor(process)
        if process.subsystem is not None:
            visitor.say("There are only shells and commands here.")
        elif self._guest is not None and self._guest.is_here:
            visitor.say("This job has one shell at a time, and somebody is there already.")
        else:
            self._guest = visitor
            self._has_come.set()
            return
        process.exit(_CANNOT)

    def admits(self, user: str, password: str) -> bool:
        """Whether user and password are right; takes as long for all wrong ones."""
        right_user = hmac.compare_digest(user.encode(), self.user.encode())
        right_password = hmac.compare_digest(password.encode(), self.password.encode())
        return right_user and right_password

    def close(self) -> None:
        """Listen no more, and cut all connections."""
        if self._acceptor is not None:
            self._acceptor.close()
        for connection in list(self.connections):
            connection.abort()


class _Doorkeeper(asyncssh.SSHServer):
    """Lets in, or not, who is at the other end of one connection."""

    def __init__(self, server: ShellServer) -> None:
        self._server = server
        self._attempts = 0
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.connections.add(conn)
        if len(self._server.connections) > _MOST_CONNECTIONS:
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - for the library
        if self._connection is not None:
            self._server.connections.discard(self._connection)

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
