"""The part of the launch script that is Perl: it waits for a program, or starts it all by itself.

By itself it does what ``setpriv``, a shell and a Perl that waits do one after the other (see
`launch_script`, which decides), for the price of one start. The system calls that this takes are
none of Perl's, so they are called by number; no module is loaded, each costs a millisecond.
"""

from __future__ import annotations

import platform
import shutil
import sys
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"


class _Calls(NamedTuple):
    """The numbers of system calls on a kind of machine, whose words have 64 bits."""

    prctl: int
    setgroups: int
    setresgid: int
    setresuid: int
    prlimit: int


_GENERIC = _Calls(prctl=167, setgroups=159, setresgid=149, setresuid=147, prlimit=261)
_CALLS = {
    "x86_64": _Calls(prctl=157, setgroups=116, setresgid=119, setresuid=117, prlimit=302),
    "aarch64": _GENERIC,
    "riscv64": _GENERIC,
}

# The status that wait() gave, which 128 + a signal in a shell's $? is not. Descriptors opened by
# number are closed in the command.
_WAIT = r"""
defined(my $pid = fork) or exit 254;
unless ($pid) { close $inherited; close $report; exec { $ARGV[0] } @ARGV; exit 1 }
waitpid $pid, 0;
my $status = $?;
syswrite $report, "ended $status\n";
if (length $teardown) {
    close $inherited; close $report; open STDOUT, ">", "/dev/null";
    system "/bin/sh", "-c", $teardown;
}
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
"""
WAITER = (
    r"""
my ($number, $teardown) = splice @ARGV, 0, 2;
open(my $inherited, ">&=", $number);
open(my $report, ">&=", 9);
"""
    + _WAIT
)
"""Perl that is told of two numbers of a report, the second one 9, and of the command."""

# The rights go first, and whatever of that fails ends it: nothing was "started". The bounding set
# can only be emptied as root. Of a process that was root /proc belongs to root until it says so,
# or becomes another program; then it could not set its oom_score_adj.
_LAUNCHER = (
    r"""
my ($number, $teardown, $id, $limits, $folder) = splice @ARGV, 0, 5;
sub must { exit print STDERR "The rights of root cannot be given up.\n" if shift }
if ($id += 0) {
    for my $capability (0 .. 63) {
        last if syscall(PRCTL, 23, $capability, 0, 0, 0) < 0; # PR_CAPBSET_READ, beyond the last
        must syscall(PRCTL, 24, $capability, 0, 0, 0); # PR_CAPBSET_DROP
    }
    must syscall(SETGROUPS, 0, 0);
    must syscall(SETRESGID, $id, $id, $id);
    must syscall(SETRESUID, $id, $id, $id);
    must syscall(PRCTL, 38, 1, 0, 0, 0); # PR_SET_NO_NEW_PRIVS
    must syscall(PRCTL, 4, 1, 0, 0, 0); # PR_SET_DUMPABLE
}
for my $limit (split / /, $limits) {
    my ($resource, $most) = split /=/, $limit;
    my $both = pack "Q2", $most, $most;
    syscall PRLIMIT, 0, $resource + 0, $both, 0;
}
if (open my $score, ">", "/proc/self/oom_score_adj") { print $score 1000; close $score }
umask 022;
open(my $report, ">&=", $number) or exit 1;
my $inherited = $report;
syswrite $report, "started\n";
sub not_found { syswrite $report, "not found\n"; exit 1 }
chdir(length $folder ? $folder : ".") or not_found();
$ENV{OLDPWD} = $ENV{PWD} // "/";
$ENV{PWD} = readlink "/proc/self/cwd";
$ARGV[0] !~ m(/) or -f $ARGV[0] and -x _ or not_found();
"""
    + _WAIT
)


@cache
def perl() -> str | None:
    """Return the Perl of the system, None if there is none."""
    return shutil.which("perl", path=SYSTEM_PATH)


@cache
def _launcher() -> str | None:
    """Return the whole launch script, None where Perl cannot do it alone."""
    calls = _CALLS.get(platform.machine()) if sys.platform == "linux" else None
    if calls is None or perl() is None:
        return None
    script = _LAUNCHER
    for name, number in calls._asdict().items():
        script = script.replace(f"{name.upper()},", f"{number},")
    return script


def launcher_command(
    argv: Sequence[str],
    *,
    cwd: str,
    report: int,
    teardown: str,
    worker: int | None,
    rlimits: Mapping[int, int],
) -> list[str] | None:
    """Return the command that starts a program and reports its end; None where there is none.

    Args:
        argv: The program.
        cwd: Where it starts.
        report: The descriptor for the report.
        teardown: A shell command for afterwards, or "".
        worker: The user and the group that it becomes; None leaves it its own.
        rlimits: The limit of each resource, by the number of the resource. One that is lower
            already stays.
    """
    program, script = perl(), _launcher()
    if program is None or script is None:
        return None
    limits = " ".join(f"{resource}={most}" for resource, most in rlimits.items())
    words = [str(report), teardown, str(worker or 0), limits, cwd]
    return [program, "-e", script, *words, *argv]
