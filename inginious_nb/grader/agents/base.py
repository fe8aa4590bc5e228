"""The protocol side of every agent: registration, heartbeat, one result for each job.

How a job is graded is a `Grader`'s business, which knows no socket. Works with our own broker and
with an unmodified INGInious backend (docs/protocol.md, Messages).
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inginious_nb import messages
from inginious_nb.errors import (
    AnswerError,
    CourseError,
    CourseNotFoundError,
    InginiousError,
    LocalProtocolError,
    RemoteProtocolError,
    TaskNotFoundError,
)
from inginious_nb.i18n import Message, faults
from inginious_nb.i18n.results import custom_for

from .connection import Connection

if TYPE_CHECKING:
    from collections.abc import Sequence

    import zmq

logger = logging.getLogger(__name__)

Environments = dict[str, dict[str, dict[str, Any]]]
"""Environment type to name to details, with at least ``id`` and ``created``.

Source: docs/protocol.md, Messages.
"""


class Grader(ABC):
    """Grades the jobs of some environments. Knows no socket and no backend."""

    @abstractmethod
    def environments(self) -> Environments:
        """Return what this grader offers, as an agent announces it."""

    def refusal(self, course_id: str, task_id: str, environment: tuple[str, str]) -> str:  # noqa: ARG002 - for those that know
        """Return what would help a task whose environment is not offered; empty if unknown."""
        return ""

    @abstractmethod
    async def grade(self, job: messages.BackendNewJob, handle: JobHandle) -> messages.AgentJobDone:
        """Grade one job; several may be graded at the same time.

        Cancelled when the agent stops: then nothing of the job may stay behind.

        Raises:
            InginiousError: The job cannot be graded. The job ends as a crash with this text.
            Exception: Anything else ends it as a crash with a general text, and is logged.
        """

    def close(self) -> None:  # noqa: B027 - most graders hold nothing
        """Release what is shared by jobs; none is being graded any more."""


class JobHandle:
    """A job as its grader sees it: its data, its end, and the way to report on it.

    Attributes:
        kill_requested: Set when somebody wants the job killed. A grader that can, then answers
            ``killed`` with an empty text (docs/protocol.md, Sequences).
        warning: What the author of the task should know of this job; empty if nothing.
    """

    def __init__(self, job_id: str) -> None:
        self.kill_requested = asyncio.Event()
        self.warning = ""
        self._job_id = job_id
        self._connection: Connection | None = None
        self._shell: messages.AgentJobSSHDebug | None = None

    async def ssh(self, host: str, port: int, user: str, password: str) -> None:
        """Tell the submitter where the remote shell of a job in ssh debug mode is; at most once."""
        if self._shell is not None:
            return
        self._shell = messages.AgentJobSSHDebug(self._job_id, host, port, user, password)
        if self._connection is not None:
            self._connection.send(self._shell)

    def attach(self, connection: Connection) -> None:
        """Report to the connection from now on, beginning with what was told to another one.

        For the agent, not for graders.
        """
        self._connection = connection
        connection.send(messages.AgentJobStarted(self._job_id))
        if self._shell is not None:
            connection.send(self._shell)


def without_feedback(
    job: messages.BackendNewJob, code: str, text: str = "", *, state: str | None = None
) -> messages.AgentJobDone:
    """Return the result of a job without feedback of its own: crash, killed, timeout, overflow.

    The state is the previous one unless given (docs/protocol.md, Results).
    """
    if code == "crash":
        text = faults.told(text)
    if state is None:
        previous = job.inputdata.get("@state", "")
        state = previous if isinstance(previous, str) else ""
    return messages.AgentJobDone.without_feedback(
        job.job_id, code, text, custom=custom_for(text), state=state
    )


def crash_of(job: messages.BackendNewJob, error: InginiousError) -> messages.AgentJobDone:
    """Return the result of a job that cannot be graded, which says whose fault that is."""
    # A course that this grader does not have was not given to it.
    is_of_task = isinstance(error, CourseError) and not isinstance(
        error, (CourseNotFoundError, TaskNotFoundError)
    )
    of = faults.of_machine
    if is_of_task:
        of = faults.of_task
    elif isinstance(error, AnswerError):
        of = faults.of_answer
    return without_feedback(job, "crash", faults.told(error.text, of))


@dataclass(eq=False, slots=True)
class _Running:
    job: messages.BackendNewJob
    handle: JobHandle
    connection: Connection
    task: asyncio.Task[None] | None = None


class Agent:
    """Takes jobs from a backend and has them graded.

    A backend that is silent for 10 s gets a new hello on a fresh connection (docs/protocol.md,
    Registration and heartbeats). It may merely be stalled, so the connection it knows stays open
    for a while: jobs finish there, and their results count if the backend comes back; then it is
    told goodbye there. If instead it was restarted and gives the same job again, the run in
    progress is continued for the new connection, not repeated.

    Args:
        context: Where the sockets are made.
        backend_addr: The agent address of the backend.
        graders: Where two offer the same environment, the first one grades it.
        slots: So many jobs are graded at the same time.
        friendly_name: Shown to people in the queue.
        silence_s: After so many seconds without a word from the backend it gets a new hello.
        give_up_s: After so many its jobs are given up.
        tick_s: How often silence is looked for.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        backend_addr: str,
        graders: Sequence[Grader],
        *,
        slots: int,
        friendly_name: str,
        silence_s: float = 10.0,
        give_up_s: float = 90.0,
        tick_s: float = 1.0,
    ) -> None:
        self._context = context
        self._backend_addr = backend_addr
        self._silence_s = silence_s
        self._give_up_s = give_up_s
        self._tick_s = tick_s
        self._graders = list(graders)
        self._friendly_name = friendly_name
        self._slot_count = slots
        self._offer = self._current_offer()
        self._slots = asyncio.Semaphore(slots)
        self._connections: list[Connection] = []  # the newest last
        self._running: dict[str, _Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    async def run(self) -> None:
        """Serve the backend until cancelled; once only.

        Then running jobs are ended and the backend is told that nothing more is offered, so that
        it gives their submitters an answer at once.

        Raises:
            ServiceError: The address cannot be one.
        """
        try:
            self._connect()
            while True:
                await asyncio.sleep(self._tick_s)
                self._look_after_connections()
        finally:
            await self._stop()

    def announce(self) -> None:
        """Tell the backend what the graders offer, if that has changed."""
        offer = self._current_offer()
        if offer == self._offer:
            return
        self._offer = offer
        if self._running:
            self._connect()  # a second hello on the same connection would end its jobs
        elif self._connections:
            self._connections[-1].send(self._hello())

    def refusal(self, course_id: str, task_id: str, environment: tuple[str, str]) -> str:
        """Return what would help a task whose environment is not offered; empty if unknown."""
        found = (grader.refusal(course_id, task_id, environment) for grader in self._graders)
        return next(filter(None, found), "")

    def _current_offer(self) -> Environments:
        offer: Environments = {}
        for grader in self._graders:
            for kind, names in grader.environments().items():
                offer[kind] = names | offer.get(kind, {})
        return offer

    def _hello(self) -> messages.AgentHello:
        return messages.AgentHello(self._friendly_name, self._slot_count, self._offer)

    def _grader_of(self, job: messages.BackendNewJob) -> Grader:
        for grader in self._graders:
            if job.environment in grader.environments().get(job.environment_type, {}):
                return grader
        offered = ", ".join(
            f"{kind}/{name}" for kind, names in self._offer.items() for name in names
        )
        text = Message(
            "This agent does not offer the environment {type}/{environment}; it offers {offered}.",
            type=job.environment_type,
            environment=job.environment,
            offered=offered,
        )
        raise CourseError(faults.of_machine(text))

    # ---- connections --------------------------------------------------------------------------

    def _connect(self) -> None:
        connection = Connection(self._context, self._backend_addr, self._receive)
        connection.send(self._hello())
        self._connections.append(connection)

    def _look_after_connections(self) -> None:
        # Counted in ticks: a process that was stopped itself must not blame the backend.
        for connection in self._connections:
            connection.silent_s += self._tick_s
        if all(connection.silent_s > self._silence_s for connection in self._connections):
            logger.warning("The backend is silent; saying hello again")
            if not self._connections[-1].was_heard:
                self._leave(self._connections[-1])
            self._connect()
        self._leave_superseded()
        for connection in self._connections[:-1]:
            if connection.silent_s > self._give_up_s:
                self._connections.remove(connection)
                connection.close(linger_ms=0)
                for running in list(self._running.values()):
                    if running.connection is connection:
                        self._abandon(running)

    def _leave_superseded(self) -> None:
        """Withdraw older registrations that carry no job, once the backend knows the newest.

        A backend that was only stalled knows them all, and would count their slots for ever.
        """
        if not self._connections or not self._connections[-1].was_heard:
            return
        busy = [running.connection for running in self._running.values()]
        for connection in self._connections[:-1]:
            if connection not in busy:
                self._leave(connection)

    def _leave(self, connection: Connection) -> None:
        self._connections.remove(connection)
        connection.send(self._goodbye())
        connection.close()

    def _goodbye(self) -> messages.AgentHello:
        # A second hello ends the jobs of the first one (docs/protocol.md, Sequences).
        return messages.AgentHello(self._friendly_name, 0, {})

    async def _stop(self) -> None:
        self._is_stopping = True
        for connection in self._connections:
            connection.send(self._goodbye())
        for running in list(self._running.values()):
            self._abandon(running)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in self._connections:
            connection.close()
        for grader in self._graders:
            grader.close()

    # ---- messages -----------------------------------------------------------------------------

    def _receive(self, connection: Connection, frame: bytes) -> None:
        try:
            message = messages.decode(frame, messages.TO_AGENT)
        except RemoteProtocolError as error:
            logger.warning("Dropped a frame from the backend: %s", error)
            return
        match message:
            case messages.Ping():
                connection.send(messages.Pong())
            case messages.BackendNewJob() if not self._is_stopping:
                self._take(connection, message)
            case messages.BackendKillJob():
                running = self._running.get(message.job_id)
                if running is not None and running.connection is connection:
                    running.handle.kill_requested.set()

    def _take(self, connection: Connection, job: messages.BackendNewJob) -> None:
        running = self._running.get(job.job_id)
        if running is not None and running.job == job:
            running.connection = connection
            running.handle.attach(connection)
            return
        if running is not None:
            self._abandon(running)
        running = _Running(job, JobHandle(job.job_id), connection)
        self._running[job.job_id] = running
        running.handle.attach(connection)
        task = asyncio.create_task(self._serve(running))
        running.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _abandon(self, running: _Running) -> None:
        """End a job whose result nobody waits for."""
        del self._running[running.job.job_id]
        if running.task is not None:
            running.task.cancel()

    def _is_wanted(self, running: _Running) -> bool:
        return self._running.get(running.job.job_id) is running

    # ---- jobs ---------------------------------------------------------------------------------

    async def _serve(self, running: _Running) -> None:
        # A backend that knows this agent twice may give more jobs than there are slots.
        async with self._slots:
            result = await self._graded(running)
        if not self._is_wanted(running):
            return
        del self._running[running.job.job_id]
        try:
            running.connection.send(result)
        except LocalProtocolError as error:
            logger.exception("The result of job %s cannot be sent", running.job.job_id)
            text = faults.of_task(error.text)
            running.connection.send(without_feedback(running.job, "crash", text))
        self._leave_superseded()

    async def _graded(self, running: _Running) -> messages.AgentJobDone:
        job = running.job
        try:
            return await self._grader_of(job).grade(job, running.handle)
        except asyncio.CancelledError:
            if not self._is_wanted(running):
                raise
            logger.exception("Grading job %s was cancelled from within", job.job_id)
        except InginiousError as error:
            logger.warning("Job %s cannot be graded: %s", job.job_id, error)
            return crash_of(job, error)
        except Exception:
            logger.exception("Grading job %s failed", job.job_id)
        text = Message("The grader failed on this submission; its log says why.")
        return without_feedback(job, "crash", text)
