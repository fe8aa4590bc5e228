"""What tests of hostile scripts share, beside the fixture `hostile` of the unit tests."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

SUCCESS = "#!/bin/bash\nfeedback-result success\n"
QUICK = {"time": 2, "hard_time": 3, "memory": 200, "disk": 100}
"""For what never ends."""
AMPLE = {**QUICK, "time": 30, "hard_time": 60}
"""For what ends by itself, or by another limit than that of time."""


def processes_with(word: str) -> list[str]:
    """Command lines of this machine's processes that contain a word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found


def descendants() -> set[psutil.Process]:
    """The processes below this one, whoever started them: earlier tests may have left some."""
    return set(psutil.Process().children(recursive=True))


def new_descendants(before: set[psutil.Process]) -> list[psutil.Process]:
    """The processes below this one, without those that there were before and what is below them."""
    found = []
    for child in psutil.Process().children():
        if child not in before:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
                found += [child, *child.children(recursive=True)]
    return found


def new_zombies(before: set[psutil.Process]) -> list[psutil.Process]:
    """Children that there were not before, that have ended and that nobody has collected yet."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # collected meanwhile
            if child not in before and child.status() == psutil.STATUS_ZOMBIE:
                found.append(child)
    return found
