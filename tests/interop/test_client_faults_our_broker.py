"""Faults between our client and our broker: what ended while it was away is not run again."""

from __future__ import annotations

import pytest

from inginious_nb.client import Client
from tests.interop.test_client_faults import BRISK, Submissions
from tests.support.holding_agent import HoldingAgent
from tests.support.our_site import running
from tests.support.peer import free_port, wait_for_port
from tests.support.proxy import Proxy
from tests.support.waiting import until


@pytest.fixture
def ports():
    agent_port, client_port = free_port(), free_port()
    addresses = f"tcp://127.0.0.1:{agent_port}", f"tcp://127.0.0.1:{client_port}"
    with running("backend", *addresses) as process:
        wait_for_port(client_port, process)
        yield agent_port, client_port


@pytest.fixture
async def agent(ports):
    async with HoldingAgent(f"tcp://127.0.0.1:{ports[0]}", slots=4) as agent:
        yield agent


@pytest.fixture
async def proxy(ports):
    async with Proxy(ports[1]) as proxy:
        yield proxy


@pytest.fixture
def client(context, proxy):
    client = Client(context, f"tcp://127.0.0.1:{proxy.port}", 1, options=BRISK)
    client.start()
    yield client
    client.close()


async def test_no_job_runs_twice_when_the_connection_was_cut(agent, proxy, client):
    jobs = Submissions(client)
    jobs.new(8)
    await agent.holds(4)
    await proxy.cut()
    await agent.finish_all()
    await agent.holds(4)
    await until(lambda: client.connection.state == "silent")
    await proxy.mend()
    agent.by_itself = True
    await agent.finish_all()
    await jobs.all()
    jobs.assert_all_graded_once()
    assert set(agent.runs.values()) == {1}


async def test_a_broken_connection_that_the_broker_still_believes_in(agent, proxy, client):
    jobs = Submissions(client)
    jobs.new(3)
    await agent.holds(3)
    proxy.keep_backend_sides()
    proxy.break_client_sides()
    await agent.finish()
    agent.by_itself = True
    await agent.finish_all()
    await jobs.all()
    jobs.assert_all_graded_once()
