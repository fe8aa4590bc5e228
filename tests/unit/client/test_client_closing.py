"""A client that is closed, at any time."""

from __future__ import annotations

import asyncio
import gc
import threading

import psutil
import pytest

from inginious_nb import messages
from inginious_nb.client import (
    Client,
)
from inginious_nb.client.results import UNAVAILABLE
from inginious_nb.errors import UsageError
from inginious_nb.i18n import faults
from tests.support.clients import BRISK, Call, ending_context
from tests.support.tasks import MATCH, FakeTask
from tests.support.waiting import until


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
    code, text = late.calls[0][0]
    assert code == "crash"
    assert faults.told(text) == text
    assert (await client.submit(MATCH, {"q": "42"})).result == ("crash", UNAVAILABLE)
    with pytest.raises(UsageError):
        client.start()


async def test_closing_waits_for_nobody_who_is_busy_with_a_shell(holding, connect):
    client, call = connect(holding), Call()
    busy, left = threading.Event(), threading.Event()
    job_id = client.new_job(
        0, MATCH, {"q": "42"}, call, "l", "ssh", lambda *_: (busy.set(), left.wait(20))
    )
    await asyncio.to_thread(holding.wait_for, lambda model: job_id in model.jobs)
    holding.say(messages.BackendJobSSHDebug(job_id, "host", 64120, "worker", "secret"))
    await until(busy.is_set)
    client.close()
    left.set()
    assert call.calls == [(("crash", UNAVAILABLE), 0.0, {}, {}, {}, None)]


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
        with ending_context() as context:
            asyncio.run(life(context, closing_thread))
        gc.collect()
        return process.num_fds(), threading.active_count()

    descriptors, threads = lives(closing_thread=False)
    for closing_thread in (False, True, True, False):
        more_descriptors, more_threads = lives(closing_thread)
        # What other tests left may have gone meanwhile.
        assert more_descriptors <= descriptors
        assert more_threads <= threads
