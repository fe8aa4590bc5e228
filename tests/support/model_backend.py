"""A backend and its network as plain data, for tests of the client's core. It never waits."""

from __future__ import annotations

import time
from collections import Counter, deque

from inginious_nb import messages
from inginious_nb.client.connections import Close, Open, Send
from inginious_nb.client.core import ClientCore
from inginious_nb.client.events import JobDone
from inginious_nb.client.options import ClientOptions
from inginious_nb.client.pending_jobs import PendingJob


class ModelBackend:
    """Does what docs/protocol.md says, for clients only; its agents act when told to.

    Attributes:
        gone: None, or as with our own broker: the identities whose jobs others get by sending them
            again; nobody kills a job of others.
    """

    def __init__(self, environments=None, *, gone=None):
        self.environments = {"mcq": ("mcq",)} if environments is None else environments
        self.gone = gone
        self.registered = set()
        self.jobs = {}  # id -> [owner, running]
        self.runs = Counter()
        self.outbox = []

    def receive(self, identity, frame):
        message = messages.decode(frame, messages.FROM_CLIENT)
        if isinstance(message, messages.ClientHello):
            self.registered.add(identity)
            self._say(identity, messages.BackendUpdateEnvironments(self.environments))
        elif identity not in self.registered:
            self._say(identity, messages.Unknown())
        elif isinstance(message, messages.Ping):
            self._say(identity, messages.Pong())
        elif isinstance(message, messages.ClientNewJob):
            owner, _ = self.jobs.get(message.job_id, (None, False))
            if owner in (self.gone or ()):
                self.jobs[message.job_id][0] = identity
            elif owner is not None:
                self._say(identity, a_result(message.job_id, ("crash", "known"), stdout=""))
            else:
                self.jobs[message.job_id] = [identity, False]
        elif isinstance(message, messages.ClientKillJob):
            owner, running = self.jobs.get(message.job_id, (None, True))
            if not running and (self.gone is None or owner == identity):
                del self.jobs[message.job_id]
                self._say(owner, a_result(message.job_id, ("killed", "in the queue"), stdout=""))
        elif isinstance(message, messages.ClientGetQueue):
            now = int(time.time())
            self._say(
                identity,
                messages.BackendGetQueue(
                    tuple(
                        (job_id, owner == identity, "agent", "c/t", "tests", now, -1)
                        for job_id, (owner, running) in self.jobs.items()
                        if running
                    ),
                    tuple(
                        (job_id, owner == identity, "c/t", "tests", -1)
                        for job_id, (owner, running) in self.jobs.items()
                        if not running
                    ),
                ),
            )

    def announce(self, environments):
        """An agent says hello."""
        self.environments = environments
        for identity in self.registered:
            self._say(identity, messages.BackendUpdateEnvironments(environments))

    def start(self, job_id):
        """An agent begins a waiting job."""
        self.jobs[job_id][1] = True
        self.runs[job_id] += 1
        self._say(self.jobs[job_id][0], messages.BackendJobStarted(job_id))

    def finish(self, job_id, **fields):
        """An agent ends a job."""
        owner, running = self.jobs.pop(job_id)
        if not running:
            self.runs[job_id] += 1
        self._say(owner, a_result(job_id, **fields))

    def restart(self, environments=None):
        """Everything is forgotten, as INGInious's backend forgets it."""
        self.registered.clear()
        self.jobs.clear()
        if environments is not None:
            self.environments = environments

    def _say(self, identity, message):
        self.outbox.append((identity, messages.encode(message)))


class Recorder:
    """A recipient that keeps what it was given."""

    follows_progress = True

    def __init__(self):
        self.events = []

    def deliver(self, event):
        self.events.append(event)

    @property
    def results(self):
        return [event.result for event in self.events if isinstance(event, JobDone)]

    def kinds(self):
        return [type(event).__name__ for event in self.events]


class Connection:
    """One connection: frames under way in both directions, and whether the backend took it."""

    def __init__(self, routing_id):
        self.routing_id = routing_id
        self.to_backend = deque()  # of frames and when they left
        self.to_client = deque()
        self.unresponsive = False


class World:
    """A core, a model backend and the network between them; time passes only by `wait`.

    Attributes:
        stalled: Whether the backend reads nothing.
        latency_s: How late the backend reads what was sent to it.
        no_sockets: Whether new connections cannot be opened.
    """

    def __init__(self, backend=None, *, queue_update_s=10, **options):
        self.backend = backend or ModelBackend()
        self.now = 1000.0
        self.options = ClientOptions(**options)
        self.connections = {}
        self.stalled = False
        self.latency_s = 0
        self.no_sockets = False
        self.identities = {}  # routing id -> number of the connection the backend believes in
        ids = iter(b"id-%d" % number for number in range(10**6))
        self.core = ClientCore(self.options, queue_update_s, ids, self.now)
        self._carry_out()

    # ---- the user ----

    def submit(self, job_id, environment=("mcq", "mcq"), **more):
        recorder = Recorder()
        self.core.submit(a_pending_job(job_id, recorder, environment, **more), self.now)
        self._carry_out()
        return recorder

    def kill(self, job_id):
        self.core.kill(job_id, self.now)
        self._carry_out()

    def close(self):
        self.core.close(self.now)
        self._carry_out()

    # ---- the network ----

    def settle(self):
        """Carry every frame where it belongs until none is left."""
        while self.step():
            pass

    def step(self):
        """Carry the oldest frame of each connection; False if there was none."""
        moved = False
        for number, connection in list(self.connections.items()):
            if self._has_come(connection):
                moved = True
                _, frame = connection.to_backend.popleft()
                if self._accepted(number, connection):
                    self.backend.receive(connection.routing_id, frame)
                self._route()
        for number, connection in list(self.connections.items()):
            if connection.to_client:
                moved = True
                self.give(number, connection.to_client.popleft())
        return moved

    def give(self, number, frame):
        """Hand a frame to the core as if it came on that connection."""
        self.core.receive(number, frame, self.now)
        self._carry_out()

    def say(self, message):
        """Hand a message of the backend to the core, on the connection in use."""
        self.give(self.core.connections.current.number, messages.encode(message))

    def wait(self, seconds, step_s=None):
        """Let time pass, with ticks and a live network."""
        step_s = step_s or self.options.heartbeat_s
        self._route()
        self.settle()
        until = self.now + seconds
        while self.now < until:
            self.now += step_s
            self.core.tick(self.now)
            self._carry_out()
            self._route()
            self.settle()

    def lose_what_is_under_way(self, *, noticed=True):
        """A cut that libzmq mends by itself: same socket, same routing id, frames lost."""
        self._route()
        for number, connection in self.connections.items():
            connection.to_backend.clear()
            connection.to_client.clear()
            if noticed:
                self.core.broken(number)
                self.core.established(number)
        self._carry_out()

    def make_unresponsive(self, *, noticed=True):
        """The connection in use is dead, and the backend believes in it.

        Noticed: it broke, and the backend refuses the one that was established in its place.
        Otherwise something between the two swallows everything, and nobody says so.
        """
        number = self.core.connections.current.number
        if number not in self.connections:
            return
        self.connections[number].unresponsive = True
        if noticed:
            self.core.broken(number)
            self.core.established(number)
            self._carry_out()

    def forget_dead_connections(self):
        """The backend notices which connections are gone."""
        for routing_id, number in list(self.identities.items()):
            connection = self.connections.get(number)
            if connection is None or connection.unresponsive:
                del self.identities[routing_id]

    def _has_come(self, connection):
        if self.stalled or not connection.to_backend:
            return False
        left_at, _ = connection.to_backend[0]
        return left_at + self.latency_s <= self.now

    def _accepted(self, number, connection):
        if connection.unresponsive:
            return False
        return self.identities.setdefault(connection.routing_id, number) == number

    def _route(self):
        outbox, self.backend.outbox = self.backend.outbox, []
        for identity, frame in outbox:
            number = self.identities.get(identity)
            connection = self.connections.get(number)
            if connection is not None and not connection.unresponsive:
                connection.to_client.append(frame)

    def _carry_out(self):
        while self.core.actions:
            action = self.core.actions.popleft()
            if isinstance(action, Open):
                if self.no_sockets:
                    continue
                self.connections[action.connection] = Connection(action.routing_id)
                self.core.established(action.connection)
            elif isinstance(action, Close):
                self.connections.pop(action.connection, None)
            elif isinstance(action, Send) and action.connection in self.connections:
                self.connections[action.connection].to_backend.append((self.now, action.frame))
        while self.core.events:
            recipient, event = self.core.events.popleft()
            recipient.deliver(event)


def a_pending_job(job_id, recipient, environment=("mcq", "mcq"), **more):
    frame = messages.encode(
        messages.ClientNewJob(
            job_id, 0, "c", "t", {}, {"q": "42"}, *environment, {}, debug=False, launcher="tests"
        )
    )
    return PendingJob(job_id, frame, environment, (recipient,), **more)


def a_result(job_id, result=("success", ""), *, stdout=None, **fields):
    values = {
        "grade": 0.0 if result[0] == "crash" else 100.0,
        "problems": {},
        "tests": {},
        "custom": {},
        "state": "",
        "archive": None,
        "stderr": stdout,
    }
    return messages.BackendJobDone(job_id=job_id, result=result, stdout=stdout, **(values | fields))
