"""What ``%load_ext inginious_nb`` costs over a kernel that has ipywidgets and anywidget already.

Run as ``python -m tests.bench.bench_load [--repeats 9] [--json FILE]``. Each measurement is a fresh
interpreter with an IPython shell, as a kernel is; the median is told.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.figures import Figures, parser

WANTED = "<= 80 ms"

PROGRAM = """
import time
import anywidget, ipykernel.ipkernel, ipywidgets
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
begun, used = time.perf_counter(), time.process_time()
shell.run_line_magic("load_ext", "inginious_nb")
print((time.perf_counter() - begun) * 1000, (time.process_time() - used) * 1000)
"""


def load_ms(folder: str) -> tuple[float, float]:
    """Return the time of loading in a fresh interpreter, and its processor time, in ms."""
    environment = os.environ | {"INGINIOUS_HISTORY": f"{folder}/history.sqlite"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    taken, used = map(float, done.stdout.split())
    return taken, used


def main() -> None:
    """Measure, print and write."""
    options_of = parser(__doc__)
    options_of.add_argument("--repeats", type=int, default=9)
    options = options_of.parse_args()
    figures = Figures("Loading the extension", options.json)
    with tempfile.TemporaryDirectory() as folder:
        load_ms(folder)  # fills the file cache
        times_ms, used_ms = zip(*(load_ms(folder) for _ in range(options.repeats)), strict=True)
    figures.add("%load_ext inginious_nb, median", statistics.median(times_ms), "ms", WANTED)
    figures.add("%load_ext inginious_nb, least", min(times_ms), "ms", WANTED)
    figures.add("  processor time, least", min(used_ms), "ms")


if __name__ == "__main__":
    main()
