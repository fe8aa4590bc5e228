"""What work costs, without a clock: calls that it makes, and an end for work that has none."""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def calls(work: Callable[[], object]) -> int:
    """Return how many functions a work calls, those of C included: as many on each machine."""
    count = 0

    def note(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    gc.disable()  # what others left is no work of this
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


@contextlib.contextmanager
def watchdog(cpu_s: float = 60) -> Iterator[None]:
    """End work that would go on for minutes, and fail: here it is to take far less than a second.

    It counts this process's own seconds, so a busy machine takes none of them. Work that waits,
    and uses none, is ended by pytest-timeout.
    """
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return

    def end(*_):
        pytest.fail(f"This has taken {cpu_s} seconds of a processor and does not end.")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
