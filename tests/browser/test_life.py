"""A widget's life: kernels that restart, pages that close, several views and several widgets."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from .notebook import code, load

OPEN = code("%inginious open demo/division")
QUOTIENT, REMAINDER = code("3", "inginious:quotient"), code("1", "inginious:remainder")


@pytest.fixture
def graded(open_notebook):
    """A notebook whose task was submitted and is half right."""
    notebook = open_notebook(load(), OPEN, QUOTIENT, REMAINDER, OPEN | {"id": "second"})
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("50 %")
    return notebook


def test_the_static_view_never_shows_beside_the_live_one(open_notebook):
    notebook = open_notebook(load(), OPEN)
    notebook.page.evaluate(
        """() => {
            window.flashed = false;
            new MutationObserver(() => {
                for (const one of document.querySelectorAll(".inginious-snapshot"))
                    window.flashed ||= one.checkVisibility();
            }).observe(document, { childList: true, subtree: true });
        }"""
    )
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    expect(notebook.widget(2)).to_be_visible()
    expect(notebook.output(2).locator(".inginious-snapshot")).to_be_attached()
    assert not notebook.page.evaluate("window.flashed")


def test_a_host_without_live_views_shows_the_static_one(open_notebook, page):
    notebook = open_notebook(load(), OPEN, in_page=page)
    notebook.page.route("**/labextensions/anywidget/**", lambda route: route.abort())
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    expect(notebook.output(2).get_by_role("heading", name="Sharing")).to_be_visible()


def test_a_restarted_kernel_disconnects_the_widget_until_the_extension_is_loaded(graded):
    graded.restart_kernel()
    widget = graded.widget(2)
    expect(widget.get_by_text("Disconnected: the kernel was restarted.")).to_be_visible()
    expect(graded.result(2)).to_contain_text("50 %")
    expect(widget.get_by_role("button", name="Submit again")).to_have_attribute(
        "aria-disabled", "true"
    )
    graded.run_to_end(1)
    expect(widget.get_by_text("Disconnected")).to_have_count(0)
    graded.write(4, "2")
    graded.submit(2)
    expect(graded.result(2)).to_contain_text("100 %")


def test_a_notebook_opened_without_its_kernel_shows_the_saved_result(graded):
    graded.save()
    graded.server.end_kernels()
    graded.open()
    output = graded.output(2)
    expect(output.locator("summary", has_text="50 %")).to_be_visible()
    expect(output.get_by_text("run %load_ext inginious_nb")).to_be_visible()
    expect(output.get_by_text("Error displaying widget")).to_be_hidden()
    # And goes on from there.
    graded.run_to_end(1)
    expect(graded.result(2)).to_contain_text("50 %")
    expect(output.get_by_text("To go on")).to_be_hidden()
    graded.write(4, "2")
    graded.submit(2)
    expect(graded.result(2)).to_contain_text("100 %")
    expect(graded.output(2).locator(".inginious-snapshot summary")).to_contain_text("100 %")


def test_at_another_persons_desk_the_saved_result_stays(graded):
    graded.save()
    graded.server.end_kernels()
    graded.open()
    graded.write(1, load()["source"])  # another student
    graded.run_to_end(1)
    expect(graded.widget(2)).to_be_visible()
    output = graded.output(2)
    expect(output.locator("summary", has_text="50 %")).to_be_visible()
    expect(output.get_by_text("Saved by student-")).to_be_visible()
    expect(output.get_by_text("Not submitted yet")).to_have_count(0)
    # What this one submits is theirs.
    graded.write(4, "2")
    graded.submit(2)
    expect(graded.result(2)).to_contain_text("100 %")
    expect(output.locator(".inginious-snapshot")).to_be_hidden()


LOOK = """widget => {
    const selectors = ["h2", "h3", ".inginious-html p", ".inginious-html pre",
        ".inginious-html code", ".inginious-problem-feedback", ".inginious-tests > li",
        ".admonition p"];
    const properties = ["color", "background-color", "border", "font", "padding", "text-align"];
    return Object.fromEntries(selectors.map((selector) => {
        const found = widget.querySelector(selector);
        const style = found && getComputedStyle(found);
        return [selector, style && properties.map((name) => style.getPropertyValue(name))];
    }));
}"""


def test_the_static_view_looks_like_the_live_one(open_notebook):
    wrong = code("def fib(n):\n    return n", "inginious:fib")
    notebook = open_notebook(load(), code("%inginious open demo/fib"), wrong)
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("40 %", timeout=30_000)
    static = notebook.output(2).locator(".inginious-snapshot")
    expect(static.locator("summary", has_text="40 %")).to_be_attached()
    live = notebook.widget(2).evaluate(LOOK)
    assert None not in live.values()
    # JupyterLab has styles of its own for HTML in an output; they do not count.
    assert static.evaluate(LOOK) == live


def test_a_page_reloaded_after_a_restart_is_woken_by_the_extension_and_stays_awake(graded):
    graded.restart_kernel()
    graded.save()
    graded.reload()
    expect(graded.output(2).get_by_text("run %load_ext inginious_nb")).to_be_visible()
    graded.run_to_end(1)
    expect(graded.result(2)).to_contain_text("50 %")
    graded.widget(2).locator("summary", has_text="History").click()
    expect(graded.widget(2).get_by_role("button", name="Open: Submission 1")).to_be_visible()
    # The kernel knows it now, also when the page is reloaded once more.
    graded.save()
    graded.reload()
    graded.write(4, "2")
    graded.submit(2)
    expect(graded.result(2)).to_contain_text("100 %")


def test_a_widget_woken_in_its_page_is_there_when_the_page_is_reloaded(graded):
    graded.restart_kernel()
    graded.run_to_end(1)
    expect(graded.widget(2).get_by_text("Disconnected")).to_have_count(0)
    graded.save()
    graded.reload()
    graded.write(4, "2")
    graded.submit(2)
    expect(graded.result(2)).to_contain_text("100 %")


def test_the_results_of_commands_are_told_apart_when_the_notebook_is_opened_again(open_notebook):
    submit = code("%inginious submit demo/division")
    slim = code("%%inginious answer demo/fib/fib\n1")
    notebook = open_notebook(load(), submit, QUOTIENT, REMAINDER, submit | {"id": "later"}, slim)
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    expect(notebook.result(2)).to_contain_text("50 %")
    notebook.write(4, "2")
    notebook.run_to_end(5)
    expect(notebook.result(5)).to_contain_text("100 %")
    notebook.run_to_end(6)
    notebook.save()
    notebook.server.end_kernels()
    notebook.open()
    notebook.run_to_end(1)
    expect(notebook.result(2)).to_contain_text("50 %")
    expect(notebook.result(5)).to_contain_text("100 %")
    expect(notebook.widget(6).get_by_role("button", name="Submit")).to_be_visible()
    # What is submitted here from now on is this widget's own.
    notebook.submit(5)
    expect(notebook.result(5)).to_contain_text("100 %")
    notebook.result(5).get_by_role("button", name="Details").click()
    expect(notebook.result(5)).to_contain_text("Submission 3")
    expect(notebook.result(2)).to_contain_text("50 %")


def test_a_notebook_that_names_widgets_of_no_task_wakes_nothing(graded):
    graded.save()
    graded.server.end_kernels()
    notebook = graded.saved()
    for output in notebook["cells"][1]["outputs"]:
        if "inginious" in output["metadata"]:
            output["metadata"]["inginious"]["task"] = "demo/gone"
    (graded.server.folder / graded.name).write_text(json.dumps(notebook))
    graded.open()
    graded.run_to_end(1)
    graded.run_to_end(5)
    expect(graded.result(5)).to_contain_text("50 %")
    expect(graded.output(2).get_by_text("run %load_ext inginious_nb")).to_be_visible()


def test_a_result_that_comes_after_a_reload_is_saved_with_the_notebook(graded):
    graded.save()
    graded.reload()
    expect(graded.result(2)).to_contain_text("50 %")
    graded.write(4, "2")
    graded.submit(2)
    expect(graded.result(2)).to_contain_text("100 %")
    expect(graded.output(2).locator(".inginious-snapshot summary")).to_contain_text("100 %")
    graded.save()
    assert "100 %" in json.dumps(graded.saved()["cells"][1]["outputs"])


def test_widgets_and_views_of_a_task_stay_in_step(graded):
    graded.run_to_end(5)
    expect(graded.result(5)).to_contain_text("50 %")
    graded.cell(2).locator(".jp-OutputArea").first.click(button="right")
    graded.page.get_by_role("menuitem", name="Create New View for Cell Output").click()
    view = graded.page.locator(".jp-LinkedOutputView .inginious-live .inginious")
    expect(view.get_by_role("region", name="Result")).to_contain_text("50 %")
    graded.write(4, "2")
    view.get_by_role("button", name="Submit again").click()
    for result in (graded.result(2), graded.result(5), view.get_by_role("region", name="Result")):
        expect(result).to_contain_text("100 %")
    for widget in (graded.widget(2), graded.widget(5), view):
        expect(widget.locator(".inginious-facts")).to_contain_text("2 attempts")
