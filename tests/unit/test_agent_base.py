"""The protocol side of an agent, with a backend played by hand.

Source: docs/protocol.md, Registration and heartbeats.
"""

from __future__ import annotations

import asyncio
import contextlib

import pytest
import zmq

from inginious_nb import messages
from inginious_nb.errors import CourseError
from inginious_nb.grader.agents import Agent, Grader, without_feedback
from inginious_nb.i18n import faults
from tests.support.wire_peer import RouterPeer

STATE = "the state before"


class ScriptedGrader(Grader):
    """Does with a job what the answer to its problem `do` says."""

    def __init__(self, offer=None):
        self.offer = offer or {"kind": {"env": {"id": "x", "created": 0}}}
        self.release = asyncio.Event()
        self.begun = []
        self.cancelled = []
        self.closed = False

    def environments(self):
        return self.offer

    async def grade(self, job, handle):
        self.begun.append(job.job_id)
        try:
            return await self.act(job, handle)
        except asyncio.CancelledError:
            self.cancelled.append(job.job_id)
            raise

    async def act(self, job, handle):
        match job.inputdata.get("do"):
            case "wait":
                await self.release.wait()
            case "end slowly":
                try:
                    await asyncio.Event().wait()
                finally:
                    await self.release.wait()
            case "wait for kill":
                await handle.kill_requested.wait()
                return without_feedback(job, "killed")
            case "ssh":
                await handle.ssh("host", 22, "user", "secret")
                await handle.ssh("host", 23, "user", "again")
            case "refuse":
                raise CourseError("There is no such task.")
            case "fail":
                raise ZeroDivisionError
            case "cancel itself":
                raise asyncio.CancelledError
            case "be unsendable":
                return without_feedback(job, "success", state={"not": "text"})
        return without_feedback(job, "success", "graded", state="new")

    def close(self):
        self.closed = True


class Stage:
    """An agent that runs, and the backend it registered with."""

    def __init__(self, backend, grader, agent):
        self.backend = backend
        self.grader = grader
        self.agent = agent
        self.identity = None
        self._running = asyncio.create_task(agent.run())

    async def stop(self):
        self._running.cancel()
        await asyncio.wait([self._running])

    async def registered(self):
        self.identity, hello = await self.backend.hear_a(messages.AgentHello)
        return hello

    async def give(self, **changes):
        await self.backend.say(self.identity, a_job(**changes))

    async def hear(self):
        return (await self.backend.hear())[1]

    async def hear_a(self, kind):
        return (await self.backend.hear_a(kind))[1]


@contextlib.asynccontextmanager
async def acting(*, slots=2, graders=None, **timing):
    graders = graders or [ScriptedGrader()]
    context = zmq.Context()
    with RouterPeer() as backend:
        agent = Agent(
            context, backend.address, graders, slots=slots, friendly_name="actor", **timing
        )
        stage = Stage(backend, graders[0], agent)
        try:
            yield stage
        finally:
            await stage.stop()
            context.destroy(linger=0)


@pytest.fixture
async def stage():
    async with acting() as stage:
        await stage.registered()
        yield stage


def a_job(job_id="j", do="", **changes):
    fields = {
        "job_id": job_id,
        "course_id": "c",
        "task_id": "t",
        "task_problems": {},
        "inputdata": {"do": do, "@state": STATE},
        "environment_type": "kind",
        "environment": "env",
        "environment_parameters": {},
        "debug": False,
    }
    return messages.BackendNewJob(**(fields | changes))


async def test_it_announces_what_its_graders_offer():
    first = ScriptedGrader({"kind": {"env": {"id": 1, "created": 0}}})
    second = ScriptedGrader({"kind": {"more": {"id": 2, "created": 0}}, "other": {}})
    async with acting(slots=3, graders=[first, second]) as stage:
        assert await stage.registered() == messages.AgentHello(
            "actor", 3, {"kind": first.offer["kind"] | second.offer["kind"], "other": {}}
        )


async def test_pings_are_answered(stage):
    await stage.backend.say(stage.identity, messages.Ping())
    assert await stage.hear() == messages.Pong()


async def test_a_job_is_reported_as_started_and_then_done(stage):
    await stage.give()
    assert await stage.hear() == messages.AgentJobStarted("j")
    done = await stage.hear()
    assert (done.job_id, done.result, done.state) == ("j", ("success", "graded"), "new")


async def test_ssh_credentials_are_told_once_between_start_and_end(stage):
    await stage.give(do="ssh")
    assert await stage.hear() == messages.AgentJobStarted("j")
    assert await stage.hear() == messages.AgentJobSSHDebug("j", "host", 22, "user", "secret")
    assert isinstance(await stage.hear(), messages.AgentJobDone)


@pytest.mark.parametrize(
    ("do", "text"),
    [
        ("refuse", "There is no such task."),
        ("fail", "the grader's machine, not of your answer"),
        ("cancel itself", "the grader's machine, not of your answer"),
        ("be unsendable", "AgentJobDone.state"),
    ],
)
async def test_a_grader_that_fails_is_a_crash_with_the_previous_state(stage, do, text):
    await stage.give(do=do)
    done = await stage.hear_a(messages.AgentJobDone)
    assert done.result[0] == "crash"
    assert text in done.result[1]
    assert faults.told(done.result[1]) == done.result[1]
    assert (done.grade, done.problems, done.state) == (0.0, {}, STATE)
    assert (done.archive, done.stdout, done.stderr) == (None, None, None)
    await stage.give(job_id="next")
    assert (await stage.hear_a(messages.AgentJobDone)).result[0] == "success"


async def test_an_environment_it_does_not_offer_is_a_crash_that_names_those_it_does(stage):
    await stage.give(environment="java8")
    assert await stage.hear() == messages.AgentJobStarted("j")
    done = await stage.hear()
    assert done.result[0] == "crash"
    assert "kind/java8; it offers kind/env." in done.result[1]


async def test_a_kill_reaches_the_job_it_is_for_and_an_unknown_one_nobody(stage):
    await stage.give(job_id="kill me", do="wait for kill")
    await stage.give(job_id="not me", do="wait for kill")
    for job_id in ("unheard-of", "kill me"):
        await stage.backend.say(stage.identity, messages.BackendKillJob(job_id, STATE))
    done = await stage.hear_a(messages.AgentJobDone)
    assert (done.job_id, done.result, done.state) == ("kill me", ("killed", ""), STATE)
    await stage.backend.say(stage.identity, messages.BackendKillJob("not me", STATE))
    assert (await stage.hear_a(messages.AgentJobDone)).job_id == "not me"


async def test_bad_frames_do_not_disturb_it(stage):
    await stage.give(job_id="running", do="wait")
    await stage.hear_a(messages.AgentJobStarted)
    for frame in (
        b"",
        b"\xc1",
        messages.encode(messages.Pong()),
        messages.encode(messages.ClientHello("me")),
    ):
        await stage.backend.say(stage.identity, frame)
    stage.grader.release.set()
    assert (await stage.hear()).job_id == "running"


async def test_it_never_grades_more_jobs_than_it_has_slots():
    async with acting(slots=2) as stage:
        await stage.registered()
        for job_id in "abc":
            await stage.give(job_id=job_id, do="wait")
            assert await stage.hear() == messages.AgentJobStarted(job_id)
        assert stage.grader.begun == ["a", "b"]
        stage.grader.release.set()
        ended = {(await stage.hear_a(messages.AgentJobDone)).job_id for _ in "abc"}
        assert ended == {"a", "b", "c"}


async def test_when_it_is_stopped_the_backend_is_told_and_jobs_leave_nothing_behind():
    async with acting() as stage:
        await stage.registered()
        await stage.backend.say(stage.identity, messages.Ping())
        await stage.give(do="wait")
        await stage.hear_a(messages.AgentJobStarted)
        await stage.stop()
        assert await stage.hear_a(messages.AgentHello) == messages.AgentHello("actor", 0, {})
        assert stage.grader.cancelled == ["j"]
        assert stage.grader.closed


async def test_jobs_that_come_while_it_stops_are_not_begun():
    async with acting() as stage:
        await stage.registered()
        await stage.give(do="end slowly")
        await stage.hear_a(messages.AgentJobStarted)
        stopping = asyncio.create_task(stage.stop())
        await stage.hear_a(messages.AgentHello)
        await stage.give(job_id="too late")
        await stage.backend.say(stage.identity, messages.Ping())
        await stage.hear_a(messages.Pong)
        stage.grader.release.set()
        await stopping
        assert stage.grader.begun == ["j"]


async def test_a_changed_offer_is_announced_on_the_same_connection():
    async with acting() as stage:
        await stage.registered()
        stage.agent.announce()
        stage.grader.offer = {"kind": {"new": {"id": "y", "created": 0}}}
        stage.agent.announce()
        identity, hello = await stage.backend.hear()
        assert (identity, hello.available_environments) == (stage.identity, stage.grader.offer)


async def test_a_changed_offer_does_not_end_running_jobs(stage):
    await stage.give(do="wait")
    await stage.hear_a(messages.AgentJobStarted)
    stage.grader.offer = {"kind": {"new": {"id": "y", "created": 0}}}
    stage.agent.announce()
    identity, hello = await stage.backend.hear_a(messages.AgentHello)
    assert hello.available_environments == stage.grader.offer
    assert identity != stage.identity
    stage.grader.release.set()
    identity, done = await stage.backend.hear_a(messages.AgentJobDone)
    assert (identity, done.result[0]) == (stage.identity, "success")


# ---- a backend that is silent -------------------------------------------------------------------

SOON = {"silence_s": 0.2, "tick_s": 0.02}


async def test_a_silent_backend_gets_a_new_hello_from_a_new_identity_again_and_again():
    async with acting(**SOON) as stage:
        first = await stage.registered()
        identities = {stage.identity}
        while len(identities) < 4:
            identity, hello = await stage.backend.hear()
            if hello == messages.AgentHello("actor", 0, {}):
                assert identity in identities  # the one before is withdrawn
            else:
                assert hello == first
                assert identity not in identities
                identities.add(identity)


async def test_a_job_survives_a_stalled_backend():
    async with acting(**SOON) as stage:
        await stage.registered()
        await stage.give(do="wait")
        await stage.hear_a(messages.AgentJobStarted)
        await stage.backend.hear_a(messages.AgentHello)
        stage.grader.release.set()
        identity, done = await stage.backend.hear_a(messages.AgentJobDone)
        assert (identity, done.result[0]) == (stage.identity, "success")


async def test_registrations_that_are_superseded_are_withdrawn():
    async with acting(**SOON) as stage:
        await stage.registered()
        first = newest = stage.identity
        await stage.backend.say(first, messages.Ping())
        registered = {first}
        while len(registered) > 1 or newest == first:
            if newest != first:
                await stage.backend.say(newest, messages.Ping())
            identity, hello = await stage.backend.hear_a(messages.AgentHello)
            if hello == messages.AgentHello("actor", 0, {}):
                registered.remove(identity)
            else:
                newest = identity
                registered.add(identity)


async def test_a_registration_that_is_superseded_stays_until_its_jobs_have_ended():
    async with acting(**SOON) as stage:
        await stage.registered()
        await stage.give(do="wait")
        await stage.hear_a(messages.AgentJobStarted)
        identity, _ = await stage.backend.hear_a(messages.AgentHello)
        await stage.backend.say(identity, messages.Ping())
        assert await stage.backend.hear_a(messages.Pong) == (identity, messages.Pong())
        stage.grader.release.set()
        done = await stage.backend.hear()
        assert (done[0], done[1].result[0]) == (stage.identity, "success")
        goodbye = (stage.identity, messages.AgentHello("actor", 0, {}))
        assert await stage.backend.hear_a(messages.AgentHello) == goodbye


async def test_a_job_given_again_by_a_restarted_backend_is_continued():
    async with acting(**SOON) as stage:
        await stage.registered()
        await stage.give(do="wait")
        await stage.hear_a(messages.AgentJobStarted)
        old, (stage.identity, _) = stage.identity, await stage.backend.hear_a(messages.AgentHello)
        await stage.give(do="wait")
        assert await stage.backend.hear_a(messages.AgentJobStarted) == (
            stage.identity,
            messages.AgentJobStarted("j"),
        )
        stage.grader.release.set()
        identity, done = await stage.backend.hear_a(messages.AgentJobDone)
        assert identity == stage.identity != old
        assert done.result[0] == "success"
        assert stage.grader.begun == ["j"]


async def test_another_job_of_the_same_id_replaces_the_one_nobody_waits_for():
    async with acting(**SOON) as stage:
        await stage.registered()
        await stage.give(do="wait")
        await stage.hear_a(messages.AgentJobStarted)
        stage.identity, _ = await stage.backend.hear_a(messages.AgentHello)
        await stage.give(do="")
        assert (await stage.hear_a(messages.AgentJobDone)).result == ("success", "graded")
        assert stage.grader.cancelled == ["j"]


async def test_jobs_of_a_backend_that_never_comes_back_are_given_up():
    async with acting(slots=1, give_up_s=0.5, **SOON) as stage:
        await stage.registered()
        await stage.give(do="wait")
        await stage.hear_a(messages.AgentJobStarted)
        stage.identity, _ = await stage.backend.hear_a(messages.AgentHello)
        await stage.give(job_id="next")
        assert (await stage.hear_a(messages.AgentJobDone)).job_id == "next"
        assert stage.grader.cancelled == ["j"]
