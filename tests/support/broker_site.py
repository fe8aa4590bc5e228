"""The broker's scheduler with a clock and peers that are plain data. It never waits."""

from __future__ import annotations

from inginious_nb import messages
from inginious_nb.grader.broker.scheduler import Scheduler

ALICE = b"alice"
BOB = b"bob"
PASSING = b"\0\x01\x02\x03\x04"  # a routing id as ROUTER assigns them: it never comes back
MCQ = {"mcq": {"mcq": {"id": "mcq", "created": 0}}}
DOCKER = {"docker": {"default": {"id": "d", "created": 0}, "python3": {"id": "p", "created": 0}}}


class Site:
    """A scheduler with its clock, whoever is connected to it, and what everybody was sent."""

    def __init__(self):
        self.scheduler = Scheduler()
        self.now = 1_800_000_000.0
        self.disconnected = set()
        self.inboxes = {}

    def client(self, address, message=None):
        """Let a client say something, hello by default; returns what it was sent since."""
        self._receive(
            self.scheduler.receive_from_client, address, hello() if message is None else message
        )
        return self.inbox(address)

    def agent(self, address, message=None):
        """Let an agent say something; returns what it was sent since."""
        self._receive(
            self.scheduler.receive_from_agent,
            address,
            agent_hello() if message is None else message,
        )
        return self.inbox(address)

    def inbox(self, address):
        return self.inboxes.pop(address, [])

    def pass_time(self, seconds, *, awake=()):
        """Let seconds pass; those who are awake go on pinging or answering pings."""
        for _ in range(seconds):
            self.now += 1
            self.scheduler.tick(self.now)
            self._pump()
            for address in awake:
                if address.startswith(b"agent"):
                    self._receive(self.scheduler.receive_from_agent, address, messages.Pong())
                else:
                    self._receive(self.scheduler.receive_from_client, address, messages.Ping())

    def _receive(self, receive, address, message):
        frame = message if isinstance(message, bytes) else messages.encode(message)
        receive(address, frame, self.now)
        self._pump()

    def _pump(self):
        while self.scheduler.outbox:
            outgoing = self.scheduler.outbox.popleft()
            if outgoing.recipient in self.disconnected:
                self.scheduler.undelivered(outgoing, self.now)
                continue
            words = messages.TO_CLIENT if outgoing.side == "client" else messages.TO_AGENT
            message = messages.decode(outgoing.frame, words)
            if not isinstance(message, (messages.Ping, messages.Pong)):
                self.inboxes.setdefault(outgoing.recipient, []).append(message)


def hello():
    return messages.ClientHello("me")


def agent_hello(slots=1, environments=None, name="a"):
    return messages.AgentHello(name, slots, MCQ if environments is None else environments)


def a_job(job_id="j", **changes):
    fields = {
        "job_id": job_id,
        "priority": 0,
        "course_id": "c",
        "task_id": "t",
        "task_problems": {"q": {"type": "match"}},
        "inputdata": {"q": "x", "@state": "before"},
        "environment_type": "mcq",
        "environment": "mcq",
        "environment_parameters": {},
        "debug": False,
        "launcher": "tests",
    }
    return messages.ClientNewJob(**(fields | changes))


def agent_done(job_id="j", **changes):
    fields = {
        "job_id": job_id,
        "result": ("success", "well done"),
        "grade": 75.5,
        "problems": {"q": ("success", "")},
        "tests": {"*auto-tag-1": "x", "t": True},
        "custom": {"k": (1,)},
        "state": "after",
        "archive": b"tar",
        "stdout": "out",
        "stderr": None,
    }
    return messages.AgentJobDone(**(fields | changes))


def ids(received):
    return [message.job_id for message in received]


def done(received):
    return [message for message in received if isinstance(message, messages.BackendJobDone)]
