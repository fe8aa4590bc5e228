"""Two people on one notebook: both see the same line, and who submits is who clicked."""

from __future__ import annotations

import contextlib
import re

import pytest
from playwright.sync_api import expect

from .lab_page import history
from .notebook import code, write_notebook
from .server import CHECKOUT, TOKEN, JupyterServer

START_LIMIT_MS = 40_000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A JupyterLab that Ada and Grace share; it is Ada's."""
    server = JupyterServer.start(
        tmp_path_factory.mktemp("together") / "server",
        collaboration=True,
        plugins=True,
        options=("--ServerApp.identity_provider_class=tests.support.people.People",),
        environ={"PYTHONPATH": str(CHECKOUT), "INGINIOUS_SLOTS": "1"},
    )
    yield server
    server.stop()


@pytest.fixture
def line_of(server, chromium):
    """Open a notebook as a person does; returns the line beneath its answer."""

    def opened(person, name):
        context = chromium.new_context(viewport={"width": 1200, "height": 900})
        page = ended.enter_context(context).new_page()
        page.goto(f"{server.url}/lab/workspaces/{person}/tree/{name}?token={TOKEN}&person={person}")
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="No Kernel").click(timeout=START_LIMIT_MS)
        return page.locator(".inginious-answer-line")

    with contextlib.ExitStack() as ended:
        yield opened


def test_who_submits_is_who_clicked_and_all_see_it(server, line_of):
    answer = code("def fib(n): return n", "inginious:demo/fib/fib")
    name = write_notebook(server, [answer], kernelspec=None)
    ada, grace = (line_of(person, name) for person in ("ada", "grace"))
    expect(grace).to_contain_text("Not submitted yet", timeout=START_LIMIT_MS)
    ada.get_by_role("button", name="Submit: Rabbits").click(timeout=START_LIMIT_MS)
    expect(ada).to_contain_text("40 %", timeout=START_LIMIT_MS)
    expect(grace).to_contain_text(re.compile(r"40 % .*saved by Ada on"))
    grace.get_by_role("button", name="Submit: Rabbits").click()
    expect(grace).not_to_contain_text("Ada")
    expect(grace).to_contain_text("40 %")
    expect(ada).to_contain_text(re.compile(r"40 % .*saved by Grace on"))
    rows = history(server, "SELECT username FROM submission ORDER BY submitted_at")
    assert [username for (username,) in rows] == ["ada", "grace"]
