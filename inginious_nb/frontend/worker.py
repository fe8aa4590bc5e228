"""One daemon thread that does things in the order in which they were asked for.

A thread pool of the standard library refuses work once the interpreter ends, when the session
still tells its last changes; this one just stops.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

_tasks: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
_starting = threading.Lock()
_is_started = False


def call_soon(task: Callable[[], object]) -> None:
    """Call task on the worker thread; what it raises is logged.

    Where no thread can begin now, it is called as soon as one can: with a later task.
    """
    global _is_started  # noqa: PLW0603 - one per process is what it is
    _tasks.put(task)
    with _starting:
        if _is_started:
            return
        try:
            threading.Thread(target=_run, name="inginious_nb widget", daemon=True).start()
            _is_started = True
        except RuntimeError as error:
            _log.warning("What changed cannot be shown now: %s", error)


def call_later(wait_s: float, task: Callable[[], object]) -> None:
    """Call task on the worker thread after so long; soon, where no thread can begin to wait."""
    timer = threading.Timer(wait_s, call_soon, [task])
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError:
        call_soon(task)


def _forget() -> None:
    """Have a forked child start a thread of its own: that of its parent is not there."""
    global _tasks, _starting, _is_started
    _tasks, _starting, _is_started = queue.SimpleQueue(), threading.Lock(), False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _run() -> None:
    while True:
        task = _tasks.get()
        try:
            task()
        except Exception:  # noqa: BLE001 - whatever it is, the next task is still done
            _log.exception("A change could not be shown.")
