"""The calls for coroutines: jobs that are awaited, followed, given up and killed."""

from __future__ import annotations

import asyncio

import pytest

from inginious_nb import messages
from inginious_nb.client import (
    JobDone,
    JobQueued,
    JobSent,
    JobSsh,
    JobStarted,
)
from inginious_nb.errors import LocalProtocolError
from tests.support.clients import SUCCESS
from tests.support.tasks import MATCH
from tests.support.waiting import until


async def test_the_events_of_a_job_come_in_order_and_to_every_listener(holding, connect):
    client = connect(holding)
    ahead = client.open_job(MATCH, {"q": "42"})
    job = client.open_job(MATCH, {"q": "42"}, debug="ssh")

    async def events():
        return [event async for event in job]

    listeners = [asyncio.create_task(events()) for _ in range(3)]
    await until(lambda: any(isinstance(event, JobQueued) for event in job.events))
    holding.finish(ahead.id)
    await until(lambda: any(event == JobQueued(event.at, 0) for event in job.events[2:]))
    holding.do(lambda model: model.start(job.id))
    holding.say(messages.BackendJobSSHDebug(job.id, "host", 64120, "worker", "secret"))
    holding.finish(job.id)
    heard = await asyncio.gather(*listeners)
    assert heard[0] == heard[1] == heard[2] == job.events
    assert [type(event) for event in heard[0]] == [
        JobSent,
        JobQueued,
        JobQueued,
        JobStarted,
        JobSsh,
        JobDone,
    ]
    assert [event.at_most_before for event in heard[0][1:3]] == [1, 0]
    assert heard[0][-1].result == await job == job.result
    assert heard[0][-1].at > 1e9


async def test_a_job_can_be_awaited_on_another_loop(backend, connect):
    job = connect(backend).open_job(MATCH, {"q": "42"})

    async def wait():
        return await job

    assert await asyncio.to_thread(asyncio.run, wait()) == SUCCESS


async def test_giving_up_waiting_for_a_job_does_not_kill_it(holding, connect):
    job = connect(holding).open_job(MATCH, {"q": "42"})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(job, 0.1)
    holding.finish(job.id)
    assert await job == SUCCESS


async def test_cancelling_submit_kills_the_job(holding, connect):
    client = connect(holding)
    task = asyncio.create_task(client.submit(MATCH, {"q": "42"}))
    await asyncio.to_thread(holding.wait_for, lambda model: model.jobs)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(holding.wait_for, lambda model: not model.jobs)


async def test_a_job_is_killed_by_its_id(holding, connect):
    client = connect(holding)
    job = client.open_job(MATCH, {"q": "42"}, job_id="my own")
    await asyncio.to_thread(holding.wait_for, lambda model: "my own" in model.jobs)
    client.kill_job("my own")
    assert (await job).result[0] == "killed"
    client.kill_job("nobody's")
    with pytest.raises(LocalProtocolError):
        client.kill_job(None)
