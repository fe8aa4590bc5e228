"""Limits of processes are of one job: what other services of the same user run does not count."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from inginious_nb.grader.sandbox import (
    Box,
    BubblewrapSandbox,
    Limits,
    PlainSandbox,
    Streams,
    process_limit,
)
from inginious_nb.grader.sandbox.cgroup import Cgroups
from inginious_nb.grader.sandbox.launch_script import WORKER_ID, drops_root
from inginious_nb.grader.sandbox.process_limit import ProcessLimit
from tests.support.processes import ended, pipe, running

LIMITS = Limits(cpu_s=60, wall_s=60, memory_bytes=1 << 30, disk_bytes=1 << 30, processes=100)
MANY = 1500
OTHER_SERVICE = f"""
import os, sys, threading
if sys.argv[1:]:
    os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
threading.stack_size(64 << 10)
for _ in range({MANY}):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("many", flush=True)
sys.stdin.read()
"""
FORK = """
print("started", flush=True)
input()
import os
for _ in range(20):
    if not os.fork():
        os._exit(0)
print("forked")
"""


@pytest.fixture(params=["cgroups", "no cgroups"])
def sandboxes(request, monkeypatch):
    if request.param == "no cgroups":
        monkeypatch.setattr(Cgroups, "find", lambda: None)
    elif Cgroups.find() is None:
        pytest.skip("no cgroup may be used by this user")
    return {"bubblewrap": BubblewrapSandbox.find, "plain": PlainSandbox}


@contextlib.contextmanager
def other_service():
    """Something with many threads at the user that jobs run as."""
    user = [str(WORKER_ID)] if drops_root() else []
    with running(
        [sys.executable, "-c", OTHER_SERVICE, *user], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"many\n"
        yield


@pytest.mark.parametrize("kind", ["bubblewrap", "plain"])
async def test_what_another_service_starts_does_not_count(kind, sandboxes):
    sandbox = sandboxes[kind]()
    box = Box(("/usr/bin/python3", "-c", FORK), "/", {"PATH": os.defpath}, (), LIMITS)
    with pipe() as (stdin, go), pipe() as (lines, stdout):
        streams = Streams(stdin.fileno(), stdout.fileno(), stdout.fileno())
        async with ended(sandbox.start(box, streams)):
            stdout.close()
            assert lines.readline() == "started\n"
            with other_service():
                print(file=go, flush=True)
                assert lines.read() == "forked\n"


FILL = """
import os, signal
count = 1
try:
    while count < 99:
        if not os.fork():
            signal.pause()
        count += 1
except BlockingIOError:
    pass
print(count, flush=True)
"""


@pytest.mark.parametrize("sandboxes", ["no cgroups"], indirect=True)
async def test_a_box_has_a_count_of_its_own(sandboxes):
    limits = replace(LIMITS, processes=10)
    box = Box(("/usr/bin/python3", "-c", FILL), "/", {"PATH": os.defpath}, (), limits)
    with other_service(), pipe() as (lines, stdout):
        process = sandboxes["bubblewrap"]().start(box, Streams(0, stdout.fileno(), 2))
        async with ended(process):
            stdout.close()
            assert 10 <= int(lines.readline()) <= limits.kernel_processes


@pytest.mark.parametrize(
    ("release", "is_exact"), [("5.13.9", False), ("5.14.0-362.el9", True), ("6.1", True)]
)
def test_where_a_user_namespace_has_a_count_of_its_own(monkeypatch, release, is_exact):
    system = SimpleNamespace(sysname="Linux", release=release)
    monkeypatch.setattr(process_limit.os, "uname", lambda: system)
    limit = ProcessLimit(None, has_user_namespace=True)
    assert (limit(LIMITS) == LIMITS.kernel_processes) is is_exact
