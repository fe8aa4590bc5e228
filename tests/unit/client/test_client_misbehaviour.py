"""Faulty callbacks, and backends that send malformed frames."""

from __future__ import annotations

import concurrent.futures
import logging
import random
import threading

import pytest

from inginious_nb import messages
from inginious_nb.client import (
    ClientOptions,
)
from tests.support.clients import SUCCESS, Call
from tests.support.model_backend import a_result
from tests.support.tasks import MATCH


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


FIVE_MILLION = (5_000_000).to_bytes(4, "big")
SMALL_ARRAYS = b"\x93\x01\x02\x93\xc0\xc0\xc0"
BAD_FRAMES = {
    "random bytes": random.Random(1).randbytes(100),
    "nothing": b"",
    "a missing field": b"\x81\xa5@type\xb1BackendJobStarted",
    "another direction": messages.encode(messages.ClientHello("me")),
    "deep nesting": b"\x91" * 5000,
    "a map without a type": b"\x80",
    "a wrong type of a field": messages.encode(messages.BackendJobStarted("j")).replace(
        b"\xa1j", b"\x07"
    ),
    "a huge array that is not there": b"\xdd\xff\xff\xff\xff",
    "100 MB of zeros": bytes(100_000_000),
    "100 MB of small arrays": b"\xdd" + FIVE_MILLION + SMALL_ARRAYS * 5_000_000 + bytes(65_000_000),
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
    assert client._core.counters["malformed frames"] == 1


async def test_results_for_nobody_harm_nobody(backend, connect):
    client = connect(backend)
    await client.submit(MATCH, {"q": "42"})
    backend.say(a_result("stranger"))
    backend.say(messages.BackendJobStarted("stranger"))
    backend.say(messages.BackendJobSSHDebug("stranger", "h", 1, "u", "p"))
    assert await client.submit(MATCH, {"q": "42"}) == SUCCESS
