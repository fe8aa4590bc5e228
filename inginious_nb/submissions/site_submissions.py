"""Submissions that were made at a site: listed in the history, fetched when they are looked at."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import BackendUnavailableError, InginiousError
from inginious_nb.i18n import Message
from inginious_nb.services.account import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from inginious_nb.course import CourseLibrary, Task
    from inginious_nb.services.service import Recalled

    from .record import SubmissionRecord
    from .student import Student
    from .submission import SubmissionContext

_log = logging.getLogger(__name__)

_MAX_LOOKED_AT = 20
"""How many listed submissions are looked at each time, the newest."""
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
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}

    async def take(self, task: Task) -> None:
        """Take what a site lists of this person's submissions to a task.

        Two pages of a task are taken in the order of the calls, so that the older does not stay.
        """
        async with self._turns.setdefault((task.course_id, task.id), asyncio.Lock()):
            await self._take(task)

    async def _take(self, task: Task) -> None:
        person = self._context.person
        others = await self._place(task)
        new = await asyncio.to_thread(self._renew, task, person)
        for remote_id, recalled in others.items():
            await self._keep(remote_id, recalled)
        last = self._context.task_state(task, person).last if new else None
        if last is not None and last.id in new and last.id not in others:
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

    async def _place(self, task: Task) -> dict[str, Recalled]:
        """Find what was sent from here and not heard of again; return what else was looked at.

        A kernel may die between the site's answer and the disk: one submission stays one row.
        """
        context, standing = self._context, task.standing
        account = Account(task.site, standing.username)
        service = context.service_for(task)
        listed = await asyncio.to_thread(
            context.history.unplaced,
            task.course_id,
            task.id,
            context.person.username,
            account=account,
            submissions=standing.submissions,
        )
        others: dict[str, Recalled] = {}
        for remote_id in listed[:_MAX_LOOKED_AT] if service.account == account else ():
            try:
                recalled = await service.recall(task, remote_id)
                is_placed = await asyncio.to_thread(
                    context.history.place,
                    task.course_id,
                    task.id,
                    job_id=recalled.job_id,
                    account=account,
                    remote_id=remote_id,
                    result=recalled.result,
                )
                if not is_placed:
                    others[remote_id] = recalled
            except InginiousError as error:
                _log.info("A submission of %s cannot be looked at: %s", task.site, error)
        return others

    async def _recall(self, task: Task, record: SubmissionRecord) -> None:
        service = self._context.service_for(task)
        await self._keep(record.id, await service.recall(task, record.remote_id or record.id))
        self._context.task_state(task, self._context.person).read_again()

    async def _keep(self, submission_id: str, recalled: Recalled) -> None:
        keep = self._context.history.keep_recalled
        await asyncio.to_thread(keep, submission_id, recalled.inputdata, recalled.result)
