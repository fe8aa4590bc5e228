"""A client on any loop, called from any thread."""

from __future__ import annotations

import asyncio
import concurrent.futures

import zmq
import zmq.asyncio

from inginious_nb.client import (
    Client,
    ClientOptions,
    CurveKeys,
)
from inginious_nb.client.client_sync import ClientSync
from tests.support.clients import BRISK, SUCCESS, Call, RunningLoop, ending_context
from tests.support.tasks import MATCH
from tests.support.thread_backend import ThreadBackend


async def test_jobs_can_be_submitted_from_many_threads(backend, connect):
    client = connect(backend)
    calls = [Call() for _ in range(200)]

    def submit(call):
        client.new_job(0, MATCH, {"q": "42"}, call)

    with concurrent.futures.ThreadPoolExecutor(8) as executor:
        await asyncio.gather(
            *(asyncio.get_running_loop().run_in_executor(executor, submit, call) for call in calls)
        )
    for call in calls:
        assert await call.called() == [SUCCESS]


async def test_a_call_from_another_thread_never_waits_for_the_next_one(backend, connect):
    client = connect(backend)

    def one_after_the_other():
        # The loop is often done with a call before the caller has gone on to its next line.
        return [ClientSync(client).new_job(0, MATCH, {"q": "42"}) for _ in range(300)]

    assert await asyncio.to_thread(one_after_the_other) == [SUCCESS] * 300


async def test_an_asyncio_context_works_as_documented(backend):
    with ending_context(zmq.asyncio.Context) as context:
        client = Client(context, backend.address)
        client.start()
        assert await client.submit(MATCH, {"q": "42"}) == SUCCESS
        client.close()


def test_a_plain_script_works(backend, context):
    async def main():
        client = Client(context, backend.address)
        client.start()
        try:
            return await client.submit(MATCH, {"q": "42"})
        finally:
            client.close()

    assert asyncio.run(main()) == SUCCESS


def grade_a_hundred(backend, context, loop_factory):
    async def main():
        client = Client(context, backend.address, options=BRISK)
        client.start()
        results = await asyncio.gather(*(client.submit(MATCH, {"q": "42"}) for _ in range(100)))
        client.close()
        return results

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(main()) == [SUCCESS] * 100


def test_uvloop_works(backend, context):
    import uvloop  # noqa: PLC0415 - not to be had on Windows

    grade_a_hundred(backend, context, uvloop.new_event_loop)


def test_a_loop_that_cannot_watch_descriptors_works(backend, context):
    class Proactor(asyncio.SelectorEventLoop):
        """As on Windows, where the default loop watches no descriptors for others."""

        def add_reader(self, fd, callback, *args):
            raise NotImplementedError

    grade_a_hundred(backend, context, Proactor)


def test_a_loop_given_explicitly_may_run_in_another_thread(backend, context, new_loop):
    loop = new_loop()
    client = Client(context, backend.address, loop=loop)
    call = Call()
    client.new_job(0, MATCH, {"q": "42"}, call)  # before anything runs
    client.start()
    running = RunningLoop(loop)
    call._news.wait(20)
    client.close()
    running.stop()
    assert call.calls == [SUCCESS]
    assert call.threads == [running.thread.ident]


async def test_curve_keys_are_used(context):
    server_public, server_secret = zmq.curve_keypair()
    public, secret = zmq.curve_keypair()
    with ThreadBackend(curve=(server_public, server_secret)) as backend:
        options = ClientOptions(curve=CurveKeys(server_public, public, secret))
        client = Client(context, backend.address, options=options)
        client.start()
        assert await client.submit(MATCH, {"q": "42"}) == SUCCESS
        client.close()
