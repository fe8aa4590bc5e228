"""The decisions of the broker: who is registered, which job runs where, who hears of it.

Sans-I/O: frames and the time come in, frames to send go into ``outbox``. No socket, clock or task
in here. The rules are docs/protocol.md, Registration and heartbeats without the peer's faults:
nothing that is received ends it (B6), lost agents' environments are withdrawn (B7), only its owner
kills a job (B8), only the agent that runs a job reports on it (B19, B20).

A client with a routing id of its own can be away and come back, which INGInious does not know: its
results are kept, and a job it sends again after its return continues instead of running twice.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from dataclasses import dataclass
from typing import Literal

from inginious_nb import messages
from inginious_nb.errors import LocalProtocolError, RemoteProtocolError
from inginious_nb.i18n import Message, faults
from inginious_nb.i18n.results import custom_for

from .jobs import BrokerJob, WaitingJobs
from .peers import FORGOTTEN_S, UNANSWERED_PINGS, AgentPeer, ClientPeer, is_lasting
from .results import KeptResult, KeptResults

logger = logging.getLogger(__name__)

Side = Literal["client", "agent"]

MAX_SLOTS = 4096
"""So many are used of one agent, whatever it claims to have."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A frame to send; ``job_id`` where its loss has to be mended by `Scheduler.undelivered`."""

    side: Side
    recipient: bytes
    frame: bytes
    job_id: str | None = None


class Scheduler:
    """The broker's state and rules. ``now`` is always in UNIX epoch seconds.

    Attributes:
        outbox: Frames to send, in order; the caller takes them out and reports with `undelivered`
            those that went nowhere.
        dropped: How many frames were ignored, by "side: reason".
    """

    def __init__(self) -> None:
        self.outbox: deque[Outgoing] = deque()
        self.dropped: Counter[str] = Counter()
        self._clients: dict[bytes, ClientPeer] = {}
        self._agents: dict[bytes, AgentPeer] = {}
        self._free_slots: deque[bytes] = deque()  # one entry a slot: the agent's address
        self._waiting = WaitingJobs()
        self._running: dict[str, BrokerJob] = {}
        self._kept = KeptResults()
        self._arrivals = 0

    # ---- from clients -------------------------------------------------------------------------

    def receive_from_client(self, sender: bytes, frame: bytes, now: float) -> None:
        """Take one frame from a client."""
        client = self._clients.get(sender)
        try:
            message = messages.decode(frame, messages.FROM_CLIENT)
        except RemoteProtocolError as error:
            self._drop("client", "malformed", str(error))
            message = None
        if isinstance(message, messages.ClientHello):
            client = self._greet(sender, now)
        elif client is None:
            self._to_client(sender, messages.Unknown())
            return
        else:
            client.heard(now)
            match message:
                case messages.Ping():
                    self._to_client(sender, messages.Pong())
                case messages.ClientNewJob():
                    self._accept(message, client, now)
                case messages.ClientKillJob():
                    self._kill(message.job_id, sender, now)
                case messages.ClientGetQueue():
                    self._to_client(sender, self._queue_as_seen_by(sender))
        for result in self._kept.take_undelivered(client.address):
            self._deliver(result)

    def _greet(self, sender: bytes, now: float) -> ClientPeer:
        client = self._clients.get(sender)
        if client is None:
            client = self._clients[sender] = ClientPeer(sender, heard_at=now)
        else:
            client.heard(now, is_hello=True)
        self._to_client(sender, messages.BackendUpdateEnvironments(self._environments()))
        return client

    def _accept(self, message: messages.ClientNewJob, client: ClientPeer, now: float) -> None:
        try:
            job = BrokerJob.accepted(message, client.address, self._arrivals, now)
        except LocalProtocolError as error:
            text = faults.of_answer(error.text)
            self._to_client(client.address, _crash(message.job_id, text))
            return
        known = self._waiting.get(job.id) or self._running.get(job.id)
        if known is not None:
            if known.digest == job.digest and self._is_back(known, client, now):
                known.owner = client.address
                if known.is_started:
                    self._to_client(client.address, messages.BackendJobStarted(job.id))
            else:
                text = Message("Another job has the same id; send a new one.")
                self._to_client(client.address, _crash(job.id, faults.of_nobody(text)))
            return
        kept = self._kept.get(job.id)
        if kept is not None and kept.digest == job.digest and self._may_have(kept, client, now):
            self._kept.take(job.id, client.address)
            self._deliver(kept)
            return
        self._arrivals += 1
        self._waiting.add(job)
        self._give_out(now)

    def _is_back(self, job: BrokerJob, client: ClientPeer, now: float) -> bool:
        """Return whether the submitter of a job asks for it again, maybe from a new address.

        One who was there all the time gets what the protocol has for duplicate ids.
        """
        if job.owner == client.address:
            return client.was_away_since(job.accepted_at)
        return self._is_gone(job.owner, now)

    def _may_have(self, kept: KeptResult, client: ClientPeer, now: float) -> bool:
        """Return whether a result is for a client that sends the job again."""
        return kept.owner == client.address or self._is_gone(kept.owner, now)

    def _is_gone(self, address: bytes, now: float) -> bool:
        owner = self._clients.get(address)
        return owner is None or owner.is_away(now)

    def _kill(self, job_id: str, sender: bytes, now: float) -> None:
        job = self._waiting.get(job_id) or self._running.get(job_id)
        if job is None:
            return
        if job.owner != sender:
            self._drop("client", "kill of another client's job", job_id)
        elif job.agent is not None:
            self._to_agent(job.agent, messages.BackendKillJob(job_id, job.state))
        else:
            self._waiting.remove(job)
            text = Message("The job was killed while it waited; nothing was graded.")
            result = messages.BackendJobDone.without_feedback(
                job_id, "killed", text, custom=custom_for(text), state=job.state, streams=""
            )
            self._finish(job, result, now)

    def _queue_as_seen_by(self, sender: bytes) -> messages.BackendGetQueue:
        return messages.BackendGetQueue(
            jobs_running=tuple(
                (
                    job.id,
                    job.owner == sender,
                    self._agents[job.agent].name if job.agent is not None else "",
                    job.task,
                    job.launcher,
                    int(job.given_at),
                    job.max_time_s,
                )
                for job in self._running.values()
            ),
            jobs_waiting=tuple(
                (job.id, job.owner == sender, job.task, job.launcher, job.max_time_s)
                for job in self._waiting
            ),
        )

    # ---- from agents --------------------------------------------------------------------------

    def receive_from_agent(self, sender: bytes, frame: bytes, now: float) -> None:
        """Take one frame from an agent."""
        agent = self._agents.get(sender)
        try:
            message = messages.decode(frame, messages.FROM_AGENT)
        except RemoteProtocolError as error:
            self._drop("agent", "malformed", str(error))
            if agent is not None:
                self._crash_if_result(frame, agent, now)
            return
        if isinstance(message, messages.AgentHello):
            self._register(sender, message, now)
            return
        if agent is None:
            self._drop("agent", "not registered", type(message).__name__)
            return
        agent.unanswered = 0
        if not agent.is_reachable:
            agent.is_reachable = True
            self._give_out(now)
        if not isinstance(
            message, (messages.AgentJobStarted, messages.AgentJobSSHDebug, messages.AgentJobDone)
        ):
            return
        job = agent.running.get(message.job_id)
        if job is None:
            self._drop("agent", "about a job it does not run", type(message).__name__)
            return
        match message:
            case messages.AgentJobStarted():
                job.is_started = True
                self._to_client(job.owner, messages.BackendJobStarted(job.id))
            case messages.AgentJobSSHDebug(_, host, port, user, password):
                self._to_client(
                    job.owner, messages.BackendJobSSHDebug(job.id, host, port, user, password)
                )
            case messages.AgentJobDone():
                fields = {name: getattr(message, name) for name in message.field_tests}
                self._end_run(job, agent, messages.BackendJobDone(**fields), now)

    @property
    def agent_count(self) -> int:
        """Return how many agents are registered."""
        return len(self._agents)

    def _register(self, sender: bytes, hello: messages.AgentHello, now: float) -> None:
        if sender in self._agents:
            text = Message("The grading agent was restarted while it graded this job.")
            self._remove(sender, text, now)
        self._agents[sender] = AgentPeer(
            address=sender,
            name=hello.friendly_name,
            topics=frozenset(
                (kind, name)
                for kind, names in hello.available_environments.items()
                for name in names
            ),
        )
        slots = max(0, min(hello.available_job_slots, MAX_SLOTS))
        self._free_slots.extend([sender] * slots)
        logger.info("Agent %r offers %d slots", hello.friendly_name, slots)
        self._tell_environments()
        self._give_out(now)

    def _crash_if_result(self, frame: bytes, agent: AgentPeer, now: float) -> None:
        """End the job whose result cannot be read: its agent will not send another one."""
        job_id = messages.job_of_result(frame)
        job = agent.running.get(job_id) if job_id is not None else None
        if job is not None:
            text = Message("The grading agent sent a result that cannot be read.")
            self._end_run(job, agent, _crash(job.id, text, state=job.state), now)

    def _end_run(
        self, job: BrokerJob, agent: AgentPeer, result: messages.BackendJobDone, now: float
    ) -> None:
        self._take_back(job, agent)
        self._finish(job, result, now)
        self._give_out(now)

    def _take_back(self, job: BrokerJob, agent: AgentPeer) -> None:
        del agent.running[job.id]
        del self._running[job.id]
        self._free_slots.append(agent.address)

    def _remove(self, address: bytes, reason: str, now: float) -> None:
        """Forget an agent; its jobs end as crashes, the newest first.

        Source: docs/protocol.md, Sequences.
        """
        agent = self._agents.pop(address)
        self._free_slots = deque(slot for slot in self._free_slots if slot != address)
        for job in reversed(agent.running.values()):
            del self._running[job.id]
            self._finish(job, _crash(job.id, reason, streams=None), now)

    # ---- time and results --------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Do what is due; to be called once a second.

        Source: docs/protocol.md, Registration and heartbeats.
        """
        lost = [key for key, agent in self._agents.items() if agent.unanswered > UNANSWERED_PINGS]
        for address in lost:
            logger.warning("Agent %r does not answer any more", self._agents[address].name)
            text = Message("The grading agent was lost while it graded this job.")
            self._remove(address, text, now)
        if lost:
            self._tell_environments()
        for address, agent in self._agents.items():
            agent.unanswered += 1
            self._to_agent(address, messages.Ping())
        self._kept.expire(now)
        for address, client in list(self._clients.items()):
            if now - client.heard_at > FORGOTTEN_S and not self._kept.is_waiting_for(address):
                del self._clients[address]

    def undelivered(self, outgoing: Outgoing, now: float) -> None:
        """Learn that a frame of the outbox could not be sent: its recipient is not connected."""
        if outgoing.side == "client":
            if outgoing.job_id is not None:
                self._kept.mark_undelivered(outgoing.job_id)
            if not is_lasting(outgoing.recipient):
                self._clients.pop(outgoing.recipient, None)
            return
        job = self._running.get(outgoing.job_id) if outgoing.job_id is not None else None
        if job is not None and job.agent == outgoing.recipient:
            agent = self._agents[outgoing.recipient]
            agent.is_reachable = False
            self._take_back(job, agent)
            job.agent, job.frame = None, outgoing.frame
            self._waiting.add(job)
            self._give_out(now)

    def _give_out(self, now: float) -> None:
        """Give waiting jobs to free slots, slots in turn (docs/protocol.md, Scheduling)."""
        without_work: set[bytes] = set()
        for _ in range(len(self._free_slots)):
            if not self._waiting:
                return
            address = self._free_slots.popleft()
            agent = self._agents[address]
            job = None
            if agent.is_reachable and address not in without_work:
                job = self._waiting.take(agent.topics)
            if job is None:
                without_work.add(address)
                self._free_slots.append(address)
                continue
            job.agent, job.given_at = address, now
            agent.running[job.id] = self._running[job.id] = job
            self.outbox.append(Outgoing("agent", address, job.frame, job.id))
            job.frame = b""

    def _finish(self, job: BrokerJob, result: messages.BackendJobDone, now: float) -> None:
        try:
            frame = messages.encode(result)
        except LocalProtocolError:
            logger.exception("The result of job %s cannot be passed on", job.id)
            text = Message("The result is nested too deeply to be sent.")
            frame = messages.encode(_crash(job.id, faults.of_task(text), state=job.state))
        kept = KeptResult(job.id, job.owner, job.digest, frame, now)
        if is_lasting(job.owner):
            self._kept.keep(kept)
        self._deliver(kept)

    def _deliver(self, result: KeptResult) -> None:
        self.outbox.append(Outgoing("client", result.owner, result.frame, result.job_id))

    def _to_client(self, address: bytes, message: messages.WireMessage) -> None:
        self.outbox.append(Outgoing("client", address, messages.encode(message)))

    def _to_agent(self, address: bytes, message: messages.WireMessage) -> None:
        self.outbox.append(Outgoing("agent", address, messages.encode(message)))

    def _environments(self) -> dict[str, tuple[str, ...]]:
        names: dict[str, set[str]] = {}
        for agent in self._agents.values():
            for kind, name in agent.topics:
                names.setdefault(kind, set()).add(name)
        return {kind: tuple(sorted(names[kind])) for kind in sorted(names)}

    def _tell_environments(self) -> None:
        update = messages.BackendUpdateEnvironments(self._environments())
        for address in self._clients:
            self._to_client(address, update)

    def _drop(self, side: Side, reason: str, details: str) -> None:
        self.dropped[f"{side}: {reason}"] += 1
        logger.warning("Ignored a message from a %s: %s (%s)", side, reason, details)


def _crash(
    job_id: str, text: str, *, state: str = "", streams: str | None = ""
) -> messages.BackendJobDone:
    text = faults.told(text)
    return messages.BackendJobDone.without_feedback(
        job_id, "crash", text, custom=custom_for(text), state=state, streams=streams
    )
