"""Scripts that misbehave: contained, the right result, the next job unaffected, nothing left."""

from __future__ import annotations

import asyncio
import ctypes
import io
import platform
import tarfile
from pathlib import Path

import pytest

from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.sandbox import Limits, bubblewrap, choose_sandbox
from inginious_nb.grader.sandbox.launch_script import drops_root
from tests.support.hostile import AMPLE, QUICK, SUCCESS, processes_with
from tests.support.local_course import LocalCourse

LIMITS = Limits(cpu_s=5, wall_s=10, memory_bytes=200 << 20, disk_bytes=100 << 20)

# ---- using too much ---------------------------------------------------------------------------


@pytest.mark.parametrize("bomb", [":(){ :|:& };:", "f(){ f & f; }; f"])
async def test_a_fork_bomb(hostile, bomb):
    result = await hostile(f"{SUCCESS}{bomb}\nsleep 60")
    assert result.result[0] in ("timeout", "overflow")


async def test_a_fork_bomb_does_not_last(hostile):
    """The processes of a user are counted together, so it takes them from other jobs."""
    limits = {"time": 300, "hard_time": 300, "memory": 4000}
    result = await hostile(f"{SUCCESS}:(){{ :|:& }};:\nsleep 300", limits=limits)
    assert result.result == ("overflow", "")


async def test_a_fork_bomb_of_the_student(hostile):
    files = {
        "run": f"{SUCCESS}run_student --hard-time 2 student/bomb; feedback-custom status $?",
        "student/bomb": "#!/bin/bash\n:(){ :|:& };:\nsleep 60",
    }
    limits = {"time": 2, "hard_time": 20, "memory": 200}
    result = await hostile(files, limits=limits)
    assert result.result[0] == "success"
    assert result.custom["status"] in (252, 253)


@pytest.mark.parametrize(
    "code",
    [
        "x = []\nwhile True: x.append(b'x' * 10_000_000)",
        "import os, time\nfor _ in range(3): os.fork()\nx = b'x' * 60_000_000\ntime.sleep(60)",
        "import mmap\nm = mmap.mmap(-1, 1 << 30)\nfor i in range(0, 1 << 30, 4096): m[i] = 1",
    ],
    ids=["one process", "many processes", "shared memory"],
)  # fmt: skip
async def test_a_memory_bomb(hostile, code):
    result = await hostile(f"#!/usr/bin/python3\n{code}\n")
    assert result.result == ("overflow", "")


async def test_output_without_end(hostile):
    # The writer is ended at the limit of a file; what the script then says counts.
    result = await hostile(f"{SUCCESS}yes > /dev/stderr\nhead -c 10G /dev/zero > big; ls -s .")
    assert result.result[0] == "success"
    assert len(result.stderr) <= 4 << 20


async def test_files_without_end(hostile):
    run = f"{SUCCESS}for i in {{1..200}}; do head -c 50M /dev/zero > f$i; done; sleep 60"
    assert (await hostile(run)).result == ("overflow", "")


async def test_output_of_the_student_without_end(hostile):
    run = f"{SUCCESS}run_student yes > out; feedback-custom status $?"
    result = await hostile(run, limits={**AMPLE, "disk": 400})
    assert (result.result[0], result.custom["status"]) == ("success", 253)


async def test_very_many_files(course, hostile):
    count = 30_000 if course.kind == "bubblewrap" else 10_000  # the same code, and disks are slow
    code = (
        f"import os\nfor i in range({count}): os.close(os.open(str(i), os.O_CREAT | os.O_WRONLY))\n"
    )
    code += "from inginious import feedback\nfeedback.set_global_result('success')"
    limits = {"time": 30, "hard_time": 60, "memory": 200}
    result = await hostile(f"#!/usr/bin/python3\n{code}", limits=limits)
    assert result.result[0] == "success"


@pytest.mark.parametrize("loop", ["while :; do :; done", "kill -STOP $$", "trap '' TERM; sleep 60"])
async def test_a_script_without_end(hostile, loop):
    assert (await hostile(SUCCESS + loop, limits=QUICK)).result == ("timeout", "")


async def test_memory_that_is_nobodys(hostile, course):
    """Files in memory would not count as memory of a process."""
    if course.kind == "plain":
        return  # it says that files are not isolated
    zeros = "head -c 1G /dev/zero >"
    result = await hostile(f"{SUCCESS}{zeros} /dev/x; {zeros} /dev/shm/x; ls -s /dev/shm/x")
    assert result.result[0] == "success"
    assert int(result.stdout.split()[0]) <= 100 << 10  # kilobytes: the limit of a file on disk


# ---- staying on -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "daemon",
    [
        "sleep MARK &",
        "nohup setsid sleep MARK > /dev/null 2>&1 < /dev/null &\ndisown",
        "(setsid bash -c 'cd /; trap \"\" TERM HUP; (sleep MARK &) ; sleep MARK' &)\nsleep 0.3",
    ],
)
async def test_a_daemon(hostile, daemon):
    assert (await hostile(SUCCESS + daemon)).result[0] == "success"


_HIDING = "setsid sh -c 'exec env -i sleep MARK &' & wait; sleep 0.3\n"


async def test_a_daemon_that_hides_where_it_comes_from(hostile):
    assert (await hostile(SUCCESS + _HIDING)).result[0] == "success"


async def test_a_hiding_daemon_beside_other_jobs(course):
    """It may be anybody's, so nobody suffers for it, and it goes with the last of them."""
    mark = f"9{id(course)}.7"
    other = asyncio.create_task(course.grade(f"{SUCCESS}sleep 1 & sleep 1; wait $!", task="other"))
    result = await course.grade(SUCCESS + _HIDING.replace("MARK", mark))
    assert (result.result[0], (await other).result[0]) == ("success", "success")
    assert processes_with(mark) == []


async def test_a_daemon_of_the_student(hostile):
    run = f"{SUCCESS}run_student sh -c 'sleep MARK & exit 4'; run_student setsid -f sleep MARK"
    assert (await hostile(run)).result[0] == "success"


async def test_a_killed_job_with_daemons(hostile):
    kill = asyncio.Event()
    asyncio.get_running_loop().call_later(0.4, kill.set)
    run = f"{SUCCESS}(setsid sleep MARK &); run_student sleep MARK & sleep MARK"
    assert (await hostile(run, kill=kill)).result == ("killed", "")


async def test_closed_streams(hostile):
    result = await hostile(f"{SUCCESS}exec <&- >&- 2>&-\nexec 9<&- 3<&-\nfeedback-grade 50")
    assert (result.result[0], result.grade) == ("success", 50.0)


async def test_killing_everything_in_sight(hostile, course):
    if course.kind == "bubblewrap":
        result = await hostile(f"{SUCCESS}kill -9 1; kill -9 $PPID; kill -9 -1; sleep 0.1; exit 3")
        assert result.result[0] in ("success", "crash")
    else:
        # A program of the same user may end its parent, which is this process.
        parent = "kill -9 $PPID; " if drops_root() else ""
        result = await hostile(f"{SUCCESS}{parent}kill -9 $$")
        assert result.result[0] == "success"


# ---- other people's files ---------------------------------------------------------------------


async def test_the_answers_of_other_jobs(course, hostile):
    if course.kind == "plain":
        return  # it says that files can be read
    answers = {"q1": "top secret answer"}
    other = asyncio.create_task(course.grade(SUCCESS + "sleep 2", answers, task="other"))
    look = "grep -rs 'top.secret' /task /tmp /course /archive /.__* /.control /run /var /home"
    look += " /dev/shm /.inginious /proc/*/environ /proc/*/cmdline; ls /proc"
    result = await hostile(f"{SUCCESS}{look}", limits={"hard_time": 20})
    await other
    assert "top secret" not in result.stdout
    pids = [int(word) for word in result.stdout.split() if word.isdigit()]
    assert max(pids) < 100


async def test_writing_outside(course, hostile, tmp_path):
    if course.kind == "plain":
        return  # it says so
    places = "/usr /etc /bin /home /root /opt /var /run / /dev /.inginious /.control /course/common"
    result = await hostile(
        f"{SUCCESS}for p in {places} {course.path} {tmp_path} {Path.home()}; do\n"
        "  touch $p/hostile-file 2> /dev/null && echo wrote $p; done"
    )
    # The folder of the control socket is of the job itself.
    assert result.stdout.replace("wrote /.control\n", "") == ""


async def test_the_home_and_the_environment_are_hidden(course, hostile, monkeypatch):
    if course.kind == "plain":
        return
    monkeypatch.setenv("VERY_SECRET", "token")
    result = await hostile(f"{SUCCESS}env; cat /proc/*/environ; ls -A /home /root {Path.home()}")
    assert "token" not in result.stdout
    assert not any(name in result.stdout for name in (".bashrc", ".profile"))


async def test_keys_of_the_kernel(course):
    if course.kind == "plain":
        return
    number = {"x86_64": 248, "aarch64": 217}[platform.machine()]
    ctypes.CDLL(None).syscall(number, b"user", b"inginious-test", b"x", 1, -3)
    search = f"syscall({number + 2}, 10, -3, b'user', b'inginious-test', 0)"
    code = f"import ctypes\nprint(ctypes.CDLL(None).{search})\n"
    result = await course.grade({"run": f"{SUCCESS}/usr/bin/python3 code", "code": code})
    assert result.stdout == "-1\n"


# A namespace by each call that makes one, then a thread, a process and a program as usual.
NAMESPACES = """
import ctypes, mmap, os, platform, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
NEW_USER, CLONE, CLONE3 = 0x10000000, CLONE_NUMBER, 435
flags = (ctypes.c_uint64 * 11)(NEW_USER, 0, 0, 0, 17)
calls = [
    lambda: libc.unshare(NEW_USER),
    lambda: libc.syscall(CLONE, NEW_USER | 17, 0, 0, 0, 0),
    lambda: libc.syscall(CLONE3, flags, ctypes.sizeof(flags)),
]


def gate(code):
    # A function of the number of a system call and its first argument, from machine code.
    memory = mmap.mmap(-1, mmap.PAGESIZE, prot=7)
    memory.write(bytes.fromhex(code))
    place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long, ctypes.c_long)(place)
    call.memory = memory
    return call


if platform.machine() == "x86_64":
    # The calls of 32-bit programs, by int 0x80, and those of x32, which are numbered from 2^30.
    old = gate("53 89f8 89f3 31c9 31d2 31f6 31ff cd80 5b 4898 c3")
    x32 = gate("89f8 89f7 31f6 31d2 4d31d2 4d31c0 4d31c9 0f05 c3")
    calls += [
        lambda: old(310, NEW_USER),
        lambda: x32(0x40000000 | 272, NEW_USER),
        lambda: old(120, NEW_USER | 17),
        lambda: x32(0x40000000 | 56, NEW_USER | 17),
    ]
    assert old(20, 0) in (os.getpid(), -38)
unsharing = calls[0], *calls[3:5]
made = 0
for call in calls:
    pid = call()
    if pid == 0 and call not in unsharing:
        os._exit(0)
    made += pid >= 0
threading.Thread(target=os.getpid).start()
print(made, subprocess.call(["unshare", "--user", "true"], stderr=subprocess.DEVNULL) != 0)
"""


@pytest.mark.parametrize("guard", ["filter", "limit of bubblewrap"])
async def test_no_user_namespace(tmp_path, monkeypatch, guard):
    if guard != "filter":
        if drops_root():
            pytest.skip("only in a user namespace")
        monkeypatch.setattr(bubblewrap, "filter_of_user_namespaces", lambda: None)
    library = CourseLibrary()
    grader = LocalGrader(library, sandbox=choose_sandbox("bubblewrap"))
    number = {"x86_64": 56, "aarch64": 220}[platform.machine()]
    code = NAMESPACES.replace("CLONE_NUMBER", str(number))
    run = f"{SUCCESS}/usr/bin/python3 code; run_student /usr/bin/python3 student/code"
    try:
        course = LocalCourse(tmp_path, grader, library, "bubblewrap")
        result = await course.grade({"run": run, "code": code, "student/code": code})
    finally:
        grader.close()
    assert result.stdout == 2 * "0 True\n", result.stderr
    texts = grader._sandbox.describe()["not_isolated"]
    assert not any("user namespace" in text for text in texts)


async def test_no_network(course, hostile):
    if course.kind == "plain":
        return
    listening = asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with await listening as server:
        port = server.sockets[0].getsockname()[1]
        run = f"{SUCCESS}exec 3<>/dev/tcp/127.0.0.1/{port} && feedback-result failed"
        assert (await hostile(run)).result[0] == "success"


# ---- what is collected afterwards -------------------------------------------------------------


async def test_links_in_the_archive_are_not_followed(hostile, tmp_path):
    (tmp_path / "secret").write_text("secret")
    tmp_path.chmod(0o755)
    result = await hostile(
        f"{SUCCESS}cd ../archive; ln -s {tmp_path}/secret link; ln -s / root; echo x > file\n"
        "mkfifo fifo; echo y > closed; chmod 0 closed; mkdir -p shut/in; chmod 0 shut"
    )
    with tarfile.open(fileobj=io.BytesIO(result.archive)) as archive:
        members = {member.name: member for member in archive}
    assert members["./link"].issym()
    assert members["./file"].isreg()
    assert not any(name.startswith("./root/") for name in members)


@pytest.mark.parametrize(
    "trick",
    [
        "ln -s /etc/passwd $F",
        "mkfifo $F",
        "mkdir $F",
        "ln -s /dev/zero $F",
        "head -c 90M /dev/zero | tr '\\0' '[' > $F",
    ],
)
async def test_feedback_that_is_no_file(hostile, trick):
    place = "F=$INGINIOUS_JOB_ROOT/.__output/__feedback.json; rm $F; "
    result = await hostile(SUCCESS + place + trick)
    assert result.result[0] == "crash"


async def test_folders_that_resist_removal(hostile):
    code = "import os\nfor _ in range(1500):\n    os.mkdir('d')\n    os.chdir('d')\n"
    shut = "mkdir -p a/b; touch a/b/c; chmod 0 a/b a; rmdir student"
    run = f'{SUCCESS}{shut}\n/usr/bin/python3 -c "{code}"'
    limits = {"time": 10, "hard_time": 20}
    assert (await hostile(run, limits=limits)).result[0] == "success"


async def test_student_is_a_link(course, hostile):
    run = f"{SUCCESS}rmdir student; ln -s /etc student; run_student touch /task/student/x"
    result = await hostile(run + "; feedback-custom status $?")
    assert result.result[0] == "success"
    if course.kind == "bubblewrap":
        assert result.custom["status"] == 254
