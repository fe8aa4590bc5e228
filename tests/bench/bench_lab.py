"""What JupyterLab's own interface costs in the real JupyterLab.

Run as ``python -m tests.bench.bench_lab [--count 7] [--json FILE]``. The start is from the
navigation to the launcher in the page, in turn with the plugins and without them; of both also the
processor time of the page's main thread, which a busy machine changes less. For a submission, from
the *Submit* of the line itself: the frame of the server with the result, the line that says it,
the frame that is painted after that, and how far anything was moved.
"""

from __future__ import annotations

import gzip
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.bench.figures import Figures, parser
from tests.browser.chromium import launch
from tests.browser.notebook import code, write_notebook
from tests.browser.server import CHECKOUT, TOKEN, JupyterServer

LIMIT_MS = 60_000
LABEXTENSION = CHECKOUT / "inginious_nb" / "labextension" / "static"
WANTED_LATER = "<= 50 ms"
SUBMISSION = {
    "click to line": ("ms", "<= 1.5 x job + 30 ms"),
    "data to paint": ("ms", "<= 50 ms"),
    "layout shift": ("", "<= 0.05"),
}
ON_DEMAND = ("fr.", "dialogs.", "class.", "new-task.", "queue.", "sign-in.", "statement.")

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
        if (line.textContent !== window.wanted) return;
        mark("line");
        requestAnimationFrame(() => { setTimeout(() => mark("painted")); });
    }).observe(document, { childList: true, subtree: true, characterData: true });
})()"""


REQUESTS = """performance.getEntriesByType("resource").filter(({ name, startTime }) =>
    name.includes("inginious") && startTime < window.moments.launcher).length"""


class Starts:
    """JupyterLab started again and again on a server, in a browser that has been here before."""

    def __init__(self, browser: Browser, server: JupyterServer) -> None:
        self._url = f"{server.url}/lab?reset&token={TOKEN}"
        self.requests = 0
        self._context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB")
        self._context.add_init_script(WATCH)
        for _ in range(2):  # fills the caches of files, then of compiled code
            self.start()

    def start(self) -> tuple[float, float]:
        """Return the time to the launcher, and the main thread's processor time by then, in ms."""
        page = self._context.new_page()
        session = self._context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(self._url, wait_until="commit")
        page.locator(".jp-LauncherCard").first.wait_for(timeout=LIMIT_MS)
        taken = page.evaluate("window.moments.launcher")
        self.requests = page.evaluate(REQUESTS)
        metrics = session.send("Performance.getMetrics")["metrics"]
        page.close()
        used = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
        return float(taken), 1000 * float(used)


def submission(browser: Browser, server: JupyterServer, *, right: bool) -> dict[str, float]:
    """One answer of a multiple-choice task, submitted from the line beneath its cell.

    What the line says before is the result of the last one, so each has another than that.
    """
    verdict = "Success" if right else "Failed"
    cells = [
        code("3" if right else "4", "inginious:demo/division/quotient"),
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
    page.evaluate(
        "verdict => { window.moments = {}; window.shift = 0; window.wanted = verdict; }", verdict
    )
    line.get_by_role("button", name="Submit").evaluate(
        "button => { window.moments.click = performance.now(); button.click(); }"
    )
    expect(line).to_contain_text(verdict, timeout=LIMIT_MS)
    page.wait_for_function("window.moments.painted")
    moments, shift = page.evaluate("[window.moments, window.shift]")
    context.close()
    return {
        "click to line": moments["line"] - moments["click"],
        "data to paint": moments["painted"] - moments["data"],
        "layout shift": shift,
    }


def bundle_kb() -> float:
    """The plugins, gzipped, without what is loaded only where it is asked for."""
    scripts = sorted(LABEXTENSION.glob("*.js"))
    wanted = [one.read_bytes() for one in scripts if not one.name.startswith(ON_DEMAND)]
    return len(gzip.compress(b"".join(wanted))) / 1000


def measure_start(
    figures: Figures, browser: Browser, servers: dict[bool, JupyterServer], count: int
) -> None:
    """Measure the start, in turn with the plugins and without them."""
    pages = {plugins: Starts(browser, server) for plugins, server in servers.items()}
    found: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for number in range(count):
        for plugins in (True, False) if number % 2 else (False, True):
            found[plugins].append(pages[plugins].start())
    for plugins, word in ((False, "without"), (True, "with")):
        taken = statistics.median(taken for taken, _used in found[plugins])
        figures.add(f"start {word} the plugins", taken, "ms")
    figures.add("requests of the plugins before the launcher", pages[True].requests, "", "2")
    for column, what in enumerate(("start", "processor time of the page until then")):
        pairs = zip(found[True], found[False], strict=True)
        later = statistics.median(ours[column] - theirs[column] for ours, theirs in pairs)
        least = min(one[column] for one in found[True]) - min(one[column] for one in found[False])
        figures.add(f"{what}: later with them, median of pairs", later, "ms", WANTED_LATER)
        figures.add(f"{what}: later with them, least of each", least, "ms")


def measure_submissions(
    figures: Figures, browser: Browser, server: JupyterServer, count: int
) -> None:
    """Measure answers submitted from the line."""
    submission(browser, server, right=False)  # starts the service
    found = [submission(browser, server, right=number % 2 == 0) for number in range(count)]
    for name, (unit, wanted) in SUBMISSION.items():
        figures.add(name, statistics.median(one[name] for one in found), unit, wanted)


def main() -> None:
    """Measure, print and write."""
    options_of = parser(__doc__)
    options_of.add_argument("--count", type=int, default=7)
    options = options_of.parse_args()
    figures = Figures("JupyterLab's own interface", options.json)
    figures.add("bundle", bundle_kb(), "kB gz", "<= 45 kB")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        figures.write(chromium=browser.version)
        servers = {
            plugins: JupyterServer.start(Path(folder) / str(plugins), plugins=plugins)
            for plugins in (True, False)
        }
        try:
            measure_start(figures, browser, servers, options.count)
            measure_submissions(figures, browser, servers[True], options.count)
        finally:
            for server in servers.values():
                server.stop()
        browser.close()


if __name__ == "__main__":
    main()
