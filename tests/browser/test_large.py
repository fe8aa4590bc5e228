"""More than a Jupyter server lets pass at once, and a connection that breaks."""

from __future__ import annotations

from playwright.sync_api import expect

from .notebook import code, load

TOO_LARGE = 11_000_000
DIVISION = code("%inginious open demo/division")
QUOTIENT, REMAINDER = code("3", "inginious:quotient"), code("2", "inginious:remainder")


def test_an_answer_that_is_too_large_for_one_message_arrives(open_notebook):
    line = f"# {'x' * 100}\n"
    answer = code(line * (TOO_LARGE // len(line)) + "9", "inginious:quotient")
    notebook = open_notebook(load(), DIVISION, answer, REMAINDER)
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("50 %", timeout=40_000)


# As a server does that finds a message too large: the socket is closed, and the message lost.
BREAK_AT_SUBMIT = """() => {
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        const text = typeof data === "string" ? data : new TextDecoder().decode(data);
        if (!window.breaks || !text.includes('"kind":"submit"')) return send.call(this, data);
        window.breaks = false;
        this.close(3000);
    };
}"""


def test_a_connection_that_breaks_is_told_and_nothing_is_lost(open_notebook, page):
    page.add_init_script(f"({BREAK_AT_SUBMIT})()")
    notebook = open_notebook(load(), DIVISION, QUOTIENT, in_page=page)
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    widget = notebook.widget(2)
    widget.get_by_role("textbox", name="A remainder").fill("2")
    expect(widget.get_by_role("button", name="cell [ ]: 3")).to_be_visible()
    page.evaluate("window.breaks = true")
    notebook.submit(2)
    expect(widget.get_by_role("alert")).to_contain_text("What you entered is still here")
    expect(widget.get_by_role("button", name="Submit:")).to_be_enabled()
    notebook.server.wait_for_kernel(notebook.name)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("100 %", timeout=30_000)
