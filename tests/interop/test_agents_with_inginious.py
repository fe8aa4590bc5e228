"""Our mcq and local agents with INGInious's own backend, which one wrong frame would end."""

from __future__ import annotations

import asyncio
import contextlib
import io
import signal
import subprocess
import tarfile

import pytest

from inginious_nb import messages
from tests.support.courses import write_course
from tests.support.lab_jobs import a_nap, a_script, a_word, until_offered
from tests.support.our_site import running
from tests.support.peer import InginiousSite
from tests.support.wire_peer import DealerPeer

ENDS_WITHIN_S = 15
LONGER_THAN_AGENTS_WAIT_S = 12
"""A backend that is silent for 10 s gets a new hello.

Source: docs/protocol.md, Registration and heartbeats.
"""


@pytest.fixture
def site(tmp_path):
    """INGInious's own backend without agents."""
    write_course(tmp_path)
    site = InginiousSite(tmp_path, agents=0)
    yield site
    assert site.backend.alive
    site.stop()


@pytest.fixture
def agent(site):
    with running("agent", site.agent_address, site.tasks) as agent:
        yield agent


@pytest.fixture
async def client(site, agent):
    with DealerPeer(site.address) as client:
        await until_offered(client, "docker", "docker-ssh", "mcq")
        yield client


async def test_both_agents_grade(client):
    right = await client.ask(a_word(), messages.BackendJobDone)
    assert (right.result, right.grade, right.state) == (("success", ""), 100.0, '{"word": ""}')
    assert (right.archive, right.stdout, right.stderr) == (None, None, None)
    wrong = await client.ask(a_word(inputdata={"word": "tulip"}), messages.BackendJobDone)
    assert (wrong.result[0], wrong.grade, wrong.problems["word"][0]) == ("failed", 0.0, "failed")
    inputdata = {"text": "no", "@state": "1", "@lang": "fr", "@attempts": "2"}
    script = await client.ask(a_script(inputdata=inputdata, debug=True), messages.BackendJobDone)
    assert (script.result, script.grade, script.state) == (("failed", "Read."), 40.0, "1+")
    assert script.problems == {"text": "You wrote: no"}
    assert script.tests == {"seen": True}
    assert script.custom == {"state": 1.0, "lang": "fr", "attempts": "n2"}
    assert script.stdout == "on stdout\n"
    with tarfile.open(fileobj=io.BytesIO(script.archive)) as archive:
        assert archive.getnames() in ([], ["."])


async def test_an_absent_task_is_a_crash_with_the_previous_state(client):
    job = a_word(task_id="absent", inputdata={"word": "rose", "@state": "before"})
    done = await client.ask(job, messages.BackendJobDone)
    assert (done.result[0], done.state) == ("crash", "before")


async def test_jobs_are_killed_while_they_run_and_while_they_wait(client):
    await client.ask(a_nap("running"), messages.BackendJobStarted)
    await client.say(a_nap("waiting"))
    queue = await client.ask(messages.ClientGetQueue(), messages.BackendGetQueue)
    (row,) = queue.jobs_running
    assert row[:5] == ("running", True, "worker", "lab/sleep", "tests")
    assert queue.jobs_waiting == (("waiting", True, "lab/sleep", "tests", -1),)
    for job_id in ("waiting", "running"):
        done = await client.ask(messages.ClientKillJob(job_id), messages.BackendJobDone)
        assert (done.job_id, done.result[0], done.state) == (job_id, "killed", "before")


async def test_a_stopped_agent_takes_leave(site, agent, client):
    await client.ask(a_nap(), messages.BackendJobStarted)
    agent.send_signal(signal.SIGTERM)
    crash = await client.hear_a(messages.BackendJobDone)
    assert (crash.job_id, crash.result[0]) == ("nap", "crash")
    assert agent.wait(ENDS_WITHIN_S) == 0
    await client.say(a_word())
    with running("agent", site.agent_address, site.tasks):
        # The job was not given to the agent that left, so another one grades it.
        assert (await client.hear_a(messages.BackendJobDone)).result[0] == "success"


async def test_a_job_outlives_a_stalled_backend(site, client):
    await client.ask(a_word(), messages.BackendJobDone)
    await client.ask(a_nap(seconds="5"), messages.BackendJobStarted)
    site.backend.stall()
    with contextlib.suppress(subprocess.TimeoutExpired):
        await asyncio.to_thread(site.backend.wait, LONGER_THAN_AGENTS_WAIT_S)
    site.backend.go_on()
    done = await client.hear_a(messages.BackendJobDone)
    assert (done.job_id, done.result[0]) == ("nap", "success")
    assert (await client.ask(a_word(), messages.BackendJobDone)).result[0] == "success"


async def test_after_a_restart_of_the_backend_the_agents_come_back(site, client):
    await client.ask(a_nap(), messages.BackendJobStarted)
    site.restart_backend()
    with DealerPeer(site.address) as again:
        await until_offered(again, "docker", "docker-ssh", "mcq")
        assert (await again.ask(a_word(), messages.BackendJobDone)).result[0] == "success"
        # The same job again is continued by the agent that still runs it, and can be killed.
        await again.ask(a_nap(), messages.BackendJobStarted)
        done = await again.ask(messages.ClientKillJob("nap"), messages.BackendJobDone)
        assert (done.job_id, done.result[0]) == ("nap", "killed")
