"""ClientBuffer: results are kept until they are asked for, once."""

from __future__ import annotations

import asyncio

import pytest

from inginious_nb.client import Client, ClientBuffer
from tests.support.clients import ending_context
from tests.support.tasks import MATCH
from tests.support.thread_backend import ThreadBackend
from tests.support.waiting import until


async def test_a_result_is_waited_for_and_fetched_once():
    with ThreadBackend(by_itself=False) as backend, ending_context() as context:
        client = Client(context, backend.address)
        client.start()
        buffer = ClientBuffer(client)
        bjobid = buffer.new_job(0, MATCH, {"q": "42"}, "launcher", debug=True)
        other = buffer.new_job(0, MATCH, {"q": "41"})
        assert buffer.is_waiting(bjobid)
        assert not buffer.is_done(bjobid)
        with pytest.raises(KeyError):
            buffer.get_result(bjobid)
        await asyncio.to_thread(backend.wait_for, lambda model: len(model.jobs) == 2)
        backend.finish(next(iter(backend.model.jobs)), state="next", stdout="out")
        await until(lambda: buffer.is_done(bjobid))
        assert not buffer.is_waiting(bjobid)
        assert buffer.is_waiting(other)
        result = buffer.get_result(bjobid)
        assert result == (("success", ""), 100.0, {}, {}, {}, None)
        assert (result.state, result.stdout, result.stderr) == ("next", "out", "out")
        assert not buffer.is_done(bjobid)
        with pytest.raises(KeyError):
            buffer.get_result(bjobid)
        client.close()
        assert buffer.get_result(other).result[0] == "crash"


async def test_what_cannot_be_sent_is_done_at_once():
    with ending_context() as context:
        client = Client(context, "tcp://127.0.0.1:1")
        buffer = ClientBuffer(client)
        bjobid = buffer.new_job(0, MATCH, {"q": object()})
        assert buffer.is_done(bjobid)
        assert buffer.get_result(bjobid).result[0] == "crash"
        client.close()
