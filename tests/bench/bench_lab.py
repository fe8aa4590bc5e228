"""What JupyterLab's own interface costs in the real JupyterLab: a table, and a JSON file.

Run as ``python -m tests.bench.bench_lab [--count 7] [--json FILE]``. The start is from the
navigation to the launcher in the page, in turn with the plugins and without them. For a
submission, from the *Submit* of the line itself: the frame of the server with the result, the
line that says it, the frame that is painted after that, and how far anything was moved.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chromium import launch
from tests.browser.notebook import code, write_notebook
from tests.browser.server import CHECKOUT, TOKEN, JupyterServer

LIMIT_MS = 60_000
LABEXTENSION = CHECKOUT / "inginious_nb" / "labextension" / "static"
ON_DEMAND = ("fr.", "dialogs.", "class.", "new-task.", "sign-in.")

WATCH = """(() => {
    window.moments = {};
    window.shift = 0;
    const mark = (name) => { window.moments[name] ??= performance.now(); };
    window.WebSocket = class extends window.WebSocket {
        constructor(...all) {
            super(...all);
            if (!String(all[0]).includes("inginious/socket")) return;
            this.addEventListener("message", ({ data }) => {
                if (typeof data === "string" && data.includes('"result": {')) mark("data");
            });
        }
    };
    new PerformanceObserver((list) => {
        for (const { value } of list.getEntries()) window.shift += value;
    }).observe({ type: "layout-shift", buffered: true });
    new MutationObserver(() => {
        if (document.querySelector(".jp-LauncherCard")) mark("launcher");
        const line = document.querySelector(".inginious-answer-line .inginious-line-word strong");
        if (!line || !window.moments.click || window.moments.line) return;
        if (line.textContent !== "Success") mark("waits");
        if (!window.moments.waits || line.textContent !== "Success") return;
        mark("line");
        requestAnimationFrame(() => { setTimeout(() => mark("painted")); });
    }).observe(document, { childList: true, subtree: true, characterData: true });
})()"""


def start_ms(browser: Browser, server: JupyterServer) -> float:
    """From the navigation until the launcher is there, in a browser that has been here before."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB")
    page = context.new_page()
    page.add_init_script(WATCH)
    for _ in range(2):  # the second time from the cache
        page.goto(f"{server.url}/lab?reset&token={TOKEN}")
        page.locator(".jp-LauncherCard").first.wait_for(timeout=LIMIT_MS)
    found = page.evaluate("window.moments.launcher")
    context.close()
    return float(found)


def submission(browser: Browser, server: JupyterServer) -> dict[str, float]:
    """One answer of a multiple-choice task, submitted from the line beneath its cell."""
    cells = [
        code("3", "inginious:demo/division/quotient"),
        code("2", "inginious:demo/division/remainder"),
    ]
    name = write_notebook(server, cells, kernelspec=None)
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB")
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{server.url}/lab/tree/{name}?reset&token={TOKEN}")
    page.get_by_role("dialog").get_by_role("button", name="No Kernel").click(timeout=LIMIT_MS)
    line = page.locator(".inginious-answer-line").first
    line.get_by_role("button", name="Submit").wait_for(timeout=LIMIT_MS)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => { window.moments = {}; window.shift = 0; }")
    line.get_by_role("button", name="Submit").evaluate(
        "button => { window.moments.click = performance.now(); button.click(); }"
    )
    expect(line).to_contain_text("Success", timeout=LIMIT_MS)
    page.wait_for_function("window.moments.painted")
    moments, shift = page.evaluate("[window.moments, window.shift]")
    context.close()
    return {
        "click to line, ms": moments["line"] - moments["click"],
        "data to paint, ms": moments["painted"] - moments["data"],
        "layout shift": shift,
    }


def bundle_kb() -> float:
    """The plugins, gzipped, without what is loaded only where it is asked for."""
    scripts = sorted(LABEXTENSION.glob("*.js"))
    wanted = [one.read_bytes() for one in scripts if not one.name.startswith(ON_DEMAND)]
    return len(gzip.compress(b"".join(wanted))) / 1000


def measured(browser: Browser, folder: Path, count: int) -> dict[str, Any]:
    """Everything, by its name."""
    servers = {
        plugins: JupyterServer.start(folder / str(plugins), plugins=plugins)
        for plugins in (True, False)
    }
    try:
        starts: dict[bool, list[float]] = {True: [], False: []}
        for round_number in range(count):
            for plugins in (True, False) if round_number % 2 else (False, True):
                starts[plugins].append(start_ms(browser, servers[plugins]))
        # The first one starts the service.
        submissions = [submission(browser, servers[True]) for _ in range(count + 1)][1:]
    finally:
        for server in servers.values():
            server.stop()
    medians = {plugins: statistics.median(times) for plugins, times in starts.items()}
    return {
        "start without the plugins, ms": medians[False],
        "start with the plugins, ms": medians[True],
        "start delay, ms": medians[True] - medians[False],
        "bundle, kB gz": bundle_kb(),
        **{name: statistics.median(one[name] for one in submissions) for name in submissions[0]},
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        rows = measured(browser, Path(folder), options.count)
        browser.close()
    for name, value in rows.items():
        sys.stdout.write(f"{name:34} {value:10.2f}\n")
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
