"""A list of callbacks that are told when something changed, from any thread."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class Observers:
    """Callbacks without arguments; one that raises is logged and does not stop the others."""

    def __init__(self) -> None:
        self._callbacks: dict[object, Callable[[], object]] = {}
        self._lock = threading.Lock()

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback after each change, on whatever thread made it.

        Returns:
            A function that ends the subscription; harmless when repeated.
        """
        key = object()
        with self._lock:
            self._callbacks[key] = callback

        def unsubscribe() -> None:
            with self._lock:
                self._callbacks.pop(key, None)

        return unsubscribe

    def notify(self) -> None:
        """Tell every subscriber that something changed."""
        with self._lock:
            callbacks = list(self._callbacks.values())
        for callback in callbacks:
            try:
                callback()
            except Exception:  # noqa: BLE001 - whatever it is, the others are still told
                _log.exception("A subscriber failed.")
