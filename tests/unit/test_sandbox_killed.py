"""A service that is killed while it starts programs: they all end at once, by themselves."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest

from tests.support.hostile import processes_with

# Kills its own children, each a service, a little later in the start of a program than the last
# one; then waits for whatever lost its parent, until it has only those children that it had before.
KILLED = """
import asyncio, os, signal, sys, time
from inginious_nb.grader.sandbox import Box, Limits, Streams, choose_sandbox
from inginious_nb.grader.sandbox.process import adopt_orphans
from inginious_nb.grader.sandbox.process_tree import children

kind, mark, moments, step_s = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
sandbox = choose_sandbox(kind)
adopt_orphans()
limits = Limits(cpu_s=60, wall_s=60, memory_bytes=1 << 30, disk_bytes=1 << 30)
command = f"setsid sleep {mark} & exec sleep {mark}"
box = Box(("/bin/sh", "-c", command), "/", {"PATH": os.defpath}, (), limits)

async def be_killed(moment):
    sandbox.start(box, Streams(0, 2, 2))
    end = time.perf_counter() + moment * step_s
    while time.perf_counter() < end:
        pass
    os.kill(os.getpid(), signal.SIGKILL)

own = set(children(os.getpid()))
for moment in range(moments):
    service = os.fork()
    if service == 0:
        asyncio.run(be_killed(moment))
    os.waitpid(service, 0)
left = 0
while set(children(os.getpid())) - own:
    os.wait()
    left += 1
print(left)
"""


@pytest.mark.parametrize("kind", ["bubblewrap", "plain"])
def test_killed_at_any_moment_of_a_start(kind):
    mark = f"8{os.getpid()}.25"
    command = [sys.executable, "-c", KILLED, kind, mark, "24", "0.0007"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=50, check=False
    )
    assert int(done.stdout) > 0, done.stderr.decode()
    assert processes_with(mark) == []


# The same for graders with a job in progress; prints what their successor found on disk.
GRADERS = """
import asyncio, os, signal, sys, tempfile
from inginious_nb import messages
from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents import JobHandle
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.sandbox import choose_sandbox

kind, course, moments, step_s = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
library = CourseLibrary([course])
job = messages.BackendNewJob(
    job_id="1", course_id="course", task_id="task", task_problems={}, inputdata={},
    environment_type="docker", environment="default", environment_parameters={}, debug=False,
)

async def be_killed(moment):
    grader = LocalGrader(library, sandbox=choose_sandbox(kind))
    loop = asyncio.get_running_loop()
    loop.call_later(moment * step_s, os.kill, os.getpid(), signal.SIGKILL)
    await grader.grade(job, JobHandle("1"))

for moment in range(moments):
    service = os.fork()
    if service == 0:
        asyncio.run(be_killed(moment))
    os.waitpid(service, 0)
print(len(os.listdir(tempfile.gettempdir())))
grader = LocalGrader(library, sandbox=choose_sandbox(kind))
print(len(os.listdir(tempfile.gettempdir())))
grader.close()
print(len(os.listdir(tempfile.gettempdir())))
"""


@pytest.mark.parametrize("kind", ["bubblewrap", "plain"])
def test_killed_at_any_moment_of_a_job(kind, tmp_path):
    mark = f"7{os.getpid()}.25"
    task = tmp_path / "course" / "task"
    task.mkdir(parents=True)
    (tmp_path / "course" / "course.yaml").write_text("name: course")
    (task / "task.yaml").write_text("problems: {q1: {type: code}}")
    (task / "run").write_text(f"#!/bin/bash\nrun_student sleep {mark} & sleep {mark}")
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        os.chmod(temporary, 0o711)  # noqa: PTH101 - jobs of root run as somebody else
        command = [sys.executable, "-c", GRADERS, kind, str(tmp_path / "course"), "12", "0.006"]
        done = subprocess.run(
            command,
            env={**os.environ, "TMPDIR": temporary},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=50,
            check=False,
        )
    # Each removes what those before it left, and the last one itself.
    assert done.stdout.split() == [b"1", b"1", b"0"], done.stderr.decode()
    assert processes_with(mark) == []
