"""The client without I/O: frames, calls and the time in; frames and events out.

Theory of operation
-------------------
A job is *held* until the backend knows us and an agent has announced its environment, then *sent*;
it ends exactly once, by `_finish`, whatever happens.

A backend does not report losses: it drops a result for a client that is away, and a restart empties
the queue. But it sends the whole queue at any time. So there is one rule for every kind of loss:
**a job that was sent before the queue was asked for, and is in two answers in a row neither running
nor waiting, although no result came before them, is lost and sent again** (same id, a bounded
number of times). Frames of one connection arrive in order, so a result that was
on its way arrives before the answer; two answers are asked for, so as not to depend on that alone.
The queue is asked for after every possible loss (a resync, see `Connections`), about every second
while a job waits, and seldom otherwise.

A backend refuses an id it already has with a crash, at once (docs/protocol.md, Sequences). Such an
answer to a job that was sent more than once is believed only when the queue confirms that the job
is gone.

The queue may hold thousands of jobs, and whoever runs the loop waits while it is looked at. So of
jobs of others nothing is made but their ids, and of ours only what has changed is worked off.

No socket, clock, thread or task lives here. Times are in seconds of any monotonic clock; events
carry the time of day by adding ``epoch``.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from typing import TYPE_CHECKING

from inginious_nb import messages
from inginious_nb.errors import RemoteProtocolError
from inginious_nb.i18n import Message, faults
from inginious_nb.i18n.results import custom_of_task

from .connection_state import ConnectionState
from .connections import Connections
from .events import JobDone, JobQueued, JobSent, JobSsh, JobStarted
from .queue_requests import QueueRequests
from .results import UNAVAILABLE, JobResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .connection_state import State
    from .connections import Action
    from .events import JobEvent
    from .options import ClientOptions
    from .pending_jobs import PendingJob, Recipient
    from .queue_view import RunningRow

logger = logging.getLogger(__name__)

_GET_QUEUE = messages.encode(messages.ClientGetQueue())
_CONFIRMATIONS = 2
"""A job counts as lost once so many answers in a row lack it."""

_AGENT_LOSS_LIMIT = 2
"""One job is sent again so often when its agent is lost: the job may be what ends agents."""

_AGENT_SILENCE_S = 5.0
"""A backend counts an agent as lost after 6 to 7 s of silence; no refusal takes that long."""

_MAX_NAMED = 20
"""Environments that a message names when it refuses another."""


class ClientCore:
    """The state and all decisions of a client.

    Call `receive`, `tick` and the calls of a user; after each, take out and do what `actions` says,
    in order, and take out and deliver ``events``.

    Args:
        options: Time limits and retries.
        queue_update_s: How often to ask for the queue when none of our jobs waits; never if <= 0.
        routing_ids: Where routing ids come from; the first is the stable one.
        now: The time.

    Attributes:
        actions: Work for the sockets.
        events: Events with the recipients they are for.
        environments: Type to names, as last announced; empty before that.
        queue: The last snapshot, or None.
        counters: How many frames or messages were dropped, by reason.
        epoch: Time of day minus the clock's time, in seconds.
    """

    def __init__(
        self,
        options: ClientOptions,
        queue_update_s: float,
        routing_ids: Iterator[bytes],
        now: float,
    ) -> None:
        self._options = options
        self._queue_update_s = queue_update_s
        self._jobs: dict[str, PendingJob] = {}
        self._held: dict[str, PendingJob] = {}
        # Those that need more than to be in each snapshot of the queue: whoever follows them is
        # told their place, or something about them is open or was to happen.
        self._noted: dict[str, PendingJob] = {}
        self.actions: deque[Action] = deque()
        self.events: deque[tuple[Recipient, JobEvent]] = deque()
        self.environments: Mapping[str, tuple[str, ...]] = {}
        self.queue: messages.BackendGetQueue | None = None
        self.counters: Counter[str] = Counter()
        self.epoch = 0.0
        self._closed = False
        self._started_at = now
        self._healthy_at: float | None = None
        self._environments_at = now
        self._sends = 0
        self._queue_requests = QueueRequests(options, now)
        self.connections = Connections(options, routing_ids, self.actions, now)

    # ---- what a user calls ------------------------------------------------------------------

    def submit(self, job: PendingJob, now: float) -> None:
        """Take a job. If one of that id is pending already, they share its result."""
        first = self._jobs.get(job.job_id)
        if first is not None:
            first.add_recipients(job)
            self._note_if_followed(first)
            return
        job.submitted_at = now
        self._jobs[job.job_id] = job
        self._note_if_followed(job)
        if self._closed:
            self._give_up(job, now)
        else:
            self._send_or_hold(job, now)

    def _note_if_followed(self, job: PendingJob) -> None:
        if job.is_followed:
            self._noted[job.job_id] = job

    def kill(self, job_id: str, now: float) -> None:
        """Kill a job, of ours or of anybody; one that was not sent yet ends at once."""
        job = self._jobs.get(job_id)
        if job is not None:
            self._noted[job.job_id] = job
            job.kill = True
            job.kill_sent = self.connections.registered
            if not job.sent_number:
                self._finish(
                    job, JobResult(("killed", Message("It was killed before it was sent."))), now
                )
                return
        if self.connections.registered:
            self._send_kill(job_id)

    def close(self, now: float) -> None:
        """Give up all jobs and connections; jobs that come later are given up at once."""
        self._closed = True
        for job in list(self._jobs.values()):
            self._give_up(job, now)
        self.connections.close()

    def connection(self, now: float) -> ConnectionState:
        """Return the state of the connection."""
        connections = self.connections
        heard_at = connections.heard_at
        silent_s = max(0.0, now - (self._started_at if heard_at is None else heard_at))
        if self._closed:
            return ConnectionState("closed", silent_s, self.environments)
        if heard_at is not None and connections.is_silent(now):
            return ConnectionState("silent", silent_s, self.environments)
        state: State = "connected" if connections.registered else "connecting"
        return ConnectionState(state, silent_s, self.environments)

    @property
    def pending(self) -> int:
        """Number of jobs without a result."""
        return len(self._jobs)

    # ---- what the wire and the clock bring ----------------------------------------------------

    def receive(self, connection: int, frame: bytes | memoryview, now: float) -> None:
        """Take a frame; what is wrong with it is logged and counted, never raised."""
        message = self._decode(frame)
        was_registered = self.connections.registered
        in_use = self.connections.receive(connection, message, now)
        if not self.connections.registered:
            self._queue_requests.clear()  # the backend dropped them, as all we sent
        elif in_use:
            self._healthy_at = now
        if isinstance(message, messages.BackendJobDone):
            self._done(message, now)
        elif isinstance(message, messages.BackendJobStarted):
            self._job_started(message.job_id, now + self.epoch)
        elif isinstance(message, messages.BackendJobSSHDebug):
            self._ssh(message, now)
        elif not in_use:
            return
        elif isinstance(message, messages.BackendGetQueue):
            self._queue(message, now)
        elif isinstance(message, messages.BackendUpdateEnvironments):
            if not was_registered or self.environments != message.available_environments:
                self._environments_at = now
            self.environments = message.available_environments
            for job in list(self._held.values()):
                self._send_or_hold(job, now)
        self._resync_if_due(now)

    def _decode(self, frame: bytes | memoryview) -> messages.WireMessage | None:
        if len(frame) > self._options.max_frame_bytes:
            self.counters["oversized frames"] += 1
            logger.warning("Dropped a frame of %d bytes from the backend", len(frame))
            return None
        try:
            return messages.decode(frame, messages.TO_CLIENT)
        except RemoteProtocolError as error:
            self.counters["malformed frames"] += 1
            logger.warning("Dropped a frame from the backend: %s", error)
            return None

    def established(self, connection: int) -> None:
        """Record that a connection was established, for the first time or again."""
        if self.connections.established(connection):
            self._queue_requests.clear()

    def broken(self, connection: int) -> None:
        """Record that a connection broke; ZeroMQ establishes it again by itself."""
        self.connections.broken(connection)

    def tick(self, now: float) -> None:
        """Let time pass; to be called every ``heartbeat_s``, and harmless at other times."""
        connection = self.connections.current
        pause_s = self.connections.tick(now)
        if pause_s:
            self._started_at += pause_s
            self._environments_at = min(now, self._environments_at + pause_s)
            self._healthy_at = (
                None if self._healthy_at is None else min(now, self._healthy_at + pause_s)
            )
        if self.connections.current is not connection or not connection.registered:
            self._queue_requests.clear()  # requests sent there are not answered here
        elif not self.connections.is_silent(now):
            self._ask_if_due(now)
        self._expire(now)

    # ---- jobs -------------------------------------------------------------------------------

    def _send_or_hold(self, job: PendingJob, now: float) -> None:
        kind, name = job.environment
        if self.connections.registered and name in self.environments.get(kind, ()):
            self._held.pop(job.job_id, None)
            self._sends += 1
            job.sent_number = self._sends
            job.sent_at = now
            job.sendings += 1
            job.started = False
            job.before = None
            self.connections.send(job.frame)
            job.ssh_reported = not job.for_shell
            if job.is_followed:
                self._emit_progress(job, JobSent(now + self.epoch, job.sendings))
        else:
            self._held[job.job_id] = job

    def _send_again(self, job: PendingJob, now: float) -> None:
        if job.possible_refusal is not None:
            self._finish(job, JobResult.from_message(job.possible_refusal), now)
        elif job.kill:
            self._finish(
                job, JobResult(("killed", Message("It was killed; its result was lost."))), now
            )
        elif job.sendings > self._options.resend_limit:
            logger.warning("Job %s was lost %d times; giving it up", job.job_id, job.sendings)
            self._give_up(job, now)
        else:
            logger.info("Job %s was lost; sending it again", job.job_id)
            job.sent_number = 0
            job.absences = 0
            job.orphan = 0
            self._send_or_hold(job, now)

    def _give_up(self, job: PendingJob, now: float) -> None:
        self._finish(job, JobResult(("crash", UNAVAILABLE)), now)

    def _finish(self, job: PendingJob, result: JobResult, now: float) -> None:
        del self._jobs[job.job_id]
        self._held.pop(job.job_id, None)
        self._noted.pop(job.job_id, None)
        self._emit(job, JobDone(now + self.epoch, result))

    def _emit(self, job: PendingJob, event: JobEvent) -> None:
        for recipient in job.recipients:
            self.events.append((recipient, event))

    def _emit_progress(self, job: PendingJob, event: JobEvent) -> None:
        for recipient in job.recipients:
            if recipient.follows_progress:
                self.events.append((recipient, event))

    def _done(self, message: messages.BackendJobDone, now: float) -> None:
        job = self._jobs.get(message.job_id)
        if job is None:
            self.counters["results without a job"] += 1
            logger.info("Dropped a result of job %.80s, which is not pending", message.job_id)
        elif job.orphan and (message.result[0] == "killed" or _may_be_a_refusal(message)):
            logger.debug("Job %s is not ours yet, or left the queue so as to be", job.job_id)
        elif (job.sendings > 1 or job.chosen_id) and _may_be_a_refusal(message):
            self._noted[job.job_id] = job
            job.possible_refusal = message
            job.absences = 0
            self.connections.resync_due = True
        elif (
            _may_be_of_a_lost_agent(job, message, now)
            and job.agent_losses < _AGENT_LOSS_LIMIT
            and job.sendings <= self._options.resend_limit
        ):
            job.agent_losses += 1
            self._send_again(job, now)
        else:
            self._finish(job, JobResult.from_message(message), now)

    def _job_started(self, job_id: str, at: float) -> None:
        job = self._jobs.get(job_id)
        if job is not None and not job.started:
            job.started = True
            job.started_at = at - self.epoch
            if job.is_followed:
                self._emit_progress(job, JobStarted(at))

    def _ssh(self, message: messages.BackendJobSSHDebug, now: float) -> None:
        job = self._jobs.get(message.job_id)
        if job is not None and not job.ssh_reported:
            job.ssh_reported = True
            event = JobSsh(
                now + self.epoch, message.host, message.port, message.user, message.password
            )
            self._emit(job, event)

    def _expire(self, now: float) -> None:
        """Give up jobs that waited too long for the backend or for their environment."""
        options = self._options
        if self._healthy_at is None:
            healthy_at, limit_s = self._started_at, options.first_contact_s
        else:
            healthy_at, limit_s = self._healthy_at, options.give_up_s
        if now - healthy_at > limit_s:
            for job in list(self._jobs.values()):
                if now - job.submitted_at > limit_s:
                    self._give_up(job, now)
        if self._held and self.connections.registered and not self.connections.is_silent(now):
            for job in list(self._held.values()):
                # One that was sent before had its environment, so an agent will be back.
                wait_s = options.give_up_s if job.sendings else options.environment_wait_s
                if job.refusal or now - self._environments_at > wait_s:
                    text = faults.told(self._no_environment(job), faults.of_service)
                    self._finish(job, JobResult(("crash", text)), now)

    def _no_environment(self, job: PendingJob) -> str:
        if job.refusal:
            return job.refusal
        kind, name = job.environment
        known = [
            f"{kind:.80}/{name:.80}"
            for kind, names in sorted(self.environments.items())
            for name in names
        ]
        if len(known) > _MAX_NAMED:
            known[_MAX_NAMED:] = [f"and {len(known) - _MAX_NAMED} more"]
        if not known:
            return Message(
                "No grading agent offers the environment {type}/{environment}. "
                "The backend offers: none at all.",
                type=kind,
                environment=name,
            )
        return Message(
            "No grading agent offers the environment {type}/{environment}. "
            "The backend offers: {offered}. Whoever runs the backend can add an environment.",
            type=kind,
            environment=name,
            offered=", ".join(known),
        )

    # ---- the queue --------------------------------------------------------------------------

    def _ask_if_due(self, now: float) -> None:
        if self._queue_requests.unanswered:
            if self._queue_requests.is_overdue(now):
                self._ask_for_queue(now)
        elif self.connections.resync_due or self._is_look_due(now):
            self._ask_for_queue(now)

    def _is_look_due(self, now: float) -> bool:
        options, updates_s = self._options, self._queue_update_s
        # A tick that comes a little early must not double the interval.
        since_s = now - self._queue_requests.answered_at + options.heartbeat_s / 2
        if since_s >= updates_s > 0:
            return True
        sent = [job for job in self._jobs.values() if job.sent_number]
        if since_s >= options.queue_poll_s and any(
            job.orphan or (updates_s > 0 and not job.started) for job in sent
        ):
            return True
        return since_s >= options.recheck_s and any(
            now - job.sent_at > options.recheck_s for job in sent
        )

    def _ask_for_queue(self, now: float) -> None:
        if self.connections.resync_due:
            self.connections.resync_due = False
            for job in self._jobs.values():
                job.kill_sent = False
        self._queue_requests.add(self._sends, now)
        self.connections.send(_GET_QUEUE)

    def _resync_if_due(self, now: float) -> None:
        if (
            self.connections.resync_due
            and self.connections.registered
            and not self._queue_requests.unanswered
        ):
            self._ask_for_queue(now)

    def _queue(self, queue: messages.BackendGetQueue, now: float) -> None:
        self.queue = queue
        sends = self._queue_requests.take_answer(now)
        if self._jobs:
            self._look_at_own(queue, sends, now)

    def _look_at_own(self, queue: messages.BackendGetQueue, sends: int, now: float) -> None:
        jobs, waiting = self._jobs, queue.waiting()
        running = [row for row in queue.jobs_running if row[0] in jobs]
        own = [row for row in waiting if row.job_id in jobs]
        for row in running:
            self._look_at_running(row, now)
        for foreign in [row for row in own if not row.is_own]:
            self._look_at_foreign(jobs[foreign.job_id], sends)
        # A backend lists no job twice. So if none is missing, none but these needs more.
        if self._noted or len(own) + len(running) < len(jobs):
            for waiting_row in own:
                if waiting_row.is_own and waiting_row.job_id in self._noted:
                    self._mark_owned(jobs[waiting_row.job_id])
            self._tell_places(waiting, now)
            present = {row.job_id for row in own}
            present.update([row[0] for row in running])
            self._look_for_lost(present, sends, now)

    def _look_at_running(self, row: RunningRow, now: float) -> None:
        if row[1]:
            self._mark_owned(self._jobs[row[0]])
        self._job_started(row[0], min(float(row[5]), now + self.epoch))

    def _look_at_foreign(self, job: PendingJob, sends: int) -> None:
        if 0 < job.sent_number <= sends:
            self._reclaim(job)

    def _tell_places(self, waiting: Iterable[messages.WaitingJob], now: float) -> None:
        noted = self._noted
        for before, row in enumerate(waiting):
            job = noted.get(row.job_id)
            if job is not None and job.before != before and not job.started:
                job.before = before
                self._emit_progress(job, JobQueued(now + self.epoch, before))

    def _mark_owned(self, job: PendingJob) -> None:
        if job.orphan:
            job.orphan = 0
            job.kill_sent = False  # an earlier kill concerned the job of another client

    def _reclaim(self, job: PendingJob) -> None:
        """Reclaim a job that waits under a routing id we gave up, where its result would be lost.

        INGInious's backend lets us kill it; it is then sent again as any lost job. Our broker does
        not, but gives the job to a client that sends it again, once the other id is gone.
        """
        self._noted[job.job_id] = job
        job.orphan += 1
        if job.orphan == 1:
            self._send_kill(job.job_id)
        elif job.orphan.bit_count() == 1:  # after 2, 4, 8, … looks: it may be large
            self.connections.send(job.frame)

    def _send_kill(self, job_id: str) -> None:
        self.connections.send(messages.encode(messages.ClientKillJob(job_id=job_id)))

    def _confirm(self, job: PendingJob) -> None:
        job.absences = 0
        job.possible_refusal = None  # it refused a second copy; the first goes on
        if job.kill and not job.kill_sent:
            job.kill_sent = True
            self._send_kill(job.job_id)

    def _look_for_lost(self, present: set[str], sends: int, now: float) -> None:
        for job in self._noted.values():
            if 0 < job.sent_number <= sends and job.job_id in present:
                self._confirm(job)
        sent = [job for job in self._jobs.values() if 0 < job.sent_number <= sends]
        absent = [job for job in sent if job.job_id not in present]
        for job in absent:
            self._noted[job.job_id] = job
            job.absences += 1
            if job.absences >= _CONFIRMATIONS:
                self._send_again(job, now)
        if any(0 < job.absences < _CONFIRMATIONS for job in absent):
            self._ask_for_queue(now)


def _may_be_of_a_lost_agent(job: PendingJob, done: messages.BackendJobDone, now: float) -> bool:
    """Return whether a result may mean that the job's agent was lost.

    An agent that refuses a task gives the same values, but at once.
    """
    return (
        done.result[0] == "crash"
        and not (done.problems or done.tests or custom_of_task(done.custom) or done.state)
        and done.archive is None
        and done.stdout is None
        and now - (job.started_at if job.started else job.sent_at) > _AGENT_SILENCE_S
    )


def _may_be_a_refusal(done: messages.BackendJobDone) -> bool:
    """Return whether a result has all the values with which a backend refuses a known id."""
    return (
        done.result[0] == "crash"
        and not (
            done.problems or done.tests or custom_of_task(done.custom) or done.state or done.stdout
        )
        and done.archive is None
        and done.stdout is not None
    )
