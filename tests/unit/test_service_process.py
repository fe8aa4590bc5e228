"""The embedded service: a private child process that ends with its user."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil
import pytest
import zmq

from inginious_nb import messages
from inginious_nb.client import Client, ClientOptions
from inginious_nb.errors import ServiceError
from inginious_nb.grader import service as service_module
from inginious_nb.grader.service import ServiceProcess
from tests.support.clients import ending_context
from tests.support.lab_jobs import a_nap, a_word
from tests.support.processes import running
from tests.support.tasks import FakeTask
from tests.support.waiting import has_ended, until
from tests.support.wire_peer import DealerPeer

ENDS_WITHIN_S = 15


@pytest.fixture
def make_service(course_folder):
    """Make services that are stopped in the end."""
    made = []

    def make(paths=None, **options):
        made.append(ServiceProcess([course_folder] if paths is None else paths, **options))
        return made[-1]

    yield make
    for service in made:
        service.stop()


def child_of(service):
    return psutil.Process(service._child._process.pid)


async def connect(client):
    return await client.ask(messages.ClientHello("me"), messages.BackendUpdateEnvironments)


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
async def test_it_grades_and_leaves_nothing_behind(make_service, transport):
    threads = set(threading.enumerate())
    service = make_service(transport=transport)
    service.start()
    assert service.alive
    with DealerPeer(service.address, curve=service.curve) as client:
        known = (await connect(client)).available_environments
        scripts = ("default", "python3")
        assert known == {"docker": scripts, "docker-ssh": scripts, "mcq": ("mcq",)}
        done = await client.ask(a_word(), messages.BackendJobDone)
        assert done.result == ("success", "")
    child, folder = child_of(service), service._folder
    service.stop()
    service.stop()
    assert not service.alive
    assert not child.is_running()
    assert not folder.exists()
    assert not set(threading.enumerate()) - threads


def test_only_its_owner_can_reach_its_socket(make_service):
    service = make_service()
    service.start()
    socket = Path(service.address.removeprefix("ipc://"))
    assert socket.is_socket()
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700


async def test_over_tcp_our_client_gets_in_with_the_keys_it_is_given(make_service):
    service = make_service(transport="tcp")
    service.start()
    with ending_context() as context:
        client = Client(context, service.address, options=ClientOptions(curve=service.curve))
        client.start()
        task = FakeTask(course_id="lab", task_id="choice")
        result = await asyncio.wait_for(client.submit(task, {"q": "42"}), ENDS_WITHIN_S)
        assert result.result == ("success", "")
        client.close()


async def test_over_tcp_nobody_gets_in_without_the_keys(make_service):
    service = make_service(transport="tcp")
    service.start()
    assert service.address.startswith("tcp://127.0.0.1:")
    with DealerPeer(service.address) as stranger:
        monitor = stranger.socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
            | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
            | zmq.EVENT_HANDSHAKE_SUCCEEDED
            | zmq.EVENT_DISCONNECTED
        )
        event, _ = await monitor.recv_multipart()
        assert int.from_bytes(event[:2], "little") != zmq.EVENT_HANDSHAKE_SUCCEEDED
        stranger.socket.disable_monitor()
        monitor.close(linger=0)


def test_it_tells_how_scripts_are_isolated(make_service):
    service = make_service(sandbox="plain")
    assert service.sandbox is None
    service.start()
    assert service.sandbox["kind"] == "plain"
    assert service.sandbox["not_isolated"]


async def test_quick_jobs_do_not_wait_behind_long_ones(make_service):
    service = make_service(slots=1, sandbox="plain")
    service.start()
    with DealerPeer(service.address) as client:
        await connect(client)
        await client.ask(a_nap(), messages.BackendJobStarted)
        await client.say(a_nap("waiting"))
        done = await client.ask(a_word(), messages.BackendJobDone)
        assert (done.job_id, done.result[0]) == ("j", "success")
        for job_id in ("waiting", "nap"):
            done = await client.ask(messages.ClientKillJob(job_id), messages.BackendJobDone)
            assert (done.job_id, done.result[0]) == (job_id, "killed")


def test_a_kernel_interrupt_does_not_reach_it(make_service):
    service = make_service()
    service.start()
    assert os.getsid(child_of(service).pid) != os.getsid(0)


async def test_started_again_after_a_crash_it_keeps_its_address(make_service):
    service = make_service()
    service.start()
    with DealerPeer(service.address) as client:
        await connect(client)
        child, address = child_of(service), service.address
        child.kill()
        service._child._process.wait()
        assert not service.alive
        service.start()
        assert service.address == address
        assert child_of(service) != child
        await connect(client)
        assert (await client.ask(a_word(), messages.BackendJobDone)).result[0] == "success"


async def test_a_course_added_while_it_runs_is_graded_at_once(
    make_service, course_folder, tmp_path
):
    (course_folder / "lab").rename(tmp_path / "lab")
    service = make_service([])
    service.start()
    with DealerPeer(service.address) as client:
        await connect(client)
        assert (await client.ask(a_word(), messages.BackendJobDone)).result[0] == "crash"
        service.add_course_path(tmp_path / "lab")
        assert (await client.ask(a_word(), messages.BackendJobDone)).result[0] == "success"


def test_a_course_that_is_none_is_refused_with_the_reason(make_service, tmp_path):
    service = make_service([])
    service.start()
    with pytest.raises(ServiceError, match="There is no folder"):
        service.add_course_path(tmp_path / "absent")


async def test_a_course_added_before_it_starts_is_known_when_it_has(make_service, course_folder):
    service = make_service([])
    service.add_course_path(course_folder)
    service.start()
    with DealerPeer(service.address) as client:
        await connect(client)
        assert (await client.ask(a_word(), messages.BackendJobDone)).result[0] == "success"


SLOW_AGENTS = """
import asyncio, importlib.abc, importlib.util, sys

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "inginious_nb.grader.agents.base":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            connect = module.Agent._connect
            module.Agent._connect = lambda agent: asyncio.get_running_loop().call_later(
                0.5, connect, agent
            )

        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Finder())
"""


async def test_when_it_has_started_its_environments_are_known(make_service, monkeypatch, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SLOW_AGENTS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    service = make_service()
    service.start()
    with DealerPeer(service.address) as client:
        assert set((await connect(client)).available_environments) == {
            "docker",
            "docker-ssh",
            "mcq",
        }


def test_a_folder_that_goes_while_it_is_taken_is_said_so(make_service, monkeypatch):
    service = make_service()
    service.start()
    service.stop()

    def gone(folder):
        raise FileNotFoundError(f"{folder} is being replaced")

    monkeypatch.setattr(service_module, "FolderLock", gone)
    with pytest.raises(ServiceError, match="Start it again"):
        service.start()


# ---- it cannot start ----------------------------------------------------------------------------


def test_before_the_start_there_is_no_address(make_service):
    with pytest.raises(ServiceError, match="not been started"):
        _ = make_service().address


def test_an_alias_for_nothing_is_said_so(make_service):
    with pytest.raises(ServiceError, match=r"cannot start: .*cobol"):
        make_service(environment_aliases={"old": "cobol"}).start()


def test_an_interpreter_that_is_not_there_is_said_so(make_service, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ServiceError, match=r"cannot be run: No such file"):
        make_service().start()


def test_a_process_that_ends_at_once_is_said_so_with_its_last_words(make_service, monkeypatch):
    monkeypatch.setattr(service_module, "_BOOT", "raise SystemExit('out of luck')")
    service = make_service()
    with pytest.raises(ServiceError, match=r"its process ended. .*out of luck"):
        service.start()
    assert not service._folder.exists()


def test_a_process_that_does_not_answer_is_given_up(make_service, monkeypatch):
    monkeypatch.setattr(service_module, "_BOOT", "import sys; sys.stdin.read()")
    monkeypatch.setattr(service_module, "_START_S", 0.1)
    with pytest.raises(ServiceError, match="did not answer within"):
        make_service().start()


def test_a_folder_that_is_not_private_any_more_is_not_used(make_service):
    service = make_service()
    service.start()
    service.stop()
    service._folder.mkdir(mode=0o755)
    with pytest.raises(ServiceError, match="belongs to somebody else"):
        service.start()


def test_modules_beside_the_notebook_replace_nothing(make_service, monkeypatch, tmp_path):
    for name in ("zmq.py", "random.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    make_service().start()


def test_a_socket_path_that_would_be_too_long_is_avoided(make_service, monkeypatch, tmp_path):
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    service = make_service()
    service.start()
    assert len(service.address) < 100


# ---- it ends with its user ----------------------------------------------------------------------

PARENT = """
import os, sys
from pathlib import Path
from inginious_nb.grader.service import ServiceProcess
service = ServiceProcess([])
service.start()
if sys.argv[1] == "fork" and os.fork() == 0:
    sys.stdin.read()
    os._exit(0)
print(service._child._process.pid, service._folder, flush=True)
if sys.argv[1] != "exit":
    sys.stdin.read()
"""


@pytest.mark.parametrize("way", ["kill", "fork", "exit"])
def test_it_ends_with_the_process_that_started_it(way):
    """Killed with -9; the same with a forked process that inherited the pipe; without a stop()."""
    root = str(Path(service_module.__file__).parents[2])
    with running(
        [sys.executable, "-c", PARENT, way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])},
    ) as parent:
        pid, folder = parent.stdout.readline().split()
        if way != "exit":
            parent.send_signal(signal.SIGKILL)
            asyncio.run(until(lambda: has_ended(int(pid)), ENDS_WITHIN_S))
        parent.wait(ENDS_WITHIN_S)
    assert has_ended(int(pid))
    assert not Path(folder.decode()).exists()
