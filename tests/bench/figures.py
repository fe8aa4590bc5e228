"""The figures of one benchmark: a line each as soon as it is measured, and the JSON file so far.

A benchmark that is ended early has told what it had. The file says when and on what machine, and
how busy that was, since times of a busy machine are no figures to keep.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the options that each benchmark has.

    What it measures is compiled once, as an installed package is.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    found = argparse.ArgumentParser(description=description)
    found.add_argument("--json", type=Path, help="the file for the figures")
    return found


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Figures:
    """The figures of a benchmark.

    Attributes:
        rows: A dictionary a figure: ``what``, ``value``, ``unit`` and ``wanted`` (a text).
    """

    def __init__(self, title: str, path: Path | None) -> None:
        self.rows: list[dict[str, Any]] = []
        self._path = path
        self._head = {
            "title": title,
            "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "load_before": os.getloadavg()[0],
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "python": platform.python_version(),
        }
        say(f"{title} (load of the machine {os.getloadavg()[0]:.1f})")

    def add(self, what: str, value: float, unit: str = "", wanted: str = "") -> None:
        """Take a figure in: print it, and write the file anew."""
        self.rows.append({"what": what, "value": value, "unit": unit, "wanted": wanted})
        shown = f"{value:,.4g} {unit}".strip()
        say(f"  {what:<66} {shown:>12}" + (f"   wanted {wanted}" if wanted else ""))
        self.write()

    def write(self, **more: Any) -> None:
        """Write all figures so far, and more about them."""
        self._head |= more
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            data = self._head | {"load_after": os.getloadavg()[0], "rows": self.rows}
            self._path.write_text(json.dumps(data, indent=2) + "\n")
