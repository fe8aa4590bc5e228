"""All benchmarks in turn, each in a process of its own: ``python -m tests.bench`` (make bench).

Arguments are the names of those to run, such as ``client``; without any all are run. The figures
are ratios measured in one run, in tables and in bench-results/*.json; none is a test.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = ("client", "embedded", "widget", "lab", "class", "load", "history", "web")


def main() -> None:
    """Run them."""
    Path("bench-results").mkdir(exist_ok=True)
    for name in sys.argv[1:] or BENCHMARKS:
        module = f"tests.bench.bench_{name}"
        command = [sys.executable, "-m", module, "--json", f"bench-results/{name}.json"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
