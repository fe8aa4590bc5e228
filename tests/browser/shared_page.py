"""A JupyterLab that stays loaded: one notebook after the other is opened in the same page."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .notebook import NotebookPage
from .server import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from .server import JupyterServer

START_LIMIT_MS = 40_000
_MARK = "() => { window.isLoadedOnce = true; }"
# It returns nothing: what the command gives has all of JupyterLab in it, to be sent over here.
_OPEN = "path => { window.jupyterapp.commands.execute('docmanager:open', { path }); }"
# No question whether to save: the notebooks of a test that has ended are nobody's.
_CLOSE_ALL = """() => {
    for (const widget of [...window.jupyterapp.shell.widgets("main")]) widget.dispose();
}"""


class SharedPage:
    """The page of all tests that need none of their own: loading one takes as long as a test.

    The server has to run with ``--LabApp.expose_app_in_browser=True``.
    """

    def __init__(self, browser: Browser, server: JupyterServer) -> None:
        self._browser = browser
        self._server = server
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        """The page, with JupyterLab in it."""
        if self._page is None:
            context = self._browser.new_context(
                viewport={"width": 1200, "height": 1000}, locale="en-GB"
            )
            self._page = context.new_page()
        # One that a test reloaded may still be opening again what was open before.
        if not self._page.evaluate("window.isLoadedOnce"):
            workspace = uuid.uuid4().hex[:8]
            self._page.goto(f"{self._server.url}/lab/workspaces/{workspace}?token={TOKEN}")
            self._page.locator(".jp-Launcher").wait_for(timeout=START_LIMIT_MS)
            self._page.evaluate(_MARK)
        return self._page

    def open(self, name: str) -> NotebookPage:
        """Open a notebook, as from the file browser, and wait for its kernel."""
        notebook = NotebookPage(self._server, self.page, name)
        self.page.evaluate(_OPEN, name)
        notebook.wait_for_kernel()
        return notebook

    def clear(self) -> None:
        """Close all that a test opened."""
        if self._page is not None and self._page.evaluate("window.isLoadedOnce"):
            self._page.evaluate(_CLOSE_ALL)
            expect(self._page.locator(".jp-Notebook, .jp-Dialog")).to_have_count(0)

    def picture(self, path: Path) -> None:
        """Write a picture of it, if it is open."""
        if self._page is not None:
            self._page.screenshot(path=path)

    def discard(self) -> None:
        """Close the page: the next test gets a new one."""
        if self._page is not None:
            self._page.context.close()
            self._page = None
