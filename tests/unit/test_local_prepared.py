"""A box that waits for a job: no script can tell it from a new one, and it never stays long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.job import grading
from inginious_nb.grader.sandbox import Box, Limits, choose_sandbox, prepared, supervise
from inginious_nb.grader.sandbox.bubblewrap import BubblewrapSandbox
from inginious_nb.grader.sandbox.prepared import PreparedProcess
from tests.support.hostile import descendants, new_zombies, processes_with
from tests.support.local_course import LocalCourse
from tests.support.processes import ended, running

WAITED = """#!/usr/bin/python3
import sys
waited = "inginious_container_api._prepared" in sys.modules
from inginious import feedback
feedback.set_custom_value("waited", waited)
feedback.set_global_result("success")
"""


@pytest.fixture
async def course(tmp_path):
    library = CourseLibrary()
    grader = LocalGrader(library, sandbox=choose_sandbox("bubblewrap"))
    yield LocalCourse(tmp_path, grader, library, "bubblewrap")
    grader.close()


def below(grader) -> list[psutil.Process]:
    """The processes in the boxes of a grader; other tests may have left boxes of theirs."""
    found = []
    for box in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if any(str(grader._shared_files.root) in word for word in box.cmdline()):
                found += box.children(recursive=True)
    return found


def waiting(course) -> list[psutil.Process]:
    """The interpreters that wait for a job of a course, without what is around them."""
    found = []
    for process in below(course.grader):
        with contextlib.suppress(psutil.Error, OSError):
            # It reads from a pipe once it has imported all that it can.
            is_idle = "pipe" in Path(f"/proc/{process.pid}/wchan").read_text()
            if is_idle and process.cmdline()[1:] == ["/task/run"]:
                found.append(process)
    return found


def cpu_s(process) -> float:
    """The CPU time of a process and of those below it, without any that has just ended."""
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(each.cpu_times()[:2])
    return total


async def until(condition):
    """Wait for a condition of other processes; returns what holds."""
    async with asyncio.timeout(20):
        while not (found := condition()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
    return found


async def grade_when_ready(course, files=None, **options):
    await until(lambda: waiting(course))
    return await course.grade(files, **options)


async def test_a_box_serves_one_job(course):
    files = {"run": WAITED + "open('/tmp/left', 'x')\nimport builtins\nbuiltins.left += 1\n"}
    result = await course.grade({"run": WAITED})
    assert result.custom == {"waited": False}
    pids = set()
    for _ in range(3):
        (process,) = await until(lambda: waiting(course))
        pids.add(process.pid)
        result = await course.grade(files)
        assert result.custom == {"waited": True}
        assert "has no attribute 'left'" in result.stderr
    assert len(pids) == 3


@pytest.fixture
def stopped():
    """Boxes that a test stops; they go on with its end, so that they can be ended."""
    boxes = []
    yield boxes
    for box in boxes:
        with contextlib.suppress(psutil.NoSuchProcess):
            box.resume()


async def test_no_script_runs_before_all_of_its_job_is_there(course, monkeypatch, stopped):
    prepare = BubblewrapSandbox.prepare
    wait_until_ready = PreparedProcess.wait_until_ready

    def prepare_and_stop(*args):
        process = prepare(*args)
        stopped.append(psutil.Process(process._popen.pid))
        stopped[-1].suspend()
        return process

    def go_on_and_wait(process):
        stopped[-1].resume()
        return wait_until_ready(process)

    monkeypatch.setattr(BubblewrapSandbox, "prepare", prepare_and_stop)
    monkeypatch.setattr(PreparedProcess, "wait_until_ready", go_on_and_wait)
    script = WAITED + "print(repr(sys.stdin.read()), open('/.__input/__inputdata.json').read())\n"
    first = await course.grade({"run": script})
    await until(lambda: course.grader._boxes._waiting)
    second = await course.grade()
    assert (second.stdout, second.custom) == (first.stdout, {"waited": True})


async def test_a_box_that_takes_long_to_start_is_replaced(course, monkeypatch):
    monkeypatch.setattr(prepared, "_MAX_START_S", 0.0)
    for _ in range(2):
        result = await course.grade({"run": WAITED})
        assert (result.result[0], result.custom) == ("success", {"waited": False})


LOOK = """#!/usr/bin/env python3
names = sorted(globals())
import sys
waited = "inginious_container_api._prepared" in sys.modules
import json, os, resource, signal
seen = {
    "names": names, "argv": sys.argv, "path": sys.path, "flags": str(sys.flags), "file": __file__,
    "main": sys.modules["__main__"].__dict__ is globals(), "loader": str(type(__loader__)),
    "executable": sys.executable, "orig_argv": getattr(sys, "orig_argv", []),
    "cwd": os.getcwd(), "environ": dict(os.environ), "umask": os.umask(0),
    "stdin": sys.stdin.read(),
    "stdin is": os.readlink("/proc/self/fd/0"), "fds": os.listdir("/proc/self/fd"),
    "encodings": [sys.stdin.encoding, sys.stdout.encoding, sys.stdout.isatty(), sys.stderr.errors],
    "limits": [resource.getrlimit(getattr(resource, "RLIMIT_" + name))
               for name in ("CORE", "FSIZE", "DATA", "NOFILE", "CPU")],
    "signals": [str(signal.getsignal(number)) for number in signal.valid_signals()],
    "files": sorted(os.listdir("/task")), "in common": os.listdir("/course/common"),
}
from inginious import feedback
feedback.set_custom_value("seen", json.dumps(seen))
feedback.set_custom_value("waited", waited)
feedback.set_global_result("success")
"""


async def test_a_script_sees_what_it_sees_in_a_new_box(course):
    new = await course.grade({"run": LOOK, "data/x": ""})
    ready = await grade_when_ready(course)
    assert (new.custom["waited"], ready.custom["waited"]) == (False, True)
    assert json.loads(ready.custom["seen"]) == json.loads(new.custom["seen"])


ADDRESS = re.compile("0x[0-9a-f]+")


def run_scripts() -> dict[str, str]:
    """What run scripts may do at their end, each beneath its name in three #."""
    text = (Path(__file__).parents[1] / "data/run_scripts.txt").read_text("utf-8")
    parts = [part.partition("\n") for part in text.split("### ")[1:]]
    return {name: body for name, _, body in parts} | {"has a NUL": "x = 1\0"}


async def test_a_script_ends_as_in_a_new_box(course, tmp_path, monkeypatch):
    library = CourseLibrary()
    grader = LocalGrader(library, sandbox=choose_sandbox("bubblewrap"))
    grader._boxes._max_boxes = 0
    new_boxes = LocalCourse(tmp_path, grader, library, "bubblewrap")
    statuses = []

    class Noting(grading.EndedJob):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            statuses.append(self.verdict.status)

    monkeypatch.setattr(grading, "EndedJob", Noting)
    await course.grade({"run": WAITED})
    differing = {}
    try:
        for name, body in run_scripts().items():
            script = f"#!/usr/bin/python3\n{body}\n".encode("latin-1")
            ready = await grade_when_ready(course, {"run": script})
            new = await new_boxes.grade({"run": script})
            seen = [
                (result.result, result.stdout, ADDRESS.sub("", result.stderr))
                for result in (ready, new)
            ]
            seen = list(zip(seen, statuses[-2:], strict=True))
            if seen[0] != seen[1]:
                differing[name] = seen
    finally:
        grader.close()
    assert differing == {}


@pytest.mark.parametrize("place", ["subprocess.py", "deeper/subprocess/__init__.py"])
async def test_a_task_with_a_module_of_the_same_name_gets_its_own(course, place):
    await course.grade({"run": WAITED})
    script = """#!/usr/bin/python3
import sys
sys.path.insert(0, "/task/deeper")
import subprocess
from inginious import feedback
feedback.set_global_result(subprocess.MINE)
"""
    result = await grade_when_ready(course, {"run": script, place: "MINE = 'success'"})
    assert result.result == ("success", "")


async def test_a_script_for_another_interpreter_runs_in_it(course):
    await course.grade({"run": WAITED})
    script = """#!/bin/bash
grep SigIgn /proc/self/status
tr '\\0' ' ' < /proc/$$/cmdline
feedback-result success
"""
    ready = await grade_when_ready(course, {"run": script})
    assert ready.result == ("success", "")
    # What a Python ignores, and no other program: SIGPIPE and SIGXFSZ.
    ignored = int(ready.stdout.split()[1], 16)
    assert not any(ignored >> (number - 1) & 1 for number in (signal.SIGPIPE, signal.SIGXFSZ))
    assert "/bin/bash /task/run" in ready.stdout


async def test_no_box_waits_after_a_script_that_starts_fast(course):
    await course.grade("#!/bin/bash\nfeedback-result success\n")
    await until(lambda: not course.folders_of_jobs())
    assert waiting(course) == []


async def test_limits_of_another_task_are_its_own(course):
    script = WAITED + "x = bytearray(b'x') * (150 << 20)\nimport time\ntime.sleep(5)\n"
    await course.grade({"run": WAITED})
    result = await grade_when_ready(course, {"run": script}, limits={"memory": 100})
    assert result.result[0] == "overflow"
    # And those of a box that waited.
    await course.grade({"run": WAITED}, limits={"memory": 100})
    result = await grade_when_ready(course, {"run": script}, limits={"memory": 100})
    assert result.result[0] == "overflow"
    await course.grade({"run": WAITED}, limits={"time": 1})
    result = await grade_when_ready(
        course, {"run": WAITED + "while True: pass"}, limits={"time": 1}
    )
    assert result.result[0] == "timeout"


async def test_shared_files_that_were_replaced_are_the_new_ones(course):
    course.write({"version": "1"}, "$common")
    script = WAITED + "print(open('/course/common/version').read())\n"
    result = await course.grade({"run": script})
    assert result.stdout == "1\n"
    result = await grade_when_ready(course)
    assert (result.stdout, result.custom) == ("1\n", {"waited": True})
    await until(lambda: waiting(course))
    (course.path / "$common").rename(course.path / "old")
    course.write({"version": "2"}, "$common")
    result = await course.grade()
    assert (result.stdout, result.custom) == ("2\n", {"waited": False})


async def test_files_for_etc_are_seen(course):
    await course.grade({"run": WAITED})
    script = WAITED + "print(open('/etc/hosts').read())\n"
    result = await grade_when_ready(course, {"run": script, "systemfiles/hosts": "1.2.3.4 there\n"})
    assert "1.2.3.4 there" in result.stdout


async def test_a_box_that_died_is_replaced(course):
    await course.grade({"run": WAITED})
    for process in await until(lambda: waiting(course)):
        process.kill()
    await until(lambda: not processes_with(str(course.grader._shared_files.root)))
    result = await course.grade()
    assert result.custom == {"waited": False}
    result = await grade_when_ready(course)
    assert result.custom == {"waited": True}


async def test_a_box_goes_when_nobody_submits(course, monkeypatch):
    monkeypatch.setattr(course.grader._boxes, "_max_idle_s", 0.0)
    before = psutil.Process().num_fds()
    children = descendants()
    for _ in range(3):
        await course.grade({"run": WAITED})
        await until(lambda: not any(course.grader._shared_files._jobs.iterdir()))
    assert waiting(course) == []
    await until(lambda: psutil.Process().num_fds() <= before + 2)
    await until(lambda: not new_zombies(children))


async def test_no_more_boxes_wait_than_jobs_can_run(course):
    await asyncio.gather(*(course.grade(None if n else {"run": WAITED}) for n in range(3)))
    await until(lambda: not course.folders_of_jobs() and len(waiting(course)) <= 1)
    course.grader.close()
    assert waiting(course) == []
    assert not course.grader._shared_files.root.exists()


# Grades one job, waits for the box of the next one, and says where its files are.
SERVICE = """
import asyncio, sys
from pathlib import Path
from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.sandbox import choose_sandbox
from tests.support.local_course import LocalCourse

async def serve():
    library = CourseLibrary()
    grader = LocalGrader(library, sandbox=choose_sandbox("bubblewrap"))
    course = LocalCourse(Path(sys.argv[1]), grader, library, "bubblewrap")
    await course.grade({"run": sys.argv[2]})
    while not grader._boxes._waiting:
        await asyncio.sleep(0.005)
    print(grader._shared_files.root, flush=True)
    await asyncio.sleep(60)

asyncio.run(serve())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
async def test_a_box_goes_with_its_service(tmp_path, number):
    with running(
        [sys.executable, "-c", SERVICE, tmp_path, WAITED],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    ) as service:
        root = service.stdout.readline().decode().strip()
        await until(lambda: processes_with(root))
        service.send_signal(number)
        await asyncio.to_thread(service.wait)
    await until(lambda: not processes_with(root))


async def test_a_box_that_dies_before_it_reads_its_job_is_replaced(course, monkeypatch):
    await course.grade({"run": WAITED})
    (process,) = await until(lambda: waiting(course))
    process.suspend()
    # It stops a moment later, and would read its job until then.
    await until(lambda: process.status() == psutil.STATUS_STOPPED)
    begin = PreparedProcess.begin

    def begin_and_die(prepared, argv):
        begun = begin(prepared, argv)
        if begun is not None:
            process.kill()
        return begun

    monkeypatch.setattr(PreparedProcess, "begin", begin_and_die)
    result = await course.grade()
    assert (result.result[0], result.custom) == ("success", {"waited": False})


BURN = (
    "import os, time\nos.read(0, 1 << 16)\nwhile time.process_time() < 0.6: pass\nos.read(0, 9)\n"
)


@pytest.mark.parametrize(("then", "reason"), [("pass", "exited"), ("while True: pass", "time")])
async def test_cpu_time_counts_from_the_start_of_the_job(tmp_path, then, reason):
    sandbox = choose_sandbox("bubblewrap")
    limits = Limits(cpu_s=0.4, wall_s=20, memory_bytes=1 << 30, disk_bytes=1 << 30)
    box = Box(("/usr/bin/python3", "-c", BURN + then), "/", {"PATH": os.defpath}, (), limits)
    with (tmp_path / "output").open("wb") as output:
        waiting_process = sandbox.prepare(box, output.fileno(), output.fileno())
    with contextlib.ExitStack() as left:
        left.callback(waiting_process.end)
        burnt = psutil.Process(waiting_process._popen.pid)
        await until(lambda: cpu_s(burnt) >= 0.5)
        async with ended(sandbox.begin(waiting_process, box)) as process:
            assert await supervise(process, limits) == reason
