"""Our client with our broker while the network fails: nothing is lost, and nothing runs twice."""

from __future__ import annotations

import asyncio

import pytest
import zmq

from inginious_nb.client import ClientOptions
from inginious_nb.grader.broker import Broker
from tests.support.clients import started_clients
from tests.support.holding_agent import HoldingAgent
from tests.support.peer import free_port
from tests.support.proxy import Proxy
from tests.support.tasks import MATCH

JOBS = 8
SLOTS = 4


@pytest.fixture
def context():
    with zmq.Context() as context:
        yield context


@pytest.fixture
async def ports(context):
    """The agents' and the clients' port of a running broker."""
    agent_port, client_port = free_port(), free_port()
    broker = Broker(context, f"tcp://127.0.0.1:{agent_port}", f"tcp://127.0.0.1:{client_port}")
    broker.bind()
    running = asyncio.create_task(broker.run())
    yield agent_port, client_port
    running.cancel()
    await asyncio.wait([running])


@pytest.fixture
async def agent(ports):
    async with HoldingAgent(f"tcp://127.0.0.1:{ports[0]}", slots=SLOTS) as agent:
        yield agent


@pytest.fixture
async def proxy(ports):
    async with Proxy(ports[1]) as proxy:
        yield proxy


@pytest.fixture
def connect(context, proxy):
    """Make clients that reach the broker through the proxy, and close them in the end."""
    with started_clients(context) as start:
        address = f"tcp://127.0.0.1:{proxy.port}"
        yield lambda **options: start(address, 1, options=ClientOptions(**options))


def submit(client, count=JOBS):
    return [
        asyncio.ensure_future(client.submit(MATCH, {"q": str(number)})) for number in range(count)
    ]


async def finish_everything(agent, jobs):
    agent.by_itself = True
    await agent.finish_all()
    results = await asyncio.wait_for(asyncio.gather(*jobs), 60)
    assert {result.result[0] for result in results} == {"success"}
    assert set(agent.runs.values()) == {1}
    assert len(agent.runs) == len(jobs)


@pytest.mark.parametrize("unresponsive_s", [1, 3])
async def test_results_that_were_lost_on_a_half_open_connection(
    agent, proxy, connect, unresponsive_s
):
    jobs = submit(connect())
    await agent.holds(SLOTS)
    proxy.swallow()
    for job_id in agent.jobs[:2]:
        await agent.finish(job_id)
    await agent.holds(SLOTS)
    await asyncio.sleep(unresponsive_s)  # the fault itself
    await proxy.cut()
    await proxy.mend()
    await finish_everything(agent, jobs)


async def test_a_client_that_died_and_sends_its_job_again_gets_the_result_of_the_first_run(
    agent, connect
):
    identity = {"routing_id": b"kernel 7"}
    first = connect(**identity)
    job = first.open_job(MATCH, {"q": "42", "@time": "t"}, job_id="from the history")
    await agent.holds(1)
    first.close()
    await job
    second = connect(**identity)
    again = second.open_job(MATCH, {"q": "42", "@time": "t"}, job_id="from the history")
    await agent.finish()
    assert (await asyncio.wait_for(again, 30)).result[0] == "success"
    assert agent.runs == {"from the history": 1}
