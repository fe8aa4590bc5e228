"""A cell is graded: from an unsaved edit to the grade beneath it, also while the kernel works."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from playwright.sync_api import expect

from inginious_nb.course import demo_class

from .held_jobs import held_jobs
from .notebook import NotebookPage, code, load
from .server import CHECKOUT, COURSES

WRONG = "def fib(n):\n    return n"
RIGHT = demo_class.ANSWERS["right"].rstrip()


def test_an_edited_cell_is_graded_without_being_saved_or_run(open_notebook):
    notebook = open_notebook(load(), code("%inginious open demo/fib"), code(WRONG, "inginious:fib"))
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    widget = notebook.widget(2)
    expect(widget.get_by_role("button", name="cell [ ]: def fib(n):")).to_be_visible()
    notebook.write(3, RIGHT)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("Success")
    expect(notebook.result(2)).to_contain_text("100 %")
    # Never run, and what is on the disk is still the old answer.
    expect(notebook.cell(3).locator(".jp-InputArea-prompt")).to_have_text("[ ]:")
    assert any("return n" in str(cell["source"]) for cell in notebook.saved()["cells"])


def test_submit_and_stop_while_another_cell_sleeps(open_notebook):
    notebook = open_notebook(
        load(),
        code("%inginious open demo/patience"),
        code("60", "inginious:seconds"),
        code("import time\nwhile True:\n    time.sleep(1)"),
    )
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    widget = notebook.widget(2)
    expect(widget.get_by_role("button", name="cell [ ]: 60")).to_be_visible()
    notebook.run(4)
    expect(notebook.cell(4).locator(".jp-InputArea-prompt")).to_have_text("[*]:")
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text(
        re.compile(r"Running\s*\d+(\.\d)? s of at most 2 min")
    )
    widget.get_by_role("button", name="Stop:").click()
    expect(notebook.result(2)).to_contain_text("Stopped")
    # All of it happened while the cell was running.
    expect(notebook.cell(4).locator(".jp-InputArea-prompt")).to_have_text("[*]:")
    # A kernel that is busy ends late.
    notebook.page.get_by_role("button", name="Interrupt the kernel").click()
    notebook.wait_for_cell(4)


def test_a_reloaded_page_shows_the_last_result(open_notebook):
    notebook = open_notebook(
        load(),
        code("%inginious open demo/division"),
        code("3", "inginious:quotient"),
        code("2", "inginious:remainder"),
    )
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("100 %")
    notebook.save()
    notebook.reload()
    expect(notebook.result(2)).to_contain_text("100 %")
    # The live view is there, and its snapshot is not shown beside it.
    expect(notebook.output(2).locator(".inginious-snapshot")).to_be_hidden()
    # The saved notebook has the result for those who have no kernel.
    snapshot = json.dumps(notebook.saved()["cells"][1]["outputs"])
    assert "100 %" in snapshot
    assert "127.0.0.1" not in snapshot


def test_a_page_reloaded_during_a_running_job_still_gets_its_result(open_notebook, tmp_path):
    course = shutil.copytree(COURSES / "demo", tmp_path / "demo")
    notebook = open_notebook(
        load(INGINIOUS_COURSES=str(tmp_path)),
        code("%inginious open demo/patience"),
        code("0", "inginious:seconds"),
    )
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    # It runs for as long as the test wants it to.
    with held_jobs(course, "patience"):
        notebook.submit(2)
        expect(notebook.result(2)).to_contain_text("Running")
        notebook.save()
        notebook.reload()
        expect(notebook.result(2)).to_contain_text("Running")
        notebook.widget(2).get_by_role("button", name="Stop:").click()
        expect(notebook.result(2)).to_contain_text("Stopped")


@pytest.mark.usefixtures("kernels_end")
def test_the_quickstart_grades_every_answer(lab, page):
    cells = json.loads((CHECKOUT / "notebooks" / "quickstart.ipynb").read_text())
    name = "quickstart.ipynb"
    (lab.folder / name).write_text(json.dumps(cells))
    notebook = NotebookPage(lab, page, name)
    notebook.open()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    submissions = [
        number
        for number, cell in enumerate(cells["cells"], start=1)
        if "inginious submit" in "".join(cell["source"])
    ]
    for number in submissions:
        expect(notebook.result(number)).to_contain_text(" %", timeout=60_000)
