"""Opens JupyterLab, does what a student does, and takes pictures on the way."""

from __future__ import annotations

import sys
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

from tests.browser.chromium import launch
from tests.browser.notebook import NotebookPage, code, load, markdown, write_notebook
from tests.browser.server import CHECKOUT, TOKEN, JupyterServer
from tests.support.invented_class import STUDENTS, write_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator

FOLDER = CHECKOUT / "docs" / "pictures"
ALL = ("result", "task", "queue", "history", "class_view", "interface")
DARK = {"@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"}}

QUIET = {"inginious-nb:service": {"notifications": False}}

ANSWER = """\
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)"""


@contextmanager
def notebook(browser: Browser, server: JupyterServer, *cells: dict) -> Iterator[NotebookPage]:
    """A notebook in a page of the size of a projector's picture, without the file browser."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, device_scale_factor=2, locale="en-GB"
    )
    opened = NotebookPage(server, context.new_page(), write_notebook(server, [load(), *cells]))
    opened.open(f"doc/workspaces/{uuid.uuid4().hex[:8]}/tree/{opened.name}")
    opened.run_to_end(1)
    yield opened
    context.close()
    server.end_kernels()


def take(what: Locator, name: str) -> None:
    """Take a picture of a part of the page."""
    what.page.mouse.move(0, 0)
    what.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
    sys.stdout.write(f"{FOLDER / name}.png\n")


def result(browser: Browser, server: JupyterServer, theme: str) -> None:
    """An answer in a cell, and beneath it the grade of a command."""
    intro = markdown("The cell below is the answer, run or not. `%inginious submit` hands it in.")
    cells = (intro, code(ANSWER, "inginious:fib"), code("%inginious submit demo/fib"))
    with notebook(browser, server, *cells) as opened:
        opened.run_to_end(4)
        expect(opened.result(4)).to_contain_text("60 %", timeout=30_000)
        opened.result(4).get_by_role("button", name="Details").click()
        opened.cell(1).evaluate("one => one.remove()")  # how the student of a test logs in
        opened.page.set_viewport_size({"width": 1000, "height": 1080})
        take(opened.page.locator(".jp-Notebook"), f"result-{theme}")


def task(browser: Browser, server: JupyterServer, theme: str) -> None:
    """A task with choices, answered and graded."""
    with notebook(browser, server, code("%inginious open demo/quiz")) as opened:
        opened.run_to_end(2)
        widget = opened.widget(2)
        widget.get_by_role("radio", name="It prints 10").check()
        for choice in ("a string", "a whole number"):
            widget.get_by_role("checkbox", name=choice).check()
        opened.submit(2)
        expect(opened.result(2)).to_contain_text("50 %")
        opened.page.set_viewport_size({"width": 1000, "height": 1500})
        take(widget, f"task-{theme}")


def queue(browser: Browser, server: JupyterServer, theme: str) -> None:
    """Submissions that wait for each other, and one that is running."""
    patience = [code("%inginious submit demo/patience seconds=8") for _ in range(4)]
    with notebook(browser, server, *patience) as opened:
        for number in (2, 3, 4, 5):
            opened.run_to_end(number)
        waiting = opened.widget(5).locator(".inginious-line", has_text="before you")
        expect(waiting).to_be_visible(timeout=20_000)
        opened.cell(1).evaluate("one => one.remove()")  # how the student of a test logs in
        opened.page.set_viewport_size({"width": 1000, "height": 500})
        take(opened.page.locator(".jp-Notebook"), f"queue-{theme}")


def history(browser: Browser, server: JupyterServer, theme: str) -> None:
    """Attempts at a task, one of them opened."""
    cells = (code("%inginious open demo/fib"), code("def fib(n): return n", "inginious:fib"))
    with notebook(browser, server, *cells) as opened:
        opened.run_to_end(2)
        for number, answer in enumerate((cells[1]["source"], ANSWER, ANSWER + "\n"), start=1):
            opened.write(3, answer)
            opened.submit(2)
            expect(opened.result(2)).to_contain_text(f"Submission {number}", timeout=30_000)
        opened.page.set_viewport_size({"width": 1000, "height": 2600})
        widget = opened.widget(2)
        widget.locator("summary", has_text="History").click()
        widget.get_by_role("button", name="Open: Submission 1").click()
        expect(widget.get_by_role("button", name="Restore this answer")).to_be_visible()
        take(widget.locator(".inginious-more"), f"history-{theme}")


def interface(browser: Browser, server: JupyterServer, theme: str) -> None:
    """JupyterLab's own interface: courses, a notebook with results beneath its cells, a task."""
    context = browser.new_context(
        viewport={"width": 1600, "height": 900}, device_scale_factor=1.5, locale="en-GB"
    )
    page = context.new_page()
    page.goto(f"{server.url}/lab?reset&token={TOKEN}")
    card = page.locator(".jp-LauncherCard").filter(has_text="Try the demo")
    card.click(timeout=60_000)
    page.get_by_role("button", name="Submit all").click(timeout=60_000)
    for task in ("Rabbits", "Counting roses", "In your own words"):
        row = page.locator(".inginious-task").filter(has_text=task)
        expect(row).to_contain_text("%", timeout=60_000)
    page.locator(".inginious-task").filter(has_text="Rabbits").click()
    statement = page.locator(".inginious-task-document")
    expect(statement).to_contain_text("The rule")
    answer = page.locator(".jp-Cell").filter(has_text="return fib(n - 1)").first
    answer.locator(".inginious-line").wait_for(timeout=60_000)
    answer.evaluate("one => one.scrollIntoView({ block: 'center' })")
    page.mouse.move(0, 0)
    page.screenshot(path=FOLDER / f"interface-{theme}.png", animations="disabled")
    sys.stdout.write(f"{FOLDER / f'interface-{theme}'}.png\n")
    context.close()
    server.end_kernels()


def class_view(browser: Browser, server: JupyterServer, theme: str) -> None:
    """A class that is graded: the test that most failed, and what they answered; on a projector."""
    write_class(server.folder / "handed-in")
    with notebook(browser, server, code("%inginious class handed-in")) as opened:
        opened.run_to_end(2)
        shown = opened.widget(2)
        everyone = f"{len(STUDENTS)} of {len(STUDENTS)} done"
        expect(shown).to_contain_text(everyone, timeout=60_000)
        shown.locator(".inginious-bar").first.click()
        expect(shown.locator(".inginious-side")).to_have_count(3, timeout=30_000)
        opened.page.set_viewport_size({"width": 1200, "height": 1500})
        take(shown, f"class-{theme}")
        opened.page.set_viewport_size({"width": 1280, "height": 720})
        shown.get_by_label("Projector").check()
        expect(opened.page.locator(".inginious-projector")).to_have_css("font-size", "22px")
        opened.page.screenshot(path=FOLDER / f"class-projector-{theme}.png", animations="disabled")


def main() -> None:
    """Take all pictures in both themes, or those that the command line names."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        for theme, settings in (("light", None), ("dark", DARK)):
            for plugins, pictures in (
                (False, (result, task, queue, history, class_view)),
                (True, (interface,)),
            ):
                wanted = [one for one in pictures if one.__name__ in (sys.argv[1:] or ALL)]
                if not wanted:
                    continue
                server = JupyterServer.start(
                    Path(folder) / f"{theme}-{plugins}",
                    plugins=plugins,
                    settings={**(settings or {}), **QUIET},
                    environ={"INGINIOUS_SLOTS": "1"}
                    | ({"INGINIOUS_COURSES": ""} if plugins else {}),
                )
                try:
                    for picture in wanted:
                        picture(browser, server, theme)
                finally:
                    server.stop()
        browser.close()


if __name__ == "__main__":
    main()
