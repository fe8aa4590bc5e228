"""Callbacks of the documented API: each is called once, with as many values as it takes."""

from __future__ import annotations

import inspect
import logging
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from .events import JobDone, JobSsh

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from .events import JobEvent
    from .results import JobResult

    ResultCallback = Callable[..., object]
    SshCallback = Callable[[str | None, int | None, str | None, str | None], object]
    Before = asyncio.Future[object] | None
    Run = Callable[[Callable[[], object], Before], object]
    RunThen = Callable[[Callable[[], object], Callable[[], object]], Before]

logger = logging.getLogger(__name__)

_DOCUMENTED, _INGINIOUS_0_9_2 = 6, 9


class CallbackRecipient:
    """A recipient that calls a result callback once, after any ssh callback has returned.

    Args:
        callback: Called with the six documented values; with INGInious 0.9.2's nine if it cannot
            take six but can take nine (docs/protocol.md, Client contract). What it raises is
            logged.
        ssh_callback: Called exactly once: with host, port, user and password, or with four None
            when the job ends without a shell (docs/protocol.md, Client contract).
        run: Runs a result callback, at once or elsewhere, after its second argument is done.
        run_in_thread: Runs its first argument where it may block, and then the second; returns
            what is done when the first is, or None if it is already.

    Raises:
        TypeError: ``callback`` cannot be called.
    """

    follows_progress = False
    __slots__ = ("_before", "_callback", "_run", "_run_in_thread", "_ssh_callback")

    def __init__(
        self,
        callback: ResultCallback,
        ssh_callback: SshCallback | None,
        run: Run,
        run_in_thread: RunThen,
    ) -> None:
        if not callable(callback):
            raise TypeError(f"The callback of a job must be callable, not {callback!r}.")
        self._before: Before = None
        self._callback = callback
        self._ssh_callback = ssh_callback
        self._run = run
        self._run_in_thread = run_in_thread

    def deliver(self, event: JobEvent) -> None:
        """Take an event from the client's core."""
        if type(event) is JobDone:
            result = event.result
            if self._ssh_callback is None:
                self._run(lambda: self._call_back(result), self._before)
            else:
                then = lambda: self._run(lambda: self._call_back(result), None)  # noqa: E731 - short
                self._call_ssh(then, None, None, None, None)
        elif type(event) is JobSsh and self._ssh_callback is not None:
            self._call_ssh(_nothing, event.host, event.port, event.user, event.password)

    def _call_ssh(self, then: Callable[[], object], *values: Any) -> None:
        callback, self._ssh_callback = self._ssh_callback, None
        if callback is not None:
            self._before = self._run_in_thread(lambda: _logged(callback, *values), then)

    def _call_back(self, result: JobResult) -> None:
        values = result if takes_documented(self._callback) else result.nine()
        _logged(self._callback, *values)


def takes_documented(callback: ResultCallback) -> bool:
    """Return whether a callback takes the six documented values, not INGInious 0.9.2's nine."""
    function = callback.__func__ if isinstance(callback, MethodType) else callback
    if type(function) is FunctionType:  # the common case, many times faster than a signature
        code = function.__code__
        most = code.co_argcount - (function is not callback)
        least = most - len(function.__defaults__ or ())
        enough = most >= _DOCUMENTED or code.co_flags & inspect.CO_VARARGS
        if least <= _DOCUMENTED and enough and not code.co_kwonlyargcount:
            return True
    return _accepts(callback, _DOCUMENTED) or not _accepts(callback, _INGINIOUS_0_9_2)


def _accepts(callback: ResultCallback, count: int) -> bool:
    try:
        inspect.signature(callback).bind(*(None,) * count)
    except (TypeError, ValueError):  # the latter for built-ins that tell no signature
        return False
    return True


def _logged(callback: Callable[..., object], *values: Any) -> None:
    try:
        callback(*values)
    except Exception:
        logger.exception("The callback %r failed", callback)


def _nothing() -> None:
    pass
