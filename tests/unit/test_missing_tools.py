"""A crash names the tools that could not be started, and nothing else."""

from __future__ import annotations

import pytest

from inginious_nb.grader.job.missing_tools import missing_tools

OPENED = """Traceback (most recent call last):
  File "/task/run", line 3, in <module>
    open("answer.java")
FileNotFoundError: [Errno 2] No such file or directory: 'answer.java'
"""
STARTED = """Traceback (most recent call last):
  File "/usr/lib/python3.11/subprocess.py", line 1955, in _execute_child
    raise child_exception_type(errno_num, err_msg, err_filename)
FileNotFoundError: [Errno 2] No such file or directory: 'ozc'
"""


@pytest.mark.parametrize(
    ("errors", "named"),
    [
        ("./run: line 3: ozc: command not found\n", ["Mozart Oz (ozc)"]),
        ("./run: 3: no-tool3.1: not found\n", ["no-tool3.1"]),
        ("./run: 3: exec: no-tool: not found\n", ["no-tool"]),
        ("env: ‘no-tool’: No such file or directory\n", ["no-tool"]),  # noqa: RUF001
        ("/usr/bin/env: 'no-tool': No such file or directory\n", ["no-tool"]),
        ("timeout: failed to run command 'no-tool': No such file or directory\n", ["no-tool"]),
        ("make: no-tool: No such file or directory\n", ["no-tool"]),
        ('IOException: Cannot run program "no-tool": error=2, No such file', ["no-tool"]),
        ("./run: line 3: 7zz: command not found\n", ["7zz"]),
        ("./run: line 3: 1: command not found\n", []),
        ("sh: no-tool: not found\n", ["no-tool"]),
        ("ModuleNotFoundError: No module named 'deep'\n", []),
        (STARTED, ["Mozart Oz (ozc)"]),
        (OPENED, []),
        ("run: 1: import: not found\nrun: 2: from: not found\n", []),
        ("run: 1: answer.java: not found\n", []),
        ("error: file not found: answer.java\nanswer.java: not found\n", []),
        ("Symbol x: not found\n", []),
        ("./run: line 3: sh: command not found\n", []),  # it is there: PATH was changed
        ("ModuleNotFoundError: No module named 'no_module'\n", ["the Python module no_module"]),
        ("ModuleNotFoundError: No module named 'own'\n", []),
    ],
)
def test_what_is_named(tmp_path, errors, named):
    (tmp_path / "own.py").touch()
    (tmp_path / "student" / "deep").mkdir(parents=True)
    (tmp_path / "run").write_text("# import R, go, ozc and make, from java\n")
    assert missing_tools([tmp_path], errors, "/usr/bin:/bin") == named
