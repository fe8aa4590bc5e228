"""Our broker with INGInious's own mcq agent, next to agents of our own."""

from __future__ import annotations

import signal

import pytest

from inginious_nb import messages
from tests.support.courses import write_course
from tests.support.lab_jobs import a_nap, a_script, a_word, until_offered
from tests.support.our_site import running
from tests.support.peer import Process, free_port, peer_bin
from tests.support.wire_peer import DealerPeer


@pytest.fixture
def addresses():
    """Where agents and where clients connect."""
    return f"tcp://127.0.0.1:{free_port()}", f"tcp://127.0.0.1:{free_port()}"


@pytest.fixture
def broker(addresses):
    with running("backend", *addresses) as broker:
        yield broker


@pytest.fixture
def agent(addresses, broker, tmp_path):
    write_course(tmp_path)
    agent = Process(
        peer_bin() / "inginious-agent-mcq",
        *(addresses[0], "--tasks", tmp_path, "--friendly-name", "theirs"),
    )
    yield agent
    if agent.alive:
        agent.kill()


@pytest.fixture
async def client(addresses, agent):
    with DealerPeer(addresses[1]) as client:
        await until_offered(client, "mcq")
        yield client


async def test_its_agent_grades(client):
    right = await client.ask(a_word(), messages.BackendJobDone)
    assert (right.result, right.grade, right.state) == (("success", ""), 100.0, '{"word": ""}')
    assert [right.problems["word"][0], right.tests, right.custom] == ["success", {}, {}]
    assert (right.archive, right.stdout, right.stderr) == (None, None, None)
    wrong = await client.ask(a_word(inputdata={"word": "tulip"}), messages.BackendJobDone)
    assert (wrong.result[0], wrong.grade) == ("failed", 0.0)
    absent = a_word(task_id="absent", inputdata={"word": "rose", "@state": "before"})
    crash = await client.ask(absent, messages.BackendJobDone)
    assert (crash.result[0], crash.state) == ("crash", "before")


async def test_many_jobs_are_all_graded(client):
    for number in range(200):
        await client.say(a_word(job_id=f"job{number}", priority=-number))
    done = [await client.hear_a(messages.BackendJobDone) for _ in range(200)]
    assert {one.job_id for one in done} == {f"job{number}" for number in range(200)}
    assert {one.result[0] for one in done} == {"success"}


async def test_it_works_beside_agents_of_our_own(addresses, client, tmp_path):
    with running("agent", addresses[0], tmp_path):
        await until_offered(client, "docker", "docker-ssh", "mcq")
        assert (await client.ask(a_script(), messages.BackendJobDone)).result[0] == "success"
        await client.ask(a_nap(), messages.BackendJobStarted)
        for number in range(20):
            done = await client.ask(a_word(job_id=f"job{number}"), messages.BackendJobDone)
            assert done.result[0] == "success"
        done = await client.ask(messages.ClientKillJob("nap"), messages.BackendJobDone)
        assert done.result[0] == "killed"


async def test_when_its_agent_is_killed_the_environment_is_withdrawn(agent, client):
    agent.kill()
    await until_offered(client)


async def test_after_a_restart_of_the_broker_its_agent_comes_back(addresses, broker, client):
    broker.send_signal(signal.SIGKILL)
    broker.wait()
    with running("backend", *addresses), DealerPeer(addresses[1]) as again:
        await until_offered(again, "mcq")
        assert (await again.ask(a_word(), messages.BackendJobDone)).result[0] == "success"
