"""Without a mouse, on a small page, and for those who do not see it as others do."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import AXE
from .lab_page import START_LIMIT_MS, find_command, one_more_graded, run_command, task

# What is ours in the page.
OURS = (
    ".inginious-courses",
    ".inginious-task-document",
    ".inginious-answer-line",
    ".inginious-queue",
    ".inginious-submit-all",
    ".inginious-tally-count",
    ".jp-StatusBar-Left",
)
MAX_STEPS = 40
FOUND = """async (ours) => {
    const { violations } = await axe.run({ include: ours.map((one) => [one]) });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}"""
# What reaches out of the place that it has, and cannot be scrolled to there.
CUT_OFF = """(ours) => ours.filter((one) =>
    [...document.querySelectorAll(one)].some((node) => {
        const { overflowX } = getComputedStyle(node);
        const scrolls = overflowX === "auto" || overflowX === "scroll";
        return node.clientWidth && !scrolls && node.scrollWidth > node.clientWidth + 1;
    }))"""


@pytest.fixture
def theme(server):
    """The theme is a setting, which the server keeps: another test has the one of before."""
    yield
    server.change_settings("@jupyterlab/apputils-extension:themes")


@pytest.fixture
def go_to(page):
    """Press Tab until something has the focus."""

    def pressed(wanted):
        expect(wanted).to_be_visible(timeout=START_LIMIT_MS)
        for _ in range(MAX_STEPS):
            if wanted.evaluate("node => node === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {wanted}.")

    return pressed


@pytest.mark.usefixtures("theme")
def test_from_the_launcher_to_a_grade_by_keyboard_alone(server, open_lab, page, go_to):
    page.add_init_script(path=AXE)
    open_lab()
    go_to(page.locator(".jp-LauncherCard").filter(has_text="Try the demo"))
    page.keyboard.press("Enter")
    lines = page.locator(".inginious-answer-line")
    expect(lines.first).to_be_visible(timeout=START_LIMIT_MS)
    # The palette closes when something else takes the focus, as a notebook does while it opens.
    expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute(
        "data-status", "idle", timeout=START_LIMIT_MS
    )
    page.wait_for_function("document.activeElement.closest('.jp-Notebook')")
    run_command(page, "Show the courses")
    expect(page.locator(".inginious-search")).to_be_focused()
    page.keyboard.insert_text("rabbits")
    go_to(task(page, "Rabbits"))
    page.keyboard.press("Enter")
    statement = page.locator(".inginious-task-document")
    submit = statement.get_by_role("button", name=re.compile("^Submit"))
    go_to(submit)
    with one_more_graded(server, "fib"):
        page.keyboard.press("Enter")
    expect(statement.get_by_role("region", name="Result")).to_contain_text(re.compile(r"\d+ %"))
    # The palette opens from everywhere, and what was asked for has the focus.
    run_command(page, "Show the queue")
    queue = page.locator(".inginious-queue")
    expect(queue).to_be_visible()
    assert page.evaluate(FOUND, OURS) == []
    found = find_command(page, "JupyterLab Dark")
    expect(found).to_have_class(re.compile("lm-mod-active"))
    page.keyboard.press("Enter")
    expect(page.locator("body[data-jp-theme-light=false]")).to_be_attached()
    assert page.evaluate(FOUND, OURS) == []
    # As a phone has it, and as a page that is enlarged twice.
    for width in (320, 600):
        page.set_viewport_size({"width": width, "height": 700})
        # JupyterLab lays its panels out anew a moment later.
        page.wait_for_function(f"(ours) => ({CUT_OFF})(ours).length === 0", arg=OURS)
