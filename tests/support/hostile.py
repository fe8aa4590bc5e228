"""What tests of hostile scripts share, beside the fixture `hostile` of the unit tests."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

SUCCESS = "#!/bin/bash\nfeedback-result success\n"
QUICK = {"time": 2, "hard_time": 3, "memory": 200, "disk": 100}


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


def zombies() -> set[psutil.Process]:
    """Children that have ended and that nobody has collected yet."""
    found = set()
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # collected meanwhile
            if child.status() == psutil.STATUS_ZOMBIE:
                found.add(child)
    return found
