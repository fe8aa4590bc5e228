"""What waiting for a site costs, it and us.

Run as ``python -m tests.bench.bench_web [--json FILE]``. A site that answers at once stands in for
INGInious (echo_site.py); the real one is tested in tests/web. CPU is that of this process. The
floor is one bare POST of httpx, without which no check can be.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
from playwright.sync_api import sync_playwright

from inginious_nb.services.inginious_web.client import WebClient
from inginious_nb.services.inginious_web.pace import Pace
from inginious_nb.services.inginious_web.sign_in import Credentials
from inginious_nb.services.inginious_web.site import Site
from tests.bench.figures import Figures, parser
from tests.browser.chromium import launch
from tests.browser.notebook import NotebookPage, code, write_notebook
from tests.browser.server import JupyterServer
from tests.support.peer import Process, free_port, wait_for_port

SERVER = Path(__file__).with_name("echo_site.py")
DURATIONS_S = (0.2, 2, 20)
WAITING = 200
WAITING_S = 30
POSTS = 300
SUBMISSIONS = 7
_SUBMIT_AND_WATCH = """() => new Promise((resolve) => {
    const widget = document.querySelector(".inginious-live .inginious");
    const word = () => widget.querySelector(".inginious-line strong")?.textContent;
    let isUnderWay = false;
    const observer = new MutationObserver(() => {
        isUnderWay ||= word() !== "Success";
        if (!isUnderWay || word() !== "Success") return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
    });
    observer.observe(widget, { childList: true, characterData: true, subtree: true });
    widget.querySelector(".inginious-actions .inginious-primary").click();
})"""


def task(number: int, duration_s: float) -> SimpleNamespace:
    """Return the task of a number whose submissions take so long."""
    problems = {"word": SimpleNamespace(type="match")}
    return SimpleNamespace(
        course_id="bench", id=f"t{number}-{duration_s}", problems=problems, response_is_html=True
    )


async def submitted(address: str, tasks: list) -> tuple[list[float], dict, float]:
    """Submit to all tasks at once.

    Returns:
        When each result was here, in the order of the tasks; the site's figures; CPU seconds.
    """
    site = Site(address, Credentials("bench", "bench"))
    client = WebClient(site, asyncio.get_running_loop())
    await site.sign_in()
    begun_cpu = time.process_time()
    jobs = [client.open_job(task, {"word": "yes"}) for task in tasks]

    async def arrived(job) -> float:
        result = await job
        assert result.result[0] == "success", result
        return time.time()

    times = await asyncio.gather(*map(arrived, jobs))
    cpu_s = time.process_time() - begun_cpu
    await site.close()
    async with httpx.AsyncClient(trust_env=False) as asker:
        figures = (await asker.get(f"{address}/figures")).json()
    return times, figures, cpu_s


async def post_cpu_s(address: str) -> float:
    """Return the CPU seconds of one bare POST on a connection that is open."""
    async with httpx.AsyncClient(trust_env=False) as asker:
        data = {"@action": "other", "submissionid": "0" * 24}
        await asker.post(f"{address}/course/bench/t", data=data)
        begun = time.process_time()
        for _ in range(POSTS):
            await asker.post(f"{address}/course/bench/t", data=data)
        return (time.process_time() - begun) / POSTS


def on_a_site(measure):
    """Run a measurement on a site of its own."""
    port = free_port()
    server = Process(sys.executable, SERVER, port)
    try:
        wait_for_port(port, server)
        return asyncio.run(measure(f"http://127.0.0.1:{port}"))
    finally:
        server.kill()


def lateness(times: list[float], figures: dict) -> list[float]:
    """Return how long after the site had each result it was here, in seconds."""
    return [
        here - there
        for here, there in zip(sorted(times), sorted(figures["done_at"].values()), strict=True)
    ]


def main() -> None:
    """Measure, print and write."""
    options = parser(__doc__).parse_args()
    figures = Figures("Waiting for a site", options.json)
    for duration_s in DURATIONS_S:
        measure_one(figures, duration_s)
    measure_many(figures)
    measure_page(figures)


def measure_one(figures: Figures, duration_s: float) -> None:
    """Measure submissions that take so long, eight at once."""
    pace = Pace()
    tasks = [task(number, duration_s) for number in range(8)]
    times, site, _cpu_s = on_a_site(lambda address: submitted(address, tasks))
    requests = (sum(site["kinds"].values()) - 1) / len(tasks)  # one signs in
    figures.add(f"requests, graded in {duration_s} s", requests)
    longest = pace.max_s * (1 + pace.jitter)
    late = statistics.median(lateness(times, site))
    figures.add("  the result here after, p50", late, "s", f"<= {longest:.1f} s")


def measure_many(figures: Figures) -> None:
    """Measure many that wait in one process."""
    tasks = [task(number, WAITING_S) for number in range(WAITING)]
    times, site, cpu_s = on_a_site(lambda address: submitted(address, tasks))
    span_s = max(site["times"]) - min(site["times"])
    rate = sum(site["kinds"].values()) / span_s
    figures.add(f"{WAITING} waiting: requests a second", rate)
    figures.add("  requests at once, at most", site["at_once"], "", "<= 8")
    figures.add("  the last result here after", max(lateness(times, site)), "s")
    figures.add("  CPU of one that waits", cpu_s / WAITING / span_s * 100, "%")
    bare_s = site["kinds"]["check"] * on_a_site(post_cpu_s)
    figures.add("  CPU of all beside as many bare POSTs", cpu_s / bare_s, "times")


def measure_page(figures: Figures) -> None:
    """Measure until a result is painted beneath its cell, in the real JupyterLab."""
    port = free_port()
    site = Process(sys.executable, SERVER, port)
    try:
        wait_for_port(port, site)
        address = f"http://127.0.0.1:{port}"
        painted = painted_at(address)
        done_at = httpx.get(f"{address}/figures", trust_env=False).json()["done_at"]
    finally:
        site.kill()
    late = [here - there for here, there in zip(painted, sorted(done_at.values()), strict=True)]
    pace = Pace()
    longest = pace.max_s * (1 + pace.jitter)
    wanted = f"<= {longest:.1f} s + painting"
    figures.add(
        "the result painted after, graded in 2 s, p50", statistics.median(late), "s", wanted
    )
    figures.add("  the latest", max(late), "s")


def painted_at(address: str) -> list[float]:
    """Submit some times from a widget; return when each result was painted."""
    environ = {
        "INGINIOUS_BACKEND": address,
        "INGINIOUS_SITE_USER": "bench",
        "INGINIOUS_SITE_PASSWORD": "bench",
    }
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = JupyterServer.start(Path(folder) / "server", environ=environ)
        browser = launch(playwright)
        try:
            cells = [code("%load_ext inginious_nb"), code("%inginious open bench/t0-2")]
            notebook = NotebookPage(server, browser.new_page(), write_notebook(server, cells))
            notebook.open()
            notebook.run_to_end(1)
            notebook.run_to_end(2)
            notebook.widget(2).get_by_role("textbox", name="Word").fill("yes")
            return [notebook.page.evaluate(_SUBMIT_AND_WATCH) / 1000 for _ in range(SUBMISSIONS)]
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
