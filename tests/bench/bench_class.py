"""What a class of 300 students and 10 tasks costs while it is graded.

Run as ``python -m tests.bench.bench_class [--json FILE]``. Python's half publishes 3,000 results in
messages as it would four times a second; in a bare page the built front end gets them five times
as fast, while the matrix is scrolled. The longest task is Chromium's own. A frame is late if it
comes more than two frames of the display after the one before. The time of a message is that of the
processor. What ``inginious-nb grade`` adds to the grading is seen in how much longer more notebooks
take, beside the same answers submitted by a bare client, as many at once.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from inginious_nb.course import CourseLibrary
from inginious_nb.grader.service import ServiceProcess
from tests.bench.figures import Figures, parser
from tests.browser.chromium import launch
from tests.browser.server import COURSES
from tests.browser.stage import Stage, serving
from tests.support.invented_class import RIGHT, write_notebook
from tests.support.published_class import class_of, graded, publisher_of

from .bench_embedded import connected
from .bench_widget import events, longest_ms

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STUDENTS = 300
TASKS = 10
RESULTS_IN_A_MESSAGE = 25
FEW, MANY = 4, 28
ROUNDS = 3

# Publishes everything, scrolls meanwhile, and returns the moments of all frames.
FEED = """async () => {
    const matrix = document.querySelector(".inginious-matrix");
    const frames = [];
    let going = true;
    const frame = (at) => {
        frames.push(at);
        matrix.scrollTop = (matrix.scrollTop + 60) % (matrix.scrollHeight - matrix.clientHeight);
        if (going) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    for (const info of window.infos) {
        window.publish(info);
        await new Promise((done) => setTimeout(done, 50));
    }
    going = false;
    return frames;
}"""


def published() -> tuple[list[dict[str, Any]], list[float]]:
    """The messages of a class that is graded, and how long each took to make, in milliseconds."""
    state = class_of(STUDENTS, TASKS)
    infos: list[dict[str, Any]] = []
    publisher = publisher_of(state, infos.append)
    publisher.publish_now()
    took = []
    for seed, entry in enumerate(state.entries):
        state.put(graded(entry, seed % 23))
        if seed % RESULTS_IN_A_MESSAGE == RESULTS_IN_A_MESSAGE - 1:
            before = time.process_time()
            publisher.publish_now()
            took.append(1000 * (time.process_time() - before))
    return infos, took


def measure(figures: Figures, browser: Browser, address: str) -> None:
    """Measure all figures."""
    infos, took = published()
    size = statistics.median(len(json.dumps(info)) for info in infos[1:]) / 1000
    figures.add("a message of 25 results, processor", statistics.median(took), "ms", "<= 25 ms")
    figures.add("its size", size, "kB")
    stage = Stage(browser.new_page(viewport={"width": 1200, "height": 1000}), address)
    page = stage.page
    page.evaluate("info => window.showClass(info)", infos[0])
    page.locator(".inginious-matrix").wait_for()
    page.evaluate("infos => { window.infos = infos }", infos[1:])  # not while it is measured
    frames: list[float] = []
    trace = events(browser, page, lambda: frames.extend(page.evaluate(FEED)))
    gaps = [later - earlier for earlier, later in itertools.pairwise(frames)]
    usual = statistics.median(gaps)
    in_time = 100 * sum(gap <= 2 * usual for gap in gaps) / len(gaps)
    assert stage.problems == []
    longest = longest_ms(trace, "dur")
    figures.add("longest task of the page while all come", longest, "ms", "<= 50 ms")
    figures.add("  of its processor time", longest_ms(trace, "tdur"), "ms")
    figures.add("frames that are in time", in_time, "%", ">= 90 %")
    figures.add("  the usual distance of two", usual, "ms")
    figures.add("elements in the page", page.locator(".inginious-class *").count())


def grade_s(folder: Path, count: int) -> float:
    """How long ``inginious-nb grade`` takes for so many notebooks, in seconds."""
    for number in range(count):
        write_notebook(folder / f"s{number}.ipynb", {"fib": RIGHT})
    command = [sys.executable, "-c", "from inginious_nb.cli.main import main; main()", "grade"]
    options = ["--courses", str(COURSES), "--history", str(folder / "h.sqlite")]
    began = time.perf_counter()
    subprocess.run(
        [*command, str(folder), *options, "--no-isolation"],
        env=os.environ | {"INGINIOUS_LANGUAGE": "en"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


async def submit_s(count: int) -> float:
    """How long a bare client takes to have so many of these answers graded, in seconds."""
    task = CourseLibrary([COURSES]).course("demo").tasks["fib"]
    service = ServiceProcess([COURSES])
    await asyncio.to_thread(service.start)
    client = await connected(service)
    free = asyncio.Semaphore(os.cpu_count() or 1)

    async def one() -> None:
        async with free:
            await client.submit(task, {"fib": RIGHT}, launcher_name="bench")

    await one()
    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    taken = time.perf_counter() - began
    client.close()
    await asyncio.to_thread(service.stop)
    return taken


def measure_throughput(figures: Figures) -> None:
    """Measure what grading many notebooks adds to the grading itself."""
    ratios, rates = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
            ours = grade_s(Path(many), MANY) - grade_s(Path(few), FEW)
        bare = asyncio.run(submit_s(MANY - FEW))
        ratios.append(ours / bare)
        rates.append((MANY - FEW) / ours)
    figures.add("inginious-nb grade: notebooks per second", statistics.median(rates))
    ratio = statistics.median(ratios)
    figures.add("  its time beside the grading itself", ratio, "times", "<= 1.1 times")


def main() -> None:
    """Measure, print and write."""
    options = parser(__doc__).parse_args()
    figures = Figures(f"A class of {STUDENTS} students and {TASKS} tasks", options.json)
    with serving() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        measure(figures, browser, address)
        figures.write(chromium=browser.version)
        browser.close()
    measure_throughput(figures)


if __name__ == "__main__":
    main()
