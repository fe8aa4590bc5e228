"""Any order of events: each accepted job gets exactly one result, and no slot is lost."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from inginious_nb import messages
from tests.support.broker_site import (
    ALICE,
    BOB,
    DOCKER,
    MCQ,
    PASSING,
    Site,
    a_job,
    agent_done,
    agent_hello,
)

CLIENTS = [ALICE, BOB, PASSING]
AGENTS = {b"agent1": (2, MCQ), b"agent2": (1, DOCKER), b"agent3": (3, MCQ | DOCKER)}
TOPICS = [("mcq", "mcq"), ("docker", "default"), ("docker", "python3")]

clients = st.sampled_from(CLIENTS)
agents = st.sampled_from(sorted(AGENTS))
picks = st.integers(0, 1000)


class BrokerMachine(RuleBasedStateMachine):
    """Clients, agents and the network do what they like, also what they should not."""

    def __init__(self):
        super().__init__()
        self.site = Site()
        self.sent = {}  # job id -> the message and its submitter
        self.results = Counter()
        self.given = []  # (agent, job id) as the agents were told

    @initialize()
    def say_hello(self):
        for client in CLIENTS:
            self.site.client(client)

    @rule(client=clients, topic=st.sampled_from(TOPICS), priority=st.integers(-1, 1))
    def submit(self, client, topic, priority):
        job = a_job(
            f"job{len(self.sent)}",
            environment_type=topic[0],
            environment=topic[1],
            priority=priority,
        )
        self.sent[job.job_id] = (job, client)
        self.site.client(client, job)
        self.read()

    @rule(client=clients, pick=picks)
    def kill(self, client, pick):
        if self.sent:
            self.say(client, messages.ClientKillJob(f"job{pick % len(self.sent)}"))

    @rule(
        client=clients,
        message=st.sampled_from([messages.ClientHello("me"), messages.ClientGetQueue()]),
    )
    def talk(self, client, message):
        self.say(client, message)

    @rule(client=clients)
    def return_and_submit_everything_again(self, client):
        self.site.disconnected.discard(client)
        self.site.now += 5
        self.say(client, messages.ClientHello("me"))
        for job, submitter in list(self.sent.values()):
            if submitter == client and client != PASSING and not self.results[job.job_id]:
                self.say(client, job)

    @rule(agent=agents)
    def register(self, agent):
        slots, environments = AGENTS[agent]
        self.given = [(who, job_id) for who, job_id in self.given if who != agent]
        self.say(agent, agent_hello(slots, environments))

    @rule(agent=agents, pick=picks)
    def finish(self, agent, pick):
        if self.given:
            self.say(agent, agent_done(self.given[pick % len(self.given)][1]))

    @rule(agent=agents, frame=st.binary(max_size=20))
    def send_rubbish(self, agent, frame):
        self.say(agent, frame)
        self.say(ALICE, frame)

    @rule(who=st.sampled_from([ALICE, BOB, *AGENTS]), is_back=st.booleans())
    def cut_or_mend_the_network(self, who, is_back):
        if is_back:
            self.site.disconnected.discard(who)
        else:
            self.site.disconnected.add(who)

    @rule(seconds=st.integers(1, 8), awake=st.sets(st.sampled_from([*CLIENTS, *AGENTS])))
    def pass_time(self, seconds, awake):
        self.site.pass_time(seconds, awake=sorted(awake - self.site.disconnected))
        self.read()

    @invariant()
    def no_slot_is_lost_or_made(self):
        scheduler = self.site.scheduler
        for address, agent in scheduler._agents.items():
            free = scheduler._free_slots.count(address)
            assert free + len(agent.running) == AGENTS[address][0]

    @invariant()
    def every_job_is_in_one_place(self):
        scheduler = self.site.scheduler
        waiting = {job.id for job in scheduler._waiting}
        running = [id_ for agent in scheduler._agents.values() for id_ in agent.running]
        assert sorted(running) == sorted(scheduler._running)
        assert not waiting & set(running)

    @invariant()
    def no_job_has_two_results(self):
        assert all(count == 1 for count in self.results.values())

    def teardown(self):
        """At last everybody is there and works: then every job has a result."""
        self.site.disconnected.clear()
        for client in CLIENTS:
            self.say(client, messages.ClientHello("me"))
        for agent in AGENTS:
            self.register(agent)
        while self.given:
            agent, job_id = self.given.pop()
            self.say(agent, agent_done(job_id))
        for client in CLIENTS:
            self.say(client, messages.Ping())
        self.no_slot_is_lost_or_made()
        assert self.results == Counter(dict.fromkeys(self.sent, 1))

    def say(self, who, message):
        """Let somebody connected say something, and read what everybody was sent."""
        if who not in self.site.disconnected:
            receive = self.site.agent if who in AGENTS else self.site.client
            self.site.inboxes.setdefault(who, [])[:0] = receive(who, message)
        self.read()

    def read(self):
        for address in list(self.site.inboxes):
            for message in self.site.inbox(address):
                if isinstance(message, messages.BackendNewJob):
                    self.given.append((address, message.job_id))
                elif isinstance(message, messages.BackendJobDone):
                    self.results[message.job_id] += 1


TestBroker = BrokerMachine.TestCase
TestBroker.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
