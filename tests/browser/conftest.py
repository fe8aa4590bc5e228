"""One JupyterLab and one Chromium for all browser tests; a page and a notebook for each."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect, sync_playwright

from . import states
from .chromium import launch
from .lab_page import START_LIMIT_MS
from .notebook import NotebookPage, write_notebook
from .server import TOKEN, JupyterServer
from .shared_page import SharedPage
from .stage import Stage, serving

HERE = Path(__file__).parent
AXE = HERE.parents[1] / "node_modules" / "axe-core" / "axe.min.js"
EXPECT_LIMIT_MS = 30_000
NO_SUBSHELL = "Per comm-target subshell creation failed"


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    """A real browser, shared by all tests."""
    expect.set_options(timeout=EXPECT_LIMIT_MS)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab as it is installed by default, without collaboration."""
    server = JupyterServer.start(
        tmp_path_factory.mktemp("lab") / "server",
        options=("--LabApp.expose_app_in_browser=True",),
    )
    yield server
    server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A JupyterLab with our plugins, where no course is open at first."""
    server = JupyterServer.start(
        tmp_path_factory.mktemp("plugins") / "server",
        plugins=True,
        options=("--LabApp.expose_app_in_browser=True",),
        environ={"INGINIOUS_COURSES": "", "INGINIOUS_SLOTS": "1"},
    )
    yield server
    server.stop()


@pytest.fixture
def page(chromium):
    """A page of a new browser profile."""
    context = chromium.new_context(viewport={"width": 1200, "height": 1000}, locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def shared_page(chromium, lab):
    """The page that stays loaded."""
    shared = SharedPage(chromium, lab)
    yield shared
    shared.discard()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep pictures of the pages as they were when the test failed."""
    report = yield
    if not report.failed:
        return report
    artifacts = HERE / "artifacts"
    artifacts.mkdir(exist_ok=True)
    name = re.sub(r"[^a-z0-9_]+", "-", item.name)
    if (page := item.funcargs.get("page")) is not None and call.when == "call":
        with contextlib.suppress(PlaywrightError):  # it may be what failed
            page.screenshot(path=artifacts / f"{name}.png")
    if (shared := item.funcargs.get("shared_page")) is not None:
        with contextlib.suppress(PlaywrightError):
            shared.picture(artifacts / f"{name}-shared.png")
        shared.discard()  # nobody knows what state it is in
    return report


@pytest.fixture
def open_notebook(lab, shared_page):
    """Open a notebook with some cells in the shared page, or in one that is given.

    Its kernel ends with the test.
    """

    def opened(*cells, server: JupyterServer = lab, in_page: Page | None = None) -> NotebookPage:
        used.append(server)
        name = write_notebook(server, list(cells))
        if in_page is None:
            assert server is lab, "Give a page for another server."
            return shared_page.open(name)
        notebook = NotebookPage(server, in_page, name)
        notebook.open()
        return notebook

    used: list[JupyterServer] = []
    with contextlib.ExitStack() as ended:
        ended.callback(
            lambda: [each.end_kernels() for each in {id(each): each for each in used}.values()]
        )
        ended.callback(shared_page.clear)
        yield opened


@pytest.fixture
def kernels_end(lab):
    """For tests that open notebooks by themselves."""
    yield
    lab.end_kernels()


@pytest.fixture
def windowed(lab):
    """A JupyterLab that takes cells out of the page that are out of view."""
    lab.change_settings("@jupyterlab/notebook-extension:tracker", windowingMode="full")
    yield lab
    lab.change_settings("@jupyterlab/notebook-extension:tracker")


@pytest.fixture
def open_lab(server, page):
    """Open an address of the server with our plugins; a script's error fails the test."""
    problems = []

    def note(error):
        # Notebook 7 has an error of its own as it starts, without us as well, and JupyterLab one of
        # the widgets' comm where a kernel ends while it starts a subshell for it.
        if "notebook_core" not in error.stack and NO_SUBSHELL not in error.message:
            problems.append(f"{page.url} {error.name} {error.message!r}\n{error.stack}")

    page.on("pageerror", note)

    def opened(path="lab?reset", wait_for=".jp-Launcher") -> Page:
        page.goto(f"{server.url}/{path}{'&' if '?' in path else '?'}token={TOKEN}")
        page.locator(wait_for).first.wait_for(timeout=START_LIMIT_MS)
        return page

    yield opened
    found = [*problems]
    server.end_kernels()
    assert found == []


@pytest.fixture(scope="module")
def looks(tmp_path_factory):
    """Every look of the widget by its name."""
    return states.looks(states.make_task(tmp_path_factory.mktemp("looks")))


@pytest.fixture(scope="module")
def stage_of_module(chromium):
    """The stage in a page of its own, for all tests of a module."""
    context = chromium.new_context(viewport={"width": 900, "height": 900}, locale="en-GB")
    with serving() as address:
        page = context.new_page()
        page.add_init_script(path=AXE)
        yield Stage(page, address)
        context.close()


@pytest.fixture
def stage(stage_of_module):
    """The stage, as if nobody had been on it; no test may leave a problem behind."""
    stage = stage_of_module
    stage.dark(on=False)
    stage.language("en")
    stage.page.set_viewport_size({"width": 900, "height": 900})
    stage.page.emulate_media(reduced_motion="no-preference")
    stage.problems.clear()
    yield stage
    stage.page.evaluate("0")  # what the page had told before is here now
    # Nothing failed, and the policy had nothing to refuse.
    assert stage.problems == []
