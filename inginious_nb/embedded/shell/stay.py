"""A box in which a visitor gets a shell: set up, visited once, torn down, and gone.

What runs in it is `_keeper.py` of the grading API, which makes the streams of the shell in there,
so that its terminal is one of the sandbox's own. The box is watched and limited as one program.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import re
import shutil
import socket
import stat
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from inginious_nb.embedded.sandbox import Streams, supervise

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from inginious_nb.embedded.sandbox import Box, Limits, Reason, Sandbox

    from .access import ShellAccess
    from .server import Visitor

_A = TypeVar("_A")
_B = TypeVar("_B")

_KEEPER = Path(__file__).parent.parent / "grading_api/lib/inginious_container_api/_keeper.py"
_LEFT = re.compile(rb"left (-?\d{1,3})")
_LONGEST_MESSAGE = 4096
_MOST_MESSAGES = 8
_STREAMS = 3
_ENDED = {
    "time": "The time for this shell is over.",
    "memory": "The job used too much memory.",
    "disk": "The job used too much disk space.",
    "killed": "The job was killed.",
}


class Stay:
    """One box, from its start on.

    Args:
        sandbox: What it is a box of.
        box: Its program is replaced.
        streams: The standard output and error of setup and teardown; stdin is not used.
        python: The interpreter that the box has.
        setup: A command that is run before the visitor is waited for.
        teardown: A command that is run at the end, also if nobody came.
        greeting: Shown to a visitor with a terminal.

    Attributes:
        is_ready: Whether it came so far that a visitor could be let in.

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
        words = json.dumps({"setup": list(setup), "teardown": list(teardown)})
        argv = (python, "-ISc", _keeper(), words)
        self.is_ready = False
        self._visitor: Visitor | None = None
        self._status: int | None = None
        self._greeting = greeting
        self._shell = shutil.which("bash", path=box.environ.get("PATH")) or "/bin/sh"
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = sandbox.start(
                    dataclasses.replace(box, argv=argv),
                    Streams(theirs.fileno(), streams.stdout, streams.stderr),
                )
            except BaseException:
                ours.close()
                raise
        self._control = _Control(ours)

    @property
    def was_visited(self) -> bool:
        """Whether somebody came."""
        return self._visitor is not None

    async def run(
        self,
        access: ShellAccess,
        limits: Limits,
        *,
        kill_requested: asyncio.Event,
        disk_bytes: Callable[[], int] | None = None,
    ) -> Reason:
        """Have one visitor, or wait for one in vain; then nothing of the box is left.

        Args:
            access: The way in; it must be open, and used by nobody else.
            limits: What the box may use.
            kill_requested: Ends it when set.
            disk_bytes: Gives what the job has on disk, quickly.
        """
        hosting = asyncio.create_task(self._host(access))
        try:
            reason = await supervise(
                self._process, limits, kill_requested=kill_requested, disk_bytes=disk_bytes
            )
            self._control.shut()
            await hosting
            if self._visitor is not None:
                await self._visitor.leave(self._status, _ENDED.get(reason, ""))
        finally:
            hosting.cancel()
            await asyncio.gather(hosting, return_exceptions=True)
            self._control.close()
            if self._visitor is not None:
                await self._visitor.drop()
        return reason

    async def _host(self, access: ShellAccess) -> None:
        try:
            if await self._control.line() != b"ready":
                return
            self.is_ready = True
            self._visitor, _ = await _first(access.visitor(), self._control.line())
            if self._visitor is None or not await self._let_in(self._visitor):
                return
            left, _ = await _first(self._control.line(), self._visitor.gone())
            status = _LEFT.fullmatch(left or b"")
            self._status = None if status is None else int(status[1])
        finally:
            # Whatever happened: the box ends with this.
            self._control.shut()

    async def _let_in(self, visitor: Visitor) -> bool:
        request = {
            "argv": [self._shell, *(("-c", visitor.command) if visitor.command else ())],
            "environ": {**visitor.environ, "SHELL": self._shell},
            "has_terminal": visitor.has_terminal,
            "size": visitor.size,
        }
        await self._control.send(json.dumps(request).encode("ascii") + b"\n")
        message, descriptors = await self._control.line_with_descriptors()
        are_right = _is_terminal if visitor.has_terminal else _are_pipes
        if message != b"streams" or not are_right(descriptors):
            _close(descriptors)
            return False
        if visitor.has_terminal:
            if self._greeting:
                visitor.say(self._greeting)
            descriptors.append(os.dup(descriptors[0]))
        visitor.attach(*descriptors)
        return True


class _Control:
    """The socket to the keeper: lines with descriptors from it, lines to it.

    Whoever is in the box may speak in the keeper's place, so nothing that comes is trusted.
    """

    def __init__(self, ours: socket.socket) -> None:
        self._socket = ours
        self._messages: asyncio.Queue[tuple[bytes, list[int]]] = asyncio.Queue()
        self._begun = b""
        self._descriptors: list[int] = []
        self._has_ended = False
        ours.setblocking(False)
        asyncio.get_running_loop().add_reader(ours, self._read)

    def _read(self) -> None:
        try:
            received, descriptors, *_ = socket.recv_fds(self._socket, _LONGEST_MESSAGE, _STREAMS)
        except BlockingIOError:
            return
        except OSError:
            received, descriptors = b"", []
        self._descriptors += descriptors
        *lines, self._begun = (self._begun + received).split(b"\n")
        for line in lines:
            self._messages.put_nowait((line, self._descriptors))
            self._descriptors = []
        is_too_much = (
            len(self._begun) > _LONGEST_MESSAGE
            or len(self._descriptors) > _STREAMS
            or self._messages.qsize() > _MOST_MESSAGES
        )
        if is_too_much or not received:
            self._end()

    def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            asyncio.get_running_loop().remove_reader(self._socket)
            self._messages.put_nowait((b"", []))

    async def line(self) -> bytes:
        """The next line; an empty one is the end. Descriptors that came with it are closed."""
        line, descriptors = await self.line_with_descriptors()
        _close(descriptors)
        return line

    async def line_with_descriptors(self) -> tuple[bytes, list[int]]:
        """The next line and the descriptors that came with it, which the caller owns."""
        message = await self._messages.get()
        if not message[0] and self._has_ended:
            self._messages.put_nowait((b"", []))
        return message

    async def send(self, line: bytes) -> None:
        """Send a line; nobody may be there any more."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(self._socket, line)

    def shut(self) -> None:
        """Let both sides know that this is the end; what was said before can still be read."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give back what is open."""
        self._end()
        while not self._messages.empty():
            _close(self._messages.get_nowait()[1])
        _close(self._descriptors)
        self._socket.close()


async def _first(
    one: Coroutine[object, object, _A], other: Coroutine[object, object, _B]
) -> tuple[_A | None, _B | None]:
    """What whichever ends first gave; the other one is cancelled."""
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


def _is_terminal(descriptors: Sequence[int]) -> bool:
    return len(descriptors) == 1 and os.isatty(descriptors[0])


def _are_pipes(descriptors: Sequence[int]) -> bool:
    return len(descriptors) == _STREAMS and all(
        stat.S_ISFIFO(os.fstat(descriptor).st_mode) for descriptor in descriptors
    )


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


@cache
def _keeper() -> str:
    return _KEEPER.read_text("utf-8")
