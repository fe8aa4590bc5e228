"""What the widget costs in a browser: a table, and a JSON file. Read from Chromium's own traces.

Run as ``python -m tests.bench.bench_widget [--count 9] [--json FILE]``. In a bare page, a state
made by Python's half is handed to the built front end; "first paint" is from that moment to the
first paint in the trace. In a real JupyterLab, where ``%inginious open`` is run, it is from the
arrival of the widget's data (its ``comm_open`` message) to the first paint after its title is in
the page. Scrolling is a wheel turned over a long feedback and a thousand tests.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright
from rich.console import Console
from rich.table import Table

from inginious_nb.client.results import JobResult
from inginious_nb.frontend import serialize
from tests.browser import states
from tests.browser.chromium import launch
from tests.browser.notebook import NotebookPage, code, load, write_notebook
from tests.browser.server import JupyterServer
from tests.browser.stage import STATIC, Stage, serving

CATEGORIES = ["devtools.timeline", "blink.user_timing", "disabled-by-default-devtools.timeline"]
WANTED_PAINT_MS = 100
WANTED_TASK_MS = 50
WANTED_BUNDLE_KB = 50
LONG_FEEDBACK = "A line of feedback that says something about the answer.\n\n" * 17_500  # 1 MB

WIDGETS_IN_A_PAGE = 3

# Marks the moments in JupyterLab that the trace by itself does not name.
WATCH_JUPYTERLAB = """(() => {
    const text = (data) => (typeof data === "string" ? data : new TextDecoder().decode(data));
    window.WebSocket = class extends window.WebSocket {
        constructor(...all) {
            super(...all);
            this.addEventListener("message", ({ data }) => {
                const message = text(data);
                if (message.includes('"comm_open"') && message.includes("context_html"))
                    performance.mark("the data is here");
            });
        }
    };
    let known = 0;
    new MutationObserver(() => {
        const titles = document.querySelectorAll(".inginious-live .inginious h2").length;
        if (titles > known) performance.mark("it is in the page");
        known = titles;
    }).observe(document, { childList: true, subtree: true });
})()"""


def events(browser: Browser, page: Page, act: Any) -> list[dict[str, Any]]:
    """The trace of what the page does while act runs."""
    browser.start_tracing(page=page, categories=CATEGORIES)
    act()
    return json.loads(browser.stop_tracing())["traceEvents"]


def first_paint_ms(browser: Browser, stage: Stage, state: dict[str, Any]) -> float:
    """From the state to the first paint that has it, in milliseconds."""

    def show() -> None:
        stage.page.evaluate(
            """async ([state]) => {
                performance.mark("the data is here");
                await window.show([state], {});
                performance.mark("it is shown");
                await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            }""",
            [state],
        )

    return paint_after_ms(events(browser, stage.page, show), "it is shown")


def paint_after_ms(trace: list[dict[str, Any]], mark: str) -> float:
    """From the data to the first paint after another mark, in milliseconds."""
    start = next(event["ts"] for event in trace if event["name"] == "the data is here")
    shown = next(event["ts"] for event in trace if event["name"] == mark)
    paints = [event["ts"] for event in trace if event["name"] == "Paint" and event["ts"] > shown]
    return (min(paints) - start) / 1000


def first_paints_in_jupyterlab_ms(browser: Browser, server: JupyterServer) -> list[float]:
    """The first paint of each of some widgets in a new page, in milliseconds."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.add_init_script(WATCH_JUPYTERLAB)
    cells = [load(), *(code("%inginious open demo/fib") for _ in range(WIDGETS_IN_A_PAGE))]
    notebook = NotebookPage(server, page, write_notebook(server, cells))
    notebook.open()
    notebook.run_to_end(1)

    def show(number: int) -> None:
        notebook.run(number)
        expect(notebook.widget(number)).to_be_visible()
        notebook.wait_for_cell(number)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    found = [
        paint_after_ms(events(browser, page, partial(show, number)), "it is in the page")
        for number in range(2, 2 + WIDGETS_IN_A_PAGE)
    ]
    page.close()
    server.end_kernels()
    return found


def measured_in_jupyterlab(browser: Browser, count: int) -> list[dict[str, Any]]:
    """The rows that need a JupyterLab; a page is loaded for each three of the count."""
    with tempfile.TemporaryDirectory(prefix="inginious-bench-") as folder:
        server = JupyterServer.start(Path(folder) / "server")
        try:
            pages = range(max(3, count // 3))
            found = [first_paints_in_jupyterlab_ms(browser, server) for _ in pages]
        finally:
            server.stop()
    further = [paint for paints in found for paint in paints[1:]]
    return [
        {"what": what, "ms": statistics.median(paints), "wanted_ms": WANTED_PAINT_MS}
        for what, paints in (
            ("first paint in JupyterLab, first widget of a page", [paints[0] for paints in found]),
            ("first paint in JupyterLab, further widgets", further),
        )
    ]


def longest_task_ms(browser: Browser, stage: Stage) -> float:
    """The longest time for which scrolling keeps the page from answering, in milliseconds."""
    page = stage.page
    page.mouse.move(400, 400)

    def scroll() -> None:
        for _ in range(40):
            page.mouse.wheel(0, 1500)
            page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")

    tasks = [event for event in events(browser, page, scroll) if event["name"] == "RunTask"]
    return max(event.get("dur", 0) for event in tasks) / 1000


def measured(browser: Browser, address: str, folder: Path, count: int) -> list[dict[str, Any]]:
    """All rows that need no JupyterLab; the folder is for the task."""
    task = states.make_task(folder)
    looks = states.looks(task)
    stage = Stage(browser.new_page(viewport={"width": 1000, "height": 900}), address)
    rows = [
        {
            "what": f"first paint, {name}",
            "ms": statistics.median(
                first_paint_ms(browser, stage, looks[name][0]) for _ in range(count)
            ),
            "wanted_ms": WANTED_PAINT_MS,
        }
        for name in ("new", "failed")
    ]
    outcome = JobResult(
        ("failed", LONG_FEEDBACK), 50.0, {}, {f"test {number}": True for number in range(1000)}
    )
    result = serialize.result_info(task, outcome, submission_id="s1", number=1, at=states.NOW)
    state = looks["failed"][0] | {"result": dict(result)}
    rows.append(
        {
            "what": "first paint, 1 MB of feedback and 1,000 tests",
            "ms": statistics.median(first_paint_ms(browser, stage, state) for _ in range(count)),
            "wanted_ms": WANTED_PAINT_MS,
        }
    )
    stage.page.get_by_role("button", name="Show all", exact=True).first.click()
    stage.page.get_by_role("button", name="Show all 1000 tests").click()
    rows.append(
        {
            "what": "longest task while all of it scrolls",
            "ms": longest_task_ms(browser, stage),
            "wanted_ms": WANTED_TASK_MS,
        }
    )
    return rows


def main() -> None:
    """Measure, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=9, help="measurements of each row")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with (
        serving() as address,
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory(prefix="inginious-bench-") as folder,
    ):
        browser = launch(playwright)
        rows = measured(browser, address, Path(folder), options.count)
        rows += measured_in_jupyterlab(browser, options.count)
        version = browser.version
        browser.close()
    bundle_kb = len(gzip.compress((STATIC / "widget.js").read_bytes())) / 1000
    report(rows, bundle_kb)
    if options.json:
        data = {
            "rows": rows,
            "bundle_kb": bundle_kb,
            "chromium": version,
            "python": sys.version.split()[0],
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        }
        options.json.write_text(json.dumps(data, indent=2) + "\n")


def report(rows: list[dict[str, Any]], bundle_kb: float) -> None:
    """Print the table."""
    table = Table(title="The widget in Chromium")
    for column in ("what", "measured", "wanted"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for row in rows:
        table.add_row(row["what"], f"{row['ms']:.1f} ms", f"<= {row['wanted_ms']} ms")
    table.add_row("bundle, gzipped", f"{bundle_kb:.1f} kB", f"<= {WANTED_BUNDLE_KB} kB")
    Console().print(table)


if __name__ == "__main__":
    main()
