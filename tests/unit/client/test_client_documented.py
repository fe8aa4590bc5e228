"""The documented calls of a client, against a backend on a real socket."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
import threading

import pytest

from inginious_nb import client as package
from inginious_nb import messages
from inginious_nb.client import (
    AbstractClient,
    Client,
    ClientOptions,
)
from inginious_nb.client._zeromq_client import BetterParanoidPirateClient
from inginious_nb.errors import LocalProtocolError, UsageError
from inginious_nb.i18n import faults
from tests.support.clients import SUCCESS, Call
from tests.support.tasks import MATCH, FakeTask
from tests.support.waiting import until

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
    (sent,) = [m for m in backend.received if isinstance(m, messages.ClientNewJob)]
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


@pytest.mark.parametrize(
    "options",
    [
        {"routing_id": b""},
        {"routing_id": b"\0id"},
        {"routing_id": b"x" * 256},
        {"heartbeat_s": 0},
        {"heartbeat_s": float("nan")},
        {"give_up_s": -1},
        {"resend_limit": -1},
    ],
)
def test_options_that_could_not_work_are_refused_at_once(options):
    (name,) = options
    with pytest.raises(UsageError, match=name):
        ClientOptions(**options)


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
    text = call.calls[0][0][1]
    assert place in text
    assert faults.told(text) == text
    await client.submit(MATCH, {"q": "42"})
    assert backend.count(messages.ClientNewJob) == 1


async def test_run_cmd_is_there_for_agents_that_need_it(backend, connect):
    backend.model.environments = {"docker": ("default",)}
    task = FakeTask(environment_type="docker", environment_id="default", parameters={"run_cmd": ""})
    await connect(backend).submit(task, {"q": "42"})
    (sent,) = [m for m in backend.received if isinstance(m, messages.ClientNewJob)]
    assert sent.environment_parameters == {"run_cmd": None}


async def test_a_callback_that_cannot_be_called_is_a_mistake_of_the_caller(backend, connect):
    with pytest.raises(TypeError):
        connect(backend).new_job(0, MATCH, {"q": "42"}, None)


async def test_a_shell_is_told_once_and_a_missing_one_with_four_nones(holding, connect):
    client = connect(holding)
    shells, call = [], Call()

    def slow(*values):
        threading.Event().wait(0.1)  # the result comes meanwhile, and is told afterwards
        shells.append(values)

    job_id = client.new_job(0, MATCH, {"q": "42"}, call, debug="ssh", ssh_callback=slow)
    await asyncio.to_thread(holding.wait_for, lambda model: job_id in model.jobs)
    for _ in range(2):
        holding.say(messages.BackendJobSSHDebug(job_id, "host", 64120, "worker", "secret"))
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
    code, text = call.calls[0][0]
    assert code == "crash"
    assert faults.told(text) == text
    with pytest.raises(LocalProtocolError, match="ssh_callback"):
        await client.submit(MATCH, {"q": "42"}, debug="ssh")
    await client.submit(MATCH, {"q": "42"})
    assert backend.count(messages.ClientNewJob) == 1


async def test_a_shell_that_a_task_opens_for_its_student_is_told(holding, connect):
    holding.model.environments = {"docker-ssh": ("default",)}
    task = FakeTask(environment_type="docker-ssh", environment_id="default")
    shells, call = [], Call()
    client = connect(holding)
    job_id = client.new_job(
        0, task, {"q": "42"}, call, ssh_callback=lambda *values: shells.append(values)
    )
    await asyncio.to_thread(holding.wait_for, lambda model: job_id in model.jobs)
    holding.say(messages.BackendJobSSHDebug(job_id, "127.0.0.1", 64120, "worker", "secret"))
    holding.finish(job_id)
    assert await call.called() == [SUCCESS]
    assert shells == [("127.0.0.1", 64120, "worker", "secret")]


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
