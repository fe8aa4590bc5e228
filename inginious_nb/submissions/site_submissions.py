"""Submissions that were made at a site: listed in the history, fetched when they are looked at."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import BackendUnavailableError, InginiousError
from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from inginious_nb.course import CourseLibrary, Task

    from .record import SubmissionRecord
    from .student import Student
    from .submission import SubmissionContext

_RECALL_TIMEOUT_S = 10.0


class SiteSubmissions:
    """The submissions of the person at a session that a site has.

    Args:
        context: The surroundings of the session's submissions.
        library: Where their tasks are looked up.
        run: Runs a coroutine on the session's loop.
        renew: Takes what a site lists into the history and returns the new ids; blocks.
    """

    def __init__(
        self,
        context: SubmissionContext,
        library: CourseLibrary,
        *,
        run: Callable[[Coroutine[Any, Any, None]], Future[None]],
        renew: Callable[[Task, Student], list[str]],
    ) -> None:
        self._context = context
        self._library = library
        self._run = run
        self._renew = renew

    async def take(self, task: Task) -> None:
        """Take what a site lists of this person's submissions to a task."""
        person = self._context.person
        new = await asyncio.to_thread(self._renew, task, person)
        last = self._context.task_state(task, person).last if new else None
        if last is not None and last.id in new:
            # It is what the task's views show first.
            with contextlib.suppress(InginiousError):
                await self._recall(task, last)

    def recall(self, record: SubmissionRecord) -> None:
        """Have the answers and the feedback of a submission made at a site; waits a moment.

        Raises:
            InginiousError: They do not come; the text says why.
        """
        if record.origin != "site" or self._context.history.inputdata(record.id):
            return
        task = self._library.task(f"{record.course_id}/{record.task_id}")
        try:
            self._run(self._recall(task, record)).result(_RECALL_TIMEOUT_S)
        except TimeoutError:
            raise BackendUnavailableError(
                Message("{site} has not answered yet; try again in a moment.", site=record.service)
            ) from None

    async def _recall(self, task: Task, record: SubmissionRecord) -> None:
        context = self._context
        service = context.service_for(task)
        kept = await service.recall(task, record.remote_id or record.id)
        await asyncio.to_thread(context.history.keep_recalled, record.id, *kept)
        context.task_state(task, context.person).read_again()
