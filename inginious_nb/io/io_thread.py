"""A daemon thread that runs one asyncio loop, and the ways into it from other threads.

Everything that must go on while the kernel computes lives on it: pings, results, queue positions
(docs/architecture.md). Nothing here knows what runs there.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

_T = TypeVar("_T")


async def in_thread(call: Callable[..., _T], *args: Any) -> _T:
    """Return what a call returns that may have to wait, such as for a disk; the loop goes on.

    Once the interpreter ends no thread can begin any more: then it is called on the loop.
    """
    loop = asyncio.get_running_loop()
    try:
        done = loop.run_in_executor(None, call, *args)
    except RuntimeError:
        return call(*args)
    return await done


class IOThread:
    """One asyncio loop in one daemon thread.

    Args:
        name: The thread's name, as debuggers show it.
    """

    def __init__(self, name: str) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread and return once its loop runs.

        Raises:
            OSError: The loop cannot be made, such as where no more files can be opened.
            RuntimeError: No thread can begin.
        """
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run a coroutine on the loop; the future can be waited for from any other thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the loop as a task of its own, in the order of the calls."""

        def begin() -> None:
            task = self.loop.create_task(coroutine)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self.loop.call_soon_threadsafe(begin)

    async def cancel_spawned(self) -> None:
        """Cancel what was spawned and wait for its end; called on the loop."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the running loop.

        Raises:
            RuntimeError: It does not run.
        """
        if self._loop is None or self._loop.is_closed():
            raise RuntimeError("The I/O thread is not running.")
        return self._loop

    def stop(self, timeout_s: float = 5.0) -> None:
        """Cancel what runs on the loop, end it and wait for the thread; harmless when repeated."""
        loop = self._loop
        if loop is None or not self._thread.is_alive():
            return
        loop.call_soon_threadsafe(loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        # A Runner cancels what is left and shuts the executor down when its block ends. The
        # selector loop is asked for by name since zmq cannot watch its sockets on a proactor loop.
        with contextlib.ExitStack() as life:
            try:
                runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
                self._loop = life.enter_context(runner).get_loop()
            except BaseException as error:  # noqa: BLE001 - whoever started it is told
                self._failure = error
                self._ready.set()
                return
            self._loop.call_soon(self._ready.set)
            asyncio.set_event_loop(self._loop)
            self._loop.run_forever()
