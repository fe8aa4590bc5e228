"""How a program starts, and what is reported of its end, is the same whatever starts it."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from inginious_nb.grader.sandbox import Box, Limits, launch_script, perl_launcher
from inginious_nb.grader.sandbox.launch_script import Verdict

LIMITS = Limits(cpu_s=60, wall_s=60, memory_bytes=1 << 30, disk_bytes=1 << 20, open_files=64)


@pytest.fixture(params=["perl", "chain", "shell"])
def _started_by(request, monkeypatch):
    if request.param == "perl" and not launch_script.launches_in_perl():
        pytest.skip("this machine has no Perl, or another kind of system calls")
    monkeypatch.setattr(launch_script, "launches_in_perl", lambda: request.param == "perl")
    if request.param == "shell":
        monkeypatch.setattr(launch_script, "perl", lambda: None)


def launched(
    *argv: str, cwd: str = "/tmp", teardown: str = "", **variables: str
) -> tuple[Verdict, str]:
    """What is reported of a program, and all that it printed."""
    read, write = launch_script.report_pipe()
    environ = {"PATH": os.defpath, **variables}
    box = Box(argv, cwd, environ, (), LIMITS, report_status=True, teardown=teardown)
    done = subprocess.run(
        launch_script.launch_command(box, write, process_limit=None),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        pass_fds=[write],
        env=environ,
        cwd="/",
    )
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        return launch_script.read_verdict(pipe.read(), done.returncode), done.stdout + done.stderr


@pytest.mark.usefixtures("_started_by")
@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("/bin/sh", "-c", "exit 3"), 3),
        (("/bin/nothing",), 1),
        (("/etc/passwd",), 1),
        (("/bin",), 1),
    ],
)
def test_the_end_of_a_program(argv, expected):
    assert launched(*argv)[0] == Verdict(was_started=True, status=expected)


@pytest.mark.usefixtures("_started_by")
def test_a_signal_is_the_end_of_a_program():
    assert launched("sh", "-c", "kill -9 $$")[0].signal == signal.SIGKILL


@pytest.mark.usefixtures("_started_by")
def test_a_program_is_no_option_of_what_starts_it():
    verdict, text = launched("-e", "print 7")
    assert verdict.status != 0
    assert "7" not in text.split()


@pytest.mark.usefixtures("_started_by")
def test_variables_of_perl_are_heeded_without_the_rights_of_root():
    if not launch_script.drops_root():
        pytest.skip("nobody is root here")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Path(folder, "Told.pm").write_text('print STDERR "by user $<\\n"; 1')
        verdict, text = launched("/bin/true", PERL5LIB=folder, PERL5OPT="-MTold")
    assert verdict == Verdict(was_started=True, status=0)
    assert "by user 0" not in text


@pytest.mark.usefixtures("_started_by")
def test_a_folder_that_is_not_there():
    assert launched("/bin/true", cwd="/nowhere")[0] == Verdict(was_started=True, status=1)


@pytest.mark.usefixtures("_started_by")
def test_its_surroundings():
    show = "pwd; echo $PWD $OLDPWD; umask; ulimit -n; ulimit -f; ulimit -c; id -u"
    _, text = launched("/bin/sh", "-c", show, cwd="/usr")
    user = launch_script.WORKER_ID if launch_script.drops_root() else os.geteuid()
    assert text.split() == ["/usr", "/usr", "/", "0022", "64", "2048", "0", str(user)]


@pytest.mark.usefixtures("_started_by")
def test_a_teardown_comes_after_the_end():
    verdict, text = launched("/bin/sh", "-c", "echo one; exit 4", teardown="echo two >&2")
    assert (verdict.status, text) == (4, "one\ntwo\n")


@pytest.mark.parametrize("call", ["setresuid", "setresgid", "prctl", "prlimit"])
def test_a_wrong_system_call_is_found_out(monkeypatch, call):
    """Where the number of a call is that of a harmless one, the chain starts programs."""
    if not launch_script.drops_root() or platform.machine() != "x86_64":
        pytest.skip("no rights are given up here, or the numbers are others")
    harmless = 24  # sched_yield, which always succeeds
    calls = perl_launcher._CALLS["x86_64"]._replace(**{call: harmless})
    monkeypatch.setitem(perl_launcher._CALLS, "x86_64", calls)
    perl_launcher._launcher.cache_clear()
    launch_script._launches_in_perl.cache_clear()
    try:
        assert not launch_script.launches_in_perl()
        assert launched("/bin/sh", "-c", "id -u")[1] == f"{launch_script.WORKER_ID}\n"
    finally:
        monkeypatch.undo()
        perl_launcher._launcher.cache_clear()
        launch_script._launches_in_perl.cache_clear()
