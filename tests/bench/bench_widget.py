"""What the widget costs in a browser. Read from Chromium's own traces.

Run as ``python -m tests.bench.bench_widget [--count 9] [--json FILE]``. In a bare page, a state
made by Python's half is handed to the built front end; "first paint" is from that moment to the
first paint in the trace. In a real JupyterLab, where ``%inginious open`` is run, it is from the
arrival of the widget's data (its ``comm_open`` message) to the first paint after its title is in
the page. Scrolling is a wheel turned over a long feedback and a thousand tests. The heap of a page
is that of scripts and of its own objects, after a garbage collection, before 60 submissions
are made in one notebook and after it.
"""

from __future__ import annotations

import gzip
import json
import statistics
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from inginious_nb.client.results import JobResult
from inginious_nb.frontend import serialize
from tests.bench.figures import Figures, parser
from tests.browser import states
from tests.browser.chromium import launch
from tests.browser.notebook import NotebookPage, code, load, write_notebook
from tests.browser.server import JupyterServer
from tests.browser.stage import STATIC, Stage, serving

CATEGORIES = ["devtools.timeline", "blink.user_timing", "disabled-by-default-devtools.timeline"]
WANTED_PAINT = "<= 100 ms"
WANTED_TASK = "<= 50 ms"
WANTED_BUNDLE = "<= 50 kB"
LONG_FEEDBACK = "A line of feedback that says something about the answer.\n\n" * 17_500  # 1 MB

WIDGETS_IN_A_PAGE = 3
OUTPUTS = 60
SUBMIT_MS = 120_000

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


def measure_in_jupyterlab(figures: Figures, browser: Browser, count: int) -> None:
    """Measure what needs a JupyterLab; a page is loaded for each three of the count."""
    with tempfile.TemporaryDirectory(prefix="inginious-bench-") as folder:
        server = JupyterServer.start(Path(folder) / "server")
        try:
            pages = range(max(3, count // 3))
            found = [first_paints_in_jupyterlab_ms(browser, server) for _ in pages]
        finally:
            server.stop()
    first = statistics.median(paints[0] for paints in found)
    further = statistics.median(paint for paints in found for paint in paints[1:])
    figures.add("first paint in JupyterLab, first widget of a page", first, "ms", WANTED_PAINT)
    figures.add("first paint in JupyterLab, further widgets", further, "ms", WANTED_PAINT)


def longest_ms(trace: list[dict[str, Any]], clock: str) -> float:
    """The longest task of a trace, by its wall time ("dur") or processor time ("tdur")."""
    return max(event.get(clock, 0) for event in trace if event["name"] == "RunTask") / 1000


def measure_outputs(figures: Figures, browser: Browser) -> None:
    """Measure what many results in one notebook cost its page and its file."""
    with tempfile.TemporaryDirectory(prefix="inginious-bench-") as folder:
        server = JupyterServer.start(Path(folder) / "server", plugins=True)
        try:
            cells = [
                load(),
                code("def fib(n):\n    return n", "inginious:demo/fib/fib"),
                *(code("%inginious submit demo/fib") for _ in range(OUTPUTS + 1)),
            ]
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            notebook = NotebookPage(server, page, write_notebook(server, cells))
            notebook.open()
            for number in (1, 2, 3):  # the first submission loads what all have
                notebook.run_to_end(number)
            _wait_for_results(notebook, 3, 3)
            bytes_before, heap_before = _saved_bytes(notebook), heap_mb(page)
            notebook.cell(4).locator(".jp-InputPrompt").click()
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run Selected Cell and All Below").click()
            _wait_for_results(notebook, 4, 3 + OUTPUTS)
            grown_mb = heap_mb(page) - heap_before
            saved_kb = (_saved_bytes(notebook) - bytes_before) / 1000
        finally:
            server.stop()
    figures.add(f"{OUTPUTS} submit outputs: heap of the page", grown_mb, "MB", "<= 25 MB")
    figures.add(f"{OUTPUTS} submit outputs: saved", saved_kb, "kB", "<= 150 kB")


def _wait_for_results(notebook: NotebookPage, first: int, last: int) -> None:
    for number in range(first, last + 1):
        expect(notebook.output(number)).to_contain_text("Failed", timeout=SUBMIT_MS)


def _saved_bytes(notebook: NotebookPage) -> int:
    notebook.save()
    return len(json.dumps(notebook.saved()))


def heap_mb(page: Page) -> float:
    """What the page holds once the garbage is collected, in MB."""
    session = page.context.new_cdp_session(page)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    session.detach()
    kinds = ("usedSize", "embedderHeapUsedSize", "backingStorageSize")
    return sum(usage.get(kind, 0) for kind in kinds) / 1e6


def scrolled(browser: Browser, stage: Stage) -> list[dict[str, Any]]:
    """The trace of a page that is scrolled."""
    page = stage.page
    page.mouse.move(400, 400)

    def scroll() -> None:
        for _ in range(40):
            page.mouse.wheel(0, 1500)
            page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")

    return events(browser, page, scroll)


def measure(figures: Figures, browser: Browser, address: str, folder: Path, count: int) -> None:
    """Measure what needs no JupyterLab; the folder is for the task."""
    task = states.make_task(folder)
    looks = states.looks(task)
    stage = Stage(browser.new_page(viewport={"width": 1000, "height": 900}), address)

    def first_paint(name: str, state: dict[str, Any]) -> None:
        found = statistics.median(first_paint_ms(browser, stage, state) for _ in range(count))
        figures.add(f"first paint, {name}", found, "ms", WANTED_PAINT)

    for name in ("new", "failed"):
        first_paint(name, looks[name][0])
    long = JobResult(
        ("failed", LONG_FEEDBACK), 50.0, {}, {f"test {number}": False for number in range(1000)}
    )
    result = serialize.result_info(task, long, submission_id="s1", number=1, at=states.NOW)
    first_paint("1 MB of feedback and 1,000 tests", looks["failed"][0] | {"result": dict(result)})
    stage.page.get_by_role("button", name="Show all", exact=True).first.click()
    stage.page.get_by_role("button", name="Show all 1000 tests").click()
    trace = scrolled(browser, stage)
    longest = longest_ms(trace, "dur")
    figures.add("longest task while all of it scrolls", longest, "ms", WANTED_TASK)
    figures.add("  of its processor time", longest_ms(trace, "tdur"), "ms")


def main() -> None:
    """Measure, print and write."""
    options_of = parser(__doc__)
    options_of.add_argument("--count", type=int, default=9, help="measurements of each figure")
    options = options_of.parse_args()
    figures = Figures("The widget in Chromium", options.json)
    bundle_kb = len(gzip.compress((STATIC / "widget.js").read_bytes())) / 1000
    figures.add("bundle, gzipped", bundle_kb, "kB", WANTED_BUNDLE)
    with (
        serving() as address,
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory(prefix="inginious-bench-") as folder,
    ):
        browser = launch(playwright)
        figures.write(chromium=browser.version)
        measure(figures, browser, address, Path(folder), options.count)
        measure_in_jupyterlab(figures, browser, options.count)
        measure_outputs(figures, browser)
        browser.close()


if __name__ == "__main__":
    main()
