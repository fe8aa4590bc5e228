"""For those who work by keyboard or listen: the focus, what is said, what is disconnected."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from . import states
from .stage import show, unfold


@pytest.mark.parametrize("look", ["new", "slim-new"])
def test_focus_stays_where_it_is_through_a_whole_submission(stage, looks, look):
    page = stage.page
    show(stage, looks, look)
    button = page.get_by_role("button", name="Submit:")
    button.focus()
    handle = button.element_handle()
    for name in ("sent", "queued", "running", "stopping", "failed"):
        stage.change(**{key: looks[name][0][key] for key in ("submission", "result", "history")})
        word = {"stopping": "Running"}.get(name, name.capitalize())
        expect(page.locator(".inginious-line-word")).to_have_text(word)
        assert page.evaluate("button => document.activeElement === button", handle), name


def focused(page):
    """The words on what has the focus."""
    return page.evaluate(
        "document.activeElement.closest('#stage') && document.activeElement.innerText"
    )


def test_focus_stays_on_stop_when_there_is_nothing_left_to_stop(stage, looks):
    page = stage.page
    show(stage, looks, "running")
    stop = page.get_by_role("button", name="Stop:")
    stop.focus()
    stage.change(**{key: looks["failed"][0][key] for key in ("submission", "result", "history")})
    expect(stop).to_have_attribute("aria-disabled", "true")
    assert focused(page) == "Stop"
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("^Submit")).focus()
    expect(stop).to_have_count(0)
    assert stage.sent("kill") == []


def test_focus_goes_on_to_what_takes_the_place_of_a_button(stage, looks):
    page = stage.page
    state, answers = looks["shell"]
    stage.show(state, answers={**answers, "ssh": {"command": "ssh x", "password": "p"}})
    page.get_by_role("button", name="Show how to connect").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copy", exact=True).first).to_be_focused()


def test_focus_comes_back_from_the_question_whether_to_restore(stage, looks):
    page = stage.page
    state, answers = looks["failed"]
    old = {"word": {"text": "quick", "choices": []}}
    attempt = {"row": state["history"][2], "result": None, "answers": old}
    stage.show(state, answers={**answers, "open": attempt, "draft": {}})
    unfold(page)
    page.get_by_role("button", name="Open: Submission 1").click()
    restore = page.get_by_role("button", name="Restore this answer")
    for choice in ("Cancel", "Replace"):
        restore.click()
        page.get_by_role("button", name=choice, exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=choice, exact=True)).to_have_count(0)
        expect(restore).to_be_focused()
    expect(page.get_by_role("textbox", name="A word")).to_have_value("quick")
    # The kernel says that it is the answer now.
    known = {**states.preview(word="widget")["answers"][0], "text": "quick"}
    page.evaluate("known => { window.answers.preview = { answers: [known] } }", known)
    page.get_by_role("textbox", name="Its costs").fill("n")
    restore.focus()
    expect(page.get_by_text("The answer was the same as now")).to_be_visible()
    expect(restore).to_be_focused()
    expect(restore).to_have_attribute("aria-disabled", "true")


def test_what_cannot_be_asked_of_a_kernel_that_is_gone_looks_and_says_so(stage, looks):
    page = stage.page
    page.evaluate(
        """() => {
            window.ticking = new Set();
            const [begin, end] = [window.setInterval, window.clearInterval];
            window.setInterval = (...call) => {
                const timer = begin(...call);
                window.ticking.add(timer);
                return timer;
            };
            window.clearInterval = (timer) => {
                window.ticking.delete(timer);
                end(timer);
            };
        }"""
    )
    running = looks["running"][0]["submission"]
    show(stage, looks, "failed", submission=running | {"has_ssh": True})
    page.wait_for_function("window.ticking.size === 1")
    page.evaluate("window.kernelBecomes('restarting')")
    unfold(page)
    names = ("Submit again:", "Stop:", "Show how to connect", "Download the archive (2.3 kB)")
    for name in (*names, "Open: Submission 1"):
        button = page.get_by_role("button", name=name)
        expect(button).to_have_attribute("aria-disabled", "true")
    for name in names[1:]:
        page.get_by_role("button", name=name).click(force=True)
        expect(page.get_by_role("alert")).to_contain_text("The kernel was restarted or stopped")
    opens = page.get_by_role("button", name="Open: Submission 1")
    opens.click(force=True)
    expect(opens).to_have_attribute("aria-expanded", "false")
    # What the kernel counted stands still.
    assert page.evaluate("window.ticking.size") == 0


def test_a_screen_reader_hears_phases_and_result_and_no_ticks(stage, looks):
    page = stage.page
    show(stage, looks, "queued")
    heard = page.get_by_role("status")
    # Seldom, and never less than there are.
    expect(heard).to_have_text("Queued: at most 20 before you")
    stage.change(**{key: looks["failed"][0][key] for key in ("submission", "result")})
    expect(heard).to_have_text("Done: Failed, 80 %")
    stage.change(submission=looks["running"][0]["submission"])
    expect(heard).to_have_text("Running")


def test_a_screen_reader_hears_everything_once(stage, looks):
    page = stage.page
    slim = looks["slim-new"][0]
    for name, role, words in (
        ("running", "status", "Running"),
        ("refused", "alert", "the answer is empty"),
    ):
        state, answers = looks[name]
        others = [slim | {"key": key, "submission": state["submission"]} for key in ("b", "c")]
        stage.show(state, *others, answers={**answers, "draft": {}}, views=2)
        expect(page.get_by_role(role).filter(has_text=words)).to_have_count(1)
    expect(page.get_by_text("the answer is empty")).to_have_count(6)
    page.evaluate("window.kernelBecomes('restarting')")
    expect(page.get_by_text("Disconnected")).to_have_count(6)
    expect(page.get_by_role("status").filter(has_text="Disconnected")).to_have_count(1)
