"""The few lines of shell that every program in a sandbox starts with.

They set limits from within, where processes are counted apart from the user's other ones, give up
root's rights, and tell an exit status from a signal, which a shell status alone cannot. Shell,
because it is everywhere and starts in a millisecond; a Python interpreter takes ten.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Box

WORKER_ID = 4242
"""User and group of programs in INGInious's containers (protocol.md 4.3)."""

STARTED = b"started\n"
NOT_FOUND = b"not found\n"

_BLOCK_BYTES = 512
_LIMITS = """\
ulimit -c 0; ulimit -f {file_blocks}; ulimit -d {data_kilobytes}; ulimit -n {open_files}
ulimit -u {processes} || ulimit -p {processes}
echo 1000 > /proc/self/oom_score_adj
umask 022
"""
# "exec" in a subshell, so that the words of a command are never taken for builtins of the shell.
# The shell's own stderr is the report: it writes there that a signal ended the command.
_REPORTING = """\
exec 9>&2 2>/dev/fd/{report}
echo started >&2
cd -- "$1" || {{ echo not found >&2; exit 1; }}
shift
case $1 in
*/*) [ -f "$1" ] && [ -x "$1" ] || {{ echo not found >&2; exit 1; }} ;;
esac
(exec {drop}"$@" 2>&9 9>&-)
status=$?
{teardown}exit $status
"""
_PLAIN = """\
cd -- "$1" && shift && exec {drop}"$@"
"""


@dataclass(frozen=True)
class Verdict:
    """How a program ended.

    Attributes:
        was_started: False if the sandbox itself failed.
        status: The exit status, 1 if the program could not be started.
        signal: The signal that ended it, or None.
    """

    was_started: bool
    status: int
    signal: int | None = None


def starter(box: Box, report: int | None, *, processes: int) -> list[str]:
    """The command that sets the limits of a box and then becomes, or runs, its program."""
    lines = _LIMITS.format(
        file_blocks=max(1, box.limits.disk_bytes // _BLOCK_BYTES),
        data_kilobytes=_data_kilobytes(),
        open_files=box.limits.open_files,
        processes=processes,
    )
    # Some limits may be lower already, or unknown to this shell; that is not the program's affair.
    script = "{ " + lines + "} 2>/dev/null\n"
    drop = "".join(f"{word} " for word in _dropping())
    if report is None:
        script += _PLAIN.format(drop=drop)
    else:
        teardown = '(exec sh -c "$TEARDOWN" 2>&9 9>&- > /dev/null)\n' if box.teardown else ""
        script += _REPORTING.format(report=report, drop=drop, teardown=teardown)
    return ["/bin/sh", "-c", script, "sh", box.cwd, *box.argv]


def read_verdict(report: bytes, status: int) -> Verdict:
    """Understand what the starter reported and the status it ended with."""
    if not report.startswith(STARTED):
        return Verdict(was_started=False, status=status)
    message = report[len(STARTED) :]
    if message.startswith(NOT_FOUND):
        return Verdict(was_started=True, status=1)
    by_signal = 128
    # Shells say nothing about the two signals that people cause all the time.
    silent = (by_signal + 2, by_signal + 13)
    if status > by_signal and (message.strip() or status in silent):
        return Verdict(was_started=True, status=status, signal=status - by_signal)
    return Verdict(was_started=True, status=status)


@cache
def _dropping() -> tuple[str, ...]:
    """The command that gives up root's rights; empty if there are none, or no such command."""
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin:/sbin")
    if sys.platform == "win32" or os.geteuid() != 0 or setpriv is None:
        return ()
    worker = f"--reuid={WORKER_ID} --regid={WORKER_ID} --clear-groups"
    return (setpriv, *worker.split(), "--no-new-privs", "--bounding-set=-all", "--")


def drops_root() -> bool:
    """Whether programs run as another user than root, though this process is root."""
    return bool(_dropping())


@cache
def _data_kilobytes() -> int:
    """No program may ask for more memory than there is; what it uses is watched from outside."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        total = 8 << 30
    return total // 1024
