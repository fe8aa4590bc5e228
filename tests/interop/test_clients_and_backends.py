"""Both clients with both backends and both kinds of agents: the same conversation, field by field.

Everything is a process of its own. What either client is told must be the same but for ids, times
and what only INGInious's agents word differently.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

from inginious_nb.i18n.results import custom_of_task
from tests.support.courses import write_course
from tests.support.our_site import running
from tests.support.peer import InginiousSite, Process, free_port, peer_bin, wait_for_port
from tests.support.ssh import run_in_shell

DRIVER = Path(__file__).parent / "drive_client.py"
REPOSITORY = DRIVER.parents[2]
CHOICE = {
    "course_id": "lab",
    "task_id": "choice",
    "problems": {
        "colour": {
            "type": "multiple_choice",
            "choices": [
                {"text": "red", "valid": True, "feedback": "Warm."},
                {"text": "blue", "feedback": "Cold."},
            ],
        },
        "word": {"type": "match", "answer": "rose"},
    },
    "type": "mcq",
    "environment": "mcq",
    "parameters": {},
}
ECHO = {
    "course_id": "lab",
    "task_id": "echo",
    "problems": {"text": {"type": "code"}},
    "type": "docker",
    "environment": "default",
    "parameters": {"run_cmd": None, "limits": {"time": 20, "hard_time": 40, "memory": 128}},
}
SLEEP = ECHO | {"task_id": "sleep", "parameters": {"run_cmd": None, "limits": {"time": 77}}}
RESERVED = {
    "@username": "student",
    "@email": "student@example.org",
    "@lang": "en",
    "@time": "2026-11-24 12:00:00.000001",
    "@attempts": "1",
    "@random": [],
    "@state": "",
}


class Driven:
    """A client in a process of its own (drive_client.py)."""

    def __init__(self, kind, address):
        python = sys.executable if kind == "ours" else peer_bin() / "python"
        self.kind = kind
        self._process = subprocess.Popen(
            [str(python), str(DRIVER), kind, address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={"PYTHONPATH": f"{REPOSITORY}:{':'.join(sys.path)}"} if kind == "ours" else {},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def tell(self, do, **command):
        """Give a command and return its answer; a client that does not answer is killed."""
        watchdog = threading.Timer(40, self._process.kill)
        watchdog.start()
        self._process.stdin.write(json.dumps({"do": do, **command}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        watchdog.cancel()
        return json.loads(answer)

    def start(self, name, task, inputdata, *, priority=0, launcher="me", debug=False, ssh=False):
        self.tell(
            "job",
            name=name,
            task=task,
            inputdata={**RESERVED, **inputdata},
            priority=priority,
            launcher=launcher,
            debug=debug,
            with_ssh=ssh,
        )

    def result(self, name):
        """The nine values of a job, which must have been called back once."""
        answer = self.tell("result", name=name)
        (values,) = answer["calls"]
        # The peer's client passes on what ours takes out: the text again, for translation.
        values[4] = custom_of_task(values[4])
        return values

    def shells(self, name):
        return self.tell("result", name=name)["shells"]

    def shell(self, name):
        """How the shell of a job is entered, once that is told."""
        return self.tell("shell", name=name)

    def grade(self, task, inputdata, **more):
        name = f"job {id(task)} {inputdata} {more}"
        self.start(name, task, inputdata, **more)
        return self.result(name)


class Site(NamedTuple):
    """Where clients connect, and the kinds of environments that agents offer there."""

    address: str
    kinds: set


@contextlib.contextmanager
def a_backend(kind, tasks):
    if kind == "inginious":
        site = InginiousSite(tasks, agents=0)
        try:
            yield site.agent_address, site.address
        finally:
            assert site.backend.alive
            site.stop()
    else:
        agent_port, client_port = free_port(), free_port()
        addresses = f"tcp://127.0.0.1:{agent_port}", f"tcp://127.0.0.1:{client_port}"
        with running("backend", *addresses) as process:
            wait_for_port(client_port, process)
            yield addresses


@contextlib.contextmanager
def some_agents(kind, address, tasks):
    if kind == "inginious":
        agent = Process(peer_bin() / "inginious-agent-mcq", address, "--tasks", tasks)
        try:
            yield {"mcq"}
        finally:
            agent.go_on()
            agent.kill()
    else:
        with running("agent", address, tasks):
            yield {"mcq", "docker", "docker-ssh"}


def named(param):
    return f"{param[0]}-backend-{param[1]}-agents"


with_scripts = pytest.mark.parametrize(
    "site", [("inginious", "ours"), ("ours", "ours")], ids=named, indirect=True
)
"""Our agents only: INGInious's docker agent needs docker, and its mcq agent ignores kills."""


@pytest.fixture(
    scope="module",
    params=[
        ("inginious", "inginious"),
        ("ours", "inginious"),
        ("inginious", "ours"),
        ("ours", "ours"),
    ],
    ids=named,
)
def site(request, tmp_path_factory):
    backend, agents = request.param
    tasks = tmp_path_factory.mktemp("tasks")
    write_course(tasks)
    with (
        a_backend(backend, tasks) as (agent_address, client_address),
        some_agents(agents, agent_address, tasks) as kinds,
    ):
        yield Site(client_address, kinds)


@pytest.fixture
def clients(site):
    """Our client and INGInious's, connected to the same site."""
    with Driven("ours", site.address) as ours, Driven("inginious", site.address) as theirs:
        for client in (ours, theirs):
            environments = client.tell("environments", kinds=sorted(site.kinds))
            assert environments.keys() == site.kinds
            assert environments["mcq"] == ["mcq"]
        yield ours, theirs


def test_right_wrong_and_partly_right_answers(clients):
    job_results = []
    for client in clients:
        right = client.grade(CHOICE, {"colour": "0", "word": "rose"})
        assert right[:2] == [["success", ""], 100.0]
        assert right[5] == '{"colour": "", "word": ""}'
        half = client.grade(CHOICE, {"colour": "1", "word": "rose"})
        assert (half[0][0], half[1]) == ("failed", 50.0)
        assert [half[2][name][0] for name in ("colour", "word")] == ["failed", "success"]
        assert "Cold." in half[2]["colour"][1]
        wrong = client.grade(CHOICE, {"colour": "1", "word": "tulip", "@lang": "fr"})
        assert (wrong[0][0], wrong[1]) == ("failed", 0.0)
        job_results.append([right, half, wrong])
    assert job_results[0] == job_results[1]


def test_the_synchronous_client(clients):
    job_results = [
        client.tell(
            "synchronous",
            task=CHOICE,
            inputdata={**RESERVED, "colour": "1", "word": "rose"},
            priority=0,
        )
        for client in clients
    ]
    assert job_results[0] == job_results[1]
    assert (job_results[0][0][0], job_results[0][1], job_results[0][5]) == ("failed", 50.0, None)


def test_an_unknown_task_and_the_state_it_gives_back(clients):
    job_results = [
        client.grade(CHOICE | {"task_id": "nowhere"}, {"colour": "0", "@state": "before"})
        for client in clients
    ]
    assert job_results[0] == job_results[1]
    assert (job_results[0][0][0], job_results[0][1], job_results[0][5]) == ("crash", 0.0, "before")


def test_an_unknown_environment(clients):
    for client in clients:
        refused = client.grade(CHOICE | {"type": "docker", "environment": "cobol"}, {})
        assert refused[0][0] == "crash"
        assert refused[1] == 0.0


def test_a_shell_that_never_opens_is_told_with_four_nones(clients):
    for client in clients:
        client.start("shell", CHOICE, {"colour": "0", "word": "rose"}, debug="ssh", ssh=True)
        assert client.result("shell")[0][0] == "success"
        assert client.shells("shell") == [[None, None, None, None]]


@with_scripts
def test_a_shell_that_opens_is_told_once_with_what_opens_it(clients):
    for client in clients:
        client.start("visit", ECHO, {"text": "no", "@state": "1"}, debug="ssh", ssh=True)
        host, port, user, password = client.shell("visit")
        assert (host, user) == ("127.0.0.1", "worker")
        assert port in range(64120, 64131)
        command = "getinput text; feedback-result success; feedback-state left"
        left = asyncio.run(run_in_shell((host, port, user, password), command))
        assert (left.stdout, left.exit_status) == ("no", 0)
        values = client.result("visit")
        assert (values[0][0], values[1], values[5]) == ("success", 100.0, "left")
        assert client.shells("visit") == [[host, port, user, password]]


@with_scripts
def test_a_script_is_graded_with_its_state_language_archive_and_output(clients):
    job_results = []
    for client in clients:
        first = client.grade(ECHO, {"text": "no", "@lang": "fr", "@state": ""}, debug=True)
        second = client.grade(ECHO, {"text": "right", "@state": first[5]})
        for values in (first, second):
            archive = bytes.fromhex(values[6]["hex"])
            with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
                values[6] = opened.getnames()
        assert first[:6] == [
            ["failed", "Read."],
            40.0,
            {"text": first[2]["text"]},
            {"seen": True},
            {"state": ".", "lang": "fr", "attempts": "n1"},
            "+",
        ]
        assert first[7] == "on stdout\n"
        assert second[0][0] == "success"
        assert second[4]["state"] == "+."
        assert second[5] == "++"
        assert second[7:] == ["", ""]
        job_results.append([first, second])
    # A problem without a result of its own comes as bare text; ours gives it the code of the whole.
    assert job_results[0][0][2] == {"text": ["failed", "You wrote: no"]}
    assert job_results[1][0][2] == {"text": "You wrote: no"}
    job_results[0][0][2] = job_results[1][0][2]
    assert job_results[0] == job_results[1]


@with_scripts
def test_the_queue_the_priorities_and_kills(clients):
    for client, other in (clients, reversed(clients)):
        client.start("runs", SLEEP, {"seconds": "60", "@state": "before"}, launcher="first")
        client.tell("queue", running=1, waiting=0)
        client.start("waits", SLEEP, {"seconds": "60", "@state": "then"}, priority=5)
        client.start("passes", ECHO, {"text": "right"}, priority=-5)
        queue = client.tell("queue", running=1, waiting=2)
        ((job_id, mine, agent, info, launcher, started_at, max_time),) = queue["running"]
        ids = queue["ids"]
        assert (job_id, mine, info, launcher) == (ids["runs"], True, "lab/sleep", "first")
        assert (agent, max_time) == ("worker", 77)
        assert started_at > 1e9
        assert queue["waiting"] == [
            [ids["waits"], True, "lab/sleep", "me", 77],
            [ids["passes"], True, "lab/echo", "me", 20],
        ]
        infos = queue["infos"]
        assert infos["runs"][0] == -1
        assert 60 < infos["runs"][1] <= 77
        assert infos["waits"] == [0, 77]
        assert infos["passes"] == [1, 97]
        assert queue["stranger"] is None
        seen = other.tell("queue", running=1, waiting=2)
        assert [row[1] for row in seen["running"] + seen["waiting"]] == [False] * 3
        client.tell("kill", name="waits")
        waited = client.result("waits")
        assert (waited[0][0], waited[1:6]) == ("killed", [0.0, {}, {}, {}, "then"])
        client.tell("kill", name="runs")
        ran = client.result("runs")
        assert (ran[0], ran[1:6]) == (["killed", ""], [0.0, {}, {}, {}, "before"])
        assert client.result("passes")[0][0] == "success"
        client.tell("queue", running=0, waiting=0)
