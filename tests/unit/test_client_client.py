"""Client: the documented calls and the asyncio ones, against a backend on a real socket."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime as dt
import gc
import inspect
import logging
import os
import threading

import psutil
import pytest
import zmq
import zmq.asyncio

from inginious_nb import client as package
from inginious_nb import wire
from inginious_nb.client import (
    AbstractClient,
    Client,
    ClientOptions,
    CurveKeys,
    JobDone,
    JobQueued,
    JobSent,
    JobSsh,
    JobStarted,
)
from inginious_nb.client._zeromq_client import BetterParanoidPirateClient
from inginious_nb.client.client_sync import ClientSync
from inginious_nb.client.results import UNAVAILABLE
from inginious_nb.errors import LocalProtocolError, UsageError
from tests.support.model_backend import a_result
from tests.support.tasks import MATCH, FakeTask
from tests.support.thread_backend import ThreadBackend
from tests.support.waiting import until

BRISK = ClientOptions(
    heartbeat_s=0.05, silent_after_s=0.5, rejoin_wait_s=0.2, queue_poll_s=0.05, recheck_s=1
)
SUCCESS = (("success", ""), 100.0, {}, {}, {}, None)


@pytest.fixture
def backend():
    with ThreadBackend() as backend:
        yield backend


@pytest.fixture
def holding():
    """A backend that ends jobs only when told to."""
    with ThreadBackend(by_itself=False) as backend:
        yield backend


@pytest.fixture
def context():
    with zmq.Context() as context:
        yield context


@pytest.fixture
def connect(context):
    clients = []

    def make(backend, options=BRISK, queue_update=0.05, **more):
        client = Client(context, backend.address, queue_update, options=options, **more)
        client.start()
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


class Call:
    """A callback of six values that remembers what it was called with."""

    def __init__(self):
        self.calls = []
        self.threads = []
        self._news = threading.Event()

    def __call__(self, result, grade, problems, tests, custom, archive):
        self.calls.append((result, grade, problems, tests, custom, archive))
        self.threads.append(threading.get_ident())
        self._news.set()

    async def called(self):
        await asyncio.to_thread(self._news.wait, 20)
        return self.calls


# ---- what is documented ---------------------------------------------------------------------

DOCUMENTED = {
    (Client, "__init__"): "(self, context, backend_addr, queue_update=10)",
    (Client, "start"): "(self)",
    (Client, "close"): "(self)",
    (Client, "get_available_environments"): "(self)",
    (Client, "get_job_queue_info"): "(self, jobid)",
    (Client, "get_job_queue_snapshot"): "(self)",
    (Client, "kill_job"): "(self, job_id)",
    (Client, "new_job"): "(self, priority, task, inputdata, callback, launcher_name='Unknown', "
    "debug=False, ssh_callback=None)",
    (AbstractClient, "new_job"): "(self, task, inputdata, callback, launcher_name='Unknown', "
    "debug=False, ssh_callback=None)",
    (AbstractClient, "start"): "(self)",
    (AbstractClient, "close"): "(self)",
    (AbstractClient, "get_available_environments"): "(self)",
    (AbstractClient, "get_job_queue_info"): "(self, jobid)",
    (AbstractClient, "get_job_queue_snapshot"): "(self)",
    (AbstractClient, "kill_job"): "(self, job_id)",
    (package.ClientBuffer, "__init__"): "(self, client)",
    (package.ClientBuffer, "new_job"): "(self, priority, task, inputdata, "
    "launcher_name='Unknown', debug=False)",
    (package.ClientBuffer, "is_waiting"): "(self, bjobid)",
    (package.ClientBuffer, "is_done"): "(self, bjobid)",
    (package.ClientBuffer, "get_result"): "(self, bjobid)",
    (package.ClientSync, "__init__"): "(self, client)",
    (package.ClientSync, "new_job"): "(self, priority, task, inputdata, launcher_name='Unknown', "
    "debug=False)",
}


@pytest.mark.parametrize(("cls", "name"), DOCUMENTED)
def test_signatures_are_the_documented_ones(cls, name):
    signature = inspect.signature(getattr(cls, name))
    positional = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
        if parameter.kind is not parameter.KEYWORD_ONLY
    ]
    assert str(inspect.Signature(positional)) == DOCUMENTED[cls, name]


def test_the_classes_are_related_as_documented():
    assert issubclass(Client, BetterParanoidPirateClient)
    assert issubclass(Client, AbstractClient)
    assert inspect.isabstract(AbstractClient)
    for name in package.__all__:
        assert hasattr(package, name)


async def test_the_callback_gets_the_six_values_on_the_loops_thread(backend, connect):
    call = Call()
    job_id = connect(backend).new_job(0, MATCH, {"q": "42"}, call)
    assert isinstance(job_id, str)
    assert await call.called() == [SUCCESS]
    assert call.threads == [threading.get_ident()]


async def test_what_is_sent_is_complete(backend, connect):
    client = connect(backend)
    task = FakeTask(environment_type="mcq", parameters={"limits": {"time": 3}})
    await client.submit(task, {"q": "42", "@lang": "fr"}, priority=7, launcher_name="l", debug=True)
    (sent,) = [m for m in backend.received if isinstance(m, wire.ClientNewJob)]
    assert (sent.priority, sent.launcher, sent.debug) == (7, "l", True)
    assert (sent.course_id, sent.task_id) == ("course", "match")
    assert sent.task_problems == MATCH.problems
    assert sent.environment_parameters == {"limits": {"time": 3}}
    inputdata = dict(sent.inputdata)
    assert len(inputdata.pop("@time")) == len("2026-11-24 12:00:00.000000")
    assert inputdata == {
        "q": "42",
        "@lang": "fr",
        "@username": "",
        "@email": "",
        "@attempts": "1",
        "@random": (),
        "@state": "",
    }


async def test_environments_are_told_as_lists(backend, connect):
    client = connect(backend)
    assert client.get_available_environments() == {}
    await client.submit(MATCH, {"q": "42"})
    assert client.get_available_environments() == {"mcq": ["mcq"]}


async def test_an_input_that_cannot_be_sent_is_called_back_before_new_job_returns(backend, connect):
    call = Call()
    assert connect(backend).new_job(0, MATCH, {"q": lambda: None}, call) is None
    ((code, text), *_) = call.calls[0]
    assert code == "crash"
    assert "inputdata.q" in text


@pytest.mark.parametrize(
    ("task", "inputdata", "more", "place"),
    [
        (MATCH, {"q": "\ud800"}, {}, "inputdata.q"),
        (MATCH, ["not", "a", "map"], {}, "The input"),
        (MATCH, {1: "a"}, {}, "inputdata"),
        (MATCH, {"q": "42"}, {"priority": "high"}, "priority"),
        (MATCH, {"q": "42"}, {"debug": "yes"}, "debug"),
        (MATCH, {"q": "42"}, {"launcher_name": None}, "launcher"),
        (FakeTask(problems={"p": {"due": dt.date(2026, 1, 1)}}), {}, {}, "task_problems.p.due"),
        (FakeTask(problems=None), {}, {}, "The problems of the task"),
        (FakeTask(course_id=7), {}, {}, "course_id"),
        (FakeTask(environment_type=None), {}, {}, "environment_type"),
        (FakeTask(parameters=[1]), {}, {}, "The environment parameters"),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_its_place(
    backend, connect, task, inputdata, more, place
):
    client = connect(backend)
    with pytest.raises(LocalProtocolError, match=place):
        client.open_job(task, inputdata, **more)
    call = Call()
    more = {"launcher_name": "l", "debug": False, "priority": 0} | more
    client.new_job(more["priority"], task, inputdata, call, more["launcher_name"], more["debug"])
    assert place in call.calls[0][0][1]
    await client.submit(MATCH, {"q": "42"})
    assert backend.count(wire.ClientNewJob) == 1


async def test_run_cmd_is_there_for_agents_that_need_it(backend, connect):
    backend.model.environments = {"docker": ("default",)}
    task = FakeTask(environment_type="docker", environment_id="default", parameters={"run_cmd": ""})
    await connect(backend).submit(task, {"q": "42"})
    (sent,) = [m for m in backend.received if isinstance(m, wire.ClientNewJob)]
    assert sent.environment_parameters == {"run_cmd": None}


async def test_a_callback_that_cannot_be_called_is_a_mistake_of_the_caller(backend, connect):
    with pytest.raises(TypeError):
        connect(backend).new_job(0, MATCH, {"q": "42"}, None)


async def test_a_shell_is_told_once_and_a_missing_one_with_four_nones(holding, connect):
    client = connect(holding)
    shells, call = [], Call()
    job_id = client.new_job(
        0, MATCH, {"q": "42"}, call, debug="ssh", ssh_callback=lambda *v: shells.append(v)
    )
    await asyncio.to_thread(holding.wait_for, lambda model: job_id in model.jobs)
    for _ in range(2):
        holding.say(wire.BackendJobSSHDebug(job_id, "host", 64120, "worker", "secret"))
    holding.finish(job_id)
    assert await call.called() == [SUCCESS]
    assert shells == [("host", 64120, "worker", "secret")]

    shells.clear()
    order, call = [], Call()
    job_id = client.new_job(
        0,
        MATCH,
        {"q": "42"},
        lambda *values: (order.append("result"), call(*values[:6])),
        debug="ssh",
        ssh_callback=lambda *values: (order.append("ssh"), shells.append(values)),
    )
    await asyncio.to_thread(holding.wait_for, lambda model: job_id in model.jobs)
    holding.finish(job_id)
    await call.called()
    assert shells == [(None, None, None, None)]
    assert order == ["ssh", "result"]


async def test_a_shell_without_a_callback_is_refused(backend, connect):
    client = connect(backend)
    call = Call()
    assert client.new_job(0, MATCH, {"q": "42"}, call, debug="ssh") is None
    assert call.calls[0][0][0] == "crash"
    with pytest.raises(LocalProtocolError, match="ssh_callback"):
        await client.submit(MATCH, {"q": "42"}, debug="ssh")
    await client.submit(MATCH, {"q": "42"})
    assert backend.count(wire.ClientNewJob) == 1


async def test_submit_tells_a_shell_too(holding, connect):
    client = connect(holding)
    shells = []
    ended = asyncio.create_task(
        client.submit(
            MATCH, {"q": "42"}, debug="ssh", ssh_callback=lambda *values: shells.append(values)
        )
    )
    await asyncio.to_thread(holding.wait_for, lambda model: model.jobs)
    (job_id,) = holding.model.jobs
    holding.finish(job_id)
    assert (await ended).result == ("success", "")
    await until(lambda: shells)
    assert shells == [(None, None, None, None)]


# ---- asyncio --------------------------------------------------------------------------------


async def test_the_events_of_a_job_come_in_order_and_to_every_listener(holding, connect):
    client = connect(holding)
    ahead = client.open_job(MATCH, {"q": "42"})
    job = client.open_job(MATCH, {"q": "42"}, debug="ssh")

    async def events():
        return [event async for event in job]

    listeners = [asyncio.create_task(events()) for _ in range(3)]
    await until(lambda: any(isinstance(event, JobQueued) for event in job.events))
    holding.finish(ahead.id)
    await until(lambda: any(event == JobQueued(event.at, 0) for event in job.events[2:]))
    holding.do(lambda model: model.start(job.id))
    holding.say(wire.BackendJobSSHDebug(job.id, "host", 64120, "worker", "secret"))
    holding.finish(job.id)
    heard = await asyncio.gather(*listeners)
    assert heard[0] == heard[1] == heard[2] == job.events
    assert [type(event) for event in heard[0]] == [
        JobSent,
        JobQueued,
        JobQueued,
        JobStarted,
        JobSsh,
        JobDone,
    ]
    assert [event.at_most_before for event in heard[0][1:3]] == [1, 0]
    assert heard[0][-1].result == await job == job.result
    assert heard[0][-1].at > 1e9


async def test_a_job_can_be_awaited_on_another_loop(backend, connect):
    job = connect(backend).open_job(MATCH, {"q": "42"})

    async def wait():
        return await job

    assert await asyncio.to_thread(asyncio.run, wait()) == SUCCESS


async def test_giving_up_waiting_for_a_job_does_not_kill_it(holding, connect):
    job = connect(holding).open_job(MATCH, {"q": "42"})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(job, 0.1)
    holding.finish(job.id)
    assert await job == SUCCESS


async def test_cancelling_submit_kills_the_job(holding, connect):
    client = connect(holding)
    task = asyncio.create_task(client.submit(MATCH, {"q": "42"}))
    await asyncio.to_thread(holding.wait_for, lambda model: model.jobs)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(holding.wait_for, lambda model: not model.jobs)


async def test_a_job_is_killed_by_its_id(holding, connect):
    client = connect(holding)
    job = client.open_job(MATCH, {"q": "42"}, job_id="my own")
    await asyncio.to_thread(holding.wait_for, lambda model: "my own" in model.jobs)
    client.kill_job("my own")
    assert (await job).result[0] == "killed"
    client.kill_job("nobody's")
    with pytest.raises(LocalProtocolError):
        client.kill_job(None)


# ---- misbehaviour on either side ------------------------------------------------------------


async def test_callbacks_that_raise_block_or_call_back_stop_nobody(backend, connect, caplog):
    client = connect(backend)
    call, nested = Call(), Call()

    def raises(*_):
        raise ValueError("from a callback")

    def blocks(*_):
        threading.Event().wait(0.3)

    def calls_back(*_):
        client.new_job(0, MATCH, {"q": "42"}, nested)
        client.kill_job("nobody's")
        client.get_job_queue_snapshot()

    for callback in (raises, blocks, calls_back, call):
        client.new_job(0, MATCH, {"q": "42"}, callback)
    assert await call.called() == [SUCCESS]
    assert await nested.called() == [SUCCESS]
    assert "from a callback" in caplog.text


async def test_callbacks_can_run_elsewhere(backend, connect):
    call = Call()
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        client = connect(backend, ClientOptions(callback_executor=executor))
        client.new_job(0, MATCH, {"q": "42"}, call)
        await call.called()
    assert call.threads != [threading.get_ident()]


BAD_FRAMES = {
    "random bytes": os.urandom(100),
    "nothing": b"",
    "a missing field": b"\x81\xa5@type\xb1BackendJobStarted",
    "another direction": wire.encode(wire.ClientHello("me")),
    "deep nesting": b"\x91" * 5000,
    "a map without a type": b"\x80",
    "a wrong type of a field": wire.encode(wire.BackendJobStarted("j")).replace(b"\xa1j", b"\x07"),
    "a huge array that is not there": b"\xdd\xff\xff\xff\xff",
    "100 MB": bytes(100_000_000),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
async def test_frames_that_are_no_messages_are_logged_and_the_next_job_works(
    backend, connect, caplog, name
):
    caplog.set_level(logging.WARNING)
    client = connect(backend)
    await client.submit(MATCH, {"q": "42"})
    backend.say(BAD_FRAMES[name])
    await client.submit(MATCH, {"q": "42"})
    assert "Dropped a frame" in caplog.text


async def test_results_for_nobody_harm_nobody(backend, connect):
    client = connect(backend)
    await client.submit(MATCH, {"q": "42"})
    backend.say(a_result("stranger"))
    backend.say(wire.BackendJobStarted("stranger"))
    backend.say(wire.BackendJobSSHDebug("stranger", "h", 1, "u", "p"))
    assert await client.submit(MATCH, {"q": "42"}) == SUCCESS


# ---- threads and loops ----------------------------------------------------------------------


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
    context = zmq.asyncio.Context()
    client = Client(context, backend.address)
    client.start()
    assert await client.submit(MATCH, {"q": "42"}) == SUCCESS
    client.close()
    context.term()


def test_a_plain_script_works(backend, context):
    async def main():
        client = Client(context, backend.address)
        client.start()
        try:
            return await client.submit(MATCH, {"q": "42"})
        finally:
            client.close()

    assert asyncio.run(main()) == SUCCESS


def test_uvloop_works(backend, context):
    import uvloop  # noqa: PLC0415 - not to be had on Windows

    async def main():
        client = Client(context, backend.address, options=BRISK)
        client.start()
        results = await asyncio.gather(*(client.submit(MATCH, {"q": "42"}) for _ in range(100)))
        client.close()
        return results

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main()) == [SUCCESS] * 100


def test_a_loop_that_cannot_watch_descriptors_works(backend, context):
    class Proactor(asyncio.SelectorEventLoop):
        """As on Windows, where the default loop watches no descriptors for others."""

        def add_reader(self, fd, callback, *args):
            raise NotImplementedError

    async def main():
        client = Client(context, backend.address, options=BRISK)
        client.start()
        results = await asyncio.gather(*(client.submit(MATCH, {"q": "42"}) for _ in range(100)))
        client.close()
        return results

    with asyncio.Runner(loop_factory=Proactor) as runner:
        assert runner.run(main()) == [SUCCESS] * 100


def test_a_loop_given_explicitly_may_run_in_another_thread(backend, context):
    loop = asyncio.new_event_loop()
    client = Client(context, backend.address, loop=loop)
    call = Call()
    client.new_job(0, MATCH, {"q": "42"}, call)  # before anything runs
    client.start()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    call._news.wait(20)
    client.close()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    assert call.calls == [SUCCESS]
    assert call.threads == [thread.ident]


async def test_curve_keys_are_used(context):
    server_public, server_secret = zmq.curve_keypair()
    public, secret = zmq.curve_keypair()
    with ThreadBackend(curve=(server_public, server_secret)) as backend:
        options = ClientOptions(curve=CurveKeys(server_public, public, secret))
        client = Client(context, backend.address, options=options)
        client.start()
        assert await client.submit(MATCH, {"q": "42"}) == SUCCESS
        client.close()


# ---- the connection -------------------------------------------------------------------------


async def test_the_state_of_the_connection_is_told(backend, connect):
    client = connect(backend)
    states = []
    remove = client.add_connection_listener(lambda connection: states.append(connection.state))
    client.add_connection_listener(lambda _: 1 / 0)  # logged, and no harm to the others
    await client.submit(MATCH, {"q": "42"})
    assert client.connection.state == "connected"
    assert client.connection.environments == {"mcq": ("mcq",)}
    client.close()
    assert client.connection.state == "closed"
    remove()
    assert states == ["connected", "closed"]


async def test_the_stable_routing_id_is_used(backend, connect):
    await connect(backend, ClientOptions(routing_id=b"me")).submit(MATCH, {"q": "42"})
    assert b"me" in backend.model.registered


# ---- closing --------------------------------------------------------------------------------


async def test_closing_calls_back_and_later_jobs_are_refused(holding, connect):
    client = connect(holding)
    call, late = Call(), Call()
    shells = []
    client.new_job(0, MATCH, {"q": "42"}, call, "l", "ssh", lambda *v: shells.append(v))
    job = client.open_job(MATCH, {"q": "42"})
    client.close()
    client.close()
    assert call.calls == [(("crash", UNAVAILABLE), 0.0, {}, {}, {}, None)]
    assert shells == [(None, None, None, None)]
    assert (await job).result == ("crash", UNAVAILABLE)
    assert client.new_job(0, MATCH, {"q": "42"}, late) is None
    assert late.calls[0][0][0] == "crash"
    assert (await client.submit(MATCH, {"q": "42"})).result == ("crash", UNAVAILABLE)
    with pytest.raises(UsageError):
        client.start()


def test_closing_a_client_that_never_started_calls_back(context):
    client = Client(context, "tcp://127.0.0.1:1")
    call = Call()
    client.new_job(0, MATCH, {"q": "42"}, call)
    client.close()
    assert len(call.calls) == 1


def test_closing_after_the_loop_ended_calls_back(holding, context):
    call, late = Call(), Call()

    async def main():
        client = Client(context, holding.address)
        client.start()
        client.new_job(0, MATCH, {"q": "42"}, call)
        return client

    client = asyncio.run(main())
    client.new_job(0, MATCH, {"q": "42"}, late)
    assert len(late.calls) == 1
    client.close()
    assert len(call.calls) == 1


def test_closing_leaves_nothing_behind(backend):
    process = psutil.Process()

    async def life(context, closing_thread):
        client = Client(context, backend.address, options=BRISK)
        client.start()
        await asyncio.gather(*(client.submit(MATCH, {"q": "42"}) for _ in range(5)))
        client.new_job(0, FakeTask(environment_type="nobody's"), {"q": "42"}, Call())
        await (asyncio.to_thread(client.close) if closing_thread else asyncio.sleep(0))
        client.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        assert not tasks

    def lives(closing_thread):
        with zmq.Context() as context:
            asyncio.run(life(context, closing_thread))
        gc.collect()
        return process.num_fds(), threading.active_count()

    before = lives(closing_thread=False)
    for closing_thread in (False, True, True, False):
        assert lives(closing_thread) == before


async def test_10000_waiting_jobs_of_others_are_told_as_they_are(holding, connect):
    # Nobody asks, so that no other answer takes this one's place before it is looked at.
    client = connect(holding, queue_update=0)
    rows = tuple((f"{number:036}", False, "course/task", "someone", 30) for number in range(10_000))
    job = client.open_job(MATCH, {"q": "42"})
    await asyncio.to_thread(holding.wait_for, lambda model: job.id in model.jobs)
    snapshot = wire.encode(wire.BackendGetQueue((), (*rows, (job.id, True, "c/t", "me", 30))))
    holding.say(snapshot)
    await until(lambda: any(event == JobQueued(event.at, 10_000) for event in job.events[1:]))
    assert client.get_job_queue_info(job.id) == (10_000, 300_030)
    assert client.get_job_queue_snapshot()[1][:-1] == list(rows)
