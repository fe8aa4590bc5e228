"""Outputs that are kept up to date beneath the cell that showed them, one of a kind at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class LiveOutput:
    """An output that a thread of its own brings up to date until the next one takes its place.

    Args:
        thread_name: The name of that thread.
    """

    def __init__(self, thread_name: str) -> None:
        self._thread_name = thread_name
        self._lock = threading.Lock()
        self._replaced = threading.Event()

    def replace(self) -> threading.Event:
        """Leave what is shown as it is.

        Returns:
            What is set once the next output is replaced, for `follow`.
        """
        with self._lock:
            self._replaced.set()
            self._replaced = threading.Event()
            return self._replaced

    def follow(
        self, replaced: threading.Event, update: Callable[[], bool], interval_s: float
    ) -> None:
        """Call update on the thread until the output is replaced.

        Args:
            replaced: As `replace` returned it.
            update: Brings the output up to date; returns whether there may be more to show.
            interval_s: Between two calls.
        """

        def run() -> None:
            while not replaced.wait(interval_s) and update():
                pass

        threading.Thread(target=run, name=self._thread_name, daemon=True).start()
