"""A queue of 10,000 jobs: told as it is, and our own found in it."""

from __future__ import annotations

import msgpack
import pytest

from inginious_nb import messages
from inginious_nb.client import JobQueued
from tests.support.model_backend import World
from tests.support.tasks import MATCH
from tests.support.waiting import until

OTHERS = tuple((f"{number:036}", False, "course/task", "someone", 30) for number in range(10_000))


def a_snapshot(*own, others=OTHERS):
    rows = tuple((job_id, True, "c/t", "me", 30) for job_id in own)
    return messages.BackendGetQueue((), (*others, *rows))


@pytest.fixture
def world():
    world = World(queue_update_s=0)
    world.wait(2)
    yield world
    world.close()


async def until_told(client, backend, frame, condition):
    """Have a backend say it until the condition is met: an answer of its own may come between."""

    def is_met():
        backend.say(frame)
        return condition()

    await until(lambda: client.get_job_queue_snapshot()[1] is not None)
    await until(is_met)


async def test_it_is_told_as_it_is(holding, connect):
    client = connect(holding, queue_update=0)
    job = client.open_job(MATCH, {"q": "42"})
    frame = messages.encode(a_snapshot(job.id))
    await until_told(
        client, holding, frame, lambda: client.get_job_queue_info(job.id) == (10_000, 300_030)
    )
    assert client.get_job_queue_snapshot()[1][:-1] == list(OTHERS)
    assert any(event == JobQueued(event.at, 10_000) for event in job.events[1:])


def test_jobs_of_our_own_are_told_their_places(world):
    jobs = {job_id: world.submit(job_id) for job_id in ("a", "b", "c")}
    world.say(a_snapshot("a", "b", "c"))
    world.say(a_snapshot("a", "c"))
    places = {
        job_id: [event.at_most_before for event in job.events if isinstance(event, JobQueued)]
        for job_id, job in jobs.items()
    }
    assert places == {"a": [10_000], "b": [10_001], "c": [10_002, 10_001]}


def test_a_job_that_two_of_them_lack_is_sent_again():
    world = World()
    lost, other = world.submit("lost"), world.submit("other")
    world.wait(2)
    world.stalled = True
    world.wait(2)  # the queue is asked for, and not answered
    world.say(a_snapshot("other"))
    world.say(a_snapshot("other"))
    assert (lost.kinds().count("JobSent"), other.kinds().count("JobSent")) == (2, 1)
    world.close()


def test_a_long_frame_that_is_no_queue_is_dropped_and_counted(world):
    frame = messages.encode(a_snapshot())
    for broken in (frame[:-1], frame + b"x", frame.replace(b"BackendGetQueue", b"BackendGotQueue")):
        world.give(world.core.connections.current.number, broken)
    assert world.core.counters["malformed frames"] == 3
    world.say(a_snapshot())
    assert world.core.queue.jobs_waiting == OTHERS


async def test_rows_that_are_not_valid_are_not_shown(holding, connect, caplog):
    client = connect(holding, queue_update=0)
    job = client.open_job(MATCH, {"q": "42"})
    rows = [*OTHERS, (job.id, True, "c/t")]
    frame = msgpack.packb({"jobs_running": [], "jobs_waiting": rows, "@type": "BackendGetQueue"})
    await until_told(
        client, holding, frame, lambda: client.get_job_queue_snapshot() == (None, None)
    )
    assert client.get_job_queue_info(job.id) is None
    assert any(event == JobQueued(event.at, 10_000) for event in job.events[1:])
    assert "cannot be shown" in caplog.text
