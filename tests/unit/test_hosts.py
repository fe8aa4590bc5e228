"""A real job, from the submission to its grade, on machines that lack something."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import inginious_nb.grader

API = Path(inginious_nb.grader.__file__).parent / "grading_api"
SCRIPTS = [*API.rglob("*.py"), *(API / "bin").iterdir()]
OLDEST = (3, 6)
RUN = """\
#!/usr/bin/python3
from inginious import feedback, input, run_student
out, err, status = run_student.run_student_simple("sh -c 'echo seen'")
is_right = (input.get_input("q1"), out, status) == ("42", "seen\\n", 0)
feedback.set_global_result("success" if is_right else "failed")
feedback.set_global_feedback(repr((out, err, status)))
"""
GRADE = """
import asyncio, json, sys
from inginious_nb.grader.job import interpreters
from pathlib import Path
from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.sandbox import choose_sandbox
from tests.support.local_course import LocalCourse

async def main():
    interpreters._TIMEOUT_S = 2.0  # of one that hangs
    library = CourseLibrary()
    sandbox = choose_sandbox()
    grader = LocalGrader(library, sandbox=sandbox, aliases={})
    try:
        course = LocalCourse(Path(sys.argv[1]), grader, library, "")
        result = await course.grade(sys.stdin.read(), {"q1": "42"})
        print(json.dumps([sandbox.describe()["kind"], *result.result]))
    finally:
        grader.close()

asyncio.run(main())
"""
NOEXEC = "mount -t tmpfs -o noexec,mode=1777 tmpfs /tmp"
SMALL_SHM = "mount -t tmpfs -o size=64k tmpfs /dev/shm"
# A command that has a shell run its last argument on such a machine, and the sandbox expected.
HOSTS = {
    "one id": (["unshare", "--user", "--map-root-user"], "", "bubblewrap"),
    "no setuid": (["setpriv", "--bounding-set=-setuid,-setgid,-chown"], "", "bubblewrap"),
    "no capabilities": (["setpriv", "--bounding-set=-all", "--inh-caps=-all"], "", None),
    "noexec /tmp": (["unshare", "--mount"], NOEXEC, "bubblewrap"),
    "noexec /tmp, plain": (["unshare", "--mount"], f"{NOEXEC} && PATH=$NO_BWRAP", "plain"),
    "no bubblewrap": ([], "PATH=$NO_BWRAP", "plain"),
    "umask 077": ([], "umask 077; PATH=$NO_BWRAP", "plain"),
    "no user namespaces": (
        ["unshare", "--user", "--map-root-user"],
        "echo 0 > /proc/sys/user/max_user_namespaces",
        "plain",
    ),
    "everything small": (
        ["unshare", "--mount"],
        f"{SMALL_SHM} && mount -t tmpfs -o ro t /mnt && export HOME=/mnt && ulimit -n 128",
        "bubblewrap",
    ),
    "no new /proc": (
        ["unshare", "--user", "--map-root-user", "--mount"],
        "mount -t tmpfs tmpfs /proc/sys",
        "plain",
    ),
    "python3 that crashes": (
        ["unshare", "--mount"],
        "mount --bind $CRASHES /usr/bin/python3",
        None,
    ),
    "python3 that hangs": (["unshare", "--mount"], "mount --bind $HANGS /usr/bin/python3", None),
    "no python3": (["unshare", "--mount"], "mount --bind /dev/null /usr/bin/python3", None),
    "old python3": (
        # It is in a home, which neither a box nor another user sees.
        ["unshare", "--mount", "setpriv", "--bounding-set=-setuid,-setgid"],
        "mount --bind $OLD /usr/bin/python3 && PATH=$NO_BWRAP",
        "plain",
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="made with unshare and setpriv of Linux")
@pytest.mark.parametrize("host", HOSTS)
def test_a_job_is_graded(host, tmp_path):
    wrapper, setting, kind = HOSTS[host]
    tmp_path.chmod(0o755)
    environ = {**os.environ, "NO_BWRAP": without_bubblewrap(tmp_path), "OLD": old_python()}
    environ |= {"CRASHES": script(tmp_path, "kill -SEGV $$"), "HANGS": script(tmp_path, "sleep 60")}
    if "$OLD" in setting and not environ["OLD"]:
        pytest.skip("there is no old Python on this machine")
    needed = Path(sys.executable), Path(__file__)
    if NOEXEC in setting and any(path.is_relative_to("/tmp") for path in needed):
        pytest.skip("a checkout in /tmp would be hidden with it")
    # Not below /tmp, which some of these machines replace.
    courses = Path(__file__).parents[2] / ".pytest_hosts" / tmp_path.name
    courses.mkdir(parents=True)
    command = f'{setting or ":"} && exec {sys.executable} -c "$GRADE" {courses}'
    try:
        if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode:
            pytest.skip(f"this machine has no {' '.join(wrapper)}")
        done = subprocess.run(
            [*wrapper, "sh", "-c", command],
            env={**environ, "GRADE": GRADE},
            cwd=Path(__file__).parents[2],
            input=RUN,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        shutil.rmtree(courses)
    assert done.returncode == 0, done.stderr
    used, code, text = json.loads(done.stdout)
    assert code == "success", text + done.stderr
    assert kind in (used, None)


def script(folder: Path, line: str) -> str:
    """Return a program that does one thing."""
    path = folder / line.partition(" ")[0]
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return str(path)


def without_bubblewrap(folder: Path) -> str:
    """Return a PATH with all programs but bubblewrap."""
    folder = folder / "bin"
    folder.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name != "bwrap":
            (folder / program.name).symlink_to(program)
    return str(folder)


def old_python() -> str:
    """Return the oldest Python from 3.6 on that is older than the system's; "" without one."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for minor in range(OLDEST[1], 10):
        for program in sorted(root.glob(f"versions/3.{minor}.*/bin/python3.{minor}")):
            return str(program)
    return ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_grading_api_is_written_for_the_oldest_python(script):
    text = script.read_text("utf-8")
    if script.suffix == ".py" or "python" in text.partition("\n")[0]:
        ast.parse(text, feature_version=OLDEST)


DOCTOR = [sys.executable, "-m", "inginious_nb.cli", "doctor"]


@pytest.mark.parametrize(
    ("wrapper", "setting", "said"),
    [
        (["unshare", "--user", "--map-root-user"], "", "root cannot become another user"),
        ([], "PATH=$NO_BWRAP", "bubblewrap is not installed"),
        ([], "ulimit -n 200", "few open files"),
        (["unshare", "--mount"], "mount --bind /bin/false /usr/bin/python3", "does not work"),
    ],
)
def test_the_doctor_says_what_is_missing(wrapper, setting, said, tmp_path):
    if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode:
        pytest.skip(f"this machine has no {' '.join(wrapper)}")
    done = subprocess.run(
        [*wrapper, "sh", "-c", f'{setting or ":"} && exec "$@"', "sh", *DOCTOR],
        env={**os.environ, "NO_BWRAP": without_bubblewrap(tmp_path), "LANG": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in done.stdout.partition("Missing:")[2]
    assert (done.returncode, done.stderr.count("Traceback")) == (1, 0)
