"""A box in which a user gets a shell: set up, used once, torn down, and gone.

`_ssh_session.py` of the grading API runs in it and makes the streams of the shell there, so that
its terminal is one of the sandbox's own. The box is watched and limited as one program.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import re
import shutil
import socket
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from inginious_nb.grader.sandbox import Streams, supervise
from inginious_nb.grader.sandbox.launch_script import drops_root

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from inginious_nb.grader.sandbox import Box, Limits, Reason, Sandbox

    from .access import SshAccess
    from .server import SshUser

logger = logging.getLogger(__name__)

_A = TypeVar("_A")
_B = TypeVar("_B")

_PROGRAM = Path(__file__).parent.parent / "grading_api/lib/inginious_container_api/_ssh_session.py"
_LEFT = re.compile(rb"left (-?\d{1,3})")
MAX_LINE_BYTES = 64
_PIPES = 4
_ENDED = {
    "time": "The time for this shell is over.",
    "memory": "The job used too much memory.",
    "disk": "The job used too much disk space.",
    "hidden": "A program hid itself, so that its memory could not be measured.",
    "killed": "The job was killed.",
}


class SshSession:
    """One box, from its start on.

    Args:
        sandbox: What it is a box of.
        box: Its program is replaced.
        streams: The standard output and error of setup and teardown; stdin is not used.
        python: The interpreter that the box has.
        setup: A command that is run before the user is waited for.
        teardown: A command that is run at the end, also if nobody came.
        greeting: Shown to a user with a terminal.

    Attributes:
        is_ready: Whether it came so far that a user could be let in.

    Raises:
        OSError: The sandbox could not be started.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        box: Box,
        streams: Streams,
        *,
        python: str,
        setup: Sequence[str] = (),
        teardown: Sequence[str] = (),
        greeting: str = "",
    ) -> None:
        # Where a program of the same user hides, nobody could watch what it starts (hidepid).
        hides = sandbox.kind != "plain" or drops_root()
        words = json.dumps({"setup": list(setup), "teardown": list(teardown), "hides": hides})
        argv = (python, "-ISc", _program(), words)
        self.is_ready = False
        self._user: SshUser | None = None
        self._status: int | None = None
        self._greeting = greeting
        self._shell = shutil.which("bash", path=box.environ.get("PATH")) or "/bin/sh"
        self._channel = _ControlChannel()
        try:
            self._process = sandbox.start(
                dataclasses.replace(box, argv=argv),
                Streams(self._channel.inner, streams.stdout, streams.stderr),
            )
        except BaseException:
            self._channel.close()
            raise
        finally:
            self._channel.close_inner()

    @property
    def was_used(self) -> bool:
        """Return whether somebody came."""
        return self._user is not None

    async def run(
        self,
        access: SshAccess,
        limits: Limits,
        *,
        kill_requested: asyncio.Event,
        disk_bytes: Callable[[], int] | None = None,
    ) -> Reason:
        """Have one user, or wait for one in vain; then nothing of the box is left.

        Args:
            access: The way in; it must be open, and used by nobody else.
            limits: What the box may use.
            kill_requested: Ends it when set.
            disk_bytes: Gives what the job has on disk, quickly.
        """
        hosting = asyncio.create_task(self._host(access))
        ending = asyncio.create_task(self._end_after(hosting, access.settings.end_s))
        try:
            reason = await supervise(
                self._process, limits, kill_requested=kill_requested, disk_bytes=disk_bytes
            )
            await hosting
            if self._user is not None:
                await self._user.leave(self._status, _ENDED.get(reason, ""))
        finally:
            for task in (hosting, ending):
                task.cancel()
            await asyncio.gather(hosting, ending, return_exceptions=True)
            self._channel.close()
            if self._user is not None:
                await self._user.drop()
        return reason

    async def _end_after(self, hosting: asyncio.Task[None], end_s: float) -> None:
        """End a box that does not end by itself; its program may have been stopped."""
        await asyncio.wait({hosting})
        await asyncio.sleep(end_s)
        logger.warning("A remote shell was left %g seconds ago and did not end: ended.", end_s)
        self._process.kill()

    async def _host(self, access: SshAccess) -> None:
        try:
            await self._channel.listen()
            if await self._channel.line() != b"ready":
                return
            self.is_ready = True
            self._user, _ = await _first(access.next_user(), self._channel.line())
            if self._user is not None:
                await _first(self._serve(self._user), self._user.gone())
        finally:
            # Whatever happened: the box ends with this.
            self._channel.shut()

    async def _serve(self, user: SshUser) -> None:
        if user.has_terminal and self._greeting:
            user.say(self._greeting)
        user.attach(*self._channel.take_streams())
        await self._channel.order(
            {
                "argv": [self._shell, *(("-c", user.command) if user.command else ())],
                "environ": {**user.environ, "SHELL": self._shell},
                "has_terminal": user.has_terminal,
                "size": user.size(),
            }
        )
        left, _ = await _first(self._channel.line(), self._pass_on_sizes(user))
        status = _LEFT.fullmatch(left or b"")
        self._status = None if status is None else int(status[1])

    async def _pass_on_sizes(self, user: SshUser) -> None:
        while True:
            await user.resized()
            await self._channel.order({"size": user.size()})


class _ControlChannel:
    """The connection of the service with a box: bytes come out of it, and nothing else.

    Whoever is in the box may speak in the place of its program, so nothing that comes is trusted.
    Bytes come through pipes, as a socket could bring descriptors that this process would have to
    close.
    All pipes are made here: a descriptor out of the box would share its flags with one in there.
    """

    def __init__(self) -> None:
        with contextlib.ExitStack() as undoing:
            self._orders, self._inner = socket.socketpair()
            undoing.callback(self.close_inner)
            undoing.callback(self._orders.close)
            # Who tries to send something to us fails.
            self._orders.shutdown(socket.SHUT_RD)
            self._orders.setblocking(False)
            pipes = []
            for _ in range(_PIPES):
                pipes.append(os.pipe())
                for end in pipes[-1]:
                    undoing.callback(os.close, end)
            said, stdin, stdout, stderr = pipes
            inner = [said[1], stdin[0], stdout[1], stderr[1]]
            socket.send_fds(self._orders, [b"\n"], inner)
            undoing.pop_all()
        for end in inner:
            os.close(end)
        self._said = open(said[0], "rb", buffering=0)  # noqa: PTH123, SIM115 - closed by `close`
        self._streams = [stdin[1], stdout[0], stderr[0]]
        self._lines = asyncio.StreamReader(MAX_LINE_BYTES)
        self._reading: asyncio.BaseTransport | None = None

    @property
    def inner(self) -> int:
        """Return what the box gets as its stdin."""
        return self._inner.fileno()

    def close_inner(self) -> None:
        """Give up the end of the box, which has it by now or never will."""
        self._inner.close()

    async def listen(self) -> None:
        """Begin to read what the session program says, never much more than a line ahead."""
        self._reading, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._lines), self._said
        )

    async def line(self) -> bytes:
        """Return the next line of the program; empty if there is none, or none of its own."""
        try:
            return (await self._lines.readuntil()).removesuffix(b"\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            return b""

    async def order(self, order: object) -> None:
        """Tell the session program something; it may be gone, and it may not listen for ever."""
        with contextlib.suppress(OSError):
            line = json.dumps(order).encode("ascii") + b"\n"
            await asyncio.get_running_loop().sock_sendall(self._orders, line)

    def take_streams(self) -> list[int]:
        """Return the other ends of the shell's standard streams, which the caller has to close."""
        streams, self._streams = self._streams, []
        return streams

    def shut(self) -> None:
        """Tell the program that this is the end; what it said before can still be read."""
        with contextlib.suppress(OSError):
            self._orders.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Give back what is open."""
        for descriptor in self.take_streams():
            os.close(descriptor)
        if self._reading is None:
            self._said.close()
        else:
            self._reading.close()
        self._orders.close()


async def _first(
    one: Coroutine[object, object, _A], other: Coroutine[object, object, _B]
) -> tuple[_A | None, _B | None]:
    """Return what whichever ends first gave; the other one is cancelled."""
    tasks = asyncio.ensure_future(one), asyncio.ensure_future(other)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    first, second = tasks
    return (
        None if first.cancelled() else first.result(),
        None if second.cancelled() else second.result(),
    )


@cache
def _program() -> str:
    return _PROGRAM.read_text("utf-8")
