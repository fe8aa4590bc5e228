"""What the client costs beside INGInious's own, in one run.

Run as ``python -m tests.bench.bench_client [--repeats 3] [--quick] [--json FILE]``. Each row is
measured on INGInious's clients and ours in turn, each in a fresh process, and repeated; the figures
are medians. ``floor`` is bare pyzmq and msgpack. The real backend and its mcq agent take most of a
job's time themselves, so rows are also measured against a backend that answers at once
(echo_backend.py).
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figures, parser
from tests.support.peer import InginiousSite, Process, free_port, peer_bin, wait_for_port

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
KINDS = ("ours", "inginious", "floor")


@dataclass(frozen=True)
class Row:
    """One load on one backend.

    Attributes:
        backend: ``real``, or the archive's bytes and the queue's rows of an echo backend.
        options: Arguments of the load in drive.py.
        shown: Which of its figures are told.
    """

    title: str
    load: str
    backend: tuple[int, int] | str
    options: dict
    shown: tuple = ("cpu_us_per_job",)
    kinds: tuple = KINDS


FAST, ARCHIVE, LONG_QUEUE = (0, 0), (10_000_000, 0), (0, 10_000)
TRIP = ("cpu_us_per_job", "p50_us", "p99_us")
RATE = ("cpu_us_per_job", "jobs_per_s")
HOLD = ("hold_p50_ms", "hold_max_ms")
CLIENTS = ("ours", "inginious")
ROWS = [
    Row("real backend, 1 in flight", "jobs", "real", {"count": 1500, "in_flight": 1}, TRIP),
    Row("real backend, 32 in flight", "jobs", "real", {"count": 3000, "in_flight": 32}, RATE),
    Row("real backend, 256 in flight", "jobs", "real", {"count": 3000, "in_flight": 256}, RATE),
    Row("echo, 1 in flight", "jobs", FAST, {"count": 4000, "in_flight": 1}, TRIP),
    Row("echo, 32 in flight", "jobs", FAST, {"count": 10000, "in_flight": 32}, RATE),
    Row("echo, 256 in flight", "jobs", FAST, {"count": 10000, "in_flight": 256}, RATE),
    Row(
        "echo, answers of 1 kB",
        "jobs",
        FAST,
        {"count": 6000, "in_flight": 32, "answer_bytes": 1000},
    ),
    Row(
        "echo, answers of 100 kB",
        "jobs",
        FAST,
        {"count": 2000, "in_flight": 8, "answer_bytes": 100_000},
    ),
    Row(
        "echo, answers of 10 MB",
        "jobs",
        FAST,
        {"count": 30, "in_flight": 1, "answer_bytes": 10_000_000},
    ),
    Row("echo, archives of 10 MB", "jobs", ARCHIVE, {"count": 30, "in_flight": 1}),
    Row(
        "echo, 200 clients in one process",
        "jobs",
        FAST,
        {"count": 10000, "in_flight": 200, "clients": 200},
        RATE,
        CLIENTS,
    ),
    Row(
        "memory of a pending job",
        "memory",
        FAST,
        {"count": 10000},
        ("bytes_per_job",),
        CLIENTS,
    ),
    Row(
        "10,000 jobs of others wait, loop held",
        "queue",
        LONG_QUEUE,
        {"seconds": 5},
        HOLD,
        CLIENTS,
    ),
    Row(
        "10,000 jobs of its own wait, loop held",
        "queue",
        FAST,
        {"seconds": 5, "own_jobs": 10_000},
        HOLD,
        CLIENTS,
    ),
]


def measure(row, kind, address):
    python = peer_bin() / "python" if kind == "inginious" else sys.executable
    environment = dict(os.environ)
    environment.pop("PYTHONPATH", None)
    if kind == "ours":
        environment["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])
    done = subprocess.run(
        [str(python), str(HERE / "drive.py"), row.load, kind, address, json.dumps(row.options)],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{row.title}, {kind}: {done.stderr}")
    return json.loads(done.stdout)


@contextlib.contextmanager
def a_backend(what):
    """The address of a backend, started for one row."""
    if what == "real":
        with tempfile.TemporaryDirectory() as tasks:
            site = InginiousSite(tasks)
            site.add_task("bench", "match")
            try:
                yield site.address
            finally:
                site.stop()
    else:
        port = free_port()
        address = f"tcp://127.0.0.1:{port}"
        echo = Process(sys.executable, HERE / "echo_backend.py", address, *what)
        try:
            wait_for_port(port, echo)
            yield address
        finally:
            echo.kill()


def measure_row(figures, row, repeats):
    """Measure a row: each kind in turn, as often as that."""
    found = {kind: {} for kind in row.kinds}
    with a_backend(row.backend) as address:
        for _ in range(repeats):
            for kind in row.kinds:
                for name, value in measure(row, kind, address).items():
                    found[kind].setdefault(name, []).append(value)
    for name in row.shown:
        ours, *others = (statistics.median(found[kind][name]) for kind in row.kinds)
        figures.add(f"{row.title}, {name}", ours)
        for kind, other in zip(row.kinds[1:], others, strict=True):
            figures.add(f"  beside {kind}: {other:,.4g}", ours / other, "times")


def main():
    """Measure, print and write."""
    options_of = parser(__doc__)
    options_of.add_argument("--repeats", type=int, default=3)
    options_of.add_argument(
        "--quick", action="store_true", help="two repetitions of a tenth of the load"
    )
    options_of.add_argument("--only", default="", help="rows whose title has this in it")
    options = options_of.parse_args()
    figures = Figures("The client beside INGInious's", options.json)
    for row in ROWS:
        if options.only in row.title:
            if options.quick and row.options.get("count", 0) > 100:
                row.options["count"] //= 10
            measure_row(figures, row, 2 if options.quick else options.repeats)


if __name__ == "__main__":
    main()
