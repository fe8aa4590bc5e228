"""One daemon thread that does things in the order in which they were asked for.

A thread pool of the standard library refuses work once the interpreter ends, when the session
still tells its last changes; this one just stops.
"""

from __future__ import annotations

import functools
import logging
import os
import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

_tasks: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()


def call_soon(task: Callable[[], object]) -> None:
    """Call task on the worker thread; what it raises is logged."""
    _start()
    _tasks.put(task)


@functools.cache
def _start() -> None:
    threading.Thread(target=_run, name="inginious_nb widget", daemon=True).start()


def _forget() -> None:
    """Have a forked child start a thread of its own: that of its parent is not there."""
    global _tasks  # noqa: PLW0603 - one per process is what it is
    _tasks = queue.SimpleQueue()
    _start.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _run() -> None:
    while True:
        task = _tasks.get()
        try:
            task()
        except Exception:  # noqa: BLE001 - whatever it is, the next task is still done
            _log.exception("A change could not be shown.")
