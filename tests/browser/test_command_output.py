"""What a submit command shows: a refusal that can be answered, one line, the same card again."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from .notebook import code, load

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
    output.get_by_role("button", name="Submit", exact=True).click()
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
