"""The style sheet of static snapshots, which one output of a notebook brings for all of them.

It is longer than most results, and a page applies it to every output.
"""

from __future__ import annotations

import functools
import threading
from pathlib import Path

from .running_cell import running_cell

_PATH = Path(__file__).parent.parent / "static" / "snapshot.css"

_lock = threading.Lock()
_given_in: str | None = None


@functools.cache
def style_sheet() -> str:
    """Return the style sheet as it was built."""
    return _PATH.read_text(encoding="utf-8")


def brings_style_sheet() -> bool:
    """Return whether the output that is being made is to bring it.

    The first one of this kernel is, and so is what its cell shows when it is run again, since that
    replaces it. Where the host does not tell which cell runs, each output brings it, unless nobody
    is there to run a cell again.
    """
    global _given_in  # noqa: PLW0603 - a kernel has one notebook
    cell_id, attended = running_cell()
    with _lock:
        if _given_in is None:
            _given_in = cell_id
            return True
        return attended and _given_in == cell_id
