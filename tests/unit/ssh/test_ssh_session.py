"""A shell asked for in a notebook, all the way from the session to the embedded service."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from inginious_nb.frontend.publisher import Publisher
from inginious_nb.frontend.requests import TaskResponder
from tests.support.processes import running
from tests.support.ssh import run_in_shell

ENTER = "getinput text; feedback-result success; feedback-msg -m 'By hand.'"
SSH_TASK = """\
name: SshSession
environment_type: docker-ssh
environment_id: default
environment_parameters: {network_grading: true}
problems:
  text: {type: code, language: text}
"""


def told(submission):
    """Wait until the way into a submission's shell is known."""
    known = threading.Event()
    unsubscribe = submission.subscribe(lambda: submission.ssh and known.set())
    assert submission.ssh or known.wait(60), submission.result
    unsubscribe()
    return submission.ssh


@pytest.fixture
def ssh_task(session, course_folder):
    folder = course_folder / "lab" / "request"
    folder.mkdir()
    (folder / "task.yaml").write_text(SSH_TASK)
    run = folder / "run"
    run.write_text("#!/bin/bash\nssh_student; feedback-custom got $?; feedback-result success\n")
    run.chmod(0o755)
    return session.task("lab/request")


def test_a_debug_shell_is_entered_and_its_password_kept_nowhere(session):
    published = []
    publisher = Publisher(session, session.task("lab/echo"), published.append)
    responder = TaskResponder(publisher)

    def ask(kind, **fields):
        reply, _ = responder.answer({"v": 1, "kind": kind, "id": "r", **fields})
        return reply

    asked = ask("submit", cells=[], answers={"text": "right"}, debug="ssh")
    submission = publisher.submission
    assert asked["value"] == {"submission": submission.id}
    access = told(submission)
    revealed = ask("ssh", submission=submission.id)["value"]
    assert f" worker@127.0.0.1 -p {access[1]}" in revealed["command"]
    assert revealed["password"] == access[3]
    left = asyncio.run(run_in_shell(access, ENTER))
    assert left.stdout == "right"
    result = submission.wait(60)
    assert (result.result, result.grade) == (("success", "By hand."), 100.0)
    assert not ask("ssh", submission=submission.id)["ok"]
    assert access[3] not in json.dumps(published)
    with closing(sqlite3.connect(os.environ["INGINIOUS_HISTORY"])) as history:
        kept = "\n".join(history.iterdump())
    assert submission.id in kept
    assert access[3] not in kept


def test_a_task_lets_its_student_in(session, ssh_task):
    submission = session.submit(ssh_task, {"text": "x"}, origin="widget")
    asyncio.run(run_in_shell(told(submission), "true"))
    result = submission.wait(60)
    assert (result.result[0], result.custom) == ("success", {"got": 0})


def test_in_a_terminal_the_way_in_is_printed(course_folder, tmp_path):
    code = (
        "%load_ext inginious_nb\n"
        "get_ipython().run_cell_magic('inginious', 'submit lab/echo --ssh', 'right')\n"
    )
    ours, theirs = os.openpty()
    with running(
        [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", code],
        env={
            **os.environ,
            "INGINIOUS_COURSES": str(course_folder),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "COLUMNS": "200",
        },
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=course_folder,
    ) as terminal:
        os.close(theirs)
        with os.fdopen(ours, "rb", buffering=0) as shown:
            lines = io.BufferedReader(shown)
            begun = []
            with contextlib.suppress(OSError):  # how a terminal ends
                while not begun or b"worker@127.0.0.1" not in begun[-1]:
                    begun.append(next(lines))
            command = begun[-1].decode()
            assert "worker@127.0.0.1" in command, b"".join(begun).decode()
            password = next(lines).decode().strip()
            port = int(command.split()[-1])
            asyncio.run(run_in_shell(("127.0.0.1", port, "worker", password), ENTER))
            rest = b""
            with contextlib.suppress(OSError):
                while part := lines.read1():
                    rest += part
        assert terminal.wait(60) == 0, (b"".join(begun) + rest).decode()
    assert b"By hand." in rest
