"""A process that was started in its box before its job is known, and waits for that.

It serves one program at most. Which boxes may stand for each other is the sandbox's to say.

Its standard input is a pipe that is full at first. Once the process has emptied it, it waits; what
it must not see before has to be kept from it until then.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING

from . import process_tree
from .process import BoxedProcess, bytes_in

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

    from .cgroup import Cgroup

_GO_ON = b"\0"
_MAX_REQUEST_BYTES = 32 << 10
_MAX_START_S = 5.0
_POLL_MS = 10


def request_pipe() -> tuple[int, int]:
    """Return a full pipe for the standard input of a prepared process."""
    read, write = os.pipe()
    # As small as can be: one read empties it.
    os.write(write, bytes(fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 1)))
    return read, write


class PreparedProcess:
    """A process that reads from standard input whether to go on, or what to become.

    First it reads what is there. Then a NUL tells it to go on; the words of another program,
    separated by NUL, to become that.

    Args:
        popen: The sandbox.
        request: The write end of the process's standard input (`request_pipe`), owned from now on.
        unread: Its read end, owned from now on.
        info: The read end of bubblewrap's information pipe, owned from now on.
        cgroup: What it runs in, owned from now on; None without one.

    Attributes:
        argv: The words that it was started with; when they are those of the program, it goes on.
        view: All that its box has beside its program, as its sandbox compares it.
    """

    def __init__(
        self,
        popen: subprocess.Popen[bytes],
        *,
        argv: Sequence[str],
        request: int,
        unread: int,
        info: int,
        cgroup: Cgroup | None,
        view: object,
    ) -> None:
        self.view = view
        self._popen = popen
        self.argv = tuple(argv)
        self._request = request
        self._unread = unread
        self._info = info
        self._cgroup = cgroup
        self._is_taken = False

    def wait_until_ready(self) -> bool:
        """Wait until it waits for its job; may take as long as a start of Python.

        Returns:
            Whether it does. If not, it is gone, or starting takes too long.
        """
        poll = select.poll()
        poll.register(self._request, select.POLLOUT)
        end = time.monotonic() + _MAX_START_S
        while self._popen.poll() is None and time.monotonic() < end:
            if poll.poll(_POLL_MS):
                return True
        return False

    def begin(self, argv: Sequence[str]) -> BoxedProcess | None:
        """Have it go on as this program, or become it; its CPU time counts from now on.

        Returns:
            The program; None if the process is gone or has a program, or does not wait yet, or
            these are too many words.
        """
        is_itself = tuple(argv) == self.argv
        request = _GO_ON if is_itself else b"\0".join(map(os.fsencode, argv))
        if self._is_taken or len(request) > _MAX_REQUEST_BYTES or not self._has_room():
            return None
        used_s = process_tree.cpu_s(process_tree.descendants(self._popen.pid))
        try:
            os.write(self._request, request)
        except BrokenPipeError:
            return None
        self._is_taken = True
        os.close(self._request)
        return BoxedProcess(
            self._popen,
            info=self._info,
            unread=self._unread,
            cgroup=self._cgroup,
            cpu_before_s=used_s,
        )

    def _has_room(self) -> bool:
        """Return whether it waits, and can be told what to become without waiting for it."""
        if self._popen.poll() is not None or bytes_in(self._unread):
            return False
        try:
            fcntl.fcntl(self._request, fcntl.F_SETPIPE_SZ, 2 * _MAX_REQUEST_BYTES)
        except OSError:  # this user has too many pipes
            return False
        return True

    def end(self) -> None:
        """End it and wait until it is gone, some milliseconds; nothing if it has a program."""
        if self._is_taken:
            return
        self._is_taken = True
        os.close(self._request)
        os.close(self._unread)
        with os.fdopen(self._info, "rb") as pipe:
            text = pipe.read()
        init_pid = None
        with contextlib.suppress(ValueError, KeyError):
            init_pid = json.loads(text)["child-pid"]
        if init_pid is None:
            self._popen.kill()
        elif self._popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(init_pid, signal.SIGKILL)
        self._popen.wait()
        if init_pid is not None:
            # It comes to us as an orphan if bubblewrap is gone first.
            with contextlib.suppress(ChildProcessError):
                os.waitpid(init_pid, 0)
        if self._cgroup is not None:
            self._cgroup.remove()
