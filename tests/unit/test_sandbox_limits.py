"""Scripts that keep what they use out of sight: it counts all the same."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket

import pytest

from inginious_nb.grader.job.disk_usage import TOO_MUCH, disk_usage_bytes
from inginious_nb.grader.job.student_commands import _receive
from inginious_nb.grader.sandbox import process_tree
from tests.support.hostile import SUCCESS

UNLINKED = """\
import os, time
files = []
for i in range(20):
    files.append(open(str(i), "wb"))
    os.unlink(str(i))
    files[-1].write(bytes(9_000_000))
time.sleep(60)
"""
DEEP = """\
import os, time
for _ in range(30):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
for i in range(2):
    open(str(i), "wb").write(bytes(60_000_000))
time.sleep(60)
"""
IN_MEMORY = """\
import os, time
for i in range(30):
    os.write(os.memfd_create("x"), bytes(9_000_000))
time.sleep(60)
"""


@pytest.mark.parametrize("code", [UNLINKED, DEEP, IN_MEMORY], ids=["unlinked", "deep", "memory"])
async def test_what_is_hidden_counts(hostile, code):
    files = {"run": f"{SUCCESS}/usr/bin/python3 code", "code": code}
    assert (await hostile(files)).result == ("overflow", "")


async def test_what_the_students_program_hides_counts(hostile):
    run = f"{SUCCESS}run_student /usr/bin/python3 student/code; feedback-custom status $?"
    result = await hostile({"run": run, "student/code": IN_MEMORY})
    assert (result.result[0], result.custom["status"]) == ("success", 252)


async def test_a_file_in_memory_that_is_mapped_counts_once(course):
    code = (
        "import mmap, os, time\nf = os.memfd_create('x')\nos.ftruncate(f, 60_000_000)\n"
        "m = mmap.mmap(f, 60_000_000)\nm[:] = bytes(60_000_000)\ntime.sleep(1)\n"
    )
    run = f"{SUCCESS}exec /usr/bin/python3 code"
    result = await course.grade({"run": run, "code": code}, limits={"memory": 100})
    assert result.result[0] == "success"


def test_memory_that_is_mapped_and_open():
    without = process_tree.exact_memory_bytes([os.getpid()], 0)
    assert process_tree.exact_memory_bytes([os.getpid()], 1 << 40) >= 1 << 40 > without


def test_what_a_job_has_on_disk(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(bytes(100_000))
    (tmp_path / "link").symlink_to("/usr")
    (tmp_path / "hole").touch()
    os.truncate(tmp_path / "hole", 1 << 30)
    assert 100_000 <= disk_usage_bytes(tmp_path) < 200_000
    assert disk_usage_bytes(tmp_path / "nowhere") == 0


def test_a_folder_that_cannot_be_entered_is_over_the_limit(tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir()
    really = os.open

    def refusing(path, *args, **options):
        if str(path) == str(closed):
            raise PermissionError(13, "no")
        return really(path, *args, **options)

    monkeypatch.setattr(os, "open", refusing)
    assert disk_usage_bytes(tmp_path) == TOO_MUCH


# ---- descriptors of the service ---------------------------------------------------------------


@contextlib.contextmanager
def asking():
    """Both sides of a request, a descriptor to send, and a list of those that were received.

    Whoever receives closes what it was given, and none is let go of unseen: in the end the other
    end of this one's pipe finds nobody.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    given = []
    try:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours, theirs:
            yield ours, theirs, writing, given
    finally:
        for descriptor in (writing, *given):
            os.close(descriptor)
        with open(reading, "rb", buffering=0) as pipe:  # noqa: PTH123
            assert pipe.read(1) == b"", "a copy is still open"


async def test_descriptors_that_nobody_asked_for_are_known():
    with asking() as (ours, theirs, sent, given):
        socket.send_fds(theirs, [b"0000000100"], [sent] * 3)
        for _ in range(100):
            socket.send_fds(theirs, [b"x"], [sent] * 3)
        with pytest.raises(ValueError, match="too many descriptors"):
            await _receive(ours, given)
        assert 3 < len(given) <= 300


async def test_too_many_descriptors_are_refused():
    with asking() as (ours, theirs, sent, given):
        socket.send_fds(theirs, [b"0000000004kind"], [sent] * 4)
        with pytest.raises(ValueError, match="too many descriptors"):
            await _receive(ours, given)
        assert len(given) == 4


async def test_connections_without_end(hostile):
    code = (
        "import os, socket, time\nopened = []\ntry:\n"
        "    for _ in range(500):\n        opened.append(socket.socket(socket.AF_UNIX))\n"
        "        opened[-1].setblocking(False)\n"
        "        opened[-1].connect(os.environ.get('INGINIOUS_CONTROL', '/.control/ask'))\n"
        "        time.sleep(0.001)\nexcept OSError: pass\nprint(len(opened))\n"
    )
    result = await hostile({"run": f"{SUCCESS}/usr/bin/python3 code", "code": code})
    assert int(result.stdout) <= 150


async def test_a_moment_without_descriptors(course, monkeypatch):
    loop = asyncio.get_running_loop()
    really = loop.sock_accept
    refusals = iter([OSError(errno.EMFILE, "too many open files")])

    async def refusing(listener):
        for refusal in refusals:
            raise refusal
        return await really(listener)

    monkeypatch.setattr(loop, "sock_accept", refusing)
    result = await course.grade(f"{SUCCESS}run_student true; feedback-custom status $?")
    assert result.custom["status"] == 0
