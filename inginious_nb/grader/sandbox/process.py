"""A program that runs in a sandbox: wait for it, measure it, end it with all its descendants."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
from array import array
from typing import TYPE_CHECKING

from . import process_tree
from .launch_script import Verdict, read_verdict

if sys.platform != "win32":
    import fcntl
    import termios

if TYPE_CHECKING:
    import subprocess

    from .cgroup import Cgroup
    from .process_tree import Usage

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Have processes that lose their parent come to this one, which then finds and collects them.

    Otherwise they go to process 1, which in a container often collects nothing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def bytes_in(pipe: int) -> int:
    """Return how many bytes can be read from a pipe."""
    count = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


class BoxedProcess:
    """A started program.

    Args:
        popen: The sandbox, which runs the launch script, which runs the program.
        info: The read end of bubblewrap's information pipe, owned from now on; None without one.
        report: The read end of the report pipe, owned from now on; None without one.
        unread: The read end of the pipe that tells it what to run, owned from now on; None if it
            was started with that.
        cgroup: What it runs in, owned from now on; None without one.
        cpu_before_s: CPU seconds that it and its descendants used before they count.
    """

    def __init__(
        self,
        popen: subprocess.Popen[bytes],
        *,
        info: int | None = None,
        report: int | None = None,
        unread: int | None = None,
        cgroup: Cgroup | None = None,
        cpu_before_s: float = 0.0,
    ) -> None:
        self._popen = popen
        self._info = info
        self._report = report
        self._unread = unread
        self._never_began = False
        self._cgroup = cgroup
        self._cpu_before_s = cpu_before_s
        self._out_of_memory = False
        self._verdict = Verdict(was_started=False, status=-1)
        self._init_pid: int | None = None
        self._init_pidfd: int | None = None
        self._exited = asyncio.get_running_loop().create_future()
        self._pidfd: int | None = None
        self._watch()

    @property
    def pid(self) -> int:
        """Return the process that this process started."""
        return self._popen.pid

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._pidfd = os.pidfd_open(self.pid)
        if self._pidfd is not None:
            loop.add_reader(self._pidfd, self._on_exit)
        else:
            # Of its own: waiting for programs must not take the threads that others wait for.
            threading.Thread(target=self._wait_for, args=(loop,), daemon=True).start()

    def _wait_for(self, loop: asyncio.AbstractEventLoop) -> None:
        self._popen.wait()
        with contextlib.suppress(RuntimeError):  # the loop has ended before the program did
            loop.call_soon_threadsafe(self._on_exit)

    def _on_exit(self) -> None:
        status = self._popen.wait()
        if self._pidfd is not None:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None
        if not self._exited.done():
            self._exited.set_result(status)

    async def wait(self) -> int:
        """Return the exit status of the sandbox, once it ended."""
        return await asyncio.shield(self._exited)

    def measure(self) -> Usage:
        """Return what the program and its descendants use now."""
        usage = process_tree.usage(self._members())
        return usage._replace(cpu_s=usage.cpu_s - self._cpu_before_s)

    def exact_memory(self, files_bytes: int) -> int:
        """Memory in use, in bytes, with shared pages counted once; slow.

        Args:
            files_bytes: What files in memory occupy, which processes may have mapped or not.
        """
        return process_tree.exact_memory_bytes(self._members(), files_bytes)

    def pids(self) -> list[int]:
        """Return the program and its descendants, as far as they can be seen."""
        return self._members()

    def _members(self) -> list[int]:
        return process_tree.descendants(self.pid)

    def send_signal(self, number: int) -> None:
        """Send a signal to the program itself, not to the launch script around it."""
        for pid in process_tree.descendants(self._first_pid())[1:2]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def _first_pid(self) -> int:
        """Return the launch script, which in bubblewrap is the child of the box's init."""
        init_pid = self._find_init()
        if init_pid is None:
            return self.pid
        children = process_tree.children(init_pid)
        return children[0] if children else init_pid

    def _find_init(self) -> int | None:
        """Return the process id, as seen from here, of the init of an isolated box."""
        if self._info is not None:
            with os.fdopen(self._info, "rb") as pipe:
                text = pipe.read()
            self._info = None
            with contextlib.suppress(ValueError, KeyError):
                self._init_pid = json.loads(text)["child-pid"]
            if self._init_pid is not None:
                with contextlib.suppress(OSError, AttributeError):
                    self._init_pidfd = os.pidfd_open(self._init_pid)
        return self._init_pid

    def kill(self) -> None:
        """End the program and everything it started; `finish` waits for it."""
        init_pid = self._find_init()
        if init_pid is not None and not self._exited.done():
            # The kernel ends the whole box with its init, and bubblewrap when all are gone.
            with contextlib.suppress(ProcessLookupError):
                os.kill(init_pid, signal.SIGKILL)
        if init_pid is None and not self._exited.done():
            self._popen.kill()

    async def finish(self) -> None:
        """Wait until nothing of the program is left, whatever it left running."""
        await self.wait()
        self._find_init()
        if self._init_pidfd is not None:
            # bubblewrap ends with the program; what else is in the box dies a moment later.
            loop = asyncio.get_running_loop()
            gone = asyncio.Event()
            loop.add_reader(self._init_pidfd, gone.set)
            try:
                await gone.wait()
            finally:
                loop.remove_reader(self._init_pidfd)
                os.close(self._init_pidfd)
                self._init_pidfd = None
            if self._init_pid is not None:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(self._init_pid, os.WNOHANG)  # noqa: ASYNC222 - it is gone
        await self._collect(self._exited.result())

    async def _collect(self, status: int) -> None:
        """Learn what can be learnt now that nothing is left, and give back what was owned."""
        self._verdict = Verdict(was_started=True, status=status)
        if self._report is not None:
            os.set_blocking(self._report, False)
            with os.fdopen(self._report, "rb") as pipe:
                self._verdict = read_verdict(pipe.read() or b"", status)
            self._report = None
        if self._unread is not None:
            self._never_began = bytes_in(self._unread) > 0
            os.close(self._unread)
            self._unread = None
        if self._cgroup is not None:
            self._out_of_memory = self._cgroup.ran_out_of_memory()
            for pause_s in self._cgroup.removal():
                await asyncio.sleep(pause_s)
            self._cgroup = None

    @property
    def never_began(self) -> bool:
        """Return whether it ended before it knew what to run, after `finish`."""
        return self._never_began

    @property
    def ran_out_of_memory(self) -> bool:
        """Return whether the kernel ended any of it for its memory, if that is known."""
        if self._cgroup is not None:
            self._out_of_memory = self._cgroup.ran_out_of_memory()
        return self._out_of_memory

    @property
    def verdict(self) -> Verdict:
        """Return how the program ended, after `finish`; without a report by its status only."""
        return self._verdict
