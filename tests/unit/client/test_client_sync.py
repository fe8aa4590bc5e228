"""ClientSync: waiting in a thread, on the client's own loop, in a script, and until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import textwrap

import pytest

from inginious_nb import messages
from inginious_nb.client import Client, ClientOptions, ClientSync
from inginious_nb.errors import UsageError
from tests.support.clients import SUCCESS, ending_context, started_clients
from tests.support.processes import running
from tests.support.tasks import MATCH

BRISK = ClientOptions(heartbeat_s=0.05, queue_poll_s=0.05)


@pytest.fixture
def on_a_thread(running_loop, context):
    """Makes clients whose loop runs in a thread of its own, as in a kernel."""
    with started_clients(context) as start:
        yield lambda backend: start(backend.address, 0.05, loop=running_loop.loop, options=BRISK)


def test_the_main_thread_waits_while_the_loop_runs_elsewhere(backend, on_a_thread):
    result = ClientSync(on_a_thread(backend)).new_job(0, MATCH, {"q": "42"}, "launcher", debug=True)
    assert result == SUCCESS
    assert (result.state, result.stdout, result.stderr) == ("", None, None)
    (sent,) = [m for m in backend.received if isinstance(m, messages.ClientNewJob)]
    assert (sent.launcher, sent.debug) == ("launcher", True)


def test_what_cannot_be_sent_is_a_crash_at_once(backend, on_a_thread):
    result = ClientSync(on_a_thread(backend)).new_job(0, MATCH, {"q": object()})
    assert result.result[0] == "crash"
    assert "inputdata.q" in result.result[1]


@pytest.mark.parametrize("abandoned", ["kill", "leave"])
def test_the_time_limit_ends_the_waiting(holding, on_a_thread, abandoned):
    client = on_a_thread(holding)
    sync = ClientSync(client, timeout_s=0.3, abandoned=abandoned)
    with pytest.raises(TimeoutError, match=r"0\.3 s"):
        sync.new_job(0, MATCH, {"q": "42"})
    if abandoned == "kill":
        holding.wait_for(lambda model: not model.jobs)
    else:
        client.new_job(0, MATCH, {"q": "43"}, lambda *_: None)
        holding.wait_for(lambda model: len(model.jobs) == 2)  # what was sent before has arrived
        assert holding.count(messages.ClientKillJob) == 0


def test_from_a_coroutine_on_the_clients_own_loop(backend):
    # nest-asyncio2 patches asyncio for good, so this runs in a process of its own.
    script = """
        import asyncio, sys, zmq
        from inginious_nb.client import Client, ClientSync
        from tests.support.tasks import MATCH, FakeTask

        async def main():
            with zmq.Context() as context:
                client = Client(context, sys.argv[1])
                client.start()
                alive = asyncio.create_task(asyncio.sleep(0.01, "alive"))
                print(ClientSync(client).new_job(0, MATCH, {"q": "42"}).result)
                nested = asyncio.get_running_loop().create_future()
                def callback(*values):
                    nested.set_result(ClientSync(client).new_job(0, MATCH, {"q": "42"}))
                client.new_job(0, MATCH, {"q": "42"}, callback)
                print((await nested).result, await alive)
                try:
                    nobodys = FakeTask(environment_type="nobody's")
                    ClientSync(client, timeout_s=0.1).new_job(0, nobodys, {"q": "42"})
                except TimeoutError:
                    print("time is up")
                client.close()

        asyncio.run(main())
    """
    done = run_script(script, backend.address)
    assert done.stdout.splitlines() == [
        "('success', '')",
        "('success', '') alive",
        "time is up",
    ]


def test_on_a_loop_that_does_not_run(backend, new_loop):
    with ending_context() as context:
        loop = new_loop()
        client = Client(context, backend.address, loop=loop)
        client.start()
        assert ClientSync(client).new_job(0, MATCH, {"q": "42"}) == SUCCESS
        client.close()


def test_the_time_limit_kills_on_a_loop_that_does_not_run_any_more(holding, new_loop):
    with ending_context() as context:
        loop = new_loop()
        client = Client(context, holding.address, loop=loop, options=BRISK)
        client.start()
        with pytest.raises(TimeoutError, match=r"0\.5 s"):
            ClientSync(client, timeout_s=0.5).new_job(0, MATCH, {"q": "42"})
        holding.wait_for(lambda model: not model.jobs)
        assert holding.count(messages.ClientKillJob) == 1
        client.close()


def test_a_loop_that_is_closed_is_refused_in_words(backend, new_loop):
    with ending_context() as context:
        loop = new_loop()
        client = Client(context, backend.address, loop=loop)
        client.start()
        loop.close()
        with pytest.raises(UsageError, match="closed"):
            ClientSync(client).new_job(0, MATCH, {"q": "42"})
        with pytest.raises(UsageError, match="closed"):
            Client(context, backend.address, loop=loop).start()
        client.close()


async def test_a_loop_that_cannot_be_run_beside_this_one_is_refused_in_words(backend, new_loop):
    with ending_context() as context:
        loop = new_loop()
        client = Client(context, backend.address, loop=loop)
        client.start()
        with pytest.raises(UsageError, match="thread of its own"):
            ClientSync(client).new_job(0, MATCH, {"q": "42"})
        client.close()
    assert backend.count(messages.ClientNewJob) == 0


async def test_nothing_is_patched_where_waiting_is_enough(backend):
    with ending_context() as context:
        client = Client(context, backend.address)
        client.start()
        assert await asyncio.to_thread(ClientSync(client).new_job, 0, MATCH, {"q": "1"}) == SUCCESS
        client.close()
    with contextlib.closing(asyncio.sleep(0)) as more, pytest.raises(RuntimeError):
        asyncio.get_running_loop().run_until_complete(more)


def test_on_uvloops_running_loop_one_is_told_what_to_do(backend):
    import uvloop  # noqa: PLC0415 - not to be had on Windows

    script = """
        import asyncio, sys, uvloop, zmq
        from inginious_nb.client import Client, ClientSync
        from inginious_nb.errors import UsageError
        from tests.support.tasks import MATCH

        async def main():
            with zmq.Context() as context:
                client = Client(context, sys.argv[1])
                client.start()
                try:
                    ClientSync(client).new_job(0, MATCH, {"q": "42"})
                except UsageError as error:
                    print(error)
                client.close()

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())
    """
    assert uvloop.__version__
    assert "await client.submit" in run_script(script, backend.address).stdout
    assert backend.count(messages.ClientNewJob) == 0


@pytest.mark.parametrize("loop_is_known", [False, True])
def test_a_client_that_was_not_started_is_a_mistake_of_the_caller(backend, loop_is_known, new_loop):
    loop = new_loop()
    with ending_context() as context:
        client = Client(context, backend.address, loop=loop if loop_is_known else None)
        with pytest.raises(UsageError, match="start"):
            ClientSync(client, timeout_s=1).new_job(0, MATCH, {"q": "42"})
        client.close()


def test_a_closed_client_gives_a_crash_at_once(backend, on_a_thread):
    client = on_a_thread(backend)
    client.close()
    assert ClientSync(client).new_job(0, MATCH, {"q": "42"}).result[0] == "crash"


@pytest.mark.parametrize("abandoned", ["kill", "leave"])
def test_ctrl_c_ends_the_waiting_at_once(holding, abandoned):
    script = """
        import asyncio, sys, zmq
        from inginious_nb.client import Client, ClientSync
        from tests.support.clients import RunningLoop
        from tests.support.tasks import MATCH

        loop = RunningLoop(asyncio.new_event_loop()).loop
        context = zmq.Context()
        client = Client(context, sys.argv[1], loop=loop)
        client.start()
        try:
            ClientSync(client, abandoned=sys.argv[2]).new_job(0, MATCH, {"q": "42"})
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        client.new_job(0, MATCH, {"q": "43"}, lambda *_: None)
        client.close()
        context.term()
        loop.call_soon_threadsafe(loop.stop)
    """
    with started_script(script, holding.address, abandoned) as process:
        holding.wait_for(lambda model: model.jobs)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20)[0] == "interrupted\n"
    # The last one has arrived, and so has what was sent before.
    holding.wait_for(lambda model: len(model.jobs) == (1 if abandoned == "kill" else 2))
    assert holding.count(messages.ClientKillJob) == (1 if abandoned == "kill" else 0)


def started_script(script, *arguments):
    return running(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_script(script, *arguments):
    with started_script(script, *arguments) as process:
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    return subprocess.CompletedProcess((), 0, output)
