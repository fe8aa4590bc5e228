"""What needs an agent that takes its time: files, the queue, kills, shells."""

from __future__ import annotations

import asyncio

import pytest

from inginious_nb.errors import AnswerError
from tests.support.holding_agent import HoldingAgent
from tests.support.waiting import until

CONTENT = b"1,2\n\xff\x00"
MIXED = {
    "code": "print('é')",
    "line": "x",
    "data": {"filename": "é x.csv", "value": CONTENT},
    "loop": "ten",
    "keys": ["c"],
    "word": "w",
}


@pytest.fixture
async def agent(web_site):
    """The one agent that grades the task mixed, one job at a time."""
    backend, environment = web_site.backend, ("docker", "held")
    async with HoldingAgent(backend.agent_address, slots=1, environment=environment) as agent:
        await asyncio.to_thread(backend.wait_until_offered, "docker")
        yield agent
        await agent.leave()


async def test_all_kinds_of_answers_arrive_and_come_back(session_of, agent):
    agent.by_itself = True
    session = await session_of()
    task = await asyncio.to_thread(session.open, "probe/mixed")
    with pytest.raises(AnswerError, match=r"must end with \.csv"):
        session.submit(task, {**MIXED, "data": {"filename": "x.txt", "value": b""}})
    with pytest.raises(AnswerError, match="at most 9,967 bytes"):
        session.submit(task, {**MIXED, "data": {"filename": "x.csv", "value": b"x" * 9968}})
    limit = {"filename": "x.csv", "value": b"x" * 9967}
    assert (await session.submit(task, {**MIXED, "data": limit})).result[0] == "success"
    submission = session.submit(task, MIXED)
    assert (await submission).result[0] == "success"
    (sent,) = list(agent.inputs.values())[-1:]
    assert sent["data"] == MIXED["data"]
    assert (sent["code"], sent["free"], sent["keys"]) == (MIXED["code"], "", ("2",))

    # In another history they are only what the site has.
    elsewhere = await session_of("bob", history="elsewhere")
    opened = await asyncio.to_thread(elsewhere.open, "probe/mixed")
    newest = submission.record.remote_id
    await until(lambda: elsewhere.history.answers(newest))
    answers = elsewhere.history.answers(newest)
    assert answers["data"] == MIXED["data"]
    assert answers["keys"] == ["2"]
    assert len(elsewhere.task_state(opened).records) == 2


async def test_the_place_in_the_queue_is_told_and_a_job_is_killed(session_of, agent):
    first, second = await session_of("alice"), await session_of("bob")
    tasks = [await asyncio.to_thread(s.open, "probe/mixed") for s in (first, second)]
    running = first.submit(tasks[0], MIXED)
    await agent.holds(1)
    waiting = second.submit(tasks[1], MIXED)
    await until(lambda: running.phase == "running" and waiting.at_most_before == 0)
    assert waiting.phase == "queued"
    running.kill()
    assert (await running).result[0] == "killed"
    await agent.holds(1)
    await agent.finish()
    assert (await waiting).result[0] == "success"


async def test_the_next_submission_waits_here_and_says_why(session_of, agent, browser_of):
    elsewhere = {
        "@action": "submit",
        "code": "x",
        "free": "",
        "line": "y",
        "loop": "0",
        "keys": "1",
        "word": "",
    }
    file = {"data": ("x.csv", b"1")}
    await asyncio.to_thread(
        browser_of("bob").post, "/course/probe/mixed", data=elsewhere, files=file
    )
    await agent.holds(1)
    session = await session_of()
    task = await asyncio.to_thread(session.open, "probe/mixed")
    first, second = session.submit(task, MIXED), session.submit(task, MIXED)
    await until(lambda: "made elsewhere" in first.note and "yours before it" in second.note)
    assert (first.phase, second.phase) == ("saved", "saved")
    agent.by_itself = True
    await agent.finish()
    assert [(await each).result[0] for each in (first, second)] == ["success"] * 2
    assert (first.note, second.note) == ("", "")


async def test_an_administrator_gets_a_shell_and_a_student_does_not(session_of, agent, browser_of):
    browser_of("superadmin")
    for name, has_shell in {"superadmin": True, "bob": False}.items():
        session = await session_of(name)
        task = await asyncio.to_thread(session.open, "probe/mixed")
        submission = session.submit(task, MIXED, debug="ssh")
        await agent.holds(1)
        if has_shell:
            await agent.open_shell(agent.jobs[0])
            await until(lambda s=submission: s.ssh)
            assert submission.ssh == ("127.0.0.1", 2222, "worker", "s3cret")
        await agent.finish()
        assert (await submission).result[0] == "success"
