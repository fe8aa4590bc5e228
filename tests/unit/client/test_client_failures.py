"""Client: when a socket cannot be had, a context is ended or a loop stops, no callback is lost."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import threading
import tracemalloc

import pytest
import zmq

from inginious_nb import messages
from inginious_nb.client import Client, ClientOptions, ClientSync
from inginious_nb.client.results import UNAVAILABLE
from inginious_nb.errors import RemoteProtocolError, UsageError
from tests.support.clients import SUCCESS, ending_context
from tests.support.model_backend import a_result
from tests.support.tasks import MATCH
from tests.support.waiting import until

BRISK = ClientOptions(
    heartbeat_s=0.05,
    silent_after_s=0.2,
    rejoin_wait_s=0.1,
    queue_poll_s=0.05,
    recheck_s=1,
)
IMPATIENT = dataclasses.replace(BRISK, first_contact_s=1)
GIVEN_UP = (("crash", UNAVAILABLE), 0.0, {}, {}, {}, None)
SOCKETS_PER_CONNECTION = 3  # itself, and two for what is told of its connection


@contextlib.contextmanager
def context_with_sockets(most):
    """A context that refuses any further socket, as a process without descriptors does."""
    with ending_context() as context:
        context.set(zmq.MAX_SOCKETS, most)
        yield context


class Calls(list):
    """A callback that keeps the results it was called with."""

    def __call__(self, result, grade, problems, tests, custom, archive):
        self.append((result, grade, problems, tests, custom, archive))


# ---- addresses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("nonsense", "", 2001, "http://localhost:2001", "ipc://", "inproc://", "tcp://"),
        *("tcp://localhost", "tcp://localhost:0", "tcp://localhost:65536", "tcp://localhost:x"),
        "tcp://:2001",
    ],
)
def test_what_cannot_be_an_address_is_refused_at_once(address):
    with zmq.Context() as context, pytest.raises(UsageError, match="tcp://"):
        Client(context, address)


@pytest.mark.parametrize(
    "address", ["tcp://localhost:2001", "tcp://[::1]:2001", "ipc:///run/a.ipc", "inproc://name"]
)
def test_what_can_be_an_address_is_taken(address):
    with ending_context() as context:
        Client(context, address).close()


@pytest.mark.parametrize("from_a_thread", [True, False])
async def test_an_address_that_only_zeromq_finds_wrong_gives_jobs_up(from_a_thread):
    with ending_context() as context:
        client = Client(context, "tcp://no such host:1", options=IMPATIENT)
        await (asyncio.to_thread(client.start) if from_a_thread else asyncio.sleep(0))
        client.start()
        calls = Calls()
        client.new_job(0, MATCH, {"q": "42"}, calls)
        await until(lambda: calls)
        assert calls == [GIVEN_UP]
        client.new_job(0, MATCH, {"q": "42"}, calls)
        client.close()
        assert calls == [GIVEN_UP, GIVEN_UP]


# ---- sockets --------------------------------------------------------------------------------


@pytest.mark.parametrize("sockets", range(SOCKETS_PER_CONNECTION))
async def test_without_a_socket_every_callback_is_called_once(backend, sockets):
    with context_with_sockets(max(1, sockets)) as context:
        taken = [context.socket(zmq.PAIR)] if sockets == 0 else []
        client = Client(context, backend.address, options=IMPATIENT)
        client.start()
        ended, closed = Calls(), Calls()
        assert client.new_job(0, MATCH, {"q": "42"}, ended) is not None
        await until(lambda: ended)
        client.new_job(0, MATCH, {"q": "42"}, closed)
        client.close()
        assert (ended, closed) == ([GIVEN_UP], [GIVEN_UP])
        for socket in taken:
            socket.close()


async def test_a_socket_that_can_be_had_later_is_used(backend):
    with context_with_sockets(2 * SOCKETS_PER_CONNECTION) as context:
        taken = [context.socket(zmq.PAIR) for _ in range(2 * SOCKETS_PER_CONNECTION - 1)]
        client = Client(context, backend.address, options=BRISK)
        client.start()
        job = client.open_job(MATCH, {"q": "42"})
        await until(lambda: client.connection.silent_s > BRISK.silent_after_s)
        for socket in taken:
            socket.close()
        result = await job
        client.close()
        assert result == SUCCESS


async def test_without_a_second_socket_a_silence_is_waited_for(backend, caplog):
    stalled = threading.Event()
    with context_with_sockets(SOCKETS_PER_CONNECTION + 1) as context:
        client = Client(context, backend.address, options=BRISK)
        client.start()
        assert await client.submit(MATCH, {"q": "42"}) == SUCCESS
        backend.do(lambda _: stalled.wait(20))
        await until(lambda: "could not be opened" in caplog.text)
        calls = Calls()
        assert client.new_job(0, MATCH, {"q": "42"}, calls) is not None
        assert calls == []
        stalled.set()
        await until(lambda: calls)
        assert await client.submit(MATCH, {"q": "42"}) == SUCCESS
        client.close()
        assert calls == [SUCCESS]


# ---- contexts -------------------------------------------------------------------------------


def test_a_context_that_has_ended_is_a_mistake_of_the_caller(backend):
    with zmq.Context() as context:
        context.term()
    with pytest.raises(UsageError, match="context"):
        Client(context, backend.address)


def test_a_context_destroyed_before_the_client_is_closed_ends_the_sockets(backend, running_loop):
    failures = []
    running_loop.loop.set_exception_handler(lambda _, failure: failures.append(failure))
    options = dataclasses.replace(BRISK, give_up_s=2)
    with ending_context() as context:
        client = Client(context, backend.address, loop=running_loop.loop, options=options)
        client.start()
        sync = ClientSync(client)
        assert sync.new_job(0, MATCH, {"q": "42"}) == SUCCESS
        context.destroy()
        assert sync.new_job(0, MATCH, {"q": "42"}) == GIVEN_UP
        late = Calls()
        client.new_job(0, MATCH, {"q": "42"}, late)
        client.close()
        assert late == [GIVEN_UP]
    running_loop.stop()
    assert failures == []


# ---- loops ----------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [False, True])
def test_a_loop_that_stops_while_it_is_to_close_the_client_costs_no_callback(
    backend, again, running_loop
):
    backend.by_itself = False
    loop = running_loop.loop
    held, closing = threading.Event(), threading.Event()
    with ending_context() as context:
        client = Client(context, backend.address, loop=loop, options=BRISK)
        client.start()
        calls = Calls()
        job_id = client.new_job(0, MATCH, {"q": "42"}, calls)
        backend.wait_for(lambda model: job_id in model.jobs)

        def hold_then_stop():
            held.set()
            while not (client.closed and loop._ready):  # until it has been asked to close
                closing.wait(0.001)
            loop.stop()

        loop.call_soon_threadsafe(hold_then_stop)
        held.wait(20)
        client.close()
        if again:
            client.close()
        running_loop.thread.join()
        assert calls == [GIVEN_UP]
        loop.run_until_complete(asyncio.sleep(0))  # what was left in it does no harm
        assert calls == [GIVEN_UP]


def test_closing_twice_at_once_waits_for_the_end_in_both_threads(backend, running_loop):
    backend.by_itself = False
    with ending_context() as context:
        client = Client(context, backend.address, loop=running_loop.loop, options=BRISK)
        client.start()
        calls = Calls()
        client.new_job(0, MATCH, {"q": "42"}, calls)
        seen = []

        def close():
            client.close()
            seen.append(len(calls))

        closers = [threading.Thread(target=close) for _ in range(4)]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join()
        assert seen == [1] * 4


# ---- frames ---------------------------------------------------------------------------------


def test_a_hundred_million_items_are_refused_before_they_are_made():
    junk = b"\xdd" + (10**8).to_bytes(4, "big") + bytes(10**8)
    result = messages.encode(a_result("j", custom={"a": 7}))
    frame = result.replace(b"\xa1a\x07", b"\xa1a" + junk)
    with contextlib.ExitStack() as ended:
        tracemalloc.start()
        ended.callback(tracemalloc.stop)
        with pytest.raises(RemoteProtocolError):
            messages.decode(frame, messages.TO_CLIENT)
        _, peak_bytes = tracemalloc.get_traced_memory()
    assert peak_bytes < 1_000_000


async def test_an_archive_of_100_mb_arrives(backend):
    backend.by_itself = False
    archive = bytes(10**8)
    with ending_context() as context:
        client = Client(context, backend.address, options=BRISK)
        client.start()
        job = client.open_job(MATCH, {"q": "42"})
        await until(lambda: job.id in backend.model.jobs)
        backend.finish(job.id, archive=archive)
        result = await job
        client.close()
        assert result.archive == archive
