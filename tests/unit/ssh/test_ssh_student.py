"""ssh_student: the student works in the student's sandbox in the middle of grading (4.7)."""

from __future__ import annotations

import os

import pytest

from inginious_nb.i18n import faults
from tests.support.hostile import processes_with
from tests.support.ssh import connected

LONG = f"99{os.getpid()}.5"
"""Seconds that a sleep takes which is looked for among all processes; no other test run has it."""

SSH = {
    "debug": True,
    "environment_type": "docker-ssh",
    "parameters": {"network_grading": True},
}
BASH = "#!/bin/bash\nfeedback-result success\n"
PYTHON = (
    "#!/usr/bin/python3\nfrom inginious import feedback\n"
    "from inginious.ssh_student import ssh_student\n"
    "from inginious.run_student import run_student\n"
    "feedback.set_global_result('success')\n"
)


def custom(site, run, files=None, **options):
    """Grade a script in an environment with shells."""
    return site.ssh_session(
        {"run": run, "student/hello.txt": "hi", **(files or {})}, **SSH | options
    )


async def test_set_up_used_torn_down(site):
    ssh_session = custom(
        site,
        f"{PYTHON}"
        "status = ssh_student(setup_script='echo begun > student/log; touch /tmp/private', "
        "teardown_script='cat student/log > student/copy; echo ended >> student/log')\n"
        "feedback.set_custom_value('status', status)\n"
        "feedback.set_custom_value('log', open('student/log').read())\n"
        "feedback.set_custom_value('copy', open('student/copy').read())\n",
    )
    left = await ssh_session.run("cat student/hello.txt; echo visited >> student/log; exit 9")
    assert (left.stdout, left.exit_status) == ("hi", 9)
    result = await ssh_session.result()
    assert result.result[0] == "success"
    assert result.custom == {
        "status": 0,
        "log": "begun\nvisited\nended\n",
        "copy": "begun\nvisited\n",
    }
    assert [access[:1] + access[2:3] for access in ssh_session.told] == [("127.0.0.1", "worker")]


async def test_the_student_sees_what_programs_of_students_see(site):
    if site.kind != "bubblewrap":
        pytest.skip("plain processes see the machine")
    ssh_session = custom(site, f"{BASH}ssh_student; feedback-custom status $?")
    left = await ssh_session.run(
        "pwd; ls; cat run task.yaml /.__input/__inputdata.json; ls /archive; "
        "getinput @lang; touch x; id -u; echo $INGINIOUS_CONTROL"
    )
    assert left.stdout == "/task\nstudent\n4242\n\n"
    assert (await ssh_session.result()).custom == {"status": 0}


async def test_the_students_terminal(site):
    ssh_session = custom(site, f"{BASH}ssh_student; feedback-custom status $?")
    async with connected(await ssh_session.access()) as connection:
        shell = await connection.create_process(term_type="xterm", term_size=(80, 24))
        shell.stdin.write("stty size; exit 0\n")
        assert "24 80" in await shell.stdout.read()
    assert (await ssh_session.result()).custom == {"status": 0}


async def test_setup_and_user_share_a_box_that_is_gone_afterwards(site):
    ssh_session = custom(
        site,
        f"{BASH}ssh_student --setup-script 'sleep {LONG} & mkfifo student/pipe; "
        "cat < student/pipe > student/got &' --teardown-script 'cat student/got > student/end'\n"
        "feedback-custom status $?; feedback-custom end $(cat student/end)",
    )
    # What reads the pipe has its own pace.
    written = "until [ -s student/got ]; do sleep 0.01; done"
    await ssh_session.run(f"echo word > student/pipe; {written}; sleep {LONG} &")
    assert (await ssh_session.result()).custom == {"status": 0, "end": "word"}
    assert processes_with(LONG) == []


async def test_nobody_comes(make_site):
    site = make_site(arrival_s=0)
    run = (
        f"{BASH}ssh_student --setup-script 'echo 1 >> student/log' "
        "--teardown-script 'echo 2 >> student/log'\n"
        "feedback-custom status $?; feedback-custom log $(tr -d '\\n' < student/log)"
    )
    result = await custom(site, run).result()
    assert (result.result[0], result.custom) == ("success", {"status": 253, "log": 12})


async def test_a_second_shell_of_the_job_is_entered_like_the_first(site):
    ssh_session = custom(
        site,
        f"{BASH}ssh_student; feedback-custom first $?\n"
        "ssh_student --setup-script 'echo again > student/log'; feedback-custom second $?",
    )
    access = await ssh_session.access()
    assert (await ssh_session.run("ls student")).stdout == "hello.txt\n"
    # Whoever comes before it is opened waits for it.
    assert (await ssh_session.run("cat student/log")).stdout == "again\n"
    assert (await ssh_session.result()).custom == {"first": 0, "second": 0}
    assert ssh_session.told == [access]


# ---- where it is not allowed ------------------------------------------------------------------


@pytest.mark.parametrize(
    "run",
    [
        f"{BASH}ssh_student; sleep 60",
        f"{BASH}ssh_student --setup-script true --time 3; sleep 60",
        f"{PYTHON}ssh_student(); import time; time.sleep(60)\n",
    ],
)
@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"environment_type": "docker"}, "docker-ssh"),
        ({"parameters": {}}, "network_grading: true"),
    ],
)
async def test_the_whole_job_is_a_crash(site, run, options, word):
    ssh_session = custom(site, run, **options)
    result = await ssh_session.result()
    assert (result.result[0], result.state, result.archive) == ("crash", "before", None)
    assert faults.told(result.result[1]) == result.result[1]
    assert "remote shell" in result.result[1]
    assert word in result.result[1]
    assert ssh_session.told == []


async def test_no_port_is_free(make_site, unused_tcp_port_factory):
    site = make_site(ports=[unused_tcp_port_factory()])
    first = custom(site, f"{BASH}ssh_student")
    await first.access()
    second = await custom(site, f"{BASH}ssh_student; sleep 60").result()
    assert (second.result[0], second.state) == ("crash", "before")
    assert faults.told(second.result[1]) == second.result[1]
    assert "ports" in second.result[1]
    await first.run("true")
    assert (await first.result()).result[0] == "success"


async def test_run_student_with_ssh_is_only_an_error_there(site):
    run = f"{PYTHON}feedback.set_custom_value('status', run_student('true', ssh=True))\n"
    result = await custom(site, run, environment_type="docker").result()
    assert (result.result[0], result.custom) == ("success", {"status": 254})


async def test_run_student_with_ssh(site):
    ssh_session = custom(
        site,
        f"{PYTHON}status = run_student('touch student/made', ssh=True, "
        "teardown_script='touch student/torn')\n"
        "import os\nfeedback.set_custom_value('status', status)\n"
        "feedback.set_custom_value('torn', os.path.exists('student/torn'))\n",
    )
    assert (await ssh_session.run("ls student")).stdout == "hello.txt\nmade\n"
    assert (await ssh_session.result()).custom == {"status": 0, "torn": True}


async def test_in_an_environment_with_shells_all_else_is_as_usual(site):
    result = await custom(site, f"{BASH}run_student cat student/hello.txt").result()
    assert (result.result[0], result.stdout) == ("success", "hi")


# ---- limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "command", "status"),
    [
        ("--hard-time 1", "sleep 60", 253),
        ("--time 1", "while :; do :; done", 253),
        ("--memory 50", "python3 -c 'import time; x = b\"x\" * (1 << 29); time.sleep(60)'", 252),
    ],
)
async def test_the_student_has_limits(site, options, command, status):
    ssh_session = custom(site, f"{BASH}ssh_student {options}; feedback-custom status $?")
    assert (await ssh_session.run(command)).exit_status != 0
    assert (await ssh_session.result()).custom == {"status": status}


async def test_the_limits_of_the_task_do_not_count(site):
    ssh_session = custom(site, f"{BASH}ssh_student", limits={"time": 1, "hard_time": 1})
    await ssh_session.run("sleep 1.2")
    assert (await ssh_session.result()).result[0] == "success"


async def test_it_is_killed_while_the_student_is_in(site):
    ssh_session = custom(site, f"{BASH}ssh_student")
    async with connected(await ssh_session.access()) as connection:
        shell = await connection.create_process(f"echo in; sleep {LONG}")
        assert await shell.stdout.readline() == "in\n"
        ssh_session.kill.set()
        result = await ssh_session.result()
        assert (result.result, result.state) == (("killed", ""), "before")
        await connection.wait_closed()
    assert processes_with(LONG) == []


async def test_when_nobody_waits_for_it_any_more_it_ends(site):
    ssh_session = custom(
        site, f"{BASH}timeout -s KILL 1 ssh_student; feedback-custom status $?; sleep 0.2"
    )
    async with connected(await ssh_session.access()) as connection:
        await connection.run("sleep 60")
    assert (await ssh_session.result()).custom == {"status": 137}
