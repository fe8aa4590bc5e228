"""Nothing is lost: faults on the way to INGInious's own backend, and in it.

The client's time-outs are scaled down so that a fault of a second is a long one to it; the tests
marked slow have the defaults and faults as long as they happen to people.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import operator
from collections import Counter

import psutil
import pytest
import zmq

from inginious_nb.client import ClientOptions
from inginious_nb.client.results import UNAVAILABLE
from tests.support.clients import started_clients
from tests.support.holding_agent import HoldingAgent
from tests.support.peer import InginiousSite
from tests.support.proxy import Proxy
from tests.support.tasks import MATCH
from tests.support.waiting import until

BRISK = ClientOptions(
    heartbeat_s=0.1,
    silent_after_s=0.4,
    rejoin_wait_s=0.2,
    unresponsive_after_s=2,
    queue_poll_s=0.1,
    recheck_s=1,
)
"""A tenth of the default time-outs."""


class Submissions:
    """Jobs submitted with callbacks, and how often and with what each was called."""

    def __init__(self, client):
        self._client = client
        self.results = {}
        self.calls = Counter()
        self._news = asyncio.Event()

    def new(self, count):
        """Submit so many; returns their numbers."""
        first = len(self.calls)
        numbers = range(first, first + count)
        for number in numbers:
            self.calls[number] = 0
            self._client.new_job(0, MATCH, {"q": "42"}, self._callback(number))
        return numbers

    def _callback(self, number):
        def callback(result, grade, problems, tests, custom, archive):
            self.calls[number] += 1
            self.results[number] = (result, grade, problems)
            self._news.set()

        return callback

    async def all(self, timeout_s=60):
        """Wait until every one has a result."""
        async with asyncio.timeout(timeout_s):
            while len(self.results) < len(self.calls):
                self._news.clear()
                await self._news.wait()

    def assert_all_graded_once(self):
        assert set(self.calls.values()) == {1}
        assert {result for (result, _, _) in self.results.values()} == {("success", "")}


@pytest.fixture
def site(tmp_path):
    site = InginiousSite(tmp_path, agents=0)
    yield site
    site.stop()


@pytest.fixture
async def agent(site):
    async with HoldingAgent(site.agent_address) as agent:
        yield agent


@pytest.fixture
async def proxy(site):
    async with Proxy(site.client_port) as proxy:
        yield proxy


@pytest.fixture
def connect(context, proxy):
    """Makes clients that reach the backend through the proxy, and closes them."""
    with started_clients(context) as start:

        def make(options=BRISK, queue_update=1, port=None):
            return start(f"tcp://127.0.0.1:{port or proxy.port}", queue_update, options=options)

        yield make


async def cut_with_jobs_waiting_and_running(agent, proxy, client, cut_s):
    agent_slots = 4
    jobs = Submissions(client)
    jobs.new(8)
    await agent.holds(agent_slots)
    during, after = agent.jobs[:2], agent.jobs[2:4]
    await proxy.cut()
    for job_id in during:
        await agent.finish(job_id)
    await agent.holds(agent_slots)
    await asyncio.sleep(cut_s)  # the fault itself
    await proxy.mend()
    await until(lambda: client.connection.silent_s < cut_s / 2)
    for job_id in after:
        await agent.finish(job_id)
    agent.by_itself = True
    await agent.finish_all()
    await jobs.all()
    jobs.assert_all_graded_once()
    # What ended meanwhile was dropped by the backend; that, and nothing else, ran again.
    assert {job_id for job_id, runs in agent.runs.items() if runs == 2} == set(during)
    assert max(agent.runs.values()) == 2


@pytest.mark.parametrize("queue_update", [1, 0])
async def test_a_cut_connection(site, proxy, connect, queue_update):
    async with HoldingAgent(site.agent_address, slots=4) as agent:
        client = connect(queue_update=queue_update)
        await cut_with_jobs_waiting_and_running(agent, proxy, client, 1)


@pytest.mark.slow
@pytest.mark.parametrize("cut_s", [1, 5, 30])
async def test_a_cut_connection_with_default_patience(site, proxy, connect, cut_s):
    async with HoldingAgent(site.agent_address, slots=4) as agent:
        client = connect(ClientOptions(), 10)
        await cut_with_jobs_waiting_and_running(agent, proxy, client, cut_s)


async def stall_with_pending_jobs(site, agent, client, stall_s):
    jobs = Submissions(client)
    jobs.new(10)
    await agent.holds(10)
    site.backend.stall()
    await agent.finish_all()
    await asyncio.sleep(stall_s)  # the fault itself
    assert not jobs.results
    assert client.connection.state == "silent"
    assert client.connection.silent_s >= stall_s - 1.5
    site.backend.go_on()
    await jobs.all()
    jobs.assert_all_graded_once()
    assert set(agent.runs.values()) == {1}


async def test_a_stalled_backend(site, agent, connect):
    await stall_with_pending_jobs(site, agent, connect(port=site.client_port), 3)


@pytest.mark.slow
@pytest.mark.parametrize("stall_s", [14, 60])
async def test_a_stalled_backend_with_default_patience(site, agent, connect, stall_s):
    client = connect(ClientOptions(), 10, port=site.client_port)
    await stall_with_pending_jobs(site, agent, client, stall_s)


async def test_a_backend_killed_and_restarted_with_200_pending_jobs(site, agent, connect):
    jobs = Submissions(connect())
    jobs.new(200)
    await agent.holds(200)
    ids = set(agent.jobs)
    site.restart_backend()
    agent.jobs.clear()
    agent.by_itself = True
    await agent.hello()
    await jobs.all()
    jobs.assert_all_graded_once()
    assert agent.runs.keys() == ids
    assert set(agent.runs.values()) == {2}


async def test_a_backend_that_is_restarted_again_and_again(site, agent, connect):
    options = ClientOptions(heartbeat_s=0.1, silent_after_s=0.4, queue_poll_s=0.1, resend_limit=1)
    jobs = Submissions(connect(options))
    jobs.new(3)
    for _ in range(2):
        await agent.holds(3)
        site.restart_backend()
        agent.jobs.clear()
        await agent.hello()
    await jobs.all()
    assert set(jobs.calls.values()) == {1}
    assert {result for (result, _, _) in jobs.results.values()} == {("crash", UNAVAILABLE)}
    assert set(agent.runs.values()) == {2}


async def test_a_backend_that_never_comes_back(site, agent, connect):
    options = ClientOptions(heartbeat_s=0.1, silent_after_s=0.3, give_up_s=2)
    jobs = Submissions(connect(options))
    jobs.new(20)
    await agent.holds(20)
    site.backend.kill()
    await jobs.all(timeout_s=10)
    assert set(jobs.calls.values()) == {1}
    assert {result for (result, _, _) in jobs.results.values()} == {("crash", UNAVAILABLE)}


async def test_a_routing_id_that_the_backend_refuses(agent, proxy, connect):
    client = connect()
    jobs = Submissions(client)
    jobs.new(3)
    await agent.holds(3)
    proxy.keep_backend_sides()
    proxy.break_client_sides()
    await agent.finish()  # goes to the connection that is gone
    await asyncio.sleep(1)  # the fault itself
    proxy.keep_backend_sides(keep=False)
    agent.by_itself = True
    await agent.finish_all()
    await jobs.all()
    jobs.assert_all_graded_once()


async def test_a_routing_id_that_the_backend_refuses_for_ever(agent, proxy, connect):
    client = connect()
    jobs = Submissions(client)
    jobs.new(3)
    await agent.holds(3)
    proxy.keep_backend_sides()
    proxy.break_client_sides()
    await agent.finish()
    await until(lambda: client.connection.state == "silent")
    await until(lambda: client.connection.state == "connected")
    agent.by_itself = True
    await agent.finish_all()
    await jobs.all()
    jobs.assert_all_graded_once()


async def test_jobs_submitted_while_the_routing_id_is_refused_for_ever(agent, proxy, connect):
    # The backend believes in the connection of an earlier client of that id, as after a crash of
    # its machine.
    former = connect(dataclasses.replace(BRISK, routing_id=b"the same id"))
    await until(former.get_available_environments)
    proxy.keep_backend_sides()
    proxy.break_client_sides()
    former.close()
    client = connect(dataclasses.replace(BRISK, routing_id=b"the same id"))
    jobs = Submissions(client)
    jobs.new(2)
    await until(lambda: client.connection.state == "connected")
    jobs.new(2)
    await agent.holds(4)
    await agent.finish_all()
    await jobs.all()
    jobs.assert_all_graded_once()


async def test_a_connection_that_swallows_everything(agent, proxy, connect):
    client = connect()
    jobs = Submissions(client)
    jobs.new(3)
    await agent.holds(3)
    proxy.swallow()
    await agent.finish()
    await until(lambda: client.connection.state == "silent")
    proxy._swallow = False  # only for new connections: the old ones have a gap
    agent.by_itself = True
    await agent.finish_all()
    await jobs.all()
    jobs.assert_all_graded_once()


async def test_a_slow_connection_is_not_taken_for_a_broken_one(agent, proxy, connect):
    proxy.delay_s = 0.25
    jobs = Submissions(connect())
    jobs.new(5)
    agent.by_itself = True
    await jobs.all()
    jobs.assert_all_graded_once()
    assert set(agent.runs.values()) == {1}


async def test_a_large_answer_on_a_slow_line_is_sent_once(agent, proxy, connect):
    client = connect(dataclasses.replace(BRISK, unresponsive_after_s=60))
    await until(lambda: client.connection.state == "connected")
    proxy.bytes_per_s = 2_000_000
    job = client.open_job(MATCH, {"q": "4" * 8_000_000})
    await until(lambda: client.connection.state == "silent")
    await agent.holds(1)
    await agent.finish()
    assert (await job).result == ("success", "")
    assert set(agent.runs.values()) == {1}


async def test_the_jobs_of_an_agent_that_dies_are_graded_by_the_next(site, connect):
    async with HoldingAgent(site.agent_address) as agent:
        jobs = Submissions(connect())
        jobs.new(2)
        await agent.holds(2)
    async with HoldingAgent(site.agent_address) as agent:
        agent.by_itself = True
        await jobs.all()
    jobs.assert_all_graded_once()


async def test_a_job_submitted_before_anything_runs(site, proxy, connect):
    await proxy.cut()
    jobs = Submissions(connect())
    jobs.new(2)
    await proxy.mend()
    async with HoldingAgent(site.agent_address) as agent:
        agent.by_itself = True
        await jobs.all()
    jobs.assert_all_graded_once()
    assert set(agent.runs.values()) == {1}


FAULTS = {
    "none": (lambda site, proxy: None, lambda site, proxy: None),
    "cut": (lambda site, proxy: proxy.cut(), lambda site, proxy: proxy.mend()),
    "stall": (lambda site, proxy: site.backend.stall(), lambda site, proxy: site.backend.go_on()),
    "kill": (lambda site, proxy: site.backend.kill(), lambda site, proxy: site.start_backend()),
}
"""What happens, and how it is undone."""


def resources():
    """All that a client could leave behind; sockets are seen by their descriptors."""
    gc.collect()  # what earlier tests have left to it
    process = psutil.Process()
    return process.num_fds(), process.num_threads(), len(asyncio.all_tasks())


def is_connected_to(port):
    return any(
        connection.raddr and connection.raddr.port == port and connection.status == "ESTABLISHED"
        for connection in psutil.Process().net_connections()
    )


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("second_connection", [False, True])
async def test_closing_in_the_middle_of_it(
    site, agent, proxy, context, connect, fault, second_connection
):
    happens, undone = FAULTS[fault]
    with context.socket(zmq.PAIR):  # its first socket starts the threads of a context
        await until(lambda: is_connected_to(site.agent_port))
        before = resources()
        client = connect()
        jobs = Submissions(client)
        jobs.new(20)
        await agent.holds(20)
        await (happens(site, proxy) or asyncio.sleep(0))
        if second_connection and fault != "none":
            await until(lambda: client.connection.silent_s > 2 * BRISK.silent_after_s)
        client.close()
        assert set(jobs.calls.values()) == {1}
        assert {result for (result, _, _) in jobs.results.values()} == {("crash", UNAVAILABLE)}
        jobs.new(1)
        assert len(jobs.results) == 21
        await (undone(site, proxy) or asyncio.sleep(0))
        await until(lambda: all(map(operator.le, resources(), before)))
