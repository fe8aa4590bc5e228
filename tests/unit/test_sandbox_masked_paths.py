"""What isolated programs do not see although it lies among what they see."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path, PurePosixPath

import pytest

from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents import JobHandle
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.job import shared_files, system_views
from inginious_nb.grader.job.system_views import SystemViews
from inginious_nb.grader.sandbox import Box, Limits, Mount, Streams, choose_sandbox, supervise
from inginious_nb.grader.sandbox.masked_paths import masked_places, personal_folders
from tests.support.local_course import a_docker_job

LIMITS = Limits(cpu_s=5, wall_s=10, memory_bytes=200 << 20, disk_bytes=100 << 20)


@pytest.fixture
def system_folder():
    """A folder among the system's own, which is taken away again."""
    if not os.access("/opt", os.W_OK):
        pytest.skip("a folder below /opt can only be made as root")
    folder = Path(tempfile.mkdtemp(prefix="inginious-test-", dir="/opt"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


async def seen(script: str, *mounts: Mount, masked=()) -> str:
    """What a shell script in bubblewrap prints."""
    sandbox = choose_sandbox("bubblewrap")
    sandbox.mask(lambda: masked)
    with tempfile.TemporaryFile() as output:
        box = Box(("sh", "-c", script), "/", {"PATH": "/usr/bin:/bin"}, mounts, LIMITS)
        streams = Streams(output.fileno(), output.fileno(), output.fileno())
        await supervise(sandbox.start(box, streams), LIMITS)
        output.seek(0)
        return output.read().decode()


async def test_a_home_below_a_system_folder(system_folder, monkeypatch):
    monkeypatch.setenv("HOME", str(system_folder))
    (system_folder / "secret").write_text("a secret")
    (system_folder / "tools").mkdir()
    tools = Mount(system_folder / "tools", str(system_folder / "tools"))
    look = f"cd {system_folder}; cat secret; touch new && echo written; ls"
    printed = await seen(look, tools)
    assert "a secret" not in printed
    assert "written" not in printed
    assert printed.endswith("tools\n")


async def test_the_place_of_the_history(system_folder, monkeypatch):
    monkeypatch.setenv("INGINIOUS_HISTORY", str(system_folder / "history" / "h.sqlite"))
    (system_folder / "history").mkdir()
    (system_folder / "history" / "h.sqlite").touch()
    assert await seen(f"ls {system_folder}/history") == ""


# ---- courses ----------------------------------------------------------------------------------

RUN = """\
#!/bin/bash
feedback-result success
cat {folder}/*/*/solution {link}/*/*/solution
run_student --setup-script '' cat {folder}/lab/task/solution
"""


@pytest.mark.parametrize("named", ["", "lab"], ids=["a folder of courses", "a course"])
async def test_courses_below_a_system_folder(system_folder, named, tmp_path):
    link = tmp_path / "courses"
    link.symlink_to(system_folder)
    for task in ("task", "other"):
        folder = system_folder / "lab" / task
        folder.mkdir(parents=True)
        (folder / "task.yaml").write_text("problems: {q1: {type: code}}")
        (folder / "run").write_text(RUN.format(folder=system_folder, link=link))
        (folder / "solution").write_text(f"solution of {task}")
    (system_folder / "lab" / "course.yaml").write_text("name: lab")
    # Named by way of a link; a job's own copy of its task is where it always is.
    library = CourseLibrary([link / named])
    grader = LocalGrader(library, sandbox=choose_sandbox("bubblewrap"))
    job = a_docker_job("lab")
    try:
        result = await grader.grade(job, JobHandle("1"))
    finally:
        grader.close()
    assert result.result[0] == "success"
    assert "solution of" not in result.stdout


async def test_a_course_that_is_removed_needs_no_hiding(system_folder):
    assert await seen("echo on", masked=[system_folder / "gone"]) == "on\n"


# ---- the Python that runs ---------------------------------------------------------------------


async def test_an_interpreter_in_a_hidden_course(system_folder):
    (system_folder / "venv" / "bin").mkdir(parents=True)
    (system_folder / "venv" / "bin" / "tool").write_text("a tool")
    (system_folder / "solution").write_text("a solution")
    venv = Mount(system_folder / "venv", str(system_folder / "venv"))
    look = f"cat {system_folder}/venv/bin/tool {system_folder}/solution 2> /dev/null"
    assert await seen(look, venv, masked=[system_folder]) == "a tool"


async def test_a_course_beside_an_interpreter(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_text("a tool")
    (tmp_path / "courses" / "lab").mkdir(parents=True)
    (tmp_path / "courses" / "lab" / "solution").write_text("a solution")
    for path in (tmp_path, *list(tmp_path.parents)[:2]):
        path.chmod(0o755)
    look = f"cat {tmp_path}/bin/tool {tmp_path}/courses/lab/solution 2> /dev/null"
    prefix = Mount(tmp_path, str(tmp_path))
    assert await seen(look, prefix, masked=[tmp_path / "courses"]) == "a tool"


def test_an_interpreter_below_usr_is_mounted_by_itself(monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/usr/share")
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    mounts = [mount.place for mount in shared_files._own_interpreter()]
    assert "/usr/share" in mounts
    assert "/usr" not in mounts


# ---- which places -----------------------------------------------------------------------------


@pytest.fixture
def mount(tmp_path):
    tmp_path = tmp_path.resolve()
    for name in ("a/b/c", "a/bc", "d"):
        (tmp_path / name).mkdir(parents=True)

    def make(name, source=None):
        return Mount(source or tmp_path / name, str(tmp_path / name))

    make.root = tmp_path
    return make


def places(mount, masked, *mounts):
    found = masked_places([mount.root / name for name in masked], mounts)
    return [str(place.relative_to(PurePosixPath(mount.root))) for place in found]


def test_only_what_is_seen_is_hidden(mount):
    assert places(mount, ["a/b", "a/nowhere", "d"], mount("a")) == ["a/b"]
    assert places(mount, ["a"], mount("a")) == []
    assert places(mount, ["a/b"], mount("x", mount.root / "a")) == []


def test_what_is_hidden_is_so_where_the_system_is_shown_elsewhere(mount):
    root = mount.root
    view = Mount(root / "d", str(root / "a"))
    files = Mount(root / "a", str(root / "files"), is_system=True)
    # The view covers the place itself: there is nothing to hide, and no folder to hide it with.
    assert places(mount, ["a/b"], mount(""), view, files) == ["files/b"]


async def test_a_course_among_packages_is_hidden_in_a_view_of_them(system_folder, tmp_path):
    (system_folder / "packages" / "courses").mkdir(parents=True)
    (system_folder / "packages" / "courses" / "solution").write_text("a solution")
    (system_folder / "packages" / "module").write_text("a module")
    for name in ("views", "seen/views"):
        (tmp_path / name).mkdir(parents=True)
    views = SystemViews(tmp_path / "seen/views", "/seen/views")
    views.add((system_folder / "packages"), {"ours": "/seen"})
    look = f"cd {system_folder}/packages; cat module courses/solution 2>/dev/null; ls"
    mounts = (Mount(tmp_path / "seen", "/seen"), *views.mounts())
    masked = [system_folder / "packages" / "courses"]
    assert await seen(look, *mounts, masked=masked) == "a modulecourses\nmodule\nours\n"


@pytest.mark.parametrize("neighbours", [(), system_views._OFTEN_EMPTY])
async def test_programs_in_a_view_find_their_own_files(neighbours, tmp_path, monkeypatch):
    monkeypatch.setattr(system_views, "_OFTEN_EMPTY", neighbours)
    monkeypatch.setattr(system_views, "real_programs_at", system_views.real_programs_at.__wrapped__)
    for name in ("views", "seen/views"):
        (tmp_path / name).mkdir(parents=True)
    views = SystemViews(tmp_path / "seen/views", "/seen/views")
    views.add(system_views.PROGRAMS, {"ours": "/seen/ours"})
    (tmp_path / "seen" / "ours").write_text("ours")
    look = "cat /usr/bin/ours; python3 -c 'import sys; print(sys.prefix, sys.executable)'"
    printed = await seen(look, Mount(tmp_path / "seen", "/seen"), *views.mounts())
    assert printed == "ours/usr /usr/bin/python3\n"


def test_what_is_hidden_already_is_not_hidden_again(mount):
    assert places(mount, ["a/b/c", "a/b", "a/bc"], mount("a")) == ["a/b", "a/bc"]
    # Unless it is seen again by way of a mount in between.
    assert places(mount, ["a/b/c", "a"], mount(""), mount("a/b")) == ["a", "a/b/c"]


def test_a_mount_by_way_of_a_link(mount):
    (mount.root / "link").symlink_to(mount.root / "a")
    assert places(mount, ["a/b"], mount("link")) == ["link/b"]


@pytest.mark.parametrize("home", ["/usr/sbin", "/usr", "/usr/share"])
def test_the_system_itself_is_not_hidden(home, monkeypatch):
    monkeypatch.setenv("HOME", home)
    assert Path(home).resolve() in personal_folders()
    assert PurePosixPath(home) not in masked_places(
        personal_folders(), [Mount(Path("/usr"), "/usr")]
    )
