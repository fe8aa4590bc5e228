"""A program that cannot be started costs nothing; one that can is waited for whatever is scarce."""

from __future__ import annotations

import asyncio
import os
import resource
from concurrent.futures import ThreadPoolExecutor

import pytest

from inginious_nb.grader.sandbox import Box, Limits, Streams, choose_sandbox
from inginious_nb.grader.sandbox.cgroup import Cgroups, Place
from tests.support.processes import ended, pipe

LIMITS = Limits(cpu_s=60, wall_s=60, memory_bytes=1 << 30, disk_bytes=1 << 30)
KINDS = pytest.mark.parametrize("kind", ["bubblewrap", "plain"])


class Folders(Cgroups):
    """Makes folders in place of cgroups."""

    has_a_way_in = True

    def __init__(self, folder):
        super().__init__([Place(folder, frozenset())])

    def new(self, limits):
        made = super().new(limits)
        if not self.has_a_way_in:
            (next(self.folders[0].iterdir()) / "cgroup.procs").mkdir()
        return made


@pytest.fixture
def null():
    with open(os.devnull, "r+b") as file:  # noqa: PTH123 - short
        yield Streams(file.fileno(), file.fileno(), file.fileno())


def box(*argv: str) -> Box:
    return Box(argv, "/", {"PATH": os.defpath}, (), LIMITS, report_status=True)


def open_descriptors() -> set[int]:
    found = set()
    for descriptor in range(512):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        found.add(descriptor)
    return found


class _Scarce:
    """Lets this process have only some more descriptors than it has."""

    def __init__(self, more: int) -> None:
        self._before = resource.getrlimit(resource.RLIMIT_NOFILE)
        taken = open_descriptors()
        free = [number for number in range(512) if number not in taken]
        self._limit = free[more]

    def __enter__(self) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (self._limit, self._before[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, self._before)


@KINDS
async def test_a_start_for_lack_of_descriptors_leaves_none_open(kind, null):
    sandbox = choose_sandbox(kind)
    before = open_descriptors()
    failures = 0
    for more in range(24):
        process = None
        with _Scarce(more):
            try:
                process = sandbox.start(box("true"), null)
            except OSError:
                failures += 1
        if process is not None:
            await process.finish()
        assert open_descriptors() == before
    assert 0 < failures < 24


@KINDS
async def test_a_start_that_fails_leaves_no_cgroup(kind, null, tmp_path):
    sandbox = choose_sandbox(kind)
    sandbox._cgroups = Folders(tmp_path)
    with pytest.raises(OSError, match="too long"):
        sandbox.start(box("echo", "x" * (1 << 20)), null)
    assert list(tmp_path.iterdir()) == []


@KINDS
async def test_a_program_that_cannot_enter_its_cgroup_does_not_run(kind, null, tmp_path):
    sandbox = choose_sandbox(kind)
    sandbox._cgroups = Folders(tmp_path / "groups")
    (tmp_path / "groups").mkdir()
    sandbox._cgroups.has_a_way_in = False
    with pipe() as (output, stdout):
        streams = Streams(null.stdin, stdout.fileno(), null.stderr)
        process = sandbox.start(box("echo", "running"), streams)
        stdout.close()
        await process.finish()
        assert output.read() == ""
    assert not process.verdict.was_started


@KINDS
async def test_programs_without_a_descriptor_take_no_threads_of_others(kind, null, monkeypatch):
    def refuse(_):
        raise OSError("too many open files")

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    monkeypatch.setattr(os, "pidfd_open", refuse)
    async with ended(choose_sandbox(kind).start(box("sleep", "60"), null)) as process:
        waiting = asyncio.ensure_future(process.wait())
        working = asyncio.ensure_future(asyncio.to_thread(lambda: "done"))
        done, _ = await asyncio.wait({waiting, working}, return_when=asyncio.FIRST_COMPLETED)
        assert done == {working}
