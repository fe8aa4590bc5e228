"""What a class of 300 students and 10 tasks costs while it is graded: a table, and a JSON file.

Run as ``python -m tests.bench.bench_class [--json FILE]``. Python's half publishes 3,000 results in
messages as it would four times a second; in a bare page the built front end gets them five times
as fast, while the matrix is scrolled. The longest task is Chromium's own. A frame is late if it
comes more than two frames of the display after the one before. The time of a message is that of the
processor.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from tests.browser.chromium import launch
from tests.browser.stage import Stage, serving
from tests.support.published_class import class_of, graded, publisher_of

from .bench_widget import events

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STUDENTS = 300
TASKS = 10
RESULTS_IN_A_MESSAGE = 25
WANTED_PUBLISH_MS = 25
WANTED_TASK_MS = 50
WANTED_FRAMES = 0.9

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


def measured(browser: Browser, address: str) -> list[dict[str, Any]]:
    """All rows."""
    infos, took = published()
    stage = Stage(browser.new_page(viewport={"width": 1200, "height": 1000}), address)
    page = stage.page
    page.evaluate("info => window.showClass(info)", infos[0])
    page.locator(".inginious-matrix").wait_for()
    page.evaluate("infos => { window.infos = infos }", infos[1:])  # not while it is measured
    frames: list[float] = []
    trace = events(browser, page, lambda: frames.extend(page.evaluate(FEED)))
    tasks = [event.get("dur", 0) / 1000 for event in trace if event["name"] == "RunTask"]
    gaps = [later - earlier for earlier, later in itertools.pairwise(frames)]
    usual = statistics.median(gaps)
    in_time = sum(gap <= 2 * usual for gap in gaps) / len(gaps)
    elements = page.locator(".inginious-class *").count()
    assert stage.problems == []
    size = statistics.median(len(json.dumps(info)) for info in infos[1:]) / 1000
    return [
        row(
            "a message of 25 results, processor",
            statistics.median(took),
            "ms",
            WANTED_PUBLISH_MS,
        ),
        row("its size", size, "kB", None),
        row("longest task of the page while all come", max(tasks), "ms", WANTED_TASK_MS),
        row("frames that are in time", in_time, "", WANTED_FRAMES),
        row("elements in the page", elements, "", None),
    ]


def row(what: str, value: float, unit: str, wanted: float | None) -> dict[str, Any]:
    """A row of the table."""
    return {"what": what, "value": value, "unit": unit, "wanted": wanted}


def main() -> None:
    """Measure, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with serving() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        rows = measured(browser, address)
        version = browser.version
        browser.close()
    table = Table(title=f"A class of {STUDENTS} students and {TASKS} tasks")
    for column in ("what", "measured", "wanted"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for one in rows:
        wanted = "" if one["wanted"] is None else f"{one['wanted']} {one['unit']}"
        table.add_row(one["what"], f"{one['value']:.4g} {one['unit']}", wanted)
    Console().print(table)
    if options.json:
        data = {
            "rows": rows,
            "chromium": version,
            "python": sys.version.split()[0],
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        }
        options.json.write_text(json.dumps(data, indent=2) + "\n")


if __name__ == "__main__":
    main()
