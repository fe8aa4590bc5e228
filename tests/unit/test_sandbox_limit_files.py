"""A program in a box sees its memory limit where it would look for it in a container."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.sandbox import choose_sandbox
from inginious_nb.grader.sandbox.limit_files import LimitFiles
from tests.support.local_course import LocalCourse

HAS_CGROUP_V2 = LimitFiles.find(has_modes=True) is not None


@pytest.fixture
def isolated(tmp_path):
    library = CourseLibrary()
    grader = LocalGrader(library, sandbox=choose_sandbox("bubblewrap"))
    yield LocalCourse(tmp_path, grader, library, "bubblewrap")
    grader.close()


@pytest.mark.skipif(not HAS_CGROUP_V2, reason="no cgroup v2 is mounted here")
async def test_the_limit_of_the_job_and_that_of_each_program_of_the_student(isolated):
    run = """#!/bin/bash
limit=/sys/fs/cgroup/memory.max
feedback-msg -m "$(cat $limit) $(run_student --memory 50 cat $limit) $(ls /sys/fs/cgroup | wc -l)"
echo 1 > $limit || feedback-result success
"""
    result = await isolated.grade(run, limits={"memory": 100})
    assert result.result == ("success", f"{100 << 20} {50 << 20} 4")


@pytest.mark.skipif(not (HAS_CGROUP_V2 and shutil.which("node")), reason="no Node.js")
async def test_node_sees_the_limit(isolated):
    run = """#!/bin/bash
feedback-msg -m "$(node -e 'console.log(process.constrainedMemory())')"
feedback-result success
"""
    result = await isolated.grade(run, limits={"memory": 500})
    assert result.result == ("success", str(500 << 20))


STRING = """
String text = "";
for (int i = 0; i < 20000; i++) text += "x";
System.out.println(text.length());
"""
ARRAYS = """
long sum = 0;
for (int i = 0; i < 4000; i++) sum += new byte[1 << 20].length >> 20;
System.out.println(sum);
"""


@pytest.mark.skipif(not (HAS_CGROUP_V2 and shutil.which("javac")), reason="no JDK, or no cgroup v2")
@pytest.mark.parametrize(
    ("memory", "body", "printed"), [(100, STRING, "20000"), (200, ARRAYS, "4000")]
)
async def test_java_collects_its_garbage_in_time(isolated, memory, body, printed):
    code = f"public class A {{ public static void main(String[] a) {{ {body} }} }}"
    run = """#!/bin/bash
javac -d student A.java
feedback-msg -m "$(java -cp student A 2>&1)$(run_student java -cp student A 2>&1)"
feedback-result success
"""
    result = await isolated.grade({"run": run, "A.java": code}, limits={"memory": memory})
    assert result.result == ("success", printed * 2)


def test_where_no_cgroup_v2_is_mounted_there_are_none(tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"39 31 0:36 / {tmp_path} rw,relatime - cgroup cgroup rw,memory\n")
    assert LimitFiles.find(has_modes=True, mounts=mounts) is None
    assert LimitFiles.find(has_modes=True, mounts=Path("/nowhere")) is None
