"""Grading as an ordinary user where /proc hides processes: others', and own ones that hide."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from inginious_nb.grader.sandbox import process_tree
from tests.support.processes import running

ROOT = Path(__file__).parents[2]
USER = 54321
HIDE = "import ctypes, os, time; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)"  # PR_SET_DUMPABLE
SUCCESS = "#!/bin/sh\nfeedback-result success\n"
RUNS = {
    "right": f'{SUCCESS}[ "$(run_student echo seen)" = seen ] || feedback-result failed\n',
    "hidden": f"{SUCCESS}python3 -c '{HIDE}; x = bytearray(200 << 20); time.sleep(20)'\n",
    "left": f"{SUCCESS}setsid python3 -c '{HIDE}; time.sleep(60)' & sleep 0.1\n",
}
GRADE = """
import asyncio, json, sys
from pathlib import Path
from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.probes import missing_capabilities
from inginious_nb.grader.sandbox import choose_sandbox
from tests.support.local_course import LocalCourse

async def main():
    library, sandbox = CourseLibrary(), choose_sandbox(sys.argv[2])
    grader = LocalGrader(library, sandbox=sandbox)
    try:
        course = LocalCourse(Path(sys.argv[1]), grader, library, "")
        codes = {}
        for name, run in json.load(sys.stdin).items():
            codes[name] = (await course.grade(run, limits={"memory": 100})).result[0]
        print(json.dumps([sandbox.kind, codes, missing_capabilities(sandbox)]))
    finally:
        grader.close()

asyncio.run(main())
"""
# A service that hides itself, killed with its sweeper; what it left is ended by the next one.
STALE = f"""
import asyncio, os, signal, sys
from inginious_nb.grader.sandbox import Box, Limits, PlainSandbox, Streams, sweeper

async def serve():
    sandbox = PlainSandbox()
    limits = Limits(cpu_s=60, wall_s=60, memory_bytes=1 << 30, disk_bytes=1 << 30)
    hides = "{HIDE}; os.write(1, b'%d ' % os.getpid()); print(); time.sleep(60)"
    command = "setsid sleep 60 & echo $$ $!; python3 -uc \\"" + hides + "\\" & exec sleep 60"
    box = Box(("/bin/sh", "-c", command), "/", {{"PATH": os.defpath}}, (), limits)
    sweeper.new_swept_mark()
    os.write(1, b"%d " % sweeper._sweeper._popen.pid)
    sandbox.start(box, Streams(0, 1, 2))
    await asyncio.Event().wait()

read, write = os.pipe()
service = os.fork()
if service == 0:
    {HIDE}
    os.dup2(write, 1)
    asyncio.run(serve())
os.close(write)
with open(read) as pipe:
    sweeper, *pids = map(int, " ".join(pipe.readline() for _ in range(2)).split())
PlainSandbox()  # also makes this process the one that orphans come to
for pid in pids:
    os.kill(pid, 0)
for pid in (sweeper, service):
    os.kill(pid, signal.SIGKILL)
os.waitpid(service, 0)
PlainSandbox()
print(*(os.WTERMSIG(os.waitpid(pid, 0)[1]) for pid in pids))
"""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="mounts /proc and becomes another user, with Linux's setpriv",
)


def as_user(proc: str, *words: str, given: str = "") -> str:
    """Run Python as an ordinary user whose /proc is mounted in that way; return its output."""
    drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    command = ["unshare", "--mount", "sh", "-c", f'{proc} && exec "$@"', "sh", *drop]
    environ = {**os.environ, "HOME": "/nowhere", "XDG_RUNTIME_DIR": "", "PYTHONPATH": str(ROOT)}
    known = subprocess.run(
        [*command, sys.executable, "-c", "import inginious_nb.grader.sandbox, tests.support"],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if known.returncode:
        pytest.skip(f"an ordinary user cannot run this checkout so: {known.stderr[-200:]}")
    done = subprocess.run(
        [*command, sys.executable, "-c", *words],
        env=environ,
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def courses(tmp_path):
    """A folder that any user may write to; others cannot enter those that pytest makes."""
    folder = ROOT / ".pytest_hosts" / tmp_path.name
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("proc", "wanted", "kind", "hidden"),
    [
        ("mount -t proc -o hidepid=2 proc /proc", "auto", "bubblewrap", "overflow"),
        ("mount -t proc -o hidepid=2 proc /proc", "plain", "plain", "overflow"),
        ("mount -t proc -o hidepid=4,subset=pid proc /proc", "auto", "plain", "overflow"),
        ("mount -t tmpfs tmpfs /proc", "auto", "none", "crash"),
    ],
)
def test_jobs_keep_their_limits_and_leave_nothing(proc, wanted, kind, hidden, courses):
    used, codes, missing = json.loads(
        as_user(proc, GRADE, str(courses), wanted, given=json.dumps(RUNS))
    )
    assert used == kind or (kind == "bubblewrap" and shutil.which("bwrap") is None)
    assert codes["right"] == ("crash" if kind == "none" else "success")
    assert codes["hidden"] == hidden
    # What others run may end between two looks at it: these are made together.
    left = [each.info for each in psutil.process_iter(["uids", "status", "cmdline"])]
    left = [each for each in left if USER in (each["uids"] or ())]
    assert [each for each in left if each["status"] != psutil.STATUS_ZOMBIE] == []
    assert any("/proc" in text for text in missing) == ("subset" in proc or kind == "none")


def test_a_hidden_service_that_lives_is_not_stale_and_a_killed_one_is():
    assert as_user("mount -t proc -o hidepid=2 proc /proc", STALE).split() == ["9", "9", "9"]


def test_a_kernel_that_lists_no_children_and_sums_no_memory(monkeypatch):
    """As before Linux 4.14, or without CONFIG_PROC_CHILDREN."""
    monkeypatch.setattr(process_tree, "_lists_children", lambda: False)
    pipe = subprocess.PIPE
    with running(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=pipe) as parent:
        child = int(parent.stdout.readline())
        tree = process_tree.descendants(parent.pid)
        for pid in (parent.pid, child):
            os.kill(pid, 9)
    assert tree == [parent.pid, child]
    exact = process_tree.exact_memory_bytes([os.getpid()], 0)
    assert exact / 2 < process_tree._proportional_kilobytes(os.getpid()) * 1024 < exact * 2
