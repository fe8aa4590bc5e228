"""A submitted job as its caller holds it: to await, follow or kill, on any loop."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .events import JobDone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator

    from .events import JobEvent
    from .results import JobResult

logger = logging.getLogger(__name__)


class Job:
    """A submitted job.

    ``await job`` gives its `JobResult`; ``async for event in job`` gives all its events from the
    first, and ends after `JobDone`. Both may be done several times, on any loop; giving up waiting
    does not kill the job.

    Attributes:
        id: The job id, as in the queue.
        events: The events so far.
    """

    follows_progress = True

    def __init__(self, job_id: str, kill: Callable[[str], object]) -> None:
        self.id = job_id
        self.events: list[JobEvent] = []
        self._kill = kill
        self._notifiers: list[Callable[[], object]] = []

    @property
    def result(self) -> JobResult | None:
        """Return the result, or None while there is none."""
        last = self.events[-1] if self.events else None
        return last.result if isinstance(last, JobDone) else None

    def kill(self) -> None:
        """Ask for the job to be killed; it then ends as ``killed``, or with a result it has had."""
        self._kill(self.id)

    def deliver(self, event: JobEvent) -> None:
        """Take an event from the client's core, on the client's loop."""
        self.events.append(event)
        notifiers, self._notifiers = self._notifiers, []
        for notify in notifiers:
            try:
                notify()
            except RuntimeError:  # the loop that waited is closed
                logger.debug("Nobody waits for job %s any more", self.id)

    def __await__(self) -> Generator[object, None, JobResult]:
        return self._wait_for_result().__await__()

    async def __aiter__(self) -> AsyncIterator[JobEvent]:
        given = 0
        while not given or not isinstance(self.events[given - 1], JobDone):
            await self._wait_for_event(given)
            yield self.events[given]
            given += 1

    async def _wait_for_result(self) -> JobResult:
        while (result := self.result) is None:
            await self._wait_for_event(len(self.events))
        return result

    async def _wait_for_event(self, index: int) -> None:
        """Return once ``events[index]`` is there."""
        loop = asyncio.get_running_loop()
        while len(self.events) <= index:
            news: asyncio.Future[None] = loop.create_future()
            notifier = _Notifier(loop, news)
            self._notifiers.append(notifier)
            # An event that another thread delivered between the test and the line above notified
            # nobody.
            if len(self.events) > index:
                return
            await news


class _Notifier:
    """Resolves a future of one loop from the thread of another."""

    __slots__ = ("_loop", "_news")

    def __init__(self, loop: asyncio.AbstractEventLoop, news: asyncio.Future[None]) -> None:
        self._loop = loop
        self._news = news

    def __call__(self) -> None:
        if asyncio._get_running_loop() is self._loop:  # noqa: SLF001 - public, see its docs
            self._resolve()
        else:
            self._loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        if not self._news.done():
            self._news.set_result(None)
