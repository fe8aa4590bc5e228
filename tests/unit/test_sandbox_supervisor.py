"""The supervisor stays until nothing of its program is left, whoever loses patience with it."""

from __future__ import annotations

import asyncio
import contextlib
import os

import pytest

from inginious_nb.grader.sandbox import Box, Limits, Streams, choose_sandbox, supervise
from tests.support.hostile import processes_with
from tests.support.processes import ended

LIMITS = Limits(cpu_s=60, wall_s=60, memory_bytes=1 << 30, disk_bytes=1 << 30)


def start(kind, *argv):
    box = Box(argv, "/", {"PATH": os.defpath}, (), LIMITS)
    return choose_sandbox(kind).start(box, Streams(0, 1, 2))


@pytest.mark.parametrize("kind", ["bubblewrap", "plain"])
async def test_cancelled_while_it_ends_a_program(kind):
    """So it happens to a student's program whose job ends while it is being ended."""
    mark = f"9{os.getpid()}.75"
    async with ended(start(kind, "sleep", mark)) as process, contextlib.AsyncExitStack() as left:
        finish, ending, may_end = process.finish, asyncio.Event(), asyncio.Event()

        async def finish_slowly():
            ending.set()
            await may_end.wait()
            await finish()

        process.finish = finish_slowly
        kill = asyncio.Event()
        kill.set()
        supervising = asyncio.create_task(supervise(process, LIMITS, kill_requested=kill))
        left.push_async_callback(asyncio.wait, [supervising])
        left.callback(may_end.set)
        await ending.wait()
        for _ in range(3):
            supervising.cancel()
            await asyncio.sleep(0)  # it may run, but not end
        assert not supervising.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await supervising
    assert processes_with(mark) == []
