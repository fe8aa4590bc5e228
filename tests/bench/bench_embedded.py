"""What grading with the embedded service costs, beside starting Python: a table, and a JSON file.

Run as ``python -m tests.bench.bench_embedded [--count 40] [--sandbox KIND] [--json FILE]``. Times
are end to end: from a client's submit, through broker, agent and sandbox, to its result. They are
those of a person's submissions, a moment apart, so that a box can wait for each; jobs per second
are those of jobs without a pause. The bare cost is that of starting ``python3 -c pass`` twice in a
row, as the task with a run script in Python and a student's program in Python cannot avoid.
INGInious's docker agent took 0.85 s for a trivial bash task on a machine like the one this was
written on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import zmq.asyncio
from rich.console import Console
from rich.table import Table

from inginious_nb.client import Client, ClientOptions
from inginious_nb.course import CourseLibrary
from inginious_nb.grader.service import ServiceProcess

DOCKER_AGENT_S = 0.85
WANTED_SHARE_OF_DOCKER = 0.1
WANTED_TIMES_BARE = 1.9
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


async def measure_rows(course: Path, sandbox: str, count: int) -> tuple[list[dict], str]:
    tasks = CourseLibrary([course]).course(course.name).tasks
    service = ServiceProcess([course], sandbox=sandbox)
    await asyncio.to_thread(service.start)
    client = await connected(service)
    rows = []
    cores = os.cpu_count() or 1
    try:
        for name, title in (
            ("python", "python: parse_template + run_student"),
            ("bash", "bash: getinput, feedback-result"),
            ("mcq", "mcq: one match problem"),
        ):
            await submit(client, tasks[name])
            times, bare = [], []
            for _ in range(count):  # in turn, so that both see the same load of the machine
                times.append(await submit(client, tasks[name]))
                await asyncio.sleep(PAUSE_S)
                bare.append(await asyncio.to_thread(bare_cost_s))
            rows.append(
                {
                    "task": title,
                    "p50_ms": 1e3 * statistics.median(times),
                    "p99_ms": 1e3 * percentile(times, 0.99),
                    "bare_ms": 1e3 * statistics.median(bare),
                    "jobs_per_s_1": await rate_per_s(client, tasks[name], count, 1),
                    "jobs_per_s_all": await rate_per_s(client, tasks[name], count, cores),
                    "memory_mb": await peak_memory_mb(client, tasks[name]),
                }
            )
        return rows, (service.sandbox or {"kind": "none"})["kind"]
    finally:
        client.close()
        await asyncio.to_thread(service.stop)


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder, "bench")
        for name, content in FILES.items():
            path = course / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        rows, kind = asyncio.run(measure_rows(course, options.sandbox, options.count))
        cold_s = statistics.median(
            asyncio.run(cold_start_s(course, options.sandbox)) for _ in range(3)
        )
    report(rows, kind, cold_s)
    if options.json:
        data = {
            "sandbox": kind,
            "cold_start_s": cold_s,
            "rows": rows,
            "python": sys.version,
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        }
        options.json.write_text(json.dumps(data, indent=2) + "\n")


def report(rows: list[dict], kind: str, cold_s: float) -> None:
    table = Table(title=f"Embedded service, sandbox {kind}")
    for heading in (
        "task",
        "p50 ms",
        "p99 ms",
        "jobs/s, 1",
        "jobs/s, all",
        "MB",
        "bare ms",
        "x bare",
        "x docker",
    ):
        table.add_column(heading, justify="left" if heading == "task" else "right")
    for row in rows:
        table.add_row(
            row["task"],
            f"{row['p50_ms']:.1f}",
            f"{row['p99_ms']:.1f}",
            f"{row['jobs_per_s_1']:.1f}",
            f"{row['jobs_per_s_all']:.1f}",
            f"{row['memory_mb']:.0f}",
            f"{row['bare_ms']:.1f}",
            f"{row['p50_ms'] / row['bare_ms']:.2f}",
            f"{row['p50_ms'] / 1e3 / DOCKER_AGENT_S:.3f}",
        )
    console = Console(width=120)
    console.print(table)
    console.print(
        f"bare: python3 -c pass, twice; wanted for the first row: at most "
        f"{WANTED_TIMES_BARE} x bare and {WANTED_SHARE_OF_DOCKER} x docker. "
        f"Cold start: {cold_s:.2f} s (wanted: at most 1 s)."
    )


if __name__ == "__main__":
    main()
