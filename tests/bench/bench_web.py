"""What waiting for a site costs, it and us: a table, and a JSON file.

Run as ``python -m tests.bench.bench_web [--json FILE]``. A site that answers at once stands in for
INGInious (echo_site.py); the real one is tested in tests/web. CPU is that of this process. The
floor is one bare POST of httpx, without which no check can be.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
from rich.console import Console
from rich.table import Table

from inginious_nb.services.inginious_web.client import WebClient
from inginious_nb.services.inginious_web.delivery import Pace
from inginious_nb.services.inginious_web.sign_in import Credentials
from inginious_nb.services.inginious_web.site import Site
from tests.support.peer import Process, free_port, wait_for_port

SERVER = Path(__file__).with_name("echo_site.py")
DURATIONS_S = (0.2, 2, 20)
WAITING = 200
WAITING_S = 30
POSTS = 300


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    pace = Pace()
    row: dict[str, float] = {}
    table = Table(title="Waiting for a site")
    for column in ("what", "measured", "wanted"):
        table.add_column(column, justify="left" if column == "what" else "right")

    def show(name: str, title: str, value: float, unit: str = "", wanted: str = "") -> None:
        row[name] = value
        table.add_row(title, f"{value:.3g}{unit}", wanted)

    for duration_s in DURATIONS_S:
        tasks = [task(number, duration_s) for number in range(8)]
        times, figures, _cpu_s = on_a_site(lambda address, tasks=tasks: submitted(address, tasks))
        requests = (sum(figures["kinds"].values()) - 1) / len(tasks)  # one signs in
        late = statistics.median(lateness(times, figures))
        longest = pace.max_s * (1 + pace.jitter)
        show(f"requests_{duration_s}", f"requests, graded in {duration_s} s", requests)
        show(
            f"late_{duration_s}", "  the result here after, p50", late, " s", f"<= {longest:.1f} s"
        )
    tasks = [task(number, WAITING_S) for number in range(WAITING)]
    times, figures, cpu_s = on_a_site(lambda address: submitted(address, tasks))
    checks = figures["kinds"]["check"]
    span = max(figures["times"]) - min(figures["times"])
    floor_s = on_a_site(post_cpu_s)
    late = lateness(times, figures)
    show("per_s", f"{WAITING} waiting: requests a second", sum(figures["kinds"].values()) / span)
    show("at_once", "  requests at once, at most", figures["at_once"], "", "<= 8")
    show("late_max", "  the last result here after", max(late), " s")
    show("cpu", "  CPU of one that waits", cpu_s / WAITING / span * 100, " %")
    show("floor", "  CPU of all beside as many bare POSTs", cpu_s / (checks * floor_s), " times")
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps(row, indent=2) + "\n")


if __name__ == "__main__":
    main()
