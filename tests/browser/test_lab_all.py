"""*Submit all*: in the order of the notebook, after a question, with a tally and a notification."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .held_jobs import held_jobs
from .lab_page import copy_demo, line, submitted, without_kernel
from .notebook import code, markdown

FAR_DOWN = 40
PATIENCE = "Patience: How many seconds?"
FIB = "Rabbits, sunflowers, Fibonacci: The function fib"


@pytest.fixture
def ask_always(server):
    """Have *Submit all* ask each time."""
    server.change_settings("inginious-nb:service", confirmSubmitAll="always")
    yield
    server.change_settings("inginious-nb:service")


@pytest.mark.usefixtures("ask_always")
def test_all_are_submitted_from_top_to_bottom(server, open_lab, page):
    without_kernel(
        server,
        open_lab,
        code("3", "inginious:demo/division/quotient"),
        code("2", "inginious:demo/division/remainder"),
        code("1", "inginious:demo/patience/seconds"),
        code("fib = abs", "inginious:demo/fib/fib"),
        markdown("\n\n".join(["A long way down."] * FAR_DOWN)),
        markdown("It asks twice.", "inginious:demo/essay/explanation"),
    )
    for own in (PATIENCE, FIB):
        expect(line(page, own)).to_be_visible()
    # A cell that was moved is submitted where it stands now.
    page.locator(".jp-CodeCell").nth(2).locator(".jp-InputArea-prompt").click()
    for _ in range(2):
        page.keyboard.press("Control+Shift+ArrowUp")
    before = submitted(server)
    every = page.get_by_role("button", name="Submit all")
    dialog = page.get_by_role("dialog")
    every.click()
    asked = "Submit 4 tasks?.*Patience.*Sharing apples.*Fibonacci.*words"
    expect(dialog).to_contain_text(re.compile(asked))
    dialog.get_by_role("button", name="Cancel").click()
    assert submitted(server) == before
    # The first is graded, and those that wait behind it, once nobody sees their cells.
    with held_jobs(copy_demo(server), "patience"):
        every.click()
        dialog.get_by_role("button", name="Submit all").click()
        expect(dialog).to_have_count(0)
        page.locator(".jp-MarkdownCell").last.scroll_into_view_if_needed()
        for own in (PATIENCE, FIB):
            expect(line(page, own)).not_to_be_in_viewport()
    # What arrives out of sight is told once, for some seconds, with a way to it.
    told = page.locator(".jp-toastContainer").get_by_role("alert")
    expect(told).to_contain_text("of 4 passed")
    told.get_by_role("button", name="Go to cell").click()
    expect(page.locator(".jp-Cell.jp-mod-active")).to_be_in_viewport()
    expect(page.locator(".inginious-tally-count")).to_contain_text("This notebook: 2 of 4 passed")
    assert submitted(server)[len(before) :] == ["patience", "division", "fib", "essay"]
