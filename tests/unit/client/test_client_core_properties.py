"""Any order of calls, frames, losses and time: every job gets exactly one result.

A real one, if the client is patient; and as long as nothing was lost, every job is sent once.
"""

from __future__ import annotations

from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from inginious_nb import messages
from inginious_nb.client.results import UNAVAILABLE
from tests.support.model_backend import ModelBackend, World, a_result

PATIENT = {
    "resend_limit": 50,
    "first_contact_s": 10**6,
    "give_up_s": 10**6,
    "environment_wait_s": 10**6,
}
"""So that nothing in an example is a reason to give a job up."""

IMPATIENT = {
    "resend_limit": 1,
    "first_contact_s": 10,
    "give_up_s": 10,
    "environment_wait_s": 5,
}
"""So that nearly everything is."""


class Life(RuleBasedStateMachine):
    """A client, a backend and a bad network; at the end the network is good again."""

    jobs = Bundle("jobs")
    patience = PATIENT

    def __init__(self):
        super().__init__()
        self.world = World(ModelBackend(), **self.patience)
        self.recorders = {}
        self.killed = set()
        self.disturbed = False  # whether anything was a reason to send a job again

    @initialize(refused=st.booleans())
    def backend_may_believe_in_an_earlier_connection(self, refused):
        if refused:
            self.disturbed = True
            self.world.identities[b"id-0"] = 0

    @rule(target=jobs, environment=st.sampled_from([("mcq", "mcq")] * 3 + [("docker", "java")]))
    def submit(self, environment):
        job_id = f"j{len(self.recorders)}"
        self.recorders[job_id] = self.world.submit(job_id, environment)
        return job_id

    @rule(target=jobs, count=st.integers(2, 20), pause_s=st.sampled_from([1, 2]))
    def submit_steadily(self, count, pause_s):
        submitted = []
        for _ in range(count):
            submitted.append(self.submit(("mcq", "mcq")))
            self.world.wait(pause_s)
        return multiple(*submitted)

    @rule(job=jobs)
    def submit_the_same_id(self, job):
        if self.recorders[job].results:
            return
        self.world.submit(job)

    @rule(job=jobs)
    def kill(self, job):
        self.killed.add(job)
        self.world.kill(job)

    @rule(steps=st.integers(1, 6))
    def carry_some_frames(self, steps):
        for _ in range(steps):
            self.world._route()
            self.world.step()

    @rule(seconds=st.sampled_from([0.1, 1, 3, 20]), step_s=st.sampled_from([0.5, 1, 5]))
    def wait(self, seconds, step_s):
        self.world.wait(seconds, step_s)

    @rule(late_s=st.sampled_from([0.2, 1, 4]))
    def tick_without_network(self, late_s):
        self.world.now += late_s
        self.world.core.tick(self.world.now)
        self.world._carry_out()

    @rule(job=jobs)
    def agent_starts(self, job):
        if job in self.world.backend.jobs and not self.world.backend.jobs[job][1]:
            self.world.backend.start(job)

    @rule(job=jobs)
    def agent_finishes(self, job):
        if job in self.world.backend.jobs:
            self.world.backend.finish(job)

    @rule(seconds=st.sampled_from([0, 2, 8, 12, 20]))
    def backend_is_slow(self, seconds):
        self.world.latency_s = seconds

    @rule(none_left=st.booleans())
    def sockets_run_out_or_can_be_had(self, none_left):
        self.world.no_sockets = none_left

    @rule(noticed=st.booleans())
    def frames_are_lost(self, noticed):
        self.disturbed = True
        self.world.lose_what_is_under_way(noticed=noticed)

    @rule(noticed=st.booleans())
    def connection_becomes_unresponsive(self, noticed):
        self.disturbed = True
        self.world.make_unresponsive(noticed=noticed)

    @rule()
    def backend_notices_dead_connections(self):
        self.world.forget_dead_connections()

    @rule(environments=st.sampled_from([{}, {"mcq": ("mcq",)}]))
    def backend_restarts(self, environments):
        self.disturbed = True
        self.world.backend.restart(environments)

    @rule(stalled=st.booleans())
    def backend_stalls_or_goes_on(self, stalled):
        self.world.stalled = stalled

    @rule(
        frame=st.one_of(st.binary(max_size=40), st.sampled_from([messages.encode(messages.Ping())]))
    )
    def garbage_arrives(self, frame):
        self.world.give(self.world.core.connections.current.number, frame)

    @rule(
        message=st.sampled_from(
            [
                messages.Unknown(),
                messages.Pong(),
                messages.BackendGetQueue((), ()),
                messages.BackendJobStarted("j0"),
                messages.BackendUpdateEnvironments({}),
                a_result("stranger"),
            ]
        )
    )
    def something_unexpected_arrives(self, message):
        self.disturbed = True
        self.world.say(message)

    @rule(job=jobs)
    def a_result_arrives_that_no_agent_gave(self, job):
        self.world.say(a_result(job))

    @invariant()
    def no_job_has_two_results(self):
        assert all(len(recorder.results) <= 1 for recorder in self.recorders.values())
        for recorder in self.recorders.values():
            assert "JobDone" not in recorder.kinds()[:-1]

    @invariant()
    def what_was_not_lost_is_sent_once(self):
        if not self.disturbed:
            for recorder in self.recorders.values():
                assert recorder.kinds().count("JobSent") <= 1

    def teardown(self):
        """The network recovers, agents work: every job ends."""
        world = self.world
        world.stalled = world.no_sockets = False
        world.latency_s = 0
        world.forget_dead_connections()
        world.backend.announce({"mcq": ("mcq",), "docker": ("java",)})
        for _ in range(30):
            world.wait(15)
            for job in list(world.backend.jobs):
                world.backend.finish(job)
        world.wait(5)
        self.what_was_not_lost_is_sent_once()
        for job, recorder in self.recorders.items():
            (result,) = recorder.results
            self.check(job, result.result)
        assert world.core.pending == 0
        world.close()

    def check(self, job, result):
        if job not in self.killed:
            assert result == ("success", "")


class ShortLife(Life):
    """The same with a client that gives up soon."""

    patience = IMPATIENT

    def check(self, job, result):
        given_up = result == ("crash", UNAVAILABLE) or "No grading agent" in result[1]
        assert given_up or job in self.killed or result == ("success", "")


class InSteps:
    """With every answer of the queue so long that it has a decoder of its own."""

    def __init__(self):
        self.patches = [
            mock.patch("inginious_nb.messages.codec._LONG_BYTES", 1),
        ]
        for patch in self.patches:
            patch.start()
        super().__init__()

    def teardown(self):
        try:
            super().teardown()
        finally:
            for patch in self.patches:
                patch.stop()


class LifeInSteps(InSteps, Life):
    """The patient one, in steps."""


class ShortLifeInSteps(InSteps, ShortLife):
    """The impatient one, in steps."""


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestShortLife = ShortLife.TestCase
TestShortLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLifeInSteps = LifeInSteps.TestCase
TestLifeInSteps.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestShortLifeInSteps = ShortLifeInSteps.TestCase
TestShortLifeInSteps.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
