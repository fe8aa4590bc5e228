"""``inginious-nb grade`` over the real embedded service."""

import csv
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from inginious_nb.cli import written_files
from inginious_nb.cli.main import main
from inginious_nb.course import demo_class
from tests.support.histories import opened
from tests.support.invented_class import KINDS, RIGHT, notebook, write_notebook
from tests.support.processes import running

COURSES = Path(__file__).parents[2] / "notebooks" / "courses"
needs_bubblewrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap here")


@pytest.fixture
def class_folder(tmp_path):
    folder = tmp_path / "class"
    for name, source in KINDS.items():
        write_notebook(folder / f"{name}.ipynb", {"fib": source})
    return folder


def arguments(tmp_path, *more):
    return [
        "grade",
        str(tmp_path / "class"),
        f"--courses={COURSES}",
        f"--history={tmp_path}/class.sqlite",
        f"--csv={tmp_path}/grades.csv",
        f"--json={tmp_path}/grades.json",
        f"--html={tmp_path}/report.html",
        *more,
    ]


def rows(tmp_path):
    with (tmp_path / "grades.csv").open() as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@needs_bubblewrap
def test_a_class_is_graded_each_student_alone_and_not_twice(tmp_path, class_folder):
    write_notebook(class_folder / "empty.ipynb", {})
    write_notebook(class_folder / "twice" / "a.ipynb", {"fib": RIGHT})
    write_notebook(class_folder / "twice" / "b.ipynb", {"fib": RIGHT})
    (class_folder / "broken.ipynb").write_text("{")
    done = CliRunner().invoke(main, arguments(tmp_path))
    assert done.exit_code == 1, done.output
    graded = rows(tmp_path)
    grades = {name: graded[name]["grade"] for name in KINDS}
    assert grades == {"right": "100", "slow": "60", "off": "40", "crashing": "0"}
    states = {name: graded[name]["state"] for name in ("empty", "twice", "broken")}
    assert states == {"empty": "missing", "twice": "refused", "broken": "refused"}
    assert "more than once" in graded["twice"]["message"]
    again = CliRunner().invoke(main, arguments(tmp_path))
    assert "4 answers were graded before" in again.output
    assert rows(tmp_path)["right"]["submission"] == graded["right"]["submission"]
    regraded = CliRunner().invoke(main, arguments(tmp_path, "--regrade"))
    assert "graded before" not in regraded.output
    assert rows(tmp_path)["right"]["submission"] != graded["right"]["submission"]
    assert (tmp_path / "report.html").read_text().count("<tr>") > len(KINDS)


@needs_bubblewrap
def test_an_invented_class_is_killed_resumed_and_graded_as_each_alone(tmp_path, session):
    kinds = {kind: name for name, kind in demo_class.STUDENTS.items()}
    students = {name: kind for kind, name in kinds.items()}
    demo_class.write_class(tmp_path / "class", students)
    command = [sys.executable, "-m", "inginious_nb.cli", *arguments(tmp_path, "--jobs=1")]
    for sent, more, status in ((signal.SIGINT, 1, 130), (signal.SIGKILL, 2, -signal.SIGKILL)):
        before = graded_in(tmp_path / "class.sqlite")
        with running(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
            # Once it has graded something itself, it is the one that grades the class.
            while graded_in(tmp_path / "class.sqlite") < before + more:
                assert run.poll() is None
            run.send_signal(signal.SIGSTOP)  # so that it does not end meanwhile
            second = CliRunner().invoke(main, arguments(tmp_path))
            run.send_signal(sent)
            run.send_signal(signal.SIGCONT)
            said, _ = run.communicate()
        assert f"process {run.pid}" in second.output
        assert second.exit_code == 1
        assert run.returncode == status, said
    done = CliRunner().invoke(main, arguments(tmp_path))
    assert "graded before" in done.output, done.output
    found = {row["student"]: row for row in all_rows(tmp_path) if row["task"] == "demo/fib"}
    graded = [row for row in all_rows(tmp_path) if row["state"] == "graded"]
    assert graded_in(tmp_path / "class.sqlite") == len(graded)  # none of them twice
    assert found.keys() == students.keys()
    states = {kind: found[kinds[kind]]["state"] for kind in ("empty", "twice", "broken")}
    assert states == {"empty": "missing", "twice": "refused", "broken": "refused"}
    session.add_courses(COURSES)
    task = session.task("demo/fib")
    alone = {
        name: session.submit(task, {"fib": demo_class.ANSWERS[kind]}, origin="api")
        for name, kind in students.items()
        if kind in demo_class.ANSWERS
    }
    for name, submission in alone.items():
        result, row = submission.wait(60), found[name]
        assert (row["result"], float(row["grade"])) == (result.result[0], result.grade), name
        tests = [value for value in result.tests.values() if isinstance(value, bool)]
        assert (int(row["passed"]), int(row["failed"])) == (sum(tests), len(tests) - sum(tests))


def test_the_invented_class_has_thirty_students():
    assert len(demo_class.STUDENTS) == 30
    assert set(demo_class.STUDENTS.values()) >= {*demo_class.ANSWERS, "empty", "twice", "broken"}


def all_rows(tmp_path):
    with (tmp_path / "grades.csv").open() as file:
        return list(csv.DictReader(file))


def graded_in(history):
    """Return how many submissions of a history have a result."""
    try:
        with opened(f"file:{history}?mode=ro", uri=True) as connection:
            found = connection.execute("SELECT count(*) FROM submission WHERE code IS NOT NULL")
            return found.fetchone()[0]
    except sqlite3.OperationalError:  # it is not there yet, or is being made
        return 0


def test_other_peoples_notebooks_are_not_graded_without_isolation(
    monkeypatch, tmp_path, class_folder
):
    monkeypatch.setenv("INGINIOUS_SANDBOX", "plain")
    done = CliRunner().invoke(main, arguments(tmp_path))
    assert done.exit_code == 1
    assert "--no-isolation" in done.output
    assert not (tmp_path / "grades.csv").exists()


def test_a_notebook_cannot_hand_in_a_file_of_the_teachers(monkeypatch, tmp_path):
    (tmp_path / "secret.csv").write_text("teacher")
    monkeypatch.setenv("HOME", str(tmp_path))
    named = {
        "absolute": f"{tmp_path}/secret.csv",
        "home": "~/secret.csv",
        "above": "../../secret.csv",
        "link": "link.csv",
        "no-path": "a\0.csv",
    }
    for student, path in named.items():
        command = f"%inginious submit demo/temperatures measurements={path}"
        write_cells(tmp_path / "class" / student / "a.ipynb", command)
        (tmp_path / "class" / student / "link.csv").symlink_to(tmp_path / "secret.csv")
    monkeypatch.setenv("INGINIOUS_SANDBOX", "plain")
    done = CliRunner().invoke(main, arguments(tmp_path, "--no-isolation"))
    refused = {name: row["message"] for name, row in rows(tmp_path).items()}
    assert refused.keys() == named.keys(), done.output
    assert "cannot be read" in refused.pop("no-path")
    assert all("not in the folder of the notebook" in message for message in refused.values())


def test_a_cell_for_a_problem_that_is_not_there_is_told(monkeypatch, tmp_path):
    named = {"near": "fibb", "far": "seven", "qualified": "demo/fib/x", "no-task": "demo/fob/fib"}
    for student, problem in named.items():
        write_notebook(tmp_path / "class" / f"{student}.ipynb", {problem: RIGHT})
    write_notebook(tmp_path / "class" / "other.ipynb", {"demo/essay/report": RIGHT})
    monkeypatch.setenv("INGINIOUS_SANDBOX", "plain")
    done = CliRunner().invoke(main, arguments(tmp_path, "--no-isolation"))
    told = {name: (row["state"], row["message"]) for name, row in rows(tmp_path).items()}
    assert told.pop("other")[0] == "missing", done.output
    for student, problem in named.items():
        state, message = told[student]
        assert state == "refused"
        assert f"answers {problem}, and demo/fib has no such problem" in message
    assert "Did you mean fib?" in told["near"][1]


def test_a_class_is_graded_where_nothing_can_be_kept_or_written_and_that_is_said(
    monkeypatch, tmp_path
):
    write_notebook(tmp_path / "class" / "ada.ipynb", {"quotient": "3"}, "demo/division")
    monkeypatch.setenv("INGINIOUS_SANDBOX", "plain")
    words = arguments(tmp_path, "--no-isolation")
    nowhere = tmp_path / "nowhere" / "x"
    refused = CliRunner().invoke(main, [*words, f"--html={nowhere}"])
    assert "no folder" in refused.output
    assert not (tmp_path / "class.sqlite").exists()  # nothing was graded for nothing
    full = CliRunner().invoke(main, [*words, "--html=/dev/full"])
    assert full.exit_code == 1
    assert "/dev/full cannot be written (the disk is full)" in full.output
    assert "grades nothing again" in full.output
    assert rows(tmp_path).keys() == {"ada"}
    nowhere = tmp_path / "class" / "ada.ipynb" / "h.sqlite"
    lost = CliRunner().invoke(main, [*words, f"--history={nowhere}", "--json=/dev/full"])
    assert "another file with --history" in lost.output
    assert "grades nothing again" not in lost.output
    assert rows(tmp_path).keys() == {"ada"}


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path):
    file = tmp_path / "grades.csv"
    file.write_text("before")
    file.chmod(0o640)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        failure = written_files.write(file, "x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "would be too large" in failure
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(file.name, "before")]
    assert written_files.write(file, "after") is None
    assert file.read_text() == "after"
    assert file.stat().st_mode & 0o777 == 0o640


def test_names_that_are_no_text_are_written_as_escapes(monkeypatch, tmp_path):
    joined = "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627 \U0001f469\u200d\U0001f467"
    for name in (b"caf\xe9", b"\x1b[31mred", b"two\nlines", joined.encode(), "a\u200db".encode()):
        write_cells(tmp_path / "class" / os.fsdecode(name + b".ipynb"), "%inginious open demo/fib")
    monkeypatch.setenv("INGINIOUS_SANDBOX", "plain")
    done = CliRunner().invoke(main, arguments(tmp_path, "--no-isolation"))
    assert set(rows(tmp_path)) == {
        "caf\\udce9",
        "\\x1b[31mred",
        "two\\nlines",
        "a\\u200db",
        joined,
    }, done
    assert "\x1b" not in done.output
    assert "caf\\udce9" in (tmp_path / "report.html").read_text()


def write_cells(file, *sources):
    content = notebook({}, "")
    content["cells"] = [
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": source,
        }
        for source in sources
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def test_tasks_that_only_tags_name_are_graded(monkeypatch, tmp_path):
    # As JupyterLab's panel writes them: no cell has a command.
    for name, course in (("ada", ""), ("bob", "demo/fib/"), ("eve", "nowhere/fib/")):
        content = json.dumps(notebook({f"{course}fib": RIGHT}, ""))
        (tmp_path / "class").mkdir(exist_ok=True)
        (tmp_path / "class" / f"{name}.ipynb").write_text(content)
    monkeypatch.setenv("INGINIOUS_SANDBOX", "plain")
    done = CliRunner().invoke(main, arguments(tmp_path, "--no-isolation"))
    graded = {name: row["grade"] for name, row in rows(tmp_path).items()}
    assert graded == {"ada": "100", "bob": "100", "eve": ""}, done.output


def test_what_is_no_notebook_is_called_so(tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "roster.ipynb").write_text("id,name\n")
    done = CliRunner().invoke(main, arguments(tmp_path, "--no-isolation"))
    assert "roster.ipynb cannot be read as a notebook" in done.output


def test_nothing_that_was_handed_in_counts_as_a_course(monkeypatch, tmp_path):
    write_notebook(tmp_path / "class" / "mallory" / "a.ipynb", {"fib": "0"})
    forged = tmp_path / "class" / "courses" / "demo"
    shutil.copytree(COURSES / "demo", forged)
    monkeypatch.setenv("INGINIOUS_SANDBOX", "plain")
    (tmp_path / "teacher").mkdir()
    monkeypatch.chdir(tmp_path / "teacher")
    words = [word for word in arguments(tmp_path, "--no-isolation") if "--courses" not in word]
    done = CliRunner().invoke(main, words)
    assert "name no task" in done.output
    assert not (tmp_path / "grades.csv").exists()


def test_a_file_in_a_folder_of_several_students_is_nobodys(monkeypatch, tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "week.csv").write_text("day,celsius")
    handed = notebook({}, "")
    source = "%inginious submit demo/temperatures measurements=week.csv"
    handed["cells"] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}
        | {"execution_count": None}
    ]
    for name in ("ada", "bob"):
        (tmp_path / "class" / f"{name}.ipynb").write_text(json.dumps(handed))
    monkeypatch.setenv("INGINIOUS_SANDBOX", "plain")
    CliRunner().invoke(main, arguments(tmp_path, "--no-isolation"))
    assert {row["state"] for row in rows(tmp_path).values()} == {"refused"}
