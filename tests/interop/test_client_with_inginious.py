"""Our client with INGInious's own backend and mcq agent."""

from __future__ import annotations

import asyncio

import pytest

from inginious_nb.client import Client, ClientBuffer, ClientOptions, ClientSync
from tests.support.tasks import CHOICES, MATCH, FakeTask
from tests.support.waiting import until


@pytest.fixture
async def client(shared_site, context):
    client = Client(context, shared_site.address, 1)
    client.start()
    await until(client.get_available_environments)  # before a test stalls the agent
    yield client
    client.close()


async def result_of(client, task, inputdata, **more):
    """The nine values of a job, as INGInious 0.9.2 calls back."""
    future = asyncio.get_running_loop().create_future()

    def callback(result, grade, problems, tests, custom, state, archive, stdout, stderr):
        future.set_result((result, grade, problems, tests, custom, state, archive, stdout, stderr))

    client.new_job(0, task, inputdata, callback, **more)
    return await future


async def test_right_wrong_and_partly_right_answers(client):
    right = await client.submit(CHOICES, {"one": "0", "two": "yes"})
    assert right.result == ("success", "")
    assert right.grade == 100.0
    assert right.problems == {"two": right.problems["two"]}
    assert right.problems["two"][0] == "success"
    half = await client.submit(CHOICES, {"one": "1", "two": "yes"})
    assert half.result[0] == "failed"
    assert half.grade == 50.0
    assert half.problems["one"][0] == "failed"
    assert "not b" in half.problems["one"][1]
    wrong = await client.submit(CHOICES, {"one": "1", "two": "no"})
    assert wrong.grade == 0.0
    assert (wrong.tests, wrong.custom, wrong.archive) == ({}, {}, None)
    assert (wrong.stdout, wrong.stderr) == (None, None)


async def test_the_state_of_one_submission_goes_into_the_next(client):
    first = await client.submit(MATCH, {"q": "42"})
    assert first.state == '{"q": ""}'
    # The agent gives the previous state back when it cannot grade.
    second = await client.submit(MATCH, {"@state": first.state})
    assert second.result[0] == "crash"
    assert second.state == first.state


async def test_an_unknown_task_is_a_crash_and_an_unknown_environment_is_named(shared_site, context):
    client = Client(context, shared_site.address, options=ClientOptions(environment_wait_s=0))
    client.start()
    unknown_task = await client.submit(FakeTask(task_id="nowhere"), {"q": "42"})
    assert unknown_task.result[0] == "crash"
    unknown = await client.submit(FakeTask(environment_type="docker"), {"q": "42"})
    assert unknown.result[0] == "crash"
    assert "docker/mcq" in unknown.result[1]
    client.close()


async def test_the_texts_come_in_the_language_asked_for(client):
    english = await client.submit(MATCH, {"q": "1"})
    french = await client.submit(MATCH, {"q": "1", "@lang": "fr"})
    assert english.result[1] != french.result[1]


async def test_every_way_of_submitting_gives_the_same_result(client, shared_site):
    awaited = await client.submit(CHOICES, {"one": "1", "two": "yes"})
    called_back = await result_of(client, CHOICES, {"one": "1", "two": "yes"})
    synchronous = await asyncio.to_thread(
        ClientSync(client).new_job, 0, CHOICES, {"one": "1", "two": "yes"}
    )
    buffer = ClientBuffer(client)
    bjobid = buffer.new_job(0, CHOICES, {"one": "1", "two": "yes"})
    job = client.open_job(CHOICES, {"one": "1", "two": "yes"})
    assert await job == awaited
    await until(lambda: buffer.is_done(bjobid))
    assert buffer.get_result(bjobid) == synchronous == awaited
    assert called_back == awaited.nine()


async def test_the_queue_is_told_as_documented(client, shared_site):
    shared_site.agents[0].stall()
    try:
        running = client.open_job(MATCH, {"q": "42"}, launcher_name="me")
        waiting = client.open_job(MATCH, {"q": "42"}, launcher_name="you", priority=5)
        await until(lambda: client.get_job_queue_info(waiting.id) is not None)
        jobs_running, jobs_waiting = client.get_job_queue_snapshot()
        ((job_id, mine, agent, info, launcher, started_at, max_time),) = jobs_running
        assert (job_id, mine, info, launcher, max_time) == (
            running.id,
            True,
            "course/match",
            "me",
            -1,
        )
        assert isinstance(agent, str)
        assert started_at > 1e9
        assert jobs_waiting == [(waiting.id, True, "course/match", "you", -1)]
        assert client.get_job_queue_info(running.id) == (-1, 0)
        assert client.get_job_queue_info(waiting.id) == (0, 0)
        assert client.get_job_queue_info("nobody's") is None
        waiting.kill()
        assert (await waiting).result[0] == "killed"
    finally:
        shared_site.agents[0].go_on()
    assert (await running).result[0] == "success"


async def test_a_lower_number_is_served_first(client, shared_site):
    graded = []

    def submit(priority):
        client.new_job(priority, MATCH, {"q": "42"}, lambda *_: graded.append(priority))

    shared_site.agents[0].stall()
    try:
        for priority in (0, 7, 3, -1):
            submit(priority)
        await until(lambda: len(client.get_job_queue_snapshot()[1] or ()) >= 3)
    finally:
        shared_site.agents[0].go_on()
    await until(lambda: len(graded) == 4)
    assert graded == [0, -1, 3, 7]


async def test_a_cancelled_submission_is_killed_in_the_queue(client, shared_site):
    shared_site.agents[0].stall()
    try:
        first = client.open_job(MATCH, {"q": "42"})
        second = asyncio.create_task(client.submit(MATCH, {"q": "42"}))
        await until(lambda: len(client.get_job_queue_snapshot()[1] or ()) == 1)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        await until(lambda: not client.get_job_queue_snapshot()[1])
    finally:
        shared_site.agents[0].go_on()
    assert (await first).result[0] == "success"


STRANGE = {
    "half of a surrogate pair": "\ud800",
    "NUL": "a\0b",
    "a function": lambda: None,
    "an object": object(),
    "a huge integer": 2**70,
    "not a number": float("nan"),
    "a set": {1, 2},
    "nothing": None,
    "deep nesting": None,
    "itself": None,
    "bytes": b"\xff\xfe",
    "text of 50 MB": "x" * 50_000_000,
    "keys of any kind": {1: 2, None: 3, (4, 5): 6, b"7": 8},
}
STRANGE["deep nesting"] = deep = []
for _ in range(2000):
    deep.append([])
    deep = deep[0]
STRANGE["itself"] = itself = []
itself.append(itself)


@pytest.mark.parametrize("name", STRANGE)
async def test_no_answer_harms_the_backend(client, shared_site, name):
    result = await result_of(client, MATCH, {"q": STRANGE[name]})
    assert result[0][0] in ("success", "failed", "crash")
    assert (await client.submit(MATCH, {"q": "42"})).result[0] == "success"
    assert shared_site.backend.alive
