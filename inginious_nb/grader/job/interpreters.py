"""Interpreters of the system: whether each works, asked once, in bounded time.

One may be there and not start: half of an upgrade, a missing library, a home on a dead drive. Only
programs of the system are asked, never those of a task, since they run outside of the sandbox.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
from functools import cache

from inginious_nb.grader.sandbox.launch_script import dropping

logger = logging.getLogger(__name__)

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OLDEST_PYTHON = (3, 6)
"""The oldest python3 that the grading API runs with."""

_TIMEOUT_S = 8.0
_OLD = 42
_HOW = {
    "python": ("-c", f"import sys; sys.exit({_OLD} * (sys.version_info < {OLDEST_PYTHON}))"),
    "bash": ("-c", "exit 0"),
    "perl": ("-e", "1"),
}
_VERSION = re.compile(r"\d*(?:\.\d+)*$")


def works(program: str) -> bool:
    """Return whether an interpreter starts; True of one that is not known, or not the system's."""
    folder, _, name = program.rpartition("/")
    kind = _VERSION.sub("", name)
    return folder not in SYSTEM_PATH.split(":") or kind not in _HOW or _status(program) in (0, _OLD)


def system_python() -> str | None:
    """Return the first python3 of the system that the grading API can run with."""
    return next((program for program in _pythons() if _status(program) == 0), None)


def broken_python() -> str | None:
    """Return a python3 of the system that is there and does not work."""
    return next((program for program in _pythons() if not works(program)), None)


def _pythons() -> list[str]:
    found = (shutil.which("python3", path=each) for each in ("/usr/bin", "/usr/local/bin", "/bin"))
    return [program for program in found if program is not None]


def _status(program: str) -> int | None:
    kind = _VERSION.sub("", os.path.basename(program))  # noqa: PTH119 - a name
    return _ended_with(os.path.realpath(program), _HOW[kind])


@cache
def _ended_with(program: str, words: tuple[str, ...]) -> int | None:
    """Return the exit status of a program; None if it cannot be run, or does not end."""
    try:
        tried = subprocess.Popen(  # noqa: S603 - the system's own interpreter
            [*dropping(), program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        logger.warning("%s does not work: %s", program, error)
        return None
    with tried:
        try:
            status = tried.wait(_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            logger.warning("%s does not work: it did not end within %d s", program, _TIMEOUT_S)
            with contextlib.suppress(OSError):
                os.killpg(tried.pid, signal.SIGKILL)  # with all that it has started
            return None
    if status not in (0, _OLD):
        logger.warning("%s does not work: it ended with %d", program, status)
    return status
