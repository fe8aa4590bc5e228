"""The sweeper: a shell beside this process that outlives it, and ends what it leaves when killed.

It waits at a pipe whose other end only this process has. The kernel closes that end however this
process ends, and not before each child has become the program that was asked for. Then the sweeper
does at once what the next service would do: see `stale_processes`. It is a shell until then, since
a shell takes neither time to start nor memory.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from .cgroup import Cgroups
from .stale_processes import end_stale_processes, is_stale, new_mark

_WAIT = 'read -r _ && exit 0; exec "$@"'
_BOOT = """
import runpy, sys
sys.path.append(sys.argv[1])
runpy.run_module("inginious_nb.grader.sandbox.sweeper", run_name="__main__")
"""
_PAUSE_S = 0.01
_EXIT_TIMEOUT_S = 5.0


class _Sweeper:
    """The shell, as long as the process that has started it lives."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        boot = [sys.executable, "-P", "-c", _BOOT, str(Path(__file__).parents[3]), new_mark()]
        read_end, self._pipe = os.pipe()
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                ["/bin/sh", "-c", _WAIT, "sh", *boot],
                stdin=read_end,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                # A signal to the group of this process is none to it.
                process_group=0,
            )
        except OSError:
            os.close(self._pipe)
            raise
        finally:
            os.close(read_end)

    def is_running(self) -> bool:
        return self._popen.poll() is None

    def end(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, b"\n")
        os.close(self._pipe)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(_EXIT_TIMEOUT_S)


_starting = threading.Lock()
_sweeper: _Sweeper | None = None


def new_swept_mark() -> str:
    """Return a mark for a process to start, which the sweeper ends should this one be killed.

    Raises:
        OSError: No sweeper can be started.
    """
    global _sweeper  # noqa: PLW0603 - one a process
    with _starting:
        # That of another process is the one that this process was forked from.
        if _sweeper is None or _sweeper.owner != os.getpid() or not _sweeper.is_running():
            _sweeper = _Sweeper()
    return new_mark()


@atexit.register
def _end_sweeper() -> None:
    """End the sweeper of a process that ends by itself: it leaves nothing."""
    if _sweeper is not None and _sweeper.owner == os.getpid():
        _sweeper.end()


def _sweep(mark: str) -> None:
    while not is_stale(mark):  # it is ending, and has closed its files already
        time.sleep(_PAUSE_S)
    end_stale_processes()
    cgroups = Cgroups.find()
    if cgroups is not None:
        cgroups.sweep()


if __name__ == "__main__":
    _sweep(sys.argv[2])
