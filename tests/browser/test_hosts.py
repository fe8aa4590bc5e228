"""The same in other hosts: collaboration, Notebook 7, and JupyterLab without subshells."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .notebook import NotebookPage, code, load, write_notebook
from .server import JupyterServer


@pytest.fixture(scope="module")
def other_server(tmp_path_factory):
    """Start a server with other options; it ends with the module."""

    def start(**options) -> JupyterServer:
        server = JupyterServer.start(tmp_path_factory.mktemp("other") / "server", **options)
        servers.append(server)
        return server

    servers: list[JupyterServer] = []
    yield start
    for server in servers:
        server.stop()


def division(quotient="3"):
    return [
        load(),
        code("%inginious open demo/division"),
        code(quotient, "inginious:quotient"),
        code("2", "inginious:remainder"),
    ]


def test_two_people_edit_one_notebook(other_server, page, open_notebook, chromium):
    server = other_server(collaboration=True)
    mine = open_notebook(*division("0"), server=server, in_page=page)
    mine.run_to_end(1)
    mine.run_to_end(2)
    with chromium.new_context(viewport={"width": 1200, "height": 1000}) as context:
        theirs = NotebookPage(server, context.new_page(), mine.name)
        theirs.open()
        # What the other person types, and nobody saved or ran, is what I submit.
        theirs.write(3, "3")
        expect(mine.cell(3).locator(".cm-content")).to_have_text("3")
        mine.submit(2)
        expect(mine.result(2)).to_contain_text("100 %")


@pytest.mark.usefixtures("kernels_end")
def test_notebook_7(lab, page):
    notebook = NotebookPage(lab, page, write_notebook(lab, division("0")))
    notebook.open(f"notebooks/{notebook.name}")
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    notebook.write(3, "3")
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("100 %")


@pytest.fixture
def no_subshells(lab):
    """A JupyterLab that sends all messages of comms to the main thread of the kernel."""
    kernels = "@jupyterlab/apputils-extension:kernels-settings"
    lab.change_settings(kernels, commsOverSubshells="disabled")
    yield lab
    lab.change_settings(kernels)


def test_without_subshells_requests_wait_for_the_running_cell(
    no_subshells, page, open_notebook, tmp_path
):
    gate = tmp_path / "gate"
    waits = f"while not pathlib.Path({str(gate)!r}).exists():\n    time.sleep(0.05)"
    busy = code(f"import pathlib, time\n{waits}")
    notebook = open_notebook(*division(), busy, server=no_subshells, in_page=page)
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    notebook.run(5)
    expect(notebook.cell(5).locator(".jp-InputArea-prompt")).to_have_text("[*]:")
    notebook.submit(2)
    # It says so, and does what was asked when the cell has ended.
    expect(notebook.widget(2).get_by_text("The kernel is busy")).to_be_visible()
    gate.touch()
    expect(notebook.result(2)).to_contain_text("100 %")
    expect(notebook.cell(5).locator(".jp-InputArea-prompt")).to_have_text(re.compile(r"\d"))
    expect(notebook.widget(2).get_by_text("The kernel is busy")).to_have_count(0)


def test_a_host_without_inline_scripts_that_saves_widgets(other_server, page, open_notebook):
    # JupyterLab's own needs: workers and modules from blobs, evaluated schemas, inline styles.
    policy = (
        "default-src 'self'; script-src 'self' blob: 'unsafe-eval'; worker-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self' ws: data: blob:"
    )
    headers = {"headers": {"Content-Security-Policy": policy}}
    server = other_server(
        options=(f"--ServerApp.tornado_settings={headers!r}",),
        settings={"@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True}},
    )
    answers = []
    page.on("response", lambda answer: answers.append(answer) if "/lab/" in answer.url else None)
    notebook = open_notebook(*division(), server=server, in_page=page)
    assert answers[0].headers["content-security-policy"] == policy
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("100 %")
    notebook.save()
    assert "widgets" in notebook.saved()["metadata"]
    server.end_kernels()
    notebook.open()
    # Python is not there: it looks alive, and must not pretend to be.
    expect(
        notebook.widget(2).get_by_text("Disconnected: the kernel was restarted.")
    ).to_be_visible()
    notebook.run_to_end(1)
    expect(notebook.widget(2).get_by_text("Disconnected")).to_have_count(0)
    notebook.write(3, "4")
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("50 %")


def test_a_widget_that_was_scrolled_out_of_the_page_has_its_result_when_it_comes_back(
    windowed, page, open_notebook
):
    cells = [*division(), *(code("#\n" * 30) for _ in range(30))]
    notebook = open_notebook(*cells, server=windowed, in_page=page)
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    notebook.submit(2)
    # By keyboard: what is scrolled to is another place once cells above it have been drawn.
    notebook.cell(3).locator(".jp-InputArea-prompt").click()
    for _ in range(20):
        notebook.page.keyboard.press("ArrowDown")
    expect(notebook.page.locator(".inginious-live")).not_to_be_in_viewport()
    for _ in range(21):
        notebook.page.keyboard.press("ArrowUp")
    result = notebook.page.get_by_role("region", name="Result")
    expect(result).to_contain_text("100 %")
    expect(notebook.page.locator(".inginious-snapshot")).to_be_hidden()
