"""Kernels use the embedded service of their Jupyter server where they can, else their own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from pathlib import Path

import psutil
import pytest

from inginious_nb.services import offer, shared_service
from tests.browser.server import wait_until
from tests.support.waiting import reached

LIMIT_S = 60


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """Jupyter's runtime folder; this process is both the server and its kernel."""
    folder = tmp_path / "runtime"
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getpid()))
    return folder


@pytest.fixture
def server(session, runtime):
    """The session of the server, whose service is offered."""
    session.offer_service()
    wait_until(lambda: list(runtime.glob("*.json")), limit_s=LIMIT_S)
    return session


@pytest.fixture
def make_kernel(session, new_session):
    """Make sessions of kernels with the settings of the server."""
    return lambda: new_session(session.settings)


def services():
    """The service processes of this process; earlier tests may have left some."""
    found = set()
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if "inginious_nb.grader" in " ".join(child.cmdline()):
                found.add(child)
    return found


def graded(session, answer="right", task="lab/echo"):
    result = session.submit(session.task(task), {"text": answer}).wait(LIMIT_S)
    return result.result[0]


def test_all_use_one_service_until_it_ends(server, make_kernel, runtime):
    before = services()
    kernels = [make_kernel(), make_kernel()]
    assert [graded(one) for one in (*kernels, server)] == ["success"] * 3
    assert len(services() - before) == 1
    (file,) = runtime.glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # What is under way when the server ends is graded all the same, with the same submission.
    (kernel, _) = kernels
    under_way = kernel.submit(kernel.task("lab/sleep"), {"seconds": "1"})
    reached(under_way, "running")
    server.close()
    assert not file.exists()
    assert under_way.wait(LIMIT_S).result[0] == "success"
    assert graded(kernel, "wrong") == "failed"
    wait_until(lambda: len(services() - before) == 1, limit_s=LIMIT_S)


def test_courses_that_a_kernel_adds_reach_it(server, make_kernel, tmp_path):
    kernel = make_kernel()
    assert graded(kernel) == "success"
    (known,) = server.library.courses.values()
    shutil.copytree(known.path, tmp_path / "more" / "extra")
    kernel.add_courses(tmp_path / "more")
    assert graded(kernel, task="extra/echo") == "success"
    assert list(server.library.courses) == [known.id, "extra"]
    # Another course of a name that the server has is graded by the kernel itself.
    shutil.copytree(known.path, tmp_path / "other" / "mine")
    shutil.copytree(known.path, tmp_path / "third" / "mine")
    server.add_courses(tmp_path / "other")
    before = services()
    kernel.add_courses(tmp_path / "third")
    assert graded(kernel, task="mine/echo") == "success"
    assert len(services() - before) == 1


def planted(path):
    path.chmod(0o644)


def linked(path):
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def of_somebody_else(path):
    os.chown(path, 12345, -1)


def cut_off(path):
    path.write_text(path.read_text()[:40])


@pytest.mark.parametrize("spoil", [planted, linked, of_somebody_else, cut_off])
def test_what_is_not_the_servers_own_offer_is_not_believed(server, runtime, spoil):
    if spoil is of_somebody_else and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    (file,) = runtime.glob("*.json")
    assert offer.read_offer(os.getpid()) is not None
    spoil(file)
    assert offer.read_offer(os.getpid()) is None


def another_version(content):
    content["terms"]["version"] = "0"


def other_slots(content):
    content["terms"]["slots"] = 7


def another_python(content):
    content["terms"]["python"] = "/elsewhere"


def other_keys(content):
    content["curve"][0] = content["curve"][1]


def nobody_there(content):
    content["address"] = "ipc:///nowhere/at/all"


@pytest.mark.parametrize(
    "change", [another_version, other_slots, another_python, other_keys, nobody_there]
)
async def test_a_service_that_differs_or_is_not_there_is_not_used(
    server, runtime, change, monkeypatch
):
    monkeypatch.setattr(shared_service, "_CONTACT_TIMEOUT_S", 0.3)
    (file,) = runtime.glob("*.json")
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    assert await shared_service.SharedService.find(server.settings, [], os.getpid()) is None
    assert server.service.state == "idle"


def test_offers_of_servers_that_were_killed_go(runtime):
    runtime.mkdir()
    stale, other = runtime / "inginious-service-999999999.json", runtime / "kernel-1.json"
    stale.touch()
    other.touch()
    path = offer.write_offer(offer.Offer("ipc:///x", ("a", "b", "c"), {}))
    assert sorted(runtime.iterdir()) == sorted([path, other])
    assert offer.read_offer(os.getpid()) == offer.Offer("ipc:///x", ("a", "b", "c"), {})
    assert Path(path).parent == runtime
