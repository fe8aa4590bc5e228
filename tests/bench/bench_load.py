"""What ``%load_ext inginious_nb`` costs over a kernel that has ipywidgets and anywidget already.

Run as ``python -m tests.bench.bench_load [--repeats 9] [--json FILE]``. Each measurement is a fresh
interpreter with an IPython shell, as a kernel is; the median is told.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

WANTED_MS = 80

PROGRAM = """
import time
import anywidget, ipykernel.ipkernel, ipywidgets
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
begun = time.perf_counter()
shell.run_line_magic("load_ext", "inginious_nb")
print((time.perf_counter() - begun) * 1000)
"""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    times_ms = []
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"INGINIOUS_HISTORY": f"{folder}/history.sqlite"}
        # Compiled once, as an installed package is.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for _ in range(options.repeats + 1):
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM],
                cwd=folder,
                env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
                capture_output=True,
                text=True,
                check=True,
            )
            times_ms.append(float(done.stdout))
    measured = times_ms[1:]  # the first one filled the file cache
    row = {"median_ms": statistics.median(measured), "least_ms": min(measured)}
    table = Table(title="Loading the extension")
    for column in ("what", "median", "least", "wanted"):
        table.add_column(column, justify="left" if column == "what" else "right")
    table.add_row(
        "%load_ext inginious_nb",
        f"{row['median_ms']:.0f} ms",
        f"{row['least_ms']:.0f} ms",
        f"<= {WANTED_MS} ms",
    )
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps(row, indent=2) + "\n")


if __name__ == "__main__":
    main()
