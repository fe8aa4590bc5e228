"""A queue of 10,000 jobs: told as it is, and our own in steps between which others have a turn."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from inginious_nb import messages
from inginious_nb.client import JobQueued
from inginious_nb.client.results import UNAVAILABLE
from tests.support.model_backend import World, a_result
from tests.support.tasks import MATCH
from tests.support.waiting import until

OTHERS = tuple((f"{number:036}", False, "course/task", "someone", 30) for number in range(10_000))
A_STEP_TAKES_AT_MOST = 500
"""Jobs of ours; the time they take is told by ``make bench``."""


def a_snapshot(*own, others=OTHERS):
    rows = tuple((job_id, True, "c/t", "me", 30) for job_id in own)
    return messages.BackendGetQueue((), (*others, *rows))


@pytest.fixture
def world():
    world = World(queue_update_s=0)
    world.wait(2)
    yield world
    world.close()


def read(world):
    """Read to the end what the core has begun; returns the number of steps."""
    steps = 0
    while world.core.busy:
        world.core.proceed()
        world._carry_out()
        steps += 1
    return steps


async def test_it_is_told_as_it_is(holding, connect):
    client = connect(holding, queue_update=0)
    job = client.open_job(MATCH, {"q": "42"})
    await asyncio.to_thread(holding.wait_for, lambda model: job.id in model.jobs)
    # The backend's own answer, which would replace the one below if it came later.
    await until(lambda: client.get_job_queue_snapshot()[1] is not None)
    holding.say(messages.encode(a_snapshot(job.id)))
    await until(lambda: any(event == JobQueued(event.at, 10_000) for event in job.events[1:]))
    assert client.get_job_queue_info(job.id) == (10_000, 300_030)
    assert client.get_job_queue_snapshot()[1][:-1] == list(OTHERS)


def test_jobs_of_our_own_are_told_in_steps(world):
    ids = [f"{number:036}" for number in range(3000)]
    recorders = [world.submit(job_id) for job_id in ids]
    world.say(a_snapshot(*ids, others=()))
    told = [0, sum(recorder.kinds().count("JobQueued") for recorder in recorders)]
    while world.core.busy:
        world.core.proceed()
        world._carry_out()
        told.append(sum(recorder.kinds().count("JobQueued") for recorder in recorders))
    assert told[-1] == 3000
    assert max(b - a for a, b in itertools.pairwise(told)) <= A_STEP_TAKES_AT_MOST


def test_what_comes_behind_it_waits(world):
    # The result is taken after the queue, which proves nothing about the job that is sent later.
    ids = [f"{number:036}" for number in range(3000)]
    recorders = [world.submit(job_id) for job_id in ids]
    world.say(a_snapshot(*ids, others=()))
    world.say(a_result(ids[-1]))
    assert recorders[-1].results == []
    read(world)
    assert recorders[-1].kinds() == ["JobSent", "JobQueued", "JobDone"]


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_job_that_is_given_up_meanwhile_ends_once(steps):
    world = World(give_up_s=3)
    jobs = [world.submit(f"j{number}") for number in range(1200)]
    world.wait(2)
    world.stalled = True
    world.wait(2)  # the queue is asked for, and not answered
    world.say(a_snapshot())
    read(world)
    world.say(a_snapshot())  # the second that lacks them, a reason to send them again
    for _ in range(steps):
        world.core.proceed()
    for _ in range(5):
        world.now += 1
        world.core.tick(world.now)
    read(world)
    world._carry_out()
    assert [[result.result for result in job.results] for job in jobs] == [
        [("crash", UNAVAILABLE)]
    ] * 1200
    assert {job.kinds()[-1] for job in jobs} == {"JobDone"}
    world.close()


def test_a_long_frame_that_is_no_queue_is_dropped_and_counted(world):
    frame = messages.encode(a_snapshot())
    for broken in (frame[:-1], frame + b"x", frame.replace(b"BackendGetQueue", b"BackendGotQueue")):
        world.give(world.core.connections.current.number, broken)
        read(world)
    assert world.core.counters["malformed frames"] == 3
    world.say(a_snapshot())
    read(world)
    assert world.core.queue == ((), OTHERS)


def test_a_connection_that_breaks_meanwhile_is_told_of_afterwards(world):
    job = world.submit("j")
    world.say(a_snapshot("j"))
    world.lose_what_is_under_way()
    assert job.kinds()[:2] == ["JobSent", "JobQueued"]
    assert not world.core.busy


def test_closing_meanwhile_ends_a_job_with_the_result_that_has_come(world):
    done, other = world.submit("j"), world.submit("k")
    world.say(a_snapshot("j", "k"))
    world.say(a_result("j"))
    world.close()
    assert not world.core.busy
    assert [result.result[0] for result in done.results] == ["success"]
    assert [result.result[0] for result in other.results] == ["crash"]
