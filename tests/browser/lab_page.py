"""JupyterLab's own interface in a page, driven as a person would."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from inginious_nb.course import demo as course_demo

from .notebook import KERNELSPEC, write_notebook
from .server import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from .server import JupyterServer

START_LIMIT_MS = 40_000
GRADING_LIMIT_S = 30
_SETTLED = """new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""


def line(page: Page, name: str) -> Locator:
    """The line beneath the answer to a problem."""
    return page.locator(".inginious-answer-line").get_by_role("region", name=name, exact=True)


def task(page: Page, name: str) -> Locator:
    """A task in the sidebar."""
    return page.locator(".inginious-task").filter(has_text=name)


def find_command(page: Page, command: str) -> Locator:
    """Open the palette and search for a command; returns what is found first."""
    # What has just been shown takes the focus a moment later, and the palette closes without it.
    page.evaluate(_SETTLED)
    page.keyboard.press("Control+Shift+c")
    page.locator(".lm-CommandPalette-input").fill(command)
    return page.locator(".lm-CommandPalette-item").filter(has_text=command).first


def run_command(page: Page, command: str) -> None:
    """Run a command from the palette, without a mouse."""
    found = find_command(page, command)
    expect(found).to_have_class(re.compile("lm-mod-active"))
    page.keyboard.press("Enter")


def copy_demo(server: JupyterServer) -> Path:
    """Have the demo on the server, as after a first visit; returns the folder of its course."""
    if not (server.folder / "inginious-demo").exists():
        course_demo.copy_demo(server.folder / "inginious-demo", "en")
    return server.folder / "inginious-demo" / "courses" / "demo"


def beside_demo(
    server: JupyterServer,
    *cells: dict[str, Any],
    kernelspec: dict[str, str] | None = KERNELSPEC,
) -> str:
    """Put a notebook with these cells beside the demo's; returns its path."""
    copy_demo(server)
    name = write_notebook(server, list(cells), kernelspec=kernelspec)
    (server.folder / name).rename(server.folder / "inginious-demo" / name)
    return f"inginious-demo/{name}"


def without_kernel(
    server: JupyterServer, open_lab: Callable[..., Page], *cells: dict[str, Any]
) -> None:
    """Open a notebook beside the demo's and choose no kernel for it."""
    path = beside_demo(server, *cells, kernelspec=None)
    page = open_lab(f"lab/tree/{path}?reset", ".jp-Dialog")
    page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()


def submitted(server: JupyterServer) -> list[str]:
    """The tasks that were submitted, the first first."""
    return [
        row[0] for row in history(server, "SELECT task_id FROM submission ORDER BY submitted_at")
    ]


@contextlib.contextmanager
def one_more_graded(server: JupyterServer, task_id: str) -> Iterator[None]:
    """Wait at the end of the block until a task has one more result than before it.

    What the page shows of a task may be of an earlier test: the server goes on with its history.
    """
    query = "SELECT count(*) FROM submission WHERE finished_at IS NOT NULL AND task_id = ?"

    def count() -> int:
        return history(server, query, task_id)[0][0]

    before = count()
    yield
    wait_until(lambda: count() > before, limit_s=GRADING_LIMIT_S)


def history(server: JupyterServer, query: str, *values: str) -> list[Any]:
    """Ask the history of a server that has begun one."""
    with contextlib.closing(sqlite3.connect(server.folder.parent / "history.sqlite")) as database:
        return database.execute(query, values).fetchall()
