"""The script that starts every program in a sandbox: it drops root, sets rlimits, reports the end.

It tells an exit status from a signal, which a shell's status cannot. Written in shell, which starts
in a millisecond, and Perl, which takes two; a Python interpreter takes ten. Where the end is to be
reported, Perl does all of it (`perl_launcher`), if it does it as the chain of programs does.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .base import Box, Limits
from .perl_launcher import SYSTEM_PATH, WAITER, launcher_command, perl

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable

WORKER_ID = 4242
"""User and group of programs in INGInious's containers.

Source: docs/protocol.md, The grading container."""

STARTED = b"started\n"
NOT_FOUND = b"not found\n"

_BLOCK_BYTES = 512
_TRIAL_PROCESSES = 1 << 15
_SHOW_RIGHTS = ("/bin/cat", "/proc/self/status", "/proc/self/limits", "/proc/self/oom_score_adj")
# Of the status what a program may do; of the others all.
_RIGHTS = re.compile(rb"(?:Uid|Gid|Groups|Umask|Cap|NoNewPrivs|Seccomp|SigBlk|SigIgn|Max )|\d+$")
_ENDED = re.compile(rb"ended (\d+)\n")
_LIMITS = """\
ulimit -c 0; ulimit -f {file_blocks}; ulimit -d {data_kilobytes}; ulimit -n {open_files}
echo 1000 > /proc/self/oom_score_adj
umask 022
"""
_REPORTING = """\
exec 9>/dev/fd/{report}
echo started >&9
cd -- "$1" 2>/dev/null || {{ echo not found >&9; exit 1; }}
shift
case $1 in
*/*) [ -f "$1" ] && [ -x "$1" ] || {{ echo not found >&9; exit 1; }} ;;
esac
"""
_WAIT = 'exec {perl} -e "$_inginious_waiter" {report} {teardown} "$@"\n'
# Without Perl a shell has to tell a signal, by what it writes to its stderr, which is the report.
# "exec" in a subshell, so that the words of a command are never taken for builtins of the shell.
_WAIT_IN_SHELL = """\
exec 8>&2 2>&9 9>&-
(exec "$@" 2>&8 8>&-)
status=$?
[ -z {teardown} ] || (exec /bin/sh -c {teardown} 2>&8 8>&- > /dev/null)
exit $status
"""
_PLAIN = """\
cd -- "$1" && shift && exec "$@"
"""


@dataclass(frozen=True)
class Verdict:
    """The end of a program.

    Attributes:
        was_started: False if the sandbox itself failed.
        status: The exit status, 1 if the program could not be started.
        signal: The signal that ended it, or None.
    """

    was_started: bool
    status: int
    signal: int | None = None


def launch_command(box: Box, report: int | None, *, process_limit: int | None) -> list[str]:
    """Return the command that sets the limits of a box and then becomes, or runs, its program.

    Args:
        box: The box.
        report: A descriptor for the report; None without one.
        process_limit: The rlimit of processes and threads; None for none of ours.
    """
    if report is not None and launches_in_perl():
        command = _perl_command(box, report, process_limit)
        if command is not None:
            return command
    return _chain_command(box, report, process_limit)


def _chain_command(box: Box, report: int | None, process_limit: int | None) -> list[str]:
    """Return the command in which programs become each other, one for each of its purposes."""
    lines = _LIMITS.format(
        file_blocks=_file_blocks(box.limits),
        data_kilobytes=_data_kilobytes(),
        open_files=box.limits.open_files,
    )
    if process_limit is not None:
        lines += f"ulimit -u {process_limit} || ulimit -p {process_limit}\n"
    # Some limits may be lower already, or unknown to this shell; that is not the program's affair.
    script = "{ " + lines + "} 2>/dev/null\n"
    # Not as $0, which the shell shows when a program cannot be started.
    script += "_inginious_waiter=$1; shift\n"
    if report is None:
        script += _PLAIN
    else:
        wait = _WAIT_IN_SHELL if perl() is None else _WAIT
        teardown = shlex.quote(box.teardown)
        script += _REPORTING.format(report=report)
        script += wait.format(perl=perl(), report=report, teardown=teardown)
    # Before anything else: not even these lines run with rights that the program must not have.
    return [*dropping(), "/bin/sh", "-c", script, "sh", WAITER, box.cwd, *box.argv]


def _perl_command(box: Box, report: int, process_limit: int | None) -> list[str] | None:
    """Return the command that does the same in one program, None where there is none."""
    if any(name.startswith("PERL") for name in box.environ):
        return None  # it would heed them before it has given up the rights of root
    rlimits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: _file_blocks(box.limits) * _BLOCK_BYTES,
        resource.RLIMIT_DATA: _data_kilobytes() << 10,
        resource.RLIMIT_NOFILE: box.limits.open_files,
    }
    if process_limit is not None:
        rlimits[resource.RLIMIT_NPROC] = process_limit
    return launcher_command(
        box.argv,
        cwd=box.cwd,
        report=report,
        teardown=box.teardown,
        worker=WORKER_ID if drops_root() else None,
        rlimits=rlimits,
    )


def launches_in_perl() -> bool:
    """Return whether Perl alone leaves a program no more than the chain does; once it is tried."""
    return _launches_in_perl(dropping())


@cache
def _launches_in_perl(_: tuple[str, ...]) -> bool:
    limits = Limits(cpu_s=1, wall_s=1, memory_bytes=1 << 30, disk_bytes=1 << 30, open_files=64)
    box = Box(argv=_SHOW_RIGHTS, cwd="/", environ={}, mounts=(), limits=limits)
    try:
        seen = [_tried(make, box) for make in (_perl_command, _chain_command)]
    except (OSError, subprocess.TimeoutExpired):
        return False
    return None not in seen and seen[0] == seen[1]


def _tried(
    make: Callable[[Box, int, int | None], list[str] | None], box: Box
) -> tuple[bytes, bytes] | None:
    """Return what a program tells of its rights and limits, and what was reported of it.

    Raises:
        OSError, subprocess.TimeoutExpired: It cannot be tried.
    """
    with contextlib.ExitStack() as kept, contextlib.ExitStack() as passed:
        read, write = own(report_pipe(), kept, passed)
        command = make(box, write, _TRIAL_PROCESSES)
        if command is None:
            return None
        done = subprocess.run(  # noqa: S603 - our own words
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
            pass_fds=[write],
            env={"PATH": SYSTEM_PATH},
            cwd="/",
        )
        told = b"\n".join(filter(_RIGHTS.match, done.stdout.split(b"\n")))
        return told + done.stderr, os.read(read, select.PIPE_BUF)


def report_pipe() -> tuple[int, int]:
    """Return a pipe for a report, whose write end programs of another user can open anew."""
    read, write = os.pipe()
    if drops_root():
        os.fchown(write, WORKER_ID, WORKER_ID)
    return read, write


def own(
    pipe: tuple[int, int], kept: contextlib.ExitStack, passed: contextlib.ExitStack
) -> tuple[int, int]:
    """Return the same pipe; one stack closes its read end, the other one its write end."""
    for stack, end in zip((kept, passed), pipe, strict=True):
        stack.callback(os.close, end)
    return pipe


def read_verdict(report: bytes, status: int) -> Verdict:
    """Return the verdict from the report of the launch script and its exit status."""
    if not report.startswith(STARTED):
        return Verdict(was_started=False, status=status)
    message = report[len(STARTED) :]
    if message.startswith(NOT_FOUND):
        return Verdict(was_started=True, status=1)
    ended = _ENDED.match(message)
    if ended is not None:
        waited = int(ended[1])
        number = waited & 127
        return Verdict(was_started=True, status=waited >> 8, signal=number or None)
    return _guessed(message, status)


def _guessed(message: bytes, status: int) -> Verdict:
    """Return the verdict where nobody saw how the program itself ended."""
    if status < 0:  # the launch script was ended, by the program
        return Verdict(was_started=True, status=128 - status, signal=-status)
    by_signal = 128
    # Shells say nothing about the two signals that people cause all the time.
    silent = (by_signal + 2, by_signal + 13)
    if status > by_signal and (message.strip() or status in silent):
        return Verdict(was_started=True, status=status, signal=status - by_signal)
    return Verdict(was_started=True, status=status)


@cache
def dropping() -> tuple[str, ...]:
    """Return the command that gives up root's rights, empty where that is needless or impossible.

    It is tried: root of a user namespace with one id, or without its capabilities, is nobody else.
    """
    setpriv = shutil.which("setpriv", path=SYSTEM_PATH)
    if sys.platform == "win32" or os.geteuid() != 0 or setpriv is None or not _may_give_files():
        return ()
    worker = f"--reuid={WORKER_ID} --regid={WORKER_ID} --clear-groups"
    words = (setpriv, *worker.split(), "--no-new-privs")
    # Without CAP_SETPCAP the bounding set stays; another user without new rights cannot use it.
    for more in (("--bounding-set=-all",), ()):
        command = (*words, *more, "--")
        if _succeeds([*command, "/bin/sh", "-c", "exit 0"]):
            return command
    return ()


def _may_give_files() -> bool:
    """Return whether files can be given to the user of jobs."""
    try:
        with tempfile.TemporaryFile() as file:
            os.fchown(file.fileno(), WORKER_ID, WORKER_ID)
    except OSError:
        return False
    return True


def _succeeds(command: list[str]) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@cache
def can_execute(folder: Path) -> bool:
    """Return whether the user of jobs can execute a script in a new folder there.

    Args:
        folder: Where to try; a file system may be mounted ``noexec``.
    """
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix="inginious-try-") as made:
            Path(made).chmod(0o711)
            script = Path(made, "try")
            script.write_text("#!/bin/sh\nexit 0\n", "utf-8")
            script.chmod(0o755)
            return _succeeds([*dropping(), str(script)])
    except OSError:
        return False


def drops_root() -> bool:
    """Return whether programs run as another user than root, though this process is root."""
    return bool(dropping())


def _file_blocks(limits: Limits) -> int:
    """Return how many blocks of a shell one file may have."""
    return max(1, limits.disk_bytes // _BLOCK_BYTES)


@cache
def _data_kilobytes() -> int:
    """No program may ask for more memory than there is; what it uses is watched from outside."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        total = 8 << 30
    return total // 1024
