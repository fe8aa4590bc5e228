"""What grading with the embedded service costs, beside starting Python.

Run as ``python -m tests.bench.bench_embedded [--count 40] [--sandbox KIND] [--json FILE]``. Times
are end to end: from a client's submit, through broker, agent and sandbox, to its result. They are
those of a person's submissions, a moment apart, so that a box can wait for each; jobs per second
are those of jobs without a pause. The bare cost is that of starting ``python3 -c pass`` twice in a
row, as the task with a run script in Python and a student's program in Python cannot avoid.
INGInious's docker agent took 0.85 s for a trivial bash task on a machine like the one this was
written on.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import zmq.asyncio

from inginious_nb.client import Client, ClientOptions
from inginious_nb.course import CourseLibrary
from inginious_nb.grader.service import ServiceProcess
from tests.bench.figures import Figures, parser

DOCKER_AGENT_MS = 850
WANTED_MS = "<= 40 ms on a quiet machine"
WANTED_TIMES_BARE = "<= 1.9 times"
WANTED_COLD_START = "<= 1 s"
PAUSE_S = 0.15

SCRIPT_TASK = "environment_type: docker\nproblems: {q1: {type: code}}\n"
FILES = {
    "course.yaml": "name: bench\n",
    "python/task.yaml": SCRIPT_TASK,
    "python/student/answer.py": "def double(n):\n@    @q1@@\n\nprint(double(21))\n",
    "python/run": """\
#!/usr/bin/python3
import subprocess
from inginious import feedback, input, rst

input.parse_template("student/answer.py")
done = subprocess.run(["run_student", "python3", "student/answer.py"], stdout=subprocess.PIPE)
if done.returncode == 0 and done.stdout == b"42\\n":
    feedback.set_global_result("success")
else:
    feedback.set_global_result("failed")
    feedback.set_problem_feedback(rst.get_codeblock("", done.stdout.decode()), "q1")
""",
    "bash/task.yaml": SCRIPT_TASK,
    "bash/run": """\
#!/bin/bash
if [ "$(getinput q1)" = "return 2 * n" ]; then feedback-result success
else feedback-result failed; fi
""",
    "mcq/task.yaml": """\
environment_type: mcq
environment_id: mcq
problems: {q1: {type: match, answer: return 2 * n}}
""",
}
TITLES = {
    "python": "python: parse_template + run_student",
    "bash": "bash: getinput, feedback-result",
    "mcq": "mcq: one match problem",
}
ANSWERS = {"q1": "return 2 * n"}


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def bare_cost_s() -> float:
    """Two starts of the system's Python, one after the other."""
    began = time.perf_counter()
    for _ in range(2):
        subprocess.run(["/usr/bin/python3", "-c", "pass"], check=True)
    return time.perf_counter() - began


async def connected(service: ServiceProcess) -> Client:
    options = ClientOptions(curve=service.curve) if service.curve else ClientOptions()
    client = Client(zmq.asyncio.Context(), service.address, options=options)
    client.start()
    while not client.get_available_environments().get("docker"):  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.005)
    return client


async def submit(client: Client, task) -> float:
    began = time.perf_counter()
    result = await client.submit(task, ANSWERS, launcher_name="bench")
    assert result.result[0] == "success", result
    return time.perf_counter() - began


async def rate_per_s(client: Client, task, count: int, at_once: int) -> float:
    free = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with free:
            await submit(client, task)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return count / (time.perf_counter() - began)


async def peak_memory_mb(client: Client, task) -> float:
    """The most that the processes of one job have for themselves at one time."""
    known = {child.pid for child in psutil.Process().children(recursive=True)}
    job = asyncio.ensure_future(submit(client, task))
    peak = 0
    while not job.done():
        total = 0
        for child in psutil.Process().children(recursive=True):
            if child.pid not in known:
                try:
                    total += child.memory_full_info().uss
                except psutil.Error:
                    continue
        peak = max(peak, total)
        await asyncio.sleep(0.002)
    await job
    return peak / 1e6


async def measure(figures: Figures, course: Path, sandbox: str, count: int) -> None:
    """Measure the tasks one after the other, on one service."""
    tasks = CourseLibrary([course]).course(course.name).tasks
    service = ServiceProcess([course], sandbox=sandbox)
    await asyncio.to_thread(service.start)
    client = await connected(service)
    figures.write(sandbox=(service.sandbox or {"kind": "none"})["kind"])
    try:
        for name in TITLES:
            await measure_task(figures, client, tasks[name], count)
    finally:
        client.close()
        await asyncio.to_thread(service.stop)


async def measure_task(figures: Figures, client: Client, task, count: int) -> None:
    """Measure a task, in turn with bare starts so that both see the same load of the machine."""
    await submit(client, task)
    times, bare = [], []
    for _ in range(count):
        times.append(await submit(client, task))
        await asyncio.sleep(PAUSE_S)
        bare.append(await asyncio.to_thread(bare_cost_s))
    first = task.id == "python"
    p50_ms, bare_ms = 1e3 * statistics.median(times), 1e3 * statistics.median(bare)
    figures.add(f"{TITLES[task.id]}, p50", p50_ms, "ms", WANTED_MS if first else "")
    figures.add("  p99", 1e3 * percentile(times, 0.99), "ms")
    figures.add("  least", 1e3 * min(times), "ms")
    figures.add("  two bare starts of Python", bare_ms, "ms")
    figures.add("  beside these", p50_ms / bare_ms, "times", WANTED_TIMES_BARE if first else "")
    figures.add("  beside these, least", min(times) / min(bare), "times")
    figures.add("  beside INGInious's docker agent", p50_ms / DOCKER_AGENT_MS, "times", "<= 0.1")
    for at_once in (1, os.cpu_count() or 1):
        rate = await rate_per_s(client, task, count, at_once)
        figures.add(f"  jobs per second, {at_once} at once", rate)
    figures.add("  memory of a job's processes", await peak_memory_mb(client, task), "MB")


async def cold_start_s(course: Path, sandbox: str) -> float:
    """A fresh service, a fresh client, and the result of the first job."""
    task = CourseLibrary([course]).course(course.name).tasks["python"]
    began = time.perf_counter()
    service = ServiceProcess([course], sandbox=sandbox)
    await asyncio.to_thread(service.start)
    try:
        client = await connected(service)
        await submit(client, task)
        taken = time.perf_counter() - began
        client.close()
        return taken
    finally:
        await asyncio.to_thread(service.stop)


def main() -> None:
    """Measure, print and write."""
    options_of = parser(__doc__)
    options_of.add_argument("--count", type=int, default=40)
    options_of.add_argument("--sandbox", default="auto")
    options = options_of.parse_args()
    figures = Figures("Embedded service", options.json)
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder, "bench")
        for name, content in FILES.items():
            path = course / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        starts = [asyncio.run(cold_start_s(course, options.sandbox)) for _ in range(3)]
        figures.add("cold start, median", statistics.median(starts), "s", WANTED_COLD_START)
        figures.add("cold start, least", min(starts), "s")
        asyncio.run(measure(figures, course, options.sandbox, options.count))


if __name__ == "__main__":
    main()
