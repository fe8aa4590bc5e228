"""The documented client interface over the task pages of a site.

The site has its own queue and decides priorities and environments: it tells a submission's own
place at most, so there are no snapshots.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inginious_nb.client.callbacks import CallbackRecipient
from inginious_nb.client.client import AbstractClient
from inginious_nb.client.connection_state import ConnectionState
from inginious_nb.client.events import JobDone, JobQueued, JobStarted
from inginious_nb.client.job import Job
from inginious_nb.client.results import JobResult, why_unsent
from inginious_nb.i18n import Message, faults

from .feedback import readable
from .form import fields
from .pace import Pace
from .pictures import inlined
from .site_job import NewJob, SiteJob

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inginious_nb.client.callbacks import Before, ResultCallback, SshCallback
    from inginious_nb.client.queue_view import Snapshot
    from inginious_nb.course import Task

    from .site import Site

_log = logging.getLogger(__name__)


class WebClient(AbstractClient):
    """The client of a signed-in site; public methods may be called from any thread.

    Args:
        site: The conversation with the site.
        loop: The loop that the site's coroutines run on.
        pace: How often the site is asked.
        changed: Called on the loop when `connection` changed.
        ended: Called on the loop with course and task when a submission of ours has ended.
        attended: Returns whether a person is there who may sign in, which submissions wait for.
    """

    def __init__(
        self,
        site: Site,
        loop: asyncio.AbstractEventLoop,
        *,
        pace: Pace | None = None,
        changed: Callable[[], object] = lambda: None,
        ended: Callable[[str, str], object] = lambda _course, _task: None,
        attended: Callable[[], bool] = lambda: False,
    ) -> None:
        self._site = site
        self._loop = loop
        self._pace = pace or Pace()
        self._changed = changed
        self._ended = ended
        self._attended = attended
        self._site_jobs: dict[str, tuple[Job, SiteJob, asyncio.Task[None]]] = {}
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}
        self._silent_since: float | None = None
        self._closed = False

    @property
    def connection(self) -> ConnectionState:
        """Return where the conversation stands."""
        if self._closed:
            return ConnectionState("closed")
        if self._silent_since is not None and self._site.session:
            return ConnectionState("silent", time.monotonic() - self._silent_since)
        return ConnectionState("connected" if self._site.is_open else "connecting")

    def start(self) -> None:
        """Do nothing: a site is asked when there is something to ask."""

    def close(self) -> None:
        """End the client; pending jobs get their last answer, what the site has it grades."""
        self._call(self._close)

    def get_available_environments(self) -> dict[str, list[str]]:
        """Return nothing: the site does not tell environments, and checks them itself."""
        return {}

    def get_job_queue_snapshot(self) -> Snapshot:
        """Return ``(None, None)``: a site shows its queue to nobody but in words."""
        return None, None

    def get_job_queue_info(self, jobid: str) -> tuple[int, float] | None:
        """Return the place of a job as the site last told it, with -1 for the unknown wait."""
        site_job = self._site_jobs.get(jobid)
        last = site_job[0].events[-1] if site_job is not None and site_job[0].events else None
        if isinstance(last, JobQueued):
            return last.at_most_before, -1.0
        return (-1, -1.0) if isinstance(last, JobStarted) else None

    def kill_job(self, job_id: str) -> None:
        """Kill a job; it ends as ``killed``, or with the result that was faster."""
        self._call(lambda: self._kill(job_id))

    def new_job(
        self,
        task: Task,  # type: ignore[override]  # a task's problems make the form
        inputdata: Mapping[str, Any],
        callback: ResultCallback,
        launcher_name: str = "Unknown",  # noqa: ARG002 - the site knows who is signed in
        debug: bool | str = False,
        ssh_callback: SshCallback | None = None,
    ) -> str | None:
        """Add a job; see `AbstractClient.new_job`. The callbacks run on the loop."""
        recipient = CallbackRecipient(
            callback, ssh_callback, self._run_callback, self._run_in_thread
        )
        try:
            new = _new_job(str(uuid.uuid4()), task, inputdata, debug)
        except Exception as error:  # noqa: BLE001 - a task object may raise anything
            recipient.deliver(JobDone(time.time(), JobResult(("crash", why_unsent(error)))))
            return None
        job = Job(new.job_id, self.kill_job)
        self._call(lambda: self._begin(job, new, recipient))
        return job.id

    def open_job(
        self,
        task: Task,
        inputdata: Mapping[str, Any],
        *,
        debug: bool | str = False,
        job_id: str | None = None,
        username: str = "",
        repeats: Sequence[str] = (),
    ) -> Job:
        """Add a job to await or follow; its texts are in the markup that the task has.

        Raises:
            KeyError, UnicodeError: The answers are not those of the task.
        """
        new = _new_job(job_id or str(uuid.uuid4()), task, inputdata, debug)
        new = replace(new, username=username, repeats=tuple(repeats))
        job = Job(new.job_id, self.kill_job)
        self._call(lambda: self._begin(job, new, is_html=task.response_is_html))
        return job

    # ---- on the loop ------------------------------------------------------------------------

    def _begin(
        self,
        job: Job,
        new: NewJob,
        recipient: CallbackRecipient | None = None,
        *,
        is_html: bool = True,
    ) -> None:
        def tell(event: Any) -> None:
            job.deliver(event)
            if recipient is not None:
                recipient.deliver(event)

        if self._closed:
            tell(_closed_before())
            return
        site_job = SiteJob(
            self._site,
            new,
            tell,
            pace=self._pace,
            heard=self._heard,
            attended=self._attended,
            turn=self._turns.setdefault((new.course_id, new.task_id), asyncio.Lock()),
        )

        async def run() -> None:
            try:
                done = await site_job.run()
                result = await self._with_pictures(new, done.result)
                tell(JobDone(done.at, readable(result, is_html=is_html)))
            except asyncio.CancelledError:
                tell(_closed_before())
            except Exception:  # noqa: BLE001 - see below
                # A fault of ours must not leave a student waiting for ever.
                _log.exception("Submission %s could not be delivered.", job.id)
                tell(_fault())
            finally:
                self._site_jobs.pop(job.id, None)
                if not self._closed:
                    self._ended(new.course_id, new.task_id)

        self._site_jobs[job.id] = job, site_job, self._loop.create_task(run())

    async def _with_pictures(self, new: NewJob, result: JobResult) -> JobResult:
        try:
            return await inlined(self._site, new.course_id, new.task_id, result)
        except asyncio.CancelledError:
            return result  # it is there, and must not be lost for its pictures

    def _kill(self, job_id: str) -> None:
        if job_id in self._site_jobs:
            self._site_jobs[job_id][1].kill()

    def _heard(self, answered: bool) -> None:
        if answered == (self._silent_since is None):
            return
        self._silent_since = None if answered else time.monotonic()
        self._changed()

    def _close(self) -> None:
        self._closed = True
        for _job, _site_job, running in list(self._site_jobs.values()):
            running.cancel()

    def _run_callback(self, call: Callable[[], object], before: Before) -> None:
        if before is None or before.done() or self._closed:
            call()
        else:
            before.add_done_callback(lambda _done: call())

    def _run_in_thread(self, work: Callable[[], object], then: Callable[[], object]) -> Before:
        """Run a callback that may block, and then go on here."""
        if asyncio._get_running_loop() is not self._loop:  # noqa: SLF001 - public, see its docs
            self._loop.call_soon_threadsafe(self._run_in_thread, work, then)
            return None
        future = self._loop.run_in_executor(None, work)
        future.add_done_callback(lambda _done: then())
        return future

    def _call(self, action: Callable[[], object]) -> None:
        if asyncio._get_running_loop() is self._loop:  # noqa: SLF001 - public, see its docs
            action()
        else:
            self._loop.call_soon_threadsafe(action)


def _new_job(job_id: str, task: Task, inputdata: Mapping[str, object], debug: bool | str) -> NewJob:
    texts, files = fields(task, inputdata)
    return NewJob(
        job_id, task.course_id, task.id, texts, files, debug_mode="ssh" if debug == "ssh" else ""
    )


def _closed_before() -> JobDone:
    text = Message(
        "The connection to the site was closed before the result came; the task's page there "
        "shows it."
    )
    return JobDone(time.time(), JobResult(("crash", faults.of_nobody(text))))


def _fault() -> JobDone:
    text = Message(
        "Something went wrong on the way to the site; the log has the details. Look at the task's "
        "page there before you submit again."
    )
    return JobDone(time.time(), JobResult(("crash", faults.of_nobody(text))))
