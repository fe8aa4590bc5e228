"""All benchmarks in turn, each in a process of its own: ``python -m tests.bench`` (make bench).

Arguments are the names of those to run, such as ``client``; without any all are run. Each prints
its figures as it goes and writes bench-results/NAME.json; one that fails or takes longer than its
time is named at the end, the others run. Ratios are measured in one run; none is a test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from tests.bench.figures import say

# How long each may take, several times what it takes on a quiet machine.
MAX_S = {
    "load": 60,
    "history": 120,
    "embedded": 240,
    "web": 240,
    "class": 120,
    "widget": 300,
    "lab": 420,
    "client": 900,
}


def run(name: str) -> str | None:
    """Run a benchmark; return what was wrong with it."""
    began = time.monotonic()
    command = [sys.executable, "-m", f"tests.bench.bench_{name}"]
    process = subprocess.Popen(
        [*command, "--json", f"bench-results/{name}.json"], start_new_session=True
    )
    try:
        status = process.wait(MAX_S[name])
    except subprocess.TimeoutExpired:
        return f"took longer than {MAX_S[name]} s"
    finally:
        _end(process)
    say(f"  ({name}: {time.monotonic() - began:.0f} s)\n")
    return f"ended with status {status}" if status else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a benchmark that still runs, and what it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def main() -> None:
    """Run them."""
    faults = {name: fault for name in sys.argv[1:] or MAX_S if (fault := run(name))}
    for name, fault in faults.items():
        say(f"bench_{name} {fault}.")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
