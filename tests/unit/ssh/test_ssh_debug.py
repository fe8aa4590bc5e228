"""Jobs entered over ssh instead of being graded (docs/protocol.md, SSH debugging)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import asyncssh
import pytest

from inginious_nb.grader.ssh import SshSettings
from inginious_nb.i18n import faults
from tests.support.hostile import processes_with
from tests.support.peer import free_port
from tests.support.ssh import RUN, SshSession, connected

LONG = f"99{os.getpid()}.125"
"""Seconds that a sleep takes which is looked for among all processes; no other test run has it."""

# ---- inside -----------------------------------------------------------------------------------


async def test_a_command_sees_what_the_script_would(site):
    ssh_session = site.ssh_session({"run": RUN, "hello.txt": "hi"}, {"q1": "an answer"})
    left = await ssh_session.run(
        "cat hello.txt; getinput q1; ls; echo oops >&2; feedback-result success; "
        "feedback-state seen; echo kept > ../archive/kept; exit 3"
    )
    assert left.exit_status == 3
    assert left.stdout.startswith("hian answer")
    assert set(left.stdout.split()) >= {"run", "student", "task.yaml"}
    assert "was-run" not in left.stdout
    assert left.stderr == "oops\n"
    result = await ssh_session.result()
    assert (result.result, result.grade, result.state) == (("success", ""), 100.0, "seen")
    assert result.archive is not None
    assert len(ssh_session.told) == 1


async def test_a_terminal_is_one(site):
    ssh_session = site.ssh_session()
    async with connected(await ssh_session.access()) as connection:
        shell = await connection.create_process(term_type="xterm", term_size=(93, 31))
        shell.stdin.write("stty size; tty; echo term=$TERM; echo re''ady; cat\n")
        shown = await shell.stdout.readuntil("ready\r\n")
        assert "31 93" in shown
        assert "/dev/pts/" in shown
        assert "term=xterm" in shown
        shell.stdin.write("twice\n")
        await shell.stdout.readuntil("twice\r\ntwice\r\n")
        shell.change_terminal_size(50, 20)
        shell.stdin.write("\x03")  # ends cat alone
        await shell.stdout.readuntil("$ ")
        shell.stdin.write("stty size; feedback-result success; exit 7\n")
        assert "20 50" in await shell.stdout.read()
        assert "run script of the task was not run" in await shell.stderr.read()
        assert shell.exit_status == 7
    assert (await ssh_session.result()).result[0] == "success"


async def test_much_data_passes_both_ways(site):
    ssh_session = site.ssh_session()
    data = os.urandom(3 << 20)
    left = await ssh_session.run("cat", input=data, encoding=None)
    assert left.stdout == data
    await ssh_session.result()


async def test_of_the_clients_variables_only_two_are_passed_on(site):
    ssh_session = site.ssh_session()
    async with connected(await ssh_session.access()) as connection:
        asked = {"LANG": "fr_FR.UTF-8", "LD_PRELOAD": "/x", "BASH_ENV": "/x", "SECRET": "s"}
        left = await connection.run("env", env=asked, term_type="screen")
    found = dict(line.split("=", 1) for line in left.stdout.splitlines() if "=" in line)
    assert (found["LANG"], found["TERM"]) == ("fr_FR.UTF-8", "screen")
    assert not {"LD_PRELOAD", "BASH_ENV", "SECRET", "SSH_AUTH_SOCK", "DISPLAY"} & found.keys()
    assert "/x" not in left.stdout
    await ssh_session.result()


async def test_what_it_may_not_say_in_a_variable_is_not_passed_on(site):
    ssh_session = site.ssh_session()
    async with connected(await ssh_session.access()) as connection:
        left = await connection.run("echo $LANG", env={"LANG": "a b; c" * 100})
    assert left.stdout in ("en_US.UTF-8\n", "C.UTF-8\n")
    await ssh_session.result()


async def test_an_ssh_program_gets_in(site, tmp_path):
    program = shutil.which("ssh")
    if program is None:
        pytest.skip("there is no OpenSSH here")
    ssh_session = site.ssh_session()
    host, port, user, password = await ssh_session.access()
    ask = tmp_path / "ask"
    ask.write_text(f"#!/bin/sh\necho '{password}'\n")
    ask.chmod(0o700)
    process = await asyncio.create_subprocess_exec(
        program,
        *("-tt", "-F", "none", "-p", str(port), "-o", "NoHostAuthenticationForLocalhost=yes"),
        f"{user}@{host}",
        "getinput @lang; feedback-result success; exit 4",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"},
    )
    shown, _ = await process.communicate()
    assert (shown, process.returncode) == (b"en", 4)
    assert (await ssh_session.result()).result[0] == "success"


# ---- how it ends ------------------------------------------------------------------------------


async def test_leaving_without_feedback_is_a_crash(site):
    ssh_session = site.ssh_session({"run": RUN})
    await ssh_session.run("true")
    result = await ssh_session.result()
    assert (result.result[0], result.state) == ("crash", "")
    assert faults.told(result.result[1]) == result.result[1]
    assert "feedback-result" in result.result[1]


async def test_nobody_comes(make_site):
    result = await make_site(arrival_s=0).ssh_session().result()
    assert (result.result[0], result.archive) == ("crash", None)
    assert faults.told(result.result[1]) == result.result[1]
    assert "Nobody came" in result.result[1]


async def test_a_connection_is_no_session(make_site, monkeypatch):
    connections = []

    async def come_when_told(ssh_session, *access):
        connections.append(await connected(access))
        await tell(ssh_session, *access)

    tell = SshSession._tell
    monkeypatch.setattr(SshSession, "_tell", come_when_told)
    result = await make_site(arrival_s=0).ssh_session().result()
    assert "Nobody came" in result.result[1]
    await connections[0].wait_closed()


async def test_the_limits_of_the_task_do_not_count(site):
    ssh_session = site.ssh_session(limits={"time": 1, "hard_time": 1})
    await ssh_session.run("sleep 1.2; feedback-result success")
    assert (await ssh_session.result()).result[0] == "success"


async def test_the_stay_is_limited(site, monkeypatch):
    late_s = 0

    class Clock:
        @staticmethod
        def monotonic():
            return time.monotonic() + late_s

    monkeypatch.setattr("inginious_nb.grader.sandbox.limit_supervisor.time", Clock)
    ssh_session = site.ssh_session()
    async with connected(await ssh_session.access()) as connection:
        shell = await connection.create_process("feedback-result success; echo in; sleep 60")
        assert await shell.stdout.readline() == "in\n"
        late_s = SshSettings().session_s
        assert "time for this shell is over" in (await shell.wait()).stderr
    assert (await ssh_session.result()).result == ("timeout", "")


async def test_the_memory_is_limited(site):
    ssh_session = site.ssh_session(limits={"memory": 60})
    left = await ssh_session.run("python3 -c 'import time; x = b\"x\" * (1 << 29); time.sleep(60)'")
    assert left.exit_status != 0
    assert (await ssh_session.result()).result[0] == "overflow"


async def test_it_is_killed_while_it_waits(site):
    ssh_session = site.ssh_session()
    await ssh_session.access()
    ssh_session.kill.set()
    result = await ssh_session.result()
    assert (result.result, result.state) == (("killed", ""), "before")


async def test_it_is_killed_while_it_is_open(site):
    ssh_session = site.ssh_session()
    async with connected(await ssh_session.access()) as connection:
        shell = await connection.create_process("feedback-result success; echo in; sleep 60")
        assert await shell.stdout.readline() == "in\n"
        ssh_session.kill.set()
        left = await shell.wait()
        assert left.exit_status != 0
        assert "killed" in left.stderr
    assert (await ssh_session.result()).result == ("killed", "")


@pytest.mark.parametrize("command", ["x" * 200_000, "echo a\0b"], ids=["long", "nul"])
async def test_a_command_that_cannot_be_started(site, command):
    ssh_session = site.ssh_session()
    left = await ssh_session.run(command)
    assert left.exit_status == 126
    assert left.stderr != ""
    assert (await ssh_session.result()).result[0] == "crash"


async def test_a_lost_connection_is_a_logout(site):
    ssh_session = site.ssh_session()
    connection = await connected(await ssh_session.access())
    shell = await connection.create_process(f"feedback-result success; echo in; sleep {LONG}")
    assert await shell.stdout.readline() == "in\n"
    connection.abort()
    assert (await ssh_session.result()).result[0] == "success"
    assert processes_with(LONG) == []


async def test_nothing_stays_that_was_left_in_the_background(site):
    ssh_session = site.ssh_session()
    left = await ssh_session.run(
        f"feedback-result success; sleep {LONG} & setsid nohup sleep {LONG} > /dev/null 2>&1 & "
        f"(trap '' HUP TERM; exec env -i /bin/sleep {LONG}) & sleep 0.1; jobs -p | wc -l"
    )
    assert left.stdout == "3\n"
    assert processes_with(LONG) == []
    assert (await ssh_session.result()).result[0] == "success"


async def test_the_port_is_closed_while_somebody_is_in(make_site):
    ssh_session = make_site(ports=[free_port()]).ssh_session()
    access = await ssh_session.access()
    await ssh_session.run("feedback-result success")
    await ssh_session.result()
    with pytest.raises(ConnectionRefusedError):
        await connected(access)


async def test_ending_its_process_ends_the_session(site):
    ssh_session = site.ssh_session()
    await ssh_session.run(f"feedback-result success; sleep {LONG} & kill -9 $PPID; sleep 60")
    assert (await ssh_session.result()).result[0] == "success"
    assert processes_with(LONG) == []


async def test_stopping_its_process_does_not_keep_it_after_the_session(make_site):
    ssh_session = make_site(end_s=0).ssh_session()
    connection = await connected(await ssh_session.access())
    shell = await connection.create_process(
        f"feedback-result success; sleep {LONG} & echo in; kill -STOP $PPID; sleep {LONG}"
    )
    assert await shell.stdout.readline() == "in\n"
    connection.abort()
    assert (await ssh_session.result()).result[0] == "success"
    assert processes_with(LONG) == []


async def test_its_process_cannot_be_looked_into(site):
    ssh_session = site.ssh_session()
    # It is there; what `ls` says of it depends on how /proc is mounted (hidepid).
    left = await ssh_session.run(
        "kill -0 $PPID && echo there; ls /proc/$PPID/fd/ || cat /proc/$PPID/environ"
    )
    assert (left.stdout, left.exit_status) == ("there\n", 1)
    await ssh_session.result()


async def test_why_there_was_no_shell(site, monkeypatch, caplog):
    text = "raise SystemExit('no such thing')"
    monkeypatch.setattr("inginious_nb.grader.ssh.session._program", lambda: text)
    result = await site.ssh_session().result()
    assert result.result[0] == "crash"
    assert "could not be started" in result.result[1]
    assert "no such thing" in caplog.text


IMPOSTOR = """
import array, fcntl, os, select, signal, socket, sys
control = socket.socket(fileno=os.dup(0))
pipes = array.array("i")
pipes.frombytes(control.recvmsg(1, 64)[1][0][2])
said, stdin, stdout, stderr = pipes
os.write(said, b"ready\\n")
control.recv(65536)
"""
FLOOD = """
try:
    while True:
        os.write(said, MESSAGE)
except OSError:
    pass
"""
HOLD = """
fcntl.fcntl(stdin, 1031, 4096)  # F_SETPIPE_SZ: so little fills it
for descriptor in pipes:
    os.set_blocking(descriptor, True)
try:
    control.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, pipes)])
except OSError as error:
    os.write(stdout, type(error).__name__.encode() + b"\\n")
select.select([stdin], [], [])
os.write(stdout, b"full\\n")
signal.pause()
"""


@pytest.mark.parametrize(
    "message",
    [b"x", b"x\n", b"\n", b"left x\n", b"left -99\n", b"left 9999\n", b"left 7\n"],
)
async def test_who_speaks_in_its_place_gains_nothing(make_site, monkeypatch, message):
    text = IMPOSTOR + FLOOD.replace("MESSAGE", repr(message))
    monkeypatch.setattr("inginious_nb.grader.ssh.session._program", lambda: text)
    ssh_session = make_site(end_s=0).ssh_session()
    left = await ssh_session.run("echo in")
    assert left.stdout == ""
    assert left.exit_status == (7 if message == b"left 7\n" else -1)
    assert (await ssh_session.result()).result[0] == "crash"


async def test_who_takes_its_place_holds_up_nobody(site, monkeypatch):
    monkeypatch.setattr("inginious_nb.grader.ssh.session._program", lambda: IMPOSTOR + HOLD)
    ssh_session = site.ssh_session()
    async with connected(await ssh_session.access()) as connection:
        shell = await connection.create_process()
        assert await shell.stdout.readline() == "BrokenPipeError\n"
        shell.stdin.write("x" * 100_000)
        assert await shell.stdout.readline() == "full\n"
        ssh_session.kill.set()
        assert (await ssh_session.result()).result[0] == "killed"


# ---- the sandbox ------------------------------------------------------------------------------


async def test_the_shell_is_in_the_sandbox(site, tmp_path):
    if site.kind != "bubblewrap":
        pytest.skip("plain processes see the machine")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    ssh_session = site.ssh_session()
    left = await ssh_session.run(
        f"cat {secret}; ls {Path.home()}; ls -d /proc/[0-9]* | wc -l; id -u"
    )
    processes, user = left.stdout.split()
    assert int(processes) < 10
    assert user == "4242"
    other = site.ssh_session()
    assert (await other.run("grep -c : /proc/net/dev")).stdout == "1\n"
    await other.result()
    await ssh_session.result()


async def test_run_student_works_and_a_second_shell_is_refused(site):
    ssh_session = site.ssh_session()
    left = await ssh_session.run(
        "run_student echo hi; ssh_student; echo $?; feedback-result success"
    )
    assert left.stdout == "hi\n254\n"
    assert (await ssh_session.result()).result[0] == "success"


# ---- where it can be offered ------------------------------------------------------------------


async def test_jobs_have_ports_of_their_own_until_there_are_none(make_site):
    ports = free_port(), free_port()
    site = make_site(ports=ports)
    ssh_sessions = [site.ssh_session(), site.ssh_session()]
    accesses = [await ssh_session.access() for ssh_session in ssh_sessions]
    assert {access[1] for access in accesses} == set(ports)
    assert len({access[3] for access in accesses}) == 2
    refused = await site.ssh_session().result()
    assert (refused.result[0], refused.state) == ("crash", "before")
    assert faults.told(refused.result[1]) == refused.result[1]
    assert str(ports[0]) in refused.result[1]
    with pytest.raises(asyncssh.PermissionDenied):
        await connected((*accesses[0][:3], accesses[1][3]))
    for ssh_session in ssh_sessions:
        await ssh_session.run("feedback-result success")
        assert (await ssh_session.result()).result[0] == "success"
    again = site.ssh_session()
    await again.run("feedback-result success")
    assert (await again.result()).result[0] == "success"


async def test_without_the_library_its_name_is_said(make_site, monkeypatch):
    monkeypatch.setattr("inginious_nb.grader.ssh.access._LIBRARY", "not_there_at_all")
    site = make_site()
    assert site.grader.environments().keys() == {"docker"}
    for fields in {"debug": "ssh"}, {"environment_type": "docker-ssh"}:
        result = await site.ssh_session(**{"debug": False, **fields}).result()
        assert (result.result[0], result.state) == ("crash", "before")
        assert faults.told(result.result[1]) == result.result[1]
        assert "pip install 'inginious_nb[ssh]'" in result.result[1]


def test_environments_with_shells_are_offered_with_their_aliases(make_site):
    offered = make_site(aliases={"more": "python3"}).grader.environments()
    assert set(offered["docker-ssh"]) == set(offered["docker"]) == {"default", "python3", "more"}


# ---- an end without a goodbye -----------------------------------------------------------------

SERVICE = """
import asyncio, sys
from pathlib import Path
from tests.support.ssh import Site
async def main():
    ssh_session = Site(Path(sys.argv[2]), sys.argv[1]).ssh_session()
    print(*await ssh_session.access(), flush=True)
    await ssh_session.result()
asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["bubblewrap", "plain"])
async def test_a_killed_service_takes_the_shell_with_it(kind, tmp_path):
    with (
        (tmp_path / "errors").open("w+") as errors,
        subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-c", textwrap.dedent(SERVICE), kind, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=Path(__file__).parents[3],
            text=True,
        ) as service,
        contextlib.ExitStack() as ending,
    ):
        ending.callback(service.kill)  # whatever fails: it would be waited for
        told = service.stdout.readline().split()
        assert len(told) == 4, (tmp_path / "errors").read_text()
        host, port, user, password = told
        async with connected((host, int(port), user, password)) as connection:
            shell = await connection.create_process(f"echo in; sleep {LONG}")
            assert await shell.stdout.readline() == "in\n"
            assert processes_with(LONG) != []
            service.kill()
            await connection.wait_closed()
    while processes_with(LONG):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
