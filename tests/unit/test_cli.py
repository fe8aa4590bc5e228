"""The command line as a user runs it: what is printed, where, and the exit status."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from inginious_nb import messages
from tests.support.courses import write_course
from tests.support.lab_jobs import a_script, until_offered
from tests.support.peer import free_port
from tests.support.wire_peer import DealerPeer

STARTED = []


def start(*words, cwd, env=None, **options):
    command = [sys.executable, "-m", "inginious_nb.cli", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environ = os.environ | {"COLUMNS": "140"} | (env or {})
    STARTED.append(subprocess.Popen(command, cwd=cwd, env=environ, **pipes, **options))
    return STARTED[-1]


@pytest.fixture(autouse=True)
def _ended():
    """End the processes that a test leaves as it fails."""
    yield
    while STARTED:
        with STARTED.pop() as process:
            process.kill()


def run(*words, cwd, **options):
    process = start(*words, cwd=cwd, **options)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


@pytest.fixture
def folder(tmp_path):
    write_course(tmp_path / "courses")
    cells = [
        nbformat.v4.new_code_cell("%inginious open lab/echo"),
        nbformat.v4.new_code_cell("right", metadata={"tags": ["inginious:text"]}),
        nbformat.v4.new_code_cell("%inginious submit lab/choice colour=1 word=rose"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "answers.ipynb")
    return tmp_path


def test_a_notebook_is_graded_and_printed(folder):
    status, output, errors = run("submit", "answers.ipynb", cwd=folder)
    assert status == 0, errors
    assert "lab/echo" in output
    assert "success" in output
    assert "50 %" in output


def notebook(path, *cells):
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)


def code(source, *tags):
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})


def test_a_submission_as_somebody_else_is_an_attempt_of_theirs(folder):
    words = ("submit", "answers.ipynb", "lab/echo", "--json", "--as")
    graded = [json.loads(run(*words, name, cwd=folder)[1])[0] for name in ("ada", "ada", "bob")]
    assert [one["attempt"] for one in graded] == [1, 2, 1]
    assert "lab/echo" not in run("history", cwd=folder)[1]
    status, _, errors = run(*words, "a\nb", cwd=folder)
    assert status == 1
    assert "A username has 1 to 100 characters" in errors


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8"])
def test_a_terminal_that_has_not_all_characters_shows_the_nearest(folder, encoding):
    env = {"PYTHONIOENCODING": encoding, "LANGUAGE": "fr"}
    for words in (("submit", "answers.ipynb", "text=é’→"), ("history",), ("courses",)):
        process = start(*words, cwd=folder, env=env, encoding=encoding)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert "lab/echo" in output
    assert re.search("T[âa]che", output)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
@pytest.mark.parametrize(
    ("words", "said"),
    # Rich prints the first, click the second.
    [("courses >/dev/full", "cannot be written"), ("courses <&- >&-", "")],
)
def test_output_that_cannot_be_written_ends_in_one_sentence(folder, words, said):
    script = f"{shlex.quote(sys.executable)} -m inginious_nb.cli {words}"
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == (1 if said else 0)
    told = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
    assert len(told) == (1 if said else 0), told
    assert said in done.stderr


def test_one_language_is_spoken_in_a_table(folder):
    _, output, _ = run("submit", "answers.ipynb", cwd=folder, env={"LANGUAGE": "fr"})
    assert "Tâche" in output
    assert "réussi" in output.lower() or "réussite" in output.lower()
    for english in ("Task", "Grade", "Feedback", "success"):
        assert english not in output


def test_the_reason_that_stands_at_a_problem_is_shown(folder):
    run_file = folder / "courses" / "lab" / "echo" / "run"
    run_file.write_text(run_file.read_text().replace('feedback-msg -m "Read."', ""))
    _, output, _ = run("submit", "answers.ipynb", "lab/echo", "text=wrong", cwd=folder)
    assert "text: You wrote: wrong" in output


@pytest.mark.parametrize(
    ("sandbox", "said"),
    [("plain", "on this machine without isolation (sandbox plain)"), ("auto", "in the sandbox")],
)
def test_where_scripts_run_is_said_before_they_do(folder, sandbox, said):
    env = {"INGINIOUS_SANDBOX": sandbox}
    status, output, errors = run("submit", "answers.ipynb", "--json", cwd=folder, env=env)
    assert status == 0
    assert said in " ".join(errors.split()) or sandbox == "auto"
    assert "this machine" in errors
    assert json.loads(output)


def test_a_line_for_ipython_only_is_not_sent_in_silence(folder):
    task = folder / "courses" / "lab" / "echo" / "task.yaml"
    task.write_text(task.read_text().replace("language: text", "language: python"))
    notebook(folder / "timed.ipynb", code("%%time\nright", "inginious:text"))
    status, output, _ = run("submit", "timed.ipynb", "lab/echo", cwd=folder)
    assert status == 1
    assert "cannot run `%%time`" in " ".join(output.replace("│", " ").split())
    status, output, _ = run("submit", "timed.ipynb", "lab/echo", "--magics", "skip", cwd=folder)
    assert status == 0
    assert "100 %" in output


def test_a_cell_without_source_is_no_answer(folder):
    path = folder / "null.ipynb"
    notebook(path, code("", "inginious:text"))
    path.write_text(path.read_text().replace('"source": ""', '"source": null'))
    _, output, _ = run("submit", "null.ipynb", "lab/echo", cwd=folder)
    assert "the answer is empty" in " ".join(output.replace("│", " ").split())


def test_a_folder_that_nobody_named_is_not_complained_of(tmp_path):
    (tmp_path / "courses").mkdir()
    notebook(tmp_path / "empty.ipynb")
    _, _, errors = run("-v", "history", cwd=tmp_path)
    assert "no course" not in errors


def test_one_task_with_an_answer_of_ones_own(folder):
    status, output, _ = run(
        "submit", "answers.ipynb", "lab/echo", "text=wrong", "--json", cwd=folder
    )
    assert status == 0
    (graded,) = json.loads(output)
    assert (graded["task"], graded["result"], graded["grade"]) == ("lab/echo", "failed", 40.0)
    assert graded["problems"]["text"][1].startswith("You wrote: wrong")


def test_a_service_that_does_not_answer_in_time_is_named(folder):
    address = f"tcp://127.0.0.1:{free_port()}"
    words = ("submit", "answers.ipynb", "lab/echo", "--backend", address, "--timeout", "0.5")
    status, output, errors = run(*words, cwd=folder)
    assert status == 1
    said = " ".join(output.replace("│", " ").split())
    assert "not graded" in said
    assert "does not answer" in said
    assert "%inginious resubmit" in said
    assert "Traceback" not in errors


def test_a_command_says_what_it_waits_for_and_can_be_stopped(folder):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it answers nobody
        site = f"http://127.0.0.1:{silent.getsockname()[1]}"
        known = {"INGINIOUS_SITE_USER": "ada", "INGINIOUS_SITE_PASSWORD": "secret"}
        process = start("courses", "--backend", site, cwd=folder, env=known)
        assert process.stderr.readline() == f"Waiting for the courses of {site}; Ctrl-C stops it.\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "")
    assert errors.splitlines()[-1] == "Stopped."


def test_what_was_submitted_is_listed(folder):
    run("submit", "answers.ipynb", cwd=folder)
    status, output, _ = run("history", cwd=folder)
    assert status == 0
    assert "lab/choice" in output
    status, output, _ = run("courses", cwd=folder)
    assert status == 0
    assert "Laboratory" in output
    assert "cannot be used" in output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("submit", "answers.ipynb", "lab/nothing"), "not graded"),
        (("submit", "courses/lab/course.yaml"), "cannot be read as a notebook"),
        (("sumbit",), "Did you mean submit"),
        (("agent", "nonsense", "--tasks", "courses"), "nonsense"),
        (("agent", "tcp://x:1", "--tasks", "courses", "--ssh-ports", "9-8"), "64120-64130"),
        (("test", "courses/lab"), "no recorded submissions"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(folder, words, sentence):
    status, output, errors = run(*words, cwd=folder)
    assert status != 0
    assert sentence in output + errors
    assert "Traceback" not in errors


def test_a_notebook_without_tasks_asks_for_one(folder):
    nbformat.write(nbformat.v4.new_notebook(), folder / "empty.ipynb")
    status, _, errors = run("submit", "empty.ipynb", cwd=folder)
    assert status == 1
    assert "COURSE/TASK" in errors


def test_a_task_that_only_a_tag_names_is_submitted(folder):
    answer = nbformat.v4.new_code_cell("right", metadata={"tags": ["inginious:lab/echo/text"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[answer]), folder / "tagged.ipynb")
    _, output, errors = run("submit", "tagged.ipynb", cwd=folder)
    assert "lab/echo" in output, errors
    assert "100 %" in output


_HELD = """
import concurrent.futures, os
from inginious_nb.cli.main import main

@main.command("held")
def held():
    concurrent.futures.ThreadPoolExecutor(1).submit(os.read, 0, 1)
    raise KeyboardInterrupt

main(["held"])
"""


def test_who_presses_ctrl_c_twice_does_not_wait(tmp_path):
    command = [sys.executable, "-c", _HELD]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stderr=pipe, text=True, cwd=tmp_path) as process:
        assert process.stderr.readline() == "Stopped.\n"
        process.send_signal(signal.SIGINT)  # while a thread holds up its end
        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == ""


def test_recorded_submissions_are_replayed(folder):
    record = folder / "courses" / "lab" / "echo" / "test" / "first.test"
    record.parent.mkdir()
    record.write_text(
        "input: {text: right, '@lang': en, '@state': '', '@attempts': '1'}\n"
        "result: success\ngrade: 100.0\ntests: {seen: true}\n"
    )
    status, output, _ = run("test", "courses/lab", cwd=folder)
    assert status == 0
    assert "1 recorded submission, 0 differ" in output
    record.write_text(record.read_text().replace("seen: true", "seen: false"))
    status, output, _ = run("test", "courses/lab", "echo", cwd=folder)
    assert status == 1
    assert "test seen" in output


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_backend_and_agent_serve_and_end_on_a_signal(folder, ending):
    sockets = [f"ipc://{folder}/{name}" for name in ("agents", "clients")]
    backend = start("backend", *sockets, cwd=folder)
    assert "Listening" in backend.stderr.readline()
    agent = start("agent", sockets[0], "--tasks", "courses", cwd=folder)
    status, output, errors = run(
        "submit", "answers.ipynb", "--backend", sockets[1], "--timeout", 40, cwd=folder
    )
    assert status == 0, errors + output
    assert "success" in output
    for process in (agent, backend):
        process.send_signal(ending)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in errors


async def test_an_agent_opens_shells_on_the_ports_it_is_given(folder):
    sockets = [f"ipc://{folder}/{name}" for name in ("agents", "clients")]
    port = free_port()
    backend = start("backend", *sockets, cwd=folder)
    agent = start(
        "agent", sockets[0], "--tasks", "courses", "--ssh-ports", f"{port}-{port}", cwd=folder
    )
    with DealerPeer(sockets[1]) as client:
        await until_offered(client, "docker", "docker-ssh", "mcq")
        told = await client.ask(a_script(debug="ssh"), messages.BackendJobSSHDebug)
    assert (told.host, told.port) == ("127.0.0.1", port)
    for process in (agent, backend):
        process.terminate()
        assert "Traceback" not in process.communicate(timeout=20)[1]
        assert process.returncode == 0


def test_a_second_backend_on_the_same_address_says_so(folder):
    sockets = [f"ipc://{folder}/{name}" for name in ("agents", "clients")]
    backend = start("backend", *sockets, cwd=folder)
    assert "Listening" in backend.stderr.readline()
    status, _, errors = run("backend", *sockets, cwd=folder)
    assert status == 1
    assert "Error:" in errors
    assert "Traceback" not in errors
    backend.terminate()
    backend.communicate(timeout=20)
