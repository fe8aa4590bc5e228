"""AbstractClient and Client: the documented calls of ``inginious.client.client``, and asyncio ones.

Every public method may be called from any thread. What happens to a job is decided in `core`.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from inginious_nb import messages
from inginious_nb.errors import LocalProtocolError, RemoteProtocolError
from inginious_nb.i18n import Message, faults

from ._zeromq_client import BetterParanoidPirateClient
from .callbacks import CallbackRecipient
from .encoder import encode_job
from .events import JobDone
from .job import Job
from .pending_jobs import PendingJob
from .queue_view import Snapshot, queue_info
from .results import JobResult, why_unsent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import zmq

    from .callbacks import Before, ResultCallback, SshCallback
    from .encoder import SendableTask
    from .options import ClientOptions
    from .pending_jobs import Recipient
    from .queue_view import RunningRow, WaitingRow

logger = logging.getLogger(__name__)

_NO_SSH_CALLBACK = Message("A remote shell needs an ssh_callback; the job was not sent.")


class AbstractClient(ABC):
    """The documented interface of all clients."""

    @abstractmethod
    def start(self) -> None:
        """Start the client."""

    @abstractmethod
    def close(self) -> None:
        """Close the client."""

    @abstractmethod
    def get_available_environments(self) -> dict[str, list[str]]:
        """Return environment types with the names available for grading."""

    @abstractmethod
    def get_job_queue_snapshot(self) -> Snapshot:
        """Return the backend's last snapshot of the queue, possibly without recent jobs.

        Returns:
            ``(None, None)`` before the first one, or two lists of tuples. Running jobs:
            ``(job_id, is_current_client_job, agent_name, "courseid/taskid", launcher, started_at,
            max_time)``; waiting jobs: ``(job_id, is_current_client_job, "courseid/taskid",
            launcher, max_time)``. Times are in seconds, ``started_at`` since the UNIX epoch;
            ``max_time`` is -1 without a limit.
        """

    @abstractmethod
    def get_job_queue_info(self, jobid: str) -> tuple[int, float] | None:
        """Return the place of a job in the queue.

        Returns:
            ``(tasks before it, approximate seconds to wait)``, with -1 tasks before it when it
            runs; None if it is not in the queue.
        """

    @abstractmethod
    def new_job(
        self,
        task: SendableTask,
        inputdata: Mapping[str, Any],
        callback: ResultCallback,
        launcher_name: str = "Unknown",
        debug: bool | str = False,
        ssh_callback: SshCallback | None = None,
    ) -> str | None:
        """Add a job. Every callback is called once and only once.

        Args:
            task: The task to be graded.
            inputdata: Input from the student.
            callback: Called with ``(result, grade, problems, tests, custom, archive)``; result is
                itself a pair of a code and the main feedback, grade is from 0 to 100, problems
                maps problem ids to results, archive is None or a gzipped tar.
            launcher_name: For information only.
            debug: True for more output, "ssh" for a remote shell, which needs ssh_callback.
            ssh_callback: Called with ``(host, port, user, password)``, or four None if no shell
                was opened.

        Returns:
            The id of the job, or None if it could not be sent.
        """

    @abstractmethod
    def kill_job(self, job_id: str) -> None:
        """Kill a job that waits or runs."""


class Client(BetterParanoidPirateClient, AbstractClient):
    """The client of an INGInious backend.

    Args:
        context: A `zmq.asyncio.Context` or a plain `zmq.Context`. The caller ends it after `close`:
            it knows nothing of the sockets here, so even its ``destroy`` waits for them.
        backend_addr: Client address of the backend.
        queue_update: Seconds between two looks at the queue. While one of our jobs waits it is
            looked at about every second, if that is more often. <= 0 disables these updates; the
            queue is then asked for only when a job may have been lost.
        loop: The loop that does the work. Default: the one that runs here, or else the one that
            `start` finds.
        options: Time limits, retries, identity and keys.

    Raises:
        UsageError: ``backend_addr`` is not an address, or the context has ended already.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        backend_addr: str,
        queue_update: float = 10,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        options: ClientOptions | None = None,
    ) -> None:
        super().__init__(context, backend_addr, queue_update, loop=loop, options=options)

    # ---- documented -------------------------------------------------------------------------

    def get_available_environments(self) -> dict[str, list[str]]:
        """Return environment types with the names available for grading; empty at first."""
        return {kind: list(names) for kind, names in self._core.environments.items()}

    def get_job_queue_snapshot(self) -> Snapshot:
        """Return the last snapshot of the queue; see `AbstractClient.get_job_queue_snapshot`."""
        rows = self._queue_rows()
        return (None, None) if rows is None else (list(rows[0]), list(rows[1]))

    def get_job_queue_info(self, jobid: str) -> tuple[int, float] | None:
        """Return the place of a job in the queue; see `AbstractClient.get_job_queue_info`.

        As documented, and a hint at best: a backend counts neither priorities nor free agents.
        """
        rows = self._queue_rows()
        return None if rows is None else queue_info(*rows, jobid)

    def _queue_rows(self) -> tuple[Sequence[RunningRow], Sequence[WaitingRow]] | None:
        """Return the rows of the last snapshot; None if there is none, or it is not valid."""
        queue = self._core.queue
        try:
            return None if queue is None else (queue.jobs_running, queue.jobs_waiting)
        except RemoteProtocolError as error:
            logger.warning("The backend's queue cannot be shown: %s", error)
            return None

    def kill_job(self, job_id: str) -> None:
        """Kill a job that waits or runs; its callback is called with what it ends with.

        Raises:
            LocalProtocolError: ``job_id`` is not text that can be sent.
        """
        messages.encode(
            messages.ClientKillJob(job_id=job_id)
        )  # here the caller learns if it cannot be
        self._call(lambda core, now: core.kill(job_id, now))

    def new_job(  # type: ignore[override]  # documented so: the abstract one has none
        self,
        priority: int,
        task: SendableTask,
        inputdata: Mapping[str, Any],
        callback: ResultCallback,
        launcher_name: str = "Unknown",
        debug: bool | str = False,
        ssh_callback: SshCallback | None = None,
    ) -> str | None:
        """Add a job; the callbacks are called exactly once, whatever happens.

        Args:
            priority: Of all waiting jobs those with the lowest number are served first.
            task: The task to be graded.
            inputdata: Input from the student; missing reserved keys (``@lang`` and the like) are
                filled in.
            callback: Called on the client's loop with the six documented values; one that cannot
                take six but can take nine gets the nine of INGInious 0.9.2. It is called here,
                before this method returns, if the job cannot be sent.
            launcher_name: For information only.
            debug: True for more output, "ssh" for a remote shell, which needs ssh_callback.
            ssh_callback: Called in another thread with ``(host, port, user, password)``, or four
                None if no shell was opened.

        Returns:
            The id of the job, or None if it could not be sent.

        Raises:
            TypeError: ``callback`` cannot be called.
        """
        recipient = CallbackRecipient(
            callback, ssh_callback, self._run_callback, self._run_in_thread
        )
        refusal: str | None = None
        if debug == "ssh" and ssh_callback is None:
            refusal = faults.of_nobody(_NO_SSH_CALLBACK)
        elif self.closed:
            refusal = faults.of_nobody(Message("The client was closed before the job was sent."))
        else:
            job_id = str(uuid.uuid4())
            try:
                job = _encoded(
                    job_id, (recipient,), task, inputdata, priority, launcher_name, debug
                )
            except Exception as error:  # a task object may raise anything
                logger.info("Job %s cannot be sent", job_id, exc_info=error)
                refusal = why_unsent(error)
        if refusal is None:
            self._submit(job)
            return job_id
        here = CallbackRecipient(callback, ssh_callback, _run, _run_then)
        here.deliver(JobDone(time.time(), JobResult(("crash", refusal))))
        return None

    # ---- asyncio ----------------------------------------------------------------------------

    def open_job(
        self,
        task: SendableTask,
        inputdata: Mapping[str, Any],
        *,
        priority: int = 0,
        launcher_name: str = "Unknown",
        debug: bool | str = False,
        job_id: str | None = None,
        refusal: str = "",
    ) -> Job:
        """Add a job to await or follow; may be called on any thread.

        Args:
            task: The task to be graded.
            inputdata: Input from the student; missing reserved keys are filled in.
            priority: Of all waiting jobs those with the lowest number are served first.
            launcher_name: For information only.
            debug: True for more output, "ssh" for a remote shell (reported by a `JobSsh` event).
            job_id: The id to use, such as that of a job of an earlier process. Default: a new one.
            refusal: What it ends with where its environment is not offered; by default an agent
                that offers it is waited for.

        Raises:
            LocalProtocolError: The task or the input cannot be sent; the text names the place.
        """
        job = Job(job_id or str(uuid.uuid4()), self.kill_job)
        pending = _encoded(job.id, (job,), task, inputdata, priority, launcher_name, debug)
        pending.chosen_id = job_id is not None
        pending.refusal = refusal
        self._submit(pending)
        return job

    async def submit(
        self,
        task: SendableTask,
        inputdata: Mapping[str, Any],
        *,
        priority: int = 0,
        launcher_name: str = "Unknown",
        debug: bool | str = False,
        ssh_callback: SshCallback | None = None,
    ) -> JobResult:
        """Grade a job and return its result. Cancelling the coroutine kills the job.

        Raises:
            LocalProtocolError: The task or the input cannot be sent; the text names the place. Or
                debug is "ssh" without an ssh_callback.
        """
        if debug == "ssh" and ssh_callback is None:
            raise LocalProtocolError(_NO_SSH_CALLBACK)
        job = Job(str(uuid.uuid4()), self.kill_job)
        recipients: tuple[Recipient, ...] = (job,)
        if ssh_callback is not None:
            shell = CallbackRecipient(
                lambda *_: None, ssh_callback, self._run_callback, self._run_in_thread
            )
            recipients = (job, shell)
        self._submit(_encoded(job.id, recipients, task, inputdata, priority, launcher_name, debug))
        try:
            return await job
        except asyncio.CancelledError:
            job.kill()
            raise

    def _submit(self, job: PendingJob) -> None:
        self._call(lambda core, now: core.submit(job, now))


def _encoded(
    job_id: str,
    recipients: tuple[Recipient, ...],
    task: SendableTask,
    inputdata: Mapping[str, Any],
    priority: int,
    launcher: str,
    debug: bool | str,
) -> PendingJob:
    frame, environment = encode_job(
        job_id, task, inputdata, priority=priority, launcher=launcher, debug=debug
    )
    # In an environment such as docker-ssh/default a task may open one for its student.
    for_shell = debug == "ssh" or environment[0].endswith("-ssh")
    return PendingJob(job_id, frame, environment, recipients, for_shell=for_shell)


def _run(call: Callable[[], object], _before: Before) -> None:
    call()


def _run_then(work: Callable[[], object], then: Callable[[], object]) -> None:
    work()
    then()
