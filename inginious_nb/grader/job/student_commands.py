"""Server for `run_student`: runs the commands that a run script asks for, each in its own sandbox.

The service starts them, not the job: no nested namespaces are needed, and the CPU time and memory
of each count separately (docs/protocol.md, run_student). A request and its three streams come over
a Unix socket that only the job sees; `_control.py` of the grading API is the client.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import re
import shlex
import shutil
import signal
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inginious_nb.errors import ServiceError
from inginious_nb.grader.descriptors import close_listener, close_plain, dispose, receive
from inginious_nb.grader.sandbox import Box, Limits, Streams, supervise
from inginious_nb.grader.sandbox.launch_script import WORKER_ID, drops_root
from inginious_nb.grader.ssh import SshSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
    from pathlib import Path

    from inginious_nb.grader.sandbox import Mount, Sandbox
    from inginious_nb.grader.sandbox.own_network import OwnNetwork
    from inginious_nb.grader.ssh import SshAccess

logger = logging.getLogger(__name__)

CANNOT_START = 1
OUT_OF_MEMORY = 252
OUT_OF_TIME = 253
INTERNAL_ERROR = 254

_LENGTH_DIGITS = 10
_MAX_REQUEST_BYTES = 1 << 20
_MAX_FIELDS = 64
_MAX_COMMAND_CHARACTERS = (
    32 << 10
)  # characters; shlex takes 14 ms for these, and four times for twice them
_MAX_AT_ONCE = 64
_STREAMS = 3
_ACCEPT_PAUSE_S = 0.1
_SIGNAL = re.compile(rb"signal (\d{1,3})")
_MAX_SIGNAL_BYTES = 32
_SIGNALS = 256
_FILE_TOO_LARGE = 25  # SIGXFSZ: output without end, which elsewhere ends at the time limit
_RETURNED = {
    "time": OUT_OF_TIME,
    "memory": OUT_OF_MEMORY,
    "disk": OUT_OF_MEMORY,
    "hidden": OUT_OF_MEMORY,
}


@dataclass(frozen=True)
class StudentCommandSettings:
    """The surroundings that all programs of one job share.

    Attributes:
        limits: Those of the job; a program may ask for less.
        environ: The environment.
        has_network: Whether the job has the network, and may share it.
        network: The one of the job's own, or None.
        containers: Names of environments that may be asked for; they are all alike here.
        mounts: Makes what one more program sees; the stack closes what is held open for it.
        commands: Names of the commands of the grading API.
        access: How the student gets into the job.
        no_shell: Why a student's shell is not allowed; empty if it is.
        python: An interpreter that all programs have.
    """

    limits: Limits
    environ: Mapping[str, str]
    has_network: bool
    network: OwnNetwork | None
    containers: frozenset[str]
    mounts: Callable[[contextlib.ExitStack], tuple[Mount, ...]]
    commands: frozenset[str]
    access: SshAccess
    no_shell: str
    python: str


class StudentCommandServer:
    """Server for the `run_student` requests of one job.

    Args:
        path: Where the socket is made, a short path.
        sandbox: What programs run in.
        settings: What is the same for all of them.
        on_no_shell: Told why, when the job insists on a remote shell that there cannot be.
    """

    def __init__(
        self,
        path: Path,
        sandbox: Sandbox,
        settings: StudentCommandSettings,
        on_no_shell: Callable[[str], None],
    ) -> None:
        self._sandbox = sandbox
        self._settings = settings
        self._on_no_shell = on_no_shell
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(_MAX_AT_ONCE)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        self._listener.bind(str(path))
        path.chmod(0o600)
        if drops_root():
            os.chown(path, WORKER_ID, WORKER_ID)
        self._listener.listen(_MAX_AT_ONCE)
        self._spawn(self._accept())

    async def close(self) -> None:
        """End all programs that still run, and take no more requests."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            close_listener(self._listener)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self) -> None:
        while True:
            # Before accepting: what waits in the kernel takes no descriptor of ours.
            await self._free.acquire()
            connection = await self._next_connection()
            connection.setblocking(False)
            given: list[int] = []
            serving = self._spawn(self._serve(connection, given))
            # Not by the task, which may be cancelled before it begins.
            serving.add_done_callback(functools.partial(self._dispose, connection, given))

    def _dispose(self, connection: socket.socket, given: list[int], _: object) -> None:
        # Its place is taken until all is closed, so a job cannot have many threads wait for that.
        dispose(connection, given, self._free_a_place)

    def _free_a_place(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._free.release)

    async def _next_connection(self) -> socket.socket:
        while True:
            # Not the loop's own accept: cancelled at the wrong moment, it drops the connection.
            await _readable(self._listener)
            try:
                return self._listener.accept()[0]
            except BlockingIOError:
                continue
            except OSError as error:
                # Other jobs may have used up the descriptors, for a moment.
                logger.warning("A request for a student's program has to wait: %s", error)
                await asyncio.sleep(_ACCEPT_PAUSE_S)

    async def _serve(self, connection: socket.socket, given: list[int]) -> None:
        try:
            returned = await self._answer(connection, given)
        except (OSError, ValueError) as error:
            logger.warning("A student's program could not be run: %s", error)
            returned = INTERNAL_ERROR
        # Before the answer: somebody may wait for the end of a pipe.
        given[:] = close_plain(given)
        with contextlib.suppress(OSError):
            await self._loop.sock_sendall(connection, b"%d\n" % returned)

    async def _answer(self, connection: socket.socket, given: list[int]) -> int:
        """Answer a request; descriptors that come with it are added to ``given``."""
        request = await _receive(connection, given)
        if len(given) != _STREAMS:
            return INTERNAL_ERROR
        container = request.get("container", "")
        if container and container not in self._settings.containers:
            return INTERNAL_ERROR
        streams = Streams(*given)
        try:
            words = _command(request)
        except ValueError:
            return CANNOT_START
        if words and not self._exists(words[0]):
            return CANNOT_START
        if request.get("ssh") != "1":
            return await self._run(connection, given, request, streams, words)
        try:
            return await self._run_shell(connection, given, request, streams, words)
        except ServiceError as error:
            logger.warning("A student gets no remote shell: %s", error)
            if request.get("kind") == "ssh_student":
                self._on_no_shell(error.text)
            return INTERNAL_ERROR

    async def _run(
        self,
        connection: socket.socket,
        given: list[int],
        request: Mapping[str, str],
        streams: Streams,
        words: tuple[str, ...],
    ) -> int:
        limits = self._limits(request)
        # Not in a thread, which could not be cancelled and would leave descriptors behind.
        with contextlib.ExitStack() as open_descriptors:
            box = self._box(request, limits, open_descriptors)
            box = replace(
                box,
                argv=words or box.argv,
                report_status=True,
                teardown=request.get("teardown_script", ""),
            )
            process = self._sandbox.start(box, streams)
        async with _listening(connection, given, process.send_signal) as gone:
            reason = await supervise(process, limits, kill_requested=gone)
        verdict = process.verdict
        if reason in _RETURNED:
            return _RETURNED[reason]
        if reason == "killed" or not verdict.was_started:
            return INTERNAL_ERROR
        if verdict.signal == _FILE_TOO_LARGE:
            return OUT_OF_TIME
        return verdict.status if verdict.signal is None else _SIGNALS - verdict.signal

    async def _run_shell(
        self,
        connection: socket.socket,
        given: list[int],
        request: Mapping[str, str],
        streams: Streams,
        setup: tuple[str, ...],
    ) -> int:
        """Set up, open the shell to the student, tear down (docs/protocol.md, SSH debugging).

        Raises:
            ServiceError: There cannot be a shell.
        """
        settings = self._settings
        if settings.no_shell:
            raise ServiceError(settings.no_shell)
        limits = self._limits(request)
        async with settings.access.in_use:
            await settings.access.open()
            with contextlib.ExitStack() as open_descriptors:
                ssh_session = SshSession(
                    self._sandbox,
                    self._box(request, limits, open_descriptors),
                    streams,
                    python=settings.python,
                    setup=setup,
                    teardown=_script(request.get("teardown_script", "")),
                )
            async with _listening(connection, given, lambda _: None) as gone:
                reason = await ssh_session.run(settings.access, limits, kill_requested=gone)
        if reason in _RETURNED:
            return _RETURNED[reason]
        if reason == "killed" or not ssh_session.is_ready:
            return INTERNAL_ERROR
        return 0 if ssh_session.was_used else OUT_OF_TIME

    def _box(
        self, request: Mapping[str, str], limits: Limits, open_descriptors: contextlib.ExitStack
    ) -> Box:
        settings = self._settings
        return Box(
            argv=("echo",),
            cwd=request.get("working_dir", ""),
            environ=settings.environ,
            mounts=settings.mounts(open_descriptors),
            limits=limits,
            has_network=settings.has_network and request.get("share_network") == "1",
            network=settings.network,
        )

    def _exists(self, word: str) -> bool:
        """Return whether the system has such a command, as the sandbox sees it."""
        if "/" in word or word in self._settings.commands:
            return True
        return shutil.which(word, path=self._settings.environ["PATH"]) is not None

    def _limits(self, request: Mapping[str, str]) -> Limits:
        """Return the limits asked for, at most those of the job, which is also what 0 means."""
        job = self._settings.limits

        def capped(key: str, most: float, unit: float = 1) -> float:
            asked = float(request.get(key) or 0) * unit
            return min(asked, most) if asked > 0 else most

        return Limits(
            cpu_s=capped("time_limit", job.cpu_s),
            wall_s=capped("hard_time_limit", job.wall_s),
            memory_bytes=int(capped("memory_limit", job.memory_bytes, 1 << 20)),
            # A loop that prints must not use up what the job has.
            disk_bytes=job.disk_bytes // 4,
            processes=job.processes,
            open_files=job.open_files,
        )


async def _receive(connection: socket.socket, given: list[int]) -> dict[str, str]:
    """Return one request; its descriptors are added to ``given``.

    Raises:
        ValueError: It is not a request.
        OSError: The other side is gone.
    """
    length = int(await _received(connection, _LENGTH_DIGITS, given))
    content = await _received(connection, min(length, _MAX_REQUEST_BYTES), given)
    fields = content.decode("utf-8", "surrogateescape").split("\0", _MAX_FIELDS)
    return dict(zip(fields[::2], fields[1::2], strict=False))


async def _received(connection: socket.socket, size: int, given: list[int]) -> bytes:
    """Return so many bytes; descriptors that come with them are added to ``given``.

    Raises:
        ValueError: There are too many of those.
        OSError: The other side is gone before.
    """
    parts = []
    while size > 0:
        part, descriptors = await _next_part(connection, size)
        given += descriptors
        if len(given) > _STREAMS:
            raise ValueError("the request comes with too many descriptors")
        if not part:
            raise ConnectionResetError("the request is incomplete")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


async def _next_part(connection: socket.socket, size: int) -> tuple[bytes, list[int]]:
    while True:
        await _readable(connection)
        with contextlib.suppress(BlockingIOError):
            return receive(connection, size)


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(connection, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(connection)


def _command(request: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of what is to be run, which may be none.

    Raises:
        ValueError: They cannot be told apart, or that would take long.
    """
    if request.get("kind") == "ssh_student":
        return _script(request.get("setup_script", ""))
    command = request.get("cmd", "")
    if len(command) > _MAX_COMMAND_CHARACTERS:
        raise ValueError("the command is too long")
    return tuple(shlex.split(command))


def _script(command: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", command) if command else ()


@contextlib.asynccontextmanager
async def _listening(
    connection: socket.socket, given: list[int], send_signal: Callable[[int], None]
) -> AsyncIterator[asyncio.Event]:
    """Pass signals on; the event is set when the asking side is gone."""
    gone = asyncio.Event()
    listening = asyncio.create_task(_listen(connection, given, send_signal, gone))
    try:
        yield gone
    finally:
        listening.cancel()
        # Its reader must be gone before the descriptor's number belongs to something else.
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(
    connection: socket.socket,
    given: list[int],
    send_signal: Callable[[int], None],
    gone: asyncio.Event,
) -> None:
    """Pass signals on until the asking side is gone, or sends what nobody asked for."""
    pending = b""
    with contextlib.suppress(OSError):
        while True:
            received, descriptors = await _next_part(connection, 4096)
            given += descriptors
            if descriptors or not received:
                break
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                number = _SIGNAL.fullmatch(line)
                if number is not None and int(number[1]) in signal.valid_signals():
                    send_signal(int(number[1]))
            pending = pending[-_MAX_SIGNAL_BYTES:]
    gone.set()
