"""Interpreters of the system that are there and do not work: the machine's fault, found in time."""

from __future__ import annotations

import pytest

from inginious_nb.grader.job import interpreters, missing_feedback
from inginious_nb.grader.job.command import CommandError, CommandFinder


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A folder of programs of the system, and how to put one there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(interpreters, "SYSTEM_PATH", f"/usr/bin:{folder}")
    monkeypatch.setattr(interpreters, "_TIMEOUT_S", 0.5)
    monkeypatch.setattr(interpreters, "dropping", lambda: ())

    def add(name, line, inside=folder):
        program = inside / name
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
        return str(program)

    return add


@pytest.mark.parametrize(
    ("name", "line", "works"),
    [
        ("python3", "exit 0", True),
        ("python3.5", "exit 42", True),  # it runs, though not the grading API
        ("python3", "kill -SEGV $$", False),
        ("python3.12", "exit 1", False),
        ("python", "sleep 60 & sleep 60", False),
        ("bash", "exit 2", False),
        ("perl", "exit 127", False),
        ("node", "exit 1", True),  # nobody asks it
    ],
)
def test_each_is_asked_whether_it_works(system, name, line, works):
    assert interpreters.works(system(name, line)) == works


def test_no_program_of_a_task_is_run_outside_of_the_sandbox(system, tmp_path):
    mine = system("python3", f"touch {tmp_path}/ran; exit 1", inside=tmp_path)
    assert interpreters.works(mine)
    assert not (tmp_path / "ran").exists()


def test_a_run_file_whose_interpreter_does_not_work_is_the_machines_fault(system, tmp_path):
    bash = system("bash", "exit 1")
    (tmp_path / "task").mkdir()
    system("run", "exit 0", inside=tmp_path / "task")
    (tmp_path / "task" / "run").write_text(f"#!{bash}\n")
    folder = str(tmp_path / "bin")
    finder = CommandFinder(tmp_path, None, root_seen="", path=folder, commands={})
    with pytest.raises(CommandError, match=r"does not work; .* the grader's machine"):
        finder.find(None)


def test_a_crash_where_a_script_names_a_python_that_does_not_work(tmp_path, monkeypatch):
    monkeypatch.setattr(missing_feedback, "broken_python", lambda: "/usr/bin/python3")

    def why(script):
        (tmp_path / "run").write_text(script)
        text = missing_feedback.NO_FEEDBACK
        return missing_feedback.why_no_feedback(text, folders=[tmp_path], errors="", path="")

    assert "fault of the grader's machine" in why("#!/bin/sh\n/usr/bin/python3 check.py\n")
    assert "fault of the grader's machine" not in why("#!/bin/sh\ncheck\n")
