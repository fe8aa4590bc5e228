"""What jobs share, what stays on disk, and the grader of a user who is not root."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import stat
import subprocess
import tempfile
import threading
import traceback
from pathlib import Path

import pytest

from inginious_nb.course import CourseLibrary
from inginious_nb.errors import ServiceError
from inginious_nb.grader.agents import JobHandle
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.job import shared_files
from inginious_nb.grader.job.shared_files import SharedFiles
from inginious_nb.grader.job.workspace import Workspace, make_folders
from inginious_nb.grader.sandbox import PlainSandbox, choose_sandbox, launch_script
from inginious_nb.grader.sandbox.choice import NoSandbox
from tests.support.local_course import a_docker_job

NOBODY = 65534


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_files, "_temporary_folder", lambda: str(tmp_path))
    return tmp_path


def test_a_long_temporary_folder_is_avoided(monkeypatch, tmp_path):
    # The path of a socket in it would be too long.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("x" * 50)))
    assert shared_files._temporary_folder() == "/tmp"


def test_it_is_only_its_owners(temporary):
    made = SharedFiles()
    (folder,) = temporary.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) & 0o066 == 0
    assert made.new_job_folder() != made.new_job_folder()
    made.close()
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("in_place", [True, False])
def test_other_users_cannot_enter_the_folder_of_a_job(monkeypatch, in_place):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setattr(shared_files, "_temporary_folder", lambda: folder)
        made = SharedFiles(can_mount=None if in_place else lambda _: True)
        job = made.new_job_folder()
        make_folders(job)
        as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "ls"]
        english = {**os.environ, "LC_ALL": "C"}
        done = subprocess.run(
            [*as_nobody, job / "task"], env=english, capture_output=True, check=False
        )
        made.close()
    assert b"Permission denied" in done.stderr


def test_it_goes_when_nobody_closes_it(temporary, monkeypatch):
    made = SharedFiles()
    assert list(temporary.iterdir())
    del made
    gc.collect()
    assert list(temporary.iterdir()) == []
    monkeypatch.setattr(shared_files, "_API", temporary / "nowhere")
    with pytest.raises(FileNotFoundError):
        SharedFiles()
    gc.collect()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_grader_left_is_removed_by_the_next(temporary):
    left = temporary / f"{shared_files._PREFIX}killed"
    (left / "jobs" / "1").mkdir(parents=True)
    living = SharedFiles()
    assert not left.exists()
    other = SharedFiles()
    assert len(list(temporary.iterdir())) == 2  # one that lives is left alone
    living.close()
    other.close()


def test_folders_of_a_job_are_made_beforehand(temporary):
    (temporary / "nothing").mkdir()
    made = SharedFiles()
    made.prepare_job_folder()
    folders = made.new_job_folder(), made.new_job_folder()
    assert [folder.exists() for folder in folders] == [True, False]
    for folder in folders:
        Workspace(folder).fill(temporary / "nothing", None, copy_common=False)
    made_before, made_now = (sorted(folder.rglob("*")) for folder in folders)
    assert [path.relative_to(folders[0]) for path in made_before] == [
        path.relative_to(folders[1]) for path in made_now
    ]
    made.close()


def test_nothing_is_made_once_it_is_closed(temporary):
    made = SharedFiles()
    made.prepare_job_folder()
    made.close()
    made.prepare_job_folder()
    assert list(temporary.iterdir()) == []


def test_closing_waits_for_what_is_being_made(temporary, monkeypatch):
    made = SharedFiles()
    making, may_go_on = threading.Event(), threading.Event()

    def make_slowly(folder):
        making.set()
        may_go_on.wait(30)
        make_folders(folder)

    monkeypatch.setattr(shared_files, "make_folders", make_slowly)
    maker = threading.Thread(target=made.prepare_job_folder)
    maker.start()
    making.wait(30)
    closer = threading.Thread(target=made.close)
    closer.start()
    may_go_on.set()
    closer.join()
    maker.join()
    assert list(temporary.iterdir()) == []


def test_an_alias_must_stand_for_something():
    with pytest.raises(ServiceError, match="docker/other"):
        LocalGrader(CourseLibrary(), sandbox=PlainSandbox(), aliases={"java": "docker/other"})


@pytest.mark.parametrize("kind", ["bubblewrap", "plain"])
def test_a_sandbox_says_what_it_does_not_isolate(kind):
    description = choose_sandbox(kind).describe()
    assert description["kind"] == kind
    assert description["isolated"]
    assert description["not_isolated"]


def test_without_bubblewrap_there_is_the_plain_sandbox(monkeypatch, caplog):
    monkeypatch.setenv("PATH", "/nowhere")
    assert choose_sandbox("auto").describe()["kind"] == "plain"
    assert "not installed" in caplog.text
    with pytest.raises(ServiceError, match="not installed"):
        choose_sandbox("bubblewrap")


def test_where_namespaces_are_refused_there_is_the_plain_sandbox(monkeypatch, tmp_path, caplog):
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'No permissions to create a new namespace' >&2; exit 1")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert choose_sandbox("auto").describe()["kind"] == "plain"
    assert "namespaces" in caplog.text


def test_where_nothing_can_be_executed_nothing_is_offered():
    sandbox = NoSandbox("no sandbox")
    assert sandbox.describe()["kind"] == "none"
    grader = LocalGrader(CourseLibrary(), sandbox=sandbox, aliases={"c": "default"})
    assert grader.environments() == {}
    grader.close()


# ---- not root ---------------------------------------------------------------------------------

_RUN = """\
#!/usr/bin/python3
import os, subprocess
from inginious import feedback
done = subprocess.run(["run_student", "student/look"], stdout=subprocess.PIPE)
feedback.set_global_feedback("%d %s" % (os.getuid(), done.stdout.decode()))
feedback.set_global_result("success" if done.returncode == 5 else "failed")
"""


def _move_sources(folder: Path) -> None:
    """Take what jobs share from a copy: the checkout may be where only root can read."""
    api = folder / "api"
    shutil.copytree(shared_files._API, api)
    shared_files._API = api


def _grade_as_nobody(kind: str, course: Path, temporary: Path) -> str:
    """In a child process without root's rights: what graded, and the result."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.environ["HOME"] = tempfile.tempdir = str(temporary)
            if os.geteuid() == 0:
                # What is imported on demand may be where only root can read.
                asyncio.run(_grade(kind, course))
                _move_sources(temporary)
                launch_script.dropping.cache_clear()
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            os.write(write, asyncio.run(_grade(kind, course)).encode())
        except BaseException as error:
            os.write(write, "".join(traceback.format_exception(error)).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


async def _grade(kind: str, course: Path) -> str:
    grader = LocalGrader(CourseLibrary([course]), sandbox=choose_sandbox(kind))
    job = a_docker_job(course.name)
    result = await grader.grade(job, JobHandle("1"))
    grader.close()
    return f"{result.result}{result.stderr}"


@pytest.mark.parametrize("kind", ["bubblewrap", "plain"])
def test_a_user_who_is_not_root(kind):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o777)
        course = Path(folder, "course")
        (course / "task/student").mkdir(parents=True)
        (course / "course.yaml").write_text("name: c")
        (course / "task/task.yaml").write_text("environment_type: docker\nproblems: {}\n")
        (course / "task/run").write_text(_RUN)
        (course / "task/student/look").write_text("#!/bin/sh\nls /task; exit 5\n")
        answer = _grade_as_nobody(kind, course, Path(folder))
        uid = 4242 if kind == "bubblewrap" else NOBODY if os.geteuid() == 0 else os.geteuid()
        assert answer.startswith(f"('success', '{uid} "), answer
        if kind == "bubblewrap":
            assert answer == "('success', '4242 student\\n')"
        assert {path.name for path in Path(folder).iterdir()} <= {"course", "api", ".cache"}
