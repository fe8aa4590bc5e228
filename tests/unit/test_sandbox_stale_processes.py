"""What a service that was killed left running is ended by the next one; nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest

from inginious_nb.grader.sandbox import PlainSandbox
from tests.support.processes import running

SERVICE = """
import asyncio, os
from inginious_nb.grader.sandbox import Box, Limits, PlainSandbox, Streams

async def main():
    sandbox = PlainSandbox()
    limits = Limits(cpu_s=60, wall_s=60, memory_bytes=1 << 30, disk_bytes=1 << 30)
    command = "setsid sleep 60 & echo $$ $!; exec sleep 60"
    box = Box(("/bin/sh", "-c", command), "/", {"PATH": os.defpath}, (), limits)
    sandbox.start(box, Streams(0, 1, 2))
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def service():
    """A process with a program in the plain sandbox, and the processes of that program."""
    with running(
        [sys.executable, "-c", SERVICE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        pids = [int(word) for word in process.stdout.readline().split()]
        yield process, pids
    for pid in pids:
        _end(pid)


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def test_programs_of_a_killed_service_are_ended(service):
    process, pids = service
    for child in psutil.Process(process.pid).children():
        if any("sweeper" in word for word in child.cmdline()):
            child.kill()  # it would do the same
    PlainSandbox()  # also makes this process the one that orphans come to
    process.kill()
    process.wait()
    PlainSandbox()
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL


def test_programs_of_a_living_service_go_on(service):
    _, pids = service
    PlainSandbox()
    for pid in pids:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - short
            assert file.read().split(") ")[1][0] != "Z"
