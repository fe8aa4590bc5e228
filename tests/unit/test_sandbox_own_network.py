"""A task that uses the network: it gets one of its own, which ends with it, if a tool is there."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import threading

import psutil
import pytest

from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.probes import missing_capabilities
from inginious_nb.grader.sandbox import choose_sandbox, own_network
from tests.support.hostile import descendants, new_descendants, new_zombies
from tests.support.local_course import LocalCourse
from tests.support.processes import running

# Which of these somebody answers: the loopback of the machine by two addresses, a server of the job
# itself, and that server from programs of the student with and without the network of the job.
RUN = """#!/usr/bin/python3
import json, socket, subprocess, sys
routes = [line.split() for line in open("/proc/net/route")][1:]
gateway = next(bytes.fromhex(words[2])[::-1] for words in routes if words[1] == "00000000")
server = socket.create_server(("127.0.0.1", 0))

def answers(host, port):
    try:
        socket.create_connection((host, port), 2).close()
    except OSError:
        return False
    return True

def student(*options):
    connect = "'exec 3<>/dev/tcp/127.0.0.1/%d'" % server.getsockname()[1]
    return subprocess.call(["run_student", *options, "--", "bash", "-c", connect]) == 0

from inginious import feedback
feedback.set_custom_value("seen", json.dumps({
    "machine": answers("127.0.0.1", PORT),
    "gateway": answers(socket.inet_ntoa(gateway), PORT),
    "job": answers(*server.getsockname()),
    "student": [student("--share-network"), student()],
    "names": open("/etc/resolv.conf").read().startswith("nameserver"),
}))
feedback.set_global_result("success")
"""
SEEN = '{"machine": false, "gateway": false, "job": true, "student": [true, false], "names": true}'
NETWORK = {"network_grading": True}


def tools(processes) -> list[psutil.Process]:
    """Those of these processes that carry packets, or keep a network."""
    found = []
    for process in processes:
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if any(word in (own_network._KEEP, own_network._RUN) for word in words):
            found.append(process)
    return found


@pytest.fixture(params=["pasta", "slirp4netns"])
def tool(request, monkeypatch):
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    chosen = tuple(tool for tool in own_network._TOOLS if tool.name == request.param)
    monkeypatch.setattr(own_network, "_TOOLS", chosen)
    return request.param


@pytest.fixture
def course(tmp_path):
    library = CourseLibrary()
    grader = LocalGrader(library, sandbox=choose_sandbox("bubblewrap"))
    yield LocalCourse(tmp_path, grader, library, "bubblewrap")
    grader.close()


def _hang_up(_, writer):
    writer.close()


async def test_a_job_with_a_network_does_not_reach_the_machines_loopback(tool, course):
    before = descendants()
    async with await asyncio.start_server(_hang_up, "127.0.0.1", 0) as server:
        run = RUN.replace("PORT", str(server.sockets[0].getsockname()[1]))
        result = await course.grade({"run": run}, parameters=NETWORK)
    assert result.custom == {"seen": SEEN}, result.stderr
    async with asyncio.timeout(10):
        while tools(new_descendants(before)):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


KILLED = """
import time
from inginious_nb.grader.sandbox import choose_sandbox
network = choose_sandbox("bubblewrap").new_network()
print("made", flush=True)
time.sleep(60)
"""


def test_a_network_goes_with_its_service(tool):
    with running([sys.executable, "-c", KILLED], stdout=subprocess.PIPE) as service:
        assert service.stdout.readline() == b"made\n"
        processes = psutil.Process(service.pid).children(recursive=True)
        assert len(tools(processes)) >= 2
    assert not psutil.wait_procs(processes, timeout=10)[1]


def test_a_tool_that_is_ended_while_it_begins_leaves_nothing(tool, monkeypatch):
    sandbox = choose_sandbox("bubblewrap")
    before = descendants()
    monkeypatch.setattr(own_network.OwnNetwork, "_has_route", lambda _: True)
    for delay_s in range(20):
        with sandbox.new_network():
            # At a different step of what the tool does each time.
            threading.Event().wait(delay_s / 1000)
    assert not new_zombies(before)


async def test_a_network_that_cannot_be_made_is_the_fault_of_the_machine(tool, course, monkeypatch):
    assert course.grader._sandbox.has_own_networks()
    monkeypatch.setenv("PATH", "")
    result = await course.grade({"run": RUN}, parameters=NETWORK)
    assert result.result[0] == "crash"
    assert "fault of the grader's machine" in result.result[1]


async def test_without_a_tool_the_network_is_the_machines_and_that_is_said(course, monkeypatch):
    monkeypatch.setattr(own_network, "_TOOLS", ())
    sandbox = course.grader._sandbox
    assert any(
        "services on its loopback included" in text for text in sandbox.describe()["isolated"]
    )
    assert any("passt or slirp4netns" in text for text in missing_capabilities(sandbox))
    async with await asyncio.start_server(_hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        run = f"#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/{port} && feedback-result success"
        assert (await course.grade(run, parameters=NETWORK)).result[0] == "success"
