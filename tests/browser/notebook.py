"""A notebook in a page, driven as a person would: by what can be seen and pressed."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Locator, Page, expect

from .server import TOKEN

if TYPE_CHECKING:
    from .server import JupyterServer

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
KERNEL_LIMIT_MS = 40_000
# A notebook that was opened again has numbers of an earlier run, which may be the same ones.
_WATCH = """prompt => {
    prompt.hasRun = false;
    let started = false;
    const observer = new MutationObserver(() => {
        started ||= prompt.textContent.includes("*");
        if (!started || !/\\d/.test(prompt.textContent)) return;
        observer.disconnect();
        prompt.hasRun = true;
    });
    observer.observe(prompt, { childList: true, characterData: true, subtree: true });
}"""

_KEEPS = """([index, number]) => {
    const { content } = window.jupyterapp.shell.currentWidget;
    return content.widgets[index].model.getMetadata("inginious")?.number === number;
}"""


def code(source: str, *tags: str) -> dict[str, Any]:
    """A code cell."""
    return _cell("code", source, tags) | {"execution_count": None, "outputs": []}


def load(**environ: str) -> dict[str, Any]:
    """A cell that loads the extension for a student whom no other test knows.

    Args:
        environ: More environment variables of inginious_nb.
    """
    environ = {"INGINIOUS_USERNAME": f"student-{uuid.uuid4().hex[:8]}"} | environ
    return code(f"import os\nos.environ.update({environ})\n%load_ext inginious_nb")


def markdown(source: str, *tags: str) -> dict[str, Any]:
    """A markdown cell."""
    return _cell("markdown", source, tags)


def _cell(kind: str, source: str, tags: tuple[str, ...]) -> dict[str, Any]:
    return {
        "cell_type": kind,
        "id": uuid.uuid4().hex[:12],
        "metadata": {"tags": list(tags)} if tags else {},
        "source": source,
    }


def write_notebook(
    server: JupyterServer,
    cells: list[dict[str, Any]],
    kernelspec: dict[str, str] | None = KERNELSPEC,
) -> str:
    """Put a notebook with these cells on the server; returns its name."""
    name = f"notebook-{uuid.uuid4().hex[:8]}.ipynb"
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernelspec, "language_info": {"name": "python"}}
        if kernelspec
        else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (server.folder / name).write_text(json.dumps(notebook))
    return name


@dataclass
class NotebookPage:
    """A notebook that is open in a page."""

    server: JupyterServer
    page: Page
    name: str

    def open(self, path: str = "") -> None:
        """Load the page and wait for its kernel."""
        address = path or f"lab/workspaces/{uuid.uuid4().hex[:8]}/tree/{self.name}"
        self.page.goto(f"{self.server.url}/{address}?token={TOKEN}")
        self.wait_for_kernel()

    def reload(self) -> None:
        """Reload the page, as the browser's button does."""
        self.page.reload()
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the notebook is there and its kernel idle."""
        expect(self.page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(
            timeout=KERNEL_LIMIT_MS
        )
        self.server.wait_for_kernel(self.name)
        expect(self.page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute(
            "data-status", "idle", timeout=KERNEL_LIMIT_MS
        )

    def cell(self, number: int) -> Locator:
        """A cell by its 1-based position."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number - 1)

    def output(self, number: int) -> Locator:
        """What stands beneath a cell."""
        return self.cell(number).locator(".jp-OutputArea")

    def widget(self, number: int) -> Locator:
        """The live widget beneath a cell."""
        return self.output(number).locator(".inginious-live .inginious")

    def run(self, number: int) -> None:
        """Select a cell and run it; does not wait for its end."""
        self._editor(number).click()
        self._prompt(number).evaluate(_WATCH)
        self.page.keyboard.press("Control+Enter")

    def run_to_end(self, number: int) -> None:
        """Run a cell and wait until it has ended."""
        self.run(number)
        self.wait_for_cell(number)

    def wait_for_cell(self, number: int) -> None:
        """Wait until a cell that was run has been executed."""
        self.page.wait_for_function(
            "prompt => prompt.hasRun",
            arg=self._prompt(number).element_handle(),
            timeout=KERNEL_LIMIT_MS,
        )

    def write(self, number: int, text: str) -> None:
        """Replace the text of a cell by typing, without running it."""
        self._editor(number).click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def source(self, number: int) -> str:
        """The text of a cell as it stands in the live document."""
        return self._editor(number).inner_text()

    def restart_kernel(self) -> None:
        """Restart the kernel with the toolbar's button, and wait for the new one."""
        self.page.get_by_role("button", name="Restart the kernel", exact=True).click()
        # Until the server has answered, the kernel is as idle as it was.
        with self.page.expect_response(
            lambda answer: answer.url.split("?")[0].endswith("/restart"), timeout=KERNEL_LIMIT_MS
        ):
            self.page.locator(".jp-Dialog .jp-mod-accept").click()
        expect(self.page.locator(".jp-Dialog")).to_have_count(0)
        self.wait_for_kernel()

    def save(self) -> None:
        """Save the notebook and wait for it."""
        with self.page.expect_response(
            lambda answer: "/api/contents/" in answer.url and answer.request.method == "PUT"
        ):
            self.page.keyboard.press("Control+s")

    def wait_for_summary(self, number: int, *, of: int) -> None:
        """Wait until a cell keeps the summary of a submission, which is seen before it is kept."""
        self.page.wait_for_function(_KEEPS, arg=[number - 1, of])

    def saved(self) -> dict[str, Any]:
        """The notebook as it is on the disk."""
        return json.loads((self.server.folder / self.name).read_text())

    def submit(self, number: int) -> None:
        """Press Submit in the widget beneath a cell."""
        self.widget(number).get_by_role("button", name=re.compile("Submit")).click()

    def result(self, number: int) -> Locator:
        """The result in the widget beneath a cell."""
        return self.widget(number).get_by_role("region", name="Result")

    def _prompt(self, number: int) -> Locator:
        return self.cell(number).locator(".jp-InputArea-prompt")

    def _editor(self, number: int) -> Locator:
        return self.cell(number).locator(".jp-InputArea .cm-content")
