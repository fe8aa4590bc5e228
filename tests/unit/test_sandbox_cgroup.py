"""Cgroups: only used where they are delegated.

Most of it is tried with a folder of files instead of the file system, the rest where there is one.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from inginious_nb.grader.sandbox import Box, Limits, Streams, choose_sandbox, supervise
from inginious_nb.grader.sandbox.cgroup import Cgroup, Cgroups, Place
from inginious_nb.grader.sandbox.process import BoxedProcess
from tests.support.processes import ended, pipe, running

LIMITS = Limits(cpu_s=1, wall_s=1, memory_bytes=100 << 20, disk_bytes=1, processes=7)

BOTH = frozenset({"memory", "pids"})


@pytest.fixture
def system(tmp_path):
    """A cgroup of this process in a slice that has the controllers for its children."""
    (tmp_path / "app.slice/own.scope").mkdir(parents=True)
    (tmp_path / "own").write_text("4:memory:/old\n0::/app.slice/own.scope\n")
    control(tmp_path, "app.slice", "cpu memory pids")
    control(tmp_path, "app.slice/own.scope", "")
    return tmp_path


def control(root, name: str, controllers: str) -> None:
    (root / name / "cgroup.subtree_control").write_text(controllers)


def find(system):
    return Cgroups.find(system, system / "own")


def test_the_nearest_that_has_the_controllers_is_used(system):
    assert find(system).folders == (system / "app.slice",)
    control(system, "app.slice/own.scope", "pids memory")
    assert find(system).folders == (system / "app.slice/own.scope",)


@pytest.mark.parametrize(
    ("controllers", "used"), [("memory", {"memory"}), ("cpu pids", {"pids"}), ("pids memory", BOTH)]
)
def test_each_controller_is_used_where_it_is(system, controllers, used):
    control(system, "app.slice", controllers)
    assert find(system).controllers == used


def test_without_the_controllers_there_are_none(system):
    control(system, "app.slice", "cpu")
    assert find(system) is None


def test_version_1_is_used_for_what_version_2_has_not(system):
    control(system, "app.slice", "pids")
    (system / "memory/old").mkdir(parents=True)
    found = find(system)
    assert found.folders == (system / "app.slice", system / "memory/old")
    assert found.controllers == BOTH


def test_a_container_that_sees_the_path_of_its_cgroup_outside(system):
    (system / "own").write_text("7:pids:/docker/0815\n")
    (system / "pids").mkdir()
    assert find(system).folders == (system / "pids",)


def test_nothing_above_the_mount_is_looked_at(system):
    (system / "own").write_text("0::/\n")
    control(system, ".", "")
    assert find(system) is None


def test_no_cgroup_is_better_than_no_grading(system, caplog):
    # The folder here has no file to write limits to.
    assert find(system).new(LIMITS) is None
    assert "No cgroup" in caplog.text


@pytest.fixture
def cgroup(tmp_path):
    for name in ("memory.max", "pids.max", "memory.swap.max", "cgroup.kill", "cgroup.procs"):
        (tmp_path / name).touch()
    (tmp_path / "memory.events").write_text("low 0\nmax 9\noom 1\noom_kill 0\n")
    return Cgroup([(Place(tmp_path.parent, BOTH), tmp_path)])


def test_limits_are_written(cgroup, tmp_path):
    cgroup.limit(LIMITS)
    assert (tmp_path / "memory.max").read_text() == str(100 << 20)
    assert (tmp_path / "pids.max").read_text() == "14"
    assert (tmp_path / "memory.swap.max").read_text() == "0"
    assert not (tmp_path / "memory.oom.group").exists()


@pytest.mark.parametrize(("is_old", "name"), [(False, "cgroup.procs"), (True, "tasks")])
def test_a_program_enters_and_keeps_its_words(tmp_path, is_old, name):
    entered = Cgroup([(Place(tmp_path.parent, BOTH, is_old), tmp_path)])
    printed = subprocess.check_output([*entered.entering, "printf", "%s|", "a b", "$c", "--"])
    assert printed == b"a b|$c|--|"
    assert (tmp_path / name).read_text() == "0\n"


def test_running_out_of_memory_is_seen(cgroup, tmp_path):
    assert not cgroup.ran_out_of_memory()
    (tmp_path / "memory.events").write_text("oom 1\noom_kill 2\n")
    assert cgroup.ran_out_of_memory()
    cgroup.kill()
    assert (tmp_path / "cgroup.kill").read_text() == "1"


# ---- the real file system ---------------------------------------------------------------------

KINDS = pytest.mark.parametrize("kind", ["bubblewrap", "plain"])
MEMORY = Limits(cpu_s=60, wall_s=60, memory_bytes=60 << 20, disk_bytes=1 << 30, processes=10)
KILLED = """
import asyncio, os, sys
from inginious_nb.grader.sandbox import Box, Limits, Streams, choose_sandbox

async def main():
    limits = Limits(cpu_s=60, wall_s=60, memory_bytes=1 << 30, disk_bytes=1 << 30)
    command = "echo started; exec env -i sleep 60"
    box = Box(("/bin/sh", "-c", command), "/", {"PATH": os.defpath}, (), limits)
    choose_sandbox(sys.argv[1]).start(box, Streams(0, 1, 2))
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def cgroups():
    """The places in which the cgroups of this process are made."""
    found = Cgroups.find()
    if found is None or found.controllers != BOTH:
        pytest.skip("no cgroup with memory and pids may be used by this user")
    before = left(found, os.getpid())  # of boxes that others have waiting
    yield found
    assert set(left(found, os.getpid())) <= set(before)


def left(cgroups, pid: int) -> list:
    """The cgroups that a process has made; others make some, too, on a machine that is shared."""
    return [path for folder in cgroups.folders for path in folder.glob(f"inginious-*-{pid}-*-*")]


def start(kind: str, code: str, output: int | None = None):
    """A program of Python in a sandbox."""
    box = Box(("/usr/bin/python3", "-c", code), "/", {"PATH": os.defpath}, (), MEMORY)
    with open(os.devnull, "r+b") as null:  # noqa: PTH123 - short
        streams = Streams(null.fileno(), output or null.fileno(), null.fileno())
        return choose_sandbox(kind).start(box, streams)


@KINDS
async def test_the_kernel_ends_a_memory_bomb(kind, cgroups):
    # In one step, and in a child whose end the program survives: nobody could see it in between.
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'bytearray(200 << 20)'])"
    async with ended(start(kind, code)) as process:
        assert await supervise(process, MEMORY) == "memory"
        assert process.ran_out_of_memory


@KINDS
async def test_the_kernel_refuses_more_processes(kind, cgroups):
    code = (
        "import os, time\ntry:\n    for count in range(100):\n        if not os.fork():\n"
        "            time.sleep(60)\nexcept BlockingIOError: print(count)\n"
    )
    with pipe() as (output, stdout):
        async with ended(start(kind, code, stdout.fileno())) as process:
            stdout.close()
            await process.wait()
        assert int(output.read()) < 2 * MEMORY.processes


@pytest.fixture
def occupied(cgroups):
    """A cgroup, and a process in it that nobody else knows of."""
    cgroup = cgroups.new(MEMORY)
    command = [*cgroup.entering, "/bin/sh", "-c", "echo; exec sleep 60"]
    with contextlib.ExitStack() as left:
        left.callback(cgroup.remove)
        process = left.enter_context(running(command, stdout=subprocess.PIPE))
        process.stdout.readline()
        yield cgroup, process


def test_removing_a_cgroup_ends_what_is_in_it(occupied):
    cgroup, process = occupied
    cgroup.remove()
    assert process.wait() == -signal.SIGKILL


async def test_nothing_outlives_a_program_in_its_cgroup(occupied):
    cgroup, process = occupied
    with subprocess.Popen([*cgroup.entering, "/bin/true"]) as program:  # noqa: ASYNC220 - as boxes
        await BoxedProcess(program, cgroup=cgroup).finish()
    assert process.wait() == -signal.SIGKILL


@KINDS
def test_cgroups_of_a_killed_service_are_removed(kind, cgroups):
    with running(
        [sys.executable, "-c", KILLED, kind], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as service:
        service.stdout.readline()
        made = left(cgroups, service.pid)
    assert len(made) == len(cgroups.folders)
    choose_sandbox(kind)
    assert left(cgroups, service.pid) == []
