"""What a submit command shows: a refusal that can be answered, one line, the same card again."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from inginious_nb.client.results import JobResult
from inginious_nb.course import CourseLibrary
from inginious_nb.frontend import lines, serialize
from inginious_nb.frontend.snapshot import Snapshot

from .notebook import NotebookPage, code, load, write_notebook
from .server import CHECKOUT

WATCH_SHIFTS = """() => {
    window.shifts = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifts += entry.value;
    }).observe({ type: "layout-shift" });
}"""


def test_from_an_untagged_cell_to_a_line_that_stays_when_the_cell_runs_again(open_notebook):
    submit = code("%inginious submit demo/fib")
    notebook = open_notebook(load(), code("def fib(n):\n    return n"), submit, code("1"))
    notebook.run_to_end(1)
    notebook.run_to_end(3)
    output = notebook.widget(3)
    # Nobody needs to know tags: the refusal has the choice of cells.
    expect(output.get_by_role("alert")).to_contain_text("The function fib")
    expect(output).to_contain_text("Not sent")
    expect(output).to_contain_text("no grade")
    output.get_by_label("Cell that answers").select_option("Cell [ ]: def fib(n):")
    expect(output.get_by_role("button", name="cell [ ]: def fib(n):")).to_be_visible()
    output.get_by_role("button", name="Submit:").click()
    line = output.locator(".inginious-line")
    expect(line).to_contain_text("Failed")
    expect(line).to_contain_text("40 % · 2 of 5")
    expect(output.get_by_role("alert")).to_be_empty()
    assert line.bounding_box()["height"] <= 40
    assert notebook.output(3).bounding_box()["height"] <= 90
    output.get_by_role("button", name="Details").click()
    # The names of the tags in course.yaml.
    expect(output.get_by_role("list", name="not passed")).to_contain_text("How it goes on")
    output.get_by_role("button", name="Hide details").click()

    notebook.page.evaluate(WATCH_SHIFTS)
    notebook.write(2, "def fib(n):\n    return 1")
    notebook.run_to_end(3)
    expect(line).to_contain_text("20 %")
    assert notebook.page.evaluate("window.shifts") <= 0.05
    notebook.save()
    outputs = notebook.saved()["cells"][2]["outputs"]
    views = [one for one in outputs if "application/vnd.jupyter.widget-view+json" in one["data"]]
    assert len(views) == 1
    (html,) = ["".join(one["data"]["text/html"]) for one in outputs if "text/html" in one["data"]]
    result = html.rpartition("</style>")[2]
    assert len(result.encode()) <= 3_000
    assert "20 %" in result
    assert json.dumps(notebook.saved()).count("<style>") == 1


@pytest.mark.usefixtures("kernels_end")
def test_where_a_notebook_is_not_trusted_the_saved_result_still_reads_well(lab, page):
    task = CourseLibrary([CHECKOUT / "notebooks" / "courses" / "demo"]).task("demo/division")
    outcome = JobResult(
        ("failed", "Nearly: :math:`17 = 5 q + r`."), 50.0, {}, {"adds": True, "divides": False}
    )
    result = serialize.result_info(task, outcome, submission_id="s", number=3, at=None)
    line = lines.result_line(result, "en")
    shown = Snapshot(task, line, result, saved="Saved by ada. Trust it.", key="k", styled=True)
    cell = code("%inginious submit demo/division")
    cell["outputs"] = [{"output_type": "display_data", "data": shown.bundle, "metadata": {}}]
    notebook = NotebookPage(lab, page, write_notebook(lab, [cell]))
    notebook.open()
    output = notebook.output(1)
    summary = output.locator("summary").first
    expect(summary).to_have_text("✗ Failed 50 % · 1 of 2 · ✗ divides")
    summary.click()
    expect(output).to_contain_text("Sharing apples · Submission 3")
    expect(output).to_contain_text("✗ divides")
    expect(output.get_by_text("Nearly:")).to_be_visible()
    # JupyterLab takes MathML away, and typesets TeX; the style sheet is gone, too.
    expect(output.locator("style")).to_have_count(0)
    expect(output.locator("mjx-container")).to_have_count(1)
    expect(output.get_by_text("Saved by ada. Trust it.")).to_be_visible()
