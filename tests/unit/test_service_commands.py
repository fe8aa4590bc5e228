"""The broker and the agents as processes of their own, ended by signals."""

from __future__ import annotations

import signal
import subprocess

import pytest

from inginious_nb import messages
from inginious_nb.errors import CourseError, ServiceError
from inginious_nb.grader.commands import TasksFolder, run_agent
from tests.support.courses import write_course
from tests.support.lab_jobs import a_nap, a_script, a_word, until_offered
from tests.support.our_site import running
from tests.support.wire_peer import DealerPeer

ENDS_WITHIN_S = 15


@pytest.fixture
def addresses(tmp_path):
    return f"ipc://{tmp_path}/agents", f"ipc://{tmp_path}/clients"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_backend_and_an_agent_grade_until_a_signal_ends_them(
    addresses, course_folder, number
):
    agent_addr, client_addr = addresses
    with (
        running("backend", agent_addr, client_addr) as backend,
        running("agent", agent_addr, course_folder) as agent,
        DealerPeer(client_addr) as client,
    ):
        await until_offered(client, "docker", "docker-ssh", "mcq")
        assert (await client.ask(a_word(), messages.BackendJobDone)).result == ("success", "")
        assert (await client.ask(a_script(), messages.BackendJobDone)).result == (
            "success",
            "Read.",
        )
        await client.ask(a_nap(), messages.BackendJobStarted)
        agent.send_signal(number)
        # Nobody waits until the agent is missed.
        crash = await client.hear_a(messages.BackendJobDone)
        assert (crash.job_id, crash.result[0]) == ("nap", "crash")
        assert agent.wait(ENDS_WITHIN_S) == 0
        await until_offered(client)
        backend.send_signal(number)
        assert backend.wait(ENDS_WITHIN_S) == 0


async def test_a_second_backend_on_the_same_address_says_so(addresses):
    with running("backend", *addresses), DealerPeer(addresses[1]) as client:
        await client.ask(messages.ClientHello("me"), messages.BackendUpdateEnvironments)
        with running("backend", *addresses, stderr=subprocess.PIPE) as second:
            _, stderr = second.communicate(timeout=ENDS_WITHIN_S)
    assert second.returncode == 1
    assert b"is in use, probably by another backend: stop that one" in stderr.splitlines()[-1]


def test_an_agent_needs_a_folder_and_an_address(tmp_path):
    with pytest.raises(ServiceError, match="There is no folder"):
        run_agent("tcp://127.0.0.1:1", tmp_path / "absent")
    with pytest.raises(ServiceError, match="Cannot connect to nonsense"):
        run_agent("nonsense", tmp_path)


def test_a_course_copied_while_the_agent_runs_is_found(tmp_path):
    library = TasksFolder(tmp_path)
    with pytest.raises(CourseError, match="has no course lab"):
        library.task_directory("lab", "choice")
    write_course(tmp_path)
    assert library.task_directory("lab", "choice") == tmp_path / "lab" / "choice"
    assert library.course("lab").id == "lab"


def test_a_task_needs_nothing_but_its_folder(tmp_path):
    (tmp_path / "bare" / "task").mkdir(parents=True)
    assert TasksFolder(tmp_path).task_directory("bare", "task") == tmp_path / "bare" / "task"


@pytest.mark.parametrize("course_id", ["..", ".", "", "/", "lab/choice"])
def test_a_course_id_never_leads_out_of_the_folder(tmp_path, course_id):
    write_course(tmp_path)
    with pytest.raises(CourseError):
        TasksFolder(tmp_path / "lab").task_directory(course_id, "lab")
