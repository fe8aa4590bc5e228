"""Why a task cannot be run is said as it is, and whose fault it is."""

from __future__ import annotations

import errno
import os
import shutil

import pytest

from inginious_nb.grader.job import grading, workspace

BODY = "feedback-result success\n"
TASK = "tell its author"
MACHINE = "fault of the grader's machine"


def crlf(text):
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("files", "words", "fault"),
    [
        ({"run": crlf(f"#!/bin/bash\n{BODY}")}, "dos2unix run", TASK),
        ({"run": crlf(f"#!/usr/bin/env python3\n{BODY}")}, "dos2unix run", TASK),
        ({"run": crlf(f"#!/bin/bash -e\n{BODY}")}, "dos2unix run", TASK),
        ({"run": f"#!/bin/bash\r\n{BODY}"}, "dos2unix run", TASK),
        ({"run": f"#!/bin/bash\r{BODY}".replace("\n", "\r")}, "dos2unix run", TASK),
        ({"run": f"#!/bin/bash \r\n{BODY}"}, "dos2unix run", TASK),
        ({"run": crlf("#!/bin/bash\n" + BODY).encode("utf-8-sig")}, "byte order mark", TASK),
        ({"run": f"#!/bin/bash\n{BODY}".encode("utf-8-sig")}, "byte order mark", TASK),
        ({"run": f"#!/bin/bash\n{BODY}".encode("utf-16")}, "UTF-16", TASK),
        ({"run": f"#!/bin/bash\n{BODY}".encode("utf-16-le")}, "UTF-16", TASK),
        ({"run": f"#!/bin/bash\n{BODY}".encode("utf-16-be")}, "UTF-16", TASK),
        ({"run": BODY}, "does not name an interpreter", TASK),
        ({"run": ""}, "does not name an interpreter", TASK),
        ({"run": "#!\n"}, "an interpreter", TASK),
        ({"run": "#!/opt/none/notthere\n"}, "needs notthere", MACHINE),
        ({"run": "#!/usr/bin/env notthere\n"}, "needs notthere", MACHINE),
        ({"run": "#!/usr/bin/env -S notthere -x\n"}, "needs notthere", MACHINE),
        ({"run": "#!/usr/bin/env\n"}, "names no program for env", TASK),
        ({"run": f"#!/usr/bin/env bash -e\n{BODY}"}, "env -S bash -e", TASK),
        ({"run/x": "a folder"}, "run of the task is a folder", TASK),
        ({}, "no run file", TASK),
        ({"run": "#!/bin/bash\n" + crlf("if true\nthen\n")}, "lines of run end", TASK),
        ({"run.sh": crlf("if true\nthen\n")}, "lines of run.sh end", TASK),
        ({"run": "#!/bin/bash\n./a.sh\n", "a.sh": crlf("#!/bin/bash\n")}, "a.sh end", TASK),
        ({"run": "#!/bin/bash\n./h.py\n", "h.py": crlf("#!/usr/bin/env python3\n")}, "h.py", TASK),
        ({"run": "#!/bin/bash\n./h\n", "h": "\ufeff#!/bin/bash\nexit 1\n"}, "h, which", TASK),
        ({"run": f"#!/bin/bash\u00a0\n{BODY}"}, "type the line anew", TASK),
        ({"run": "#!/bin/sh\nx=(1 2)\n"}, "cannot read run: Syntax error", TASK),
        ({"run": "#!/bin/bash\n<<<<<<< HEAD\n"}, "cannot read run: syntax error", TASK),
        ({"run.sh": "#!/bin/bash\necho 'a\n"}, "cannot read run.sh: unexpected EOF", TASK),
        ({"run": "#!/bin/bash\neval 'x=('\nexit 1\n"}, "Either the task", "Either"),
        ({"run": f'#!"/bin/bash"\n{BODY}'}, "no absolute path", TASK),
        ({"run": "#!C:\\Python\\python.exe\n"}, "no absolute path", TASK),
        ({"run": "#!/usr/bin/python3\nif 1:\n\tx = 1\n        y = 2\n"}, "TabError", TASK),
        ({"run": "#!/usr/bin/python3\nx = (\n"}, "run: SyntaxError: '(' was never", TASK),
        ({"run": "#!/usr/bin/python3\nx = '\xe9'\n".encode("latin-1")}, "Non-UTF-8", TASK),
        ({"run": "#!/usr/bin/python3\nimport q\n", "student/q.py": ""}, "ended", "Either"),
        ({"run": b"\x7fELF\x02\x01\x01" + bytes(200)}, "another kind", TASK),
        ({"run": "#!/bin/bash\nexit 3\n"}, "without giving any feedback", "Either the task"),
        ({"run": "#!/bin/bash\nozc\n"}, "Mozart Oz", MACHINE),
        ({"run": "#!/bin/bash\n./made\n", "made": b"\x7fELF" + bytes(200)}, "another kind", TASK),
    ],
)  # fmt: skip
async def test_a_crash_says_why_and_whose_fault_it_is(course, files, words, fault):
    result = await course.grade(files)
    code, text = result.result
    assert code == "crash"
    assert words in text
    assert fault in text
    assert text.in_language("fr") != text
    assert "splice" not in result.stderr  # what starts a run script is none of its output


@pytest.mark.parametrize(
    "run",
    [
        "#!/bin/bash   \n",
        "#! /bin/bash\t\n",
        "#!/usr/bin/env -S bash -e\n",
        "#!/usr/bin/env   bash  \n",
        "#!/usr/bin/env -S X=1 bash\n",
    ],
)
async def test_blanks_and_options_of_a_first_line_do_no_harm(course, run):
    result = await course.grade({"run": run + BODY})
    assert result.result[0] == "success", result.stderr


async def test_a_command_without_a_slash_is_a_file_of_the_task(course):
    files = {"go": f"#!/bin/bash\n{BODY}", "run": "#!/bin/bash\n"}
    result = await course.grade(files, parameters={"run_cmd": "go x"})
    assert result.result[0] == "success"


async def test_a_python_run_file_of_windows_runs(course):
    result = await course.grade({"run.py": crlf("set_global_result('success')\n")})
    assert result.result[0] == "success"


async def test_a_template_keeps_its_line_ends(course):
    script = (
        "#!/usr/bin/python3\nfrom inginious_container_api import input, feedback\n"
        "input.parse_template('t.txt', 'out.txt')\n"
        "feedback.set_global_feedback(repr(open('out.txt', 'rb').read()))\n"
        "feedback.set_global_result('success')\n"
    )
    files = {"run": script, "t.txt": "a\r\n@@q1@@\r\nb\rc\n"}
    result = await course.grade(files, {"q1": "x\r\ny"})
    assert result.result == ("success", repr(b"a\r\nx\ny\r\nb\rc\n"))


async def test_a_file_that_cannot_be_read_is_missed_only_where_it_is_needed(course, monkeypatch):
    copyfile = shutil.copyfile

    def refused(source, target):
        if source.endswith("secret"):
            raise PermissionError(errno.EACCES, "Permission denied", source)
        return copyfile(source, target)

    monkeypatch.setattr(workspace.shutil, "copyfile", refused)
    files = {"run": f"#!/bin/bash\n{BODY}", "secret": "x"}
    result = await course.grade(files)
    assert result.result[0] == "success"
    assert "secret" in result.stderr
    result = await course.grade({"run": "#!/bin/bash\ncat secret", "secret": "x"})
    assert result.result[0] == "crash"
    assert "secret" in result.result[1]


async def test_odd_things_in_a_task_are_left_out(course):
    course.write({"task.yaml": "", "run": f"#!/bin/bash\n[ ! -e pipe ] && {BODY}"})
    os.mkfifo(course.path / "task" / "pipe")
    (course.path / "task" / "gone").symlink_to("nowhere")
    (course.path / "task" / "round").symlink_to("round")
    result = await course.grade()
    assert result.result[0] == "success"


async def test_a_full_disk_is_the_fault_of_the_machine(course, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(workspace.shutil, "copyfile", full)
    result = await course.grade({"run": f"#!/bin/bash\n{BODY}"})
    assert result.result[0] == "crash"
    assert MACHINE in result.result[1]


async def test_the_files_of_the_task_do_not_count_as_written_by_the_job(course, monkeypatch):
    monkeypatch.setattr(grading, "_DISK_STEP_BYTES", 1 << 20)
    files = {"run": f"#!/bin/bash\ncp big copy && sleep 1.2 && {BODY}", "big": bytes(5 << 20)}
    result = await course.grade(files, limits={"disk": 6})
    assert result.result[0] == "success"
