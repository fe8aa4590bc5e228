"""Scripts that swap files while the grader looks at them, or make them endless."""

from __future__ import annotations

import asyncio
import io
import os
import resource
import tarfile
import threading
from pathlib import Path

import pytest

from inginious_nb.grader.job.archive import Archive, pack
from tests.support.hostile import SUCCESS

# Swaps `student` with a link to a folder outside, as fast as can be.
SWAPPING = """\
#!/usr/bin/python3
import ctypes, os, subprocess, threading, time
os.chdir("/task")
os.symlink({outside!r}, "evil")
libc = ctypes.CDLL(None)
done = False
def flip():
    while not done:
        libc.renameat2(-100, b"student", -100, b"evil", 2)
        time.sleep(0.0007)
threading.Thread(target=flip, daemon=True).start()
for i in range(40):
    command = ["cat", "/task/student/secret"] if i % 2 else ["touch", f"/task/student/w{{i}}"]
    print(subprocess.run(["run_student", *command], capture_output=True, text=True).stdout)
done = True
from inginious import feedback
feedback.set_global_result("success")
"""


@pytest.fixture
def outside(tmp_path):
    """A folder of this machine that everybody may change, with a secret."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("a secret")
    for path in (tmp_path, *list(tmp_path.parents)[:2]):
        path.chmod(0o755)
    folder.chmod(0o777)
    return folder


async def test_student_is_swapped_for_a_link(course, hostile, outside):
    if course.kind == "plain":
        return  # it says that files are not isolated
    jobs = course.grader._shared_files._jobs
    # Links are followed from out here too, if at all: one that is right there.
    link = os.path.relpath(outside, jobs / "123456789012" / "task")  # noqa: ASYNC240 - only words
    limits = {"time": 30, "hard_time": 60}
    result = await hostile(SWAPPING.format(outside=link), limits=limits)
    assert result.result[0] == "success"
    assert "a secret" not in result.stdout
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]


async def test_student_may_be_a_link_within_the_task(course):
    run = f"{SUCCESS}mv student real; ln -s real student; run_student touch student/new\nls real"
    result = await course.grade(run)
    if course.kind == "bubblewrap":
        assert result.stdout == "new\n"


async def test_no_descriptor_of_this_machine_is_left_open(course):
    # One of a folder would be a way out.
    look = "for f in /proc/self/fd/*; do [ -d $f ] && echo folder $f; done; true"
    files = {
        "run": f"{SUCCESS}{look}\nrun_student student/look",
        "student/look": f"#!/bin/sh\n{look}",
    }
    assert (await course.grade(files)).stdout == ""


# ---- the task's own system files --------------------------------------------------------------


@pytest.mark.parametrize("name", ["hosts", "resolv.conf"])
@pytest.mark.parametrize(
    "make",
    [
        "ln -s {outside}/secret systemfiles/{name}",
        "rmdir systemfiles; ln -s {outside} systemfiles; ln -s secret {outside}/{name}",
        "mkfifo systemfiles/{name}",
    ],
    ids=["link", "folder", "fifo"],
)
async def test_system_files_that_lead_out(course, outside, name, make):
    make = make.format(outside=outside, name=name)
    run = f"{SUCCESS}mkdir systemfiles; {make}; run_student cat /etc/{name}"
    result = await course.grade(run)
    assert result.result[0] == "success"
    assert "a secret" not in result.stdout


async def test_endless_system_files_cost_no_memory(course):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    make = "mkdir systemfiles; for f in hosts resolv.conf; do truncate -s 400M systemfiles/$f; done"
    result = await course.grade(f"{SUCCESS}{make}; run_student true; feedback-custom status $?")
    assert (result.result[0], result.custom["status"]) == ("success", 0)
    grown_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kilobytes < 100 << 10


# ---- the archive ------------------------------------------------------------------------------


async def test_an_archive_full_of_holes(hostile):
    run = f"{SUCCESS}cd ../archive; truncate -s 90M $(seq 200)"
    result = await hostile(run)
    assert result.result[0] == "success"
    assert not result.archive


async def test_a_kill_while_the_archive_is_packed(course, monkeypatch):
    """A kill counts until the result is known."""
    packing = threading.Event()
    kill = asyncio.Event()
    loop = asyncio.get_running_loop()

    def pack(folder, path, limit_bytes, given_up):
        packing.set()
        loop.call_soon_threadsafe(kill.set)
        given_up.wait(30)
        return Archive(b"half an archive")

    monkeypatch.setattr("inginious_nb.grader.job.workspace.pack", pack)
    result = await course.grade(SUCCESS, kill=kill)
    assert packing.is_set()
    assert (result.result[0], result.archive) == ("killed", None)
    assert result.state == "before"


def test_what_cannot_be_read_is_named_and_costs_the_rest_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "archive"
    (folder / "closed").mkdir(parents=True)
    for name in ("a", "b", "kept"):
        (folder / name).write_text(name)
    os.link(folder / "a", folder / "c")
    refuse(monkeypatch, folder / "a", folder / "c", folder / "closed")
    packed = pack(folder, tmp_path / "x.tar.gz", 1 << 20, threading.Event())
    assert sorted(packed.skipped) == ["'./a'", "'./c'", "'./closed'"]
    with tarfile.open(fileobj=io.BytesIO(packed.content)) as tar:
        assert sorted(tar.getnames()) == [".", "./b", "./closed", "./kept"]
        tar.extractall(tmp_path / "again", filter="data")


def refuse(monkeypatch, *paths):
    """Have some paths be refused, which root never is."""

    def refusing(really):
        def call(path, *args, **options):
            if str(path) in map(str, paths):
                raise PermissionError(13, "no")
            return really(path, *args, **options)

        return call

    monkeypatch.setattr("builtins.open", refusing(open))
    monkeypatch.setattr(os, "scandir", refusing(os.scandir))


def test_an_archive_that_cannot_be_written_costs_no_grade(tmp_path):
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive/a").write_bytes(os.urandom(1 << 20))
    full = Path("/dev/full")
    assert pack(tmp_path / "archive", full, 1 << 22, threading.Event()).content == b""


def test_packing_ends_when_nobody_wants_it(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "file").write_bytes(b"x" * 100_000)
    given_up = threading.Event()
    packed = pack(folder, tmp_path / "tar", 1 << 20, given_up)
    with tarfile.open(fileobj=io.BytesIO(packed.content)) as archive:
        assert archive.extractfile("./file").read() == b"x" * 100_000
    given_up.set()
    assert pack(folder, tmp_path / "tar", 1 << 20, given_up).content == b""
