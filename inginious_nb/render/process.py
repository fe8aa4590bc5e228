"""The process that formats texts, with limits of CPU, memory and output, and the way to ask it.

Feedback and course texts are written by others, and docutils can be made to work for ever on a few
hundred characters (docs/security.md). So they are formatted in a child process that is kept ready;
past a limit it ends, the text is shown as it was written, and the next one gets a new process.
Results are remembered, those that failed too: a text that takes too long does so once.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    Request = Mapping[str, Any]
    Reply = Mapping[str, Any]

logger = logging.getLogger(__name__)

MAX_CPU_S = 4
MAX_MEMORY_BYTES = 1 << 30
REPLY_TIMEOUT_S = 30.0
"""Of the wall clock, for a machine that is busy otherwise."""

_ROOT = str(Path(__file__).parents[2])

IDLE_TIMEOUT_S = 600.0
MAX_KEPT = 64
MAX_KEPT_CHARS = 8_000_000

_BOOT = """
import runpy, sys
sys.path.append(sys.argv[1])
runpy.run_module("inginious_nb.render", run_name="__main__")
"""
"""``python -m`` for a package that may be importable only thanks to the parent's ``sys.path``.

With ``-P``, a student's ``random.py`` beside the notebook does not replace the library's.
"""


class FormattingProcess:
    """One child process that answers one request at a time; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()

    def warm_up(self) -> None:
        """Start the child, so that the first text need not wait for it; does not block."""
        if self._lock.acquire(blocking=False):
            try:
                self._running()
            finally:
                self._lock.release()

    def ask(self, request: Request) -> Reply | None:
        """Return the reply to a request, None if it cannot be answered within the limits."""
        with self._lock:
            # A child that was idle for long has ended: it gets a successor, once.
            for _ in range(2):
                child = self._running()
                if child is None:
                    return None
                line = self._exchange(child, request)
                if line is None:
                    self._end()
                    return None
                if line:
                    reply: Reply = json.loads(line)
                    if reply.get("last"):
                        self._end()
                    return reply
                self._end()
            return None

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes] | None:
        if self._owner != os.getpid():  # forked: the child belongs to the parent
            self._child, self._owner = None, os.getpid()
        if self._child is not None and self._child.poll() is not None:
            self._end()
        if self._child is None:
            try:
                self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                    [sys.executable, "-P", "-c", _BOOT, _ROOT, str(MAX_CPU_S)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    # An interrupt of the kernel is not meant for it.
                    start_new_session=True,
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
            except OSError as error:
                logger.warning("Texts are shown as they were written: %s", error)
        return self._child

    def _exchange(self, child: subprocess.Popen[bytes], request: Request) -> bytes | None:
        """Return the line that answers a request.

        Empty if the child had ended before it took the request, None if it ended because of it.
        """
        stdin, stdout = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
        timer = threading.Timer(REPLY_TIMEOUT_S, child.kill)
        timer.daemon = True
        timer.start()
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
            taken = stdout.readline()
            return (stdout.readline() or None) if taken else b""
        except OSError:
            return b""
        finally:
            timer.cancel()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for stream in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                cast("IO[bytes]", stream).close()
        child.wait()


class Formatter:
    """Formats texts in a process of limited means, and remembers the newest results."""

    def __init__(self) -> None:
        self._process = FormattingProcess()
        self._kept: OrderedDict[bytes, Reply | None] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, request: Request) -> Reply | None:
        """Return the reply to a request, None past a limit.

        Args:
            request: As `inginious_nb.render.__main__` takes it.
        """
        key = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).digest()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        reply = self._process.ask(request)
        # What a file of the course holds may be another thing next time.
        if reply is None or not reply["reads_files"]:
            self._keep(key, reply)
        return reply

    def warm_up(self) -> None:
        """Start the process in advance."""
        self._process.warm_up()

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def _keep(self, key: bytes, reply: Reply | None) -> None:
        with self._lock:
            self._kept[key] = reply
            total = sum(len(known["text"]) for known in self._kept.values() if known is not None)
            while len(self._kept) > MAX_KEPT or (total > MAX_KEPT_CHARS and len(self._kept) > 1):
                _, oldest = self._kept.popitem(last=False)
                total -= len(oldest["text"]) if oldest is not None else 0


@functools.cache
def formatter() -> Formatter:
    """Return the formatter of this Python process, made on first use."""
    made = Formatter()
    atexit.register(_close, made, os.getpid())
    return made


def _close(made: Formatter, owner: int) -> None:
    """End the process of a formatter, unless this is a forked child: it belongs to the parent."""
    if os.getpid() == owner:
        made.close()


if hasattr(os, "register_at_fork"):
    # Its locks may have been held by threads that a forked child does not have.
    os.register_at_fork(after_in_child=formatter.cache_clear)
