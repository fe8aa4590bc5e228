"""Scripts of older Pythons: given back what is gone, and named where they die after success."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from inginious_nb.grader.agents import JobHandle
from inginious_nb.grader.job import old_python
from inginious_nb.grader.job.old_python import ERRORS, death, help_for

OLD = Path(old_python.__file__).parents[1] / "grading_api" / "old"
USES = {
    "yaml.load": "import yaml; assert yaml.load('a: 1') == {'a': 1}",
    "open": "assert open(__file__, 'rU').read()",
    "collections": "import collections; collections.Mapping",
    "inspect": "import inspect; assert inspect.getargspec(lambda a: a).args == ['a']",
    "imp": "import imp; imp.reload",
    "time": "import time; time.clock()",
    "fractions": "from fractions import gcd; assert gcd(4, 6) == 2",
    "cgi": "import cgi; assert cgi.escape('<') == '&lt;'",
    "base64": "import base64; base64.encodestring(b'x')",
    "threading": "import threading; threading.Thread().isAlive()",
    "json": "import json; assert json.loads('1', encoding='utf-8') == 1",
    "unittest": "import unittest; unittest.TestCase().assertEquals(1, 1)",
    "numpy": "import numpy; numpy.float",
    "jinja2": "from jinja2 import Markup",
}
RUN = """\
#!/usr/bin/python3
from inginious import feedback
feedback.set_global_result("success")
{use}
feedback.set_global_result("failed")
"""


def in_python(use, old=""):
    command = [sys.executable, "-W", "ignore", "-c", use.replace("__file__", repr(__file__))]
    environ = {"INGINIOUS_OLD_PYTHON": old, "PYTHONPATH": str(OLD)} if old else {}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_each_name_has_its_error_its_remedy_and_its_test():
    content = (OLD / "sitecustomize.py").read_text()
    remedies = re.findall(r'^    "([\w.]+)": \(', content, re.MULTILINE)
    assert {*remedies, "imp"} == set(ERRORS) == set(USES)


@pytest.mark.parametrize("name", USES)
def test_what_is_gone_is_named_and_given_back(name):
    today = in_python(USES[name])
    if "No module named" in today.stderr and name not in ("imp", "cgi"):
        pytest.skip("this Python does not have the package")
    if today.returncode:
        assert help_for(today.stderr) == f'old_python: ["{name}"]', today.stderr
    given_back = in_python(USES[name], ",".join(USES))
    assert given_back.returncode == 0, given_back.stderr


async def grade(course, use, in_course=""):
    (course.path / "course.yaml").write_text(f"name: c\n{in_course}")
    course.write({"task.yaml": "environment: default\nproblems: {}\n"})
    course.write({"run": RUN.format(use=use)})
    handle = JobHandle("1")
    return await asyncio.wait_for(course.grader.grade(course.job(), handle), 60), handle.warning


@pytest.mark.parametrize("name", ["open", "yaml.load"])
async def test_a_runner_that_dies_after_success_is_warned_of_and_can_be_mended(course, name):
    result, warning = await grade(course, USES[name])
    assert result.result[0] == "success"  # as in INGInious
    line = f'old_python: ["{name}"]'
    assert line in warning
    assert warning in result.stderr
    for in_course in (line, "old_python: true"):
        result, warning = await grade(course, USES[name], in_course)
        assert (result.result[0], warning) == ("failed", "")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("#!/bin/bash\nfeedback-result success\nkill -9 $$", "SIGKILL"),
        ("#!/bin/bash\nset -e\nfeedback-result success\nfalse\nfeedback-result failed", "status 1"),
        ("#!/bin/bash\nfeedback-result success\nif fi", "line 3: syntax error"),
        ("#!/bin/bash\nfeedback-result success\n[ 1 = 2 ] && echo", ""),
        ("#!/bin/bash\nfeedback-result success\npython3 -c 1/0\ntrue", ""),
        ("#!/bin/bash\nfeedback-result success\npython3 -c 1/0", "ZeroDivisionError"),
        ("#!/bin/bash\nfeedback-result success\nexit 7", ""),
        ("#!/bin/bash\nfeedback-result failed\nkill -9 $$", ""),
    ],
)
async def test_deaths_in_a_shell(course, script, words):
    course.write({"task.yaml": "environment: default\nproblems: {}\n", "run": script})
    handle = JobHandle("1")
    await asyncio.wait_for(course.grader.grade(course.job(), handle), 60)
    assert words in handle.warning
    assert bool(words) == bool(handle.warning)


@pytest.mark.parametrize("in_course", ["[cobol]", "cobol", "{open: true}", "[open, 3]", "[[open]]"])
async def test_what_cannot_be_given_back_is_said(course, in_course):
    result, _ = await grade(course, "pass", f"old_python: {in_course}")
    assert result.result[0] == "crash"
    assert 'old_python: ["yaml.load", "open"]' in result.result[1]


TRACE = (
    'Traceback (most recent call last):\n  File "{}", line 3, in <module>\n    x\nNameError: x\n'
)


NODE = "{0}:2\nthrow x\n^\n\nTypeError: so\n    at {0}:2:7\n    at node:x:1\n\nNode.js v18.1.0\n"


@pytest.mark.parametrize(
    ("stdout", "stderr", "status", "words"),
    [
        ("", TRACE.format("/task/run"), 1, "NameError: x"),
        ("", TRACE.format("/task/grade.py"), 0, "NameError: x"),
        ("", TRACE.format("/course/common/grade.py"), 0, "NameError: x"),
        (TRACE.format("/task/run.py"), "", 0, "NameError: x"),
        (TRACE.format("/task/student/answer.py"), "", 1, None),
        ("", "run: line 3: nothing: command not found\n", 127, "run: line 3: nothing: "),
        ("", "", 137, "SIGKILL"),
        ("", "", -11, "SIGSEGV"),
        ("", "", 255, None),
        ("", "so at /task/run line 3.\n", 255, "so at /task/run line 3"),
        ("", "so at /task/run line 3.\n", 0, None),
        ("", "so at /task/student/a.pl line 3.\n", 255, None),
        ("", NODE.format("/task/run"), 1, "TypeError: so"),
        ("", NODE.format("/task/student/a.js"), 1, None),
        ("", "/task/run:2:in `<main>': so (RuntimeError)\n\tfrom x\n", 1, "so (RuntimeError)"),
        ("", TRACE.format("/task/student/answer.py"), 0, None),
        ("", TRACE.format("/task/run") + "handled, going on\n", 1, None),
        ("", "", 1, None),
        ("", "run: line 3: nothing: command not found\n", 0, None),
    ],
)
def test_which_end_of_a_script_is_its_death(stdout, stderr, status, words):
    found = death(stdout, stderr, status=status)
    assert found.startswith(words) if words else found == ""
