"""Ctrl-C in callbacks, callbacks that run the loop, and clients whose heartbeat is far away."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import textwrap
import weakref

import pytest

from inginious_nb import messages
from inginious_nb.client import Client, ClientOptions
from inginious_nb.errors import LocalProtocolError
from tests.support.clients import BRISK, SUCCESS, Call, ending_context
from tests.support.processes import running
from tests.support.tasks import MATCH

NEVER = ClientOptions(heartbeat_s=1000, silent_after_s=10_000)
"""A client that does nothing by itself after it has said hello."""


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


class Interrupting(Call):
    """A callback in which the user presses Ctrl-C."""

    def __call__(self, *values):
        super().__call__(*values)
        raise KeyboardInterrupt


def until_interrupted(loop):
    """Run the loop until Ctrl-C ends it; that it never comes ends it, too."""
    loop.call_later(20, loop.stop)
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()


async def test_nothing_waits_for_the_next_heartbeat(holding, connect):
    client = connect(holding, NEVER, queue_update=0)
    done, killed = client.open_job(MATCH, {"q": "42"}), client.open_job(MATCH, {"q": "42"})
    await asyncio.to_thread(holding.wait_for, lambda model: {done.id, killed.id} <= set(model.jobs))
    holding.finish(done.id)
    assert await done == SUCCESS
    killed.kill()
    assert (await killed).result[0] == "killed"


def test_ctrl_c_in_a_callback_keeps_no_other_result_back(holding, context, loop):
    client = Client(context, holding.address, 0, loop=loop, options=NEVER)
    client.start()
    calls = [Interrupting(), Interrupting(), Call()]
    ids = [client.new_job(0, MATCH, {"q": "42"}, call) for call in calls]

    async def sent():
        await asyncio.to_thread(holding.wait_for, lambda model: set(ids) <= set(model.jobs))

    loop.run_until_complete(sent())
    for job_id in ids:
        holding.finish(job_id)
    until_interrupted(loop)
    until_interrupted(loop)
    loop.run_until_complete(calls[2].called())
    client.close()
    assert [call.calls for call in calls] == [[SUCCESS]] * 3


def test_ctrl_c_in_a_callback_does_not_stop_the_heartbeat(backend, context, loop):
    client = Client(context, backend.address, loop=loop, options=BRISK)
    client.start()
    client.add_connection_listener(lambda state: None)
    call = Interrupting()
    client.new_job(0, MATCH, {"q": "42"}, call)
    until_interrupted(loop)
    beats = len(backend.received)

    async def more_beats():
        await asyncio.to_thread(backend.wait_for, lambda _: len(backend.received) > beats + 5)

    loop.run_until_complete(more_beats())
    client.close()


def test_ctrl_c_in_a_callback_of_close_keeps_no_other_callback_back(context, loop):
    client = Client(context, "tcp://127.0.0.1:9", loop=loop)
    client.start()
    calls = [Interrupting(), Call(), Interrupting(), Call()]
    for call in calls:
        client.new_job(0, MATCH, {"q": "42"}, call)
    with pytest.raises(KeyboardInterrupt):
        client.close()
    client.close()
    assert [len(call.calls) for call in calls] == [1] * 4


async def test_an_id_that_cannot_be_sent_is_refused_to_who_kills(backend, connect):
    client = connect(backend)
    for job_id in (7, "\ud800"):
        with pytest.raises(LocalProtocolError):
            await asyncio.to_thread(client.kill_job, job_id)
    assert await client.submit(MATCH, {"q": "42"}) == SUCCESS


async def test_an_id_that_is_submitted_thousands_of_times_is_told_to_all(holding, connect):
    client = connect(holding)
    jobs = [client.open_job(MATCH, {"q": "42"}, job_id="j") for _ in range(3000)]
    await asyncio.to_thread(holding.wait_for, lambda model: model.jobs)
    holding.finish("j")
    assert [await job for job in jobs] == [SUCCESS] * 3000


async def test_a_closed_client_is_kept_by_nothing(backend):
    # A timer that was left would keep it until the next heartbeat.
    with ending_context() as context:
        client = Client(context, backend.address, options=NEVER)
        client.start()
        await client.submit(MATCH, {"q": "42"})
        client.close()
        gone = weakref.ref(client)
        del client
        await asyncio.sleep(0)
        gc.collect()
        assert gone() is None


def test_a_callback_may_run_the_loop_while_a_long_queue_is_read(holding):
    # nest-asyncio2 patches asyncio for good, so this runs in a process of its own.
    script = """
        import asyncio, sys, zmq
        import nest_asyncio2
        from inginious_nb.client import Client, ClientOptions
        from tests.support.tasks import MATCH

        async def main():
            loop = asyncio.get_running_loop()
            nest_asyncio2.apply(loop)
            ended = loop.create_future()
            def callback(*values):
                async def read():
                    while len(client.get_job_queue_snapshot()[1] or ()) < 10_000:
                        await asyncio.sleep(0)
                loop.run_until_complete(asyncio.wait_for(read(), 20))
                ended.set_result("the queue is there")
            options = ClientOptions(heartbeat_s=1000, silent_after_s=10_000)
            with zmq.Context() as context:
                client = Client(context, sys.argv[1], 0, options=options)
                client.start()
                client.new_job(0, MATCH, {"q": "42"}, callback)
                print(await ended)
                client.close()

        asyncio.run(main())
    """

    def finish_and_tell(model):
        (job_id,) = model.jobs
        model.finish(job_id)
        # From now on every answer has them: a client may ask a second time by itself.
        model.jobs.update({f"{number:036}": [b"another", False] for number in range(10_000)})
        for identity in model.registered:
            model.receive(identity, messages.encode(messages.ClientGetQueue()))

    with running(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), holding.address],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        holding.wait_for(lambda model: model.jobs and holding.count(messages.ClientGetQueue))
        holding.do(finish_and_tell)
        assert process.communicate(timeout=60)[0] == "the queue is there\n"
        assert process.returncode == 0
