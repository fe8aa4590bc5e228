"""Run scripts that send the service descriptors whose close waits: the service does not wait."""

from __future__ import annotations

import asyncio
import socket

import pytest

from inginious_nb.grader.job.student_commands import StudentCommandServer

# The last close of `held` waits, longer than the job may take. Nobody but the service has it then.
SEND = """\
#!/usr/bin/python3
import array, os, socket, struct
from inginious import feedback
from inginious.run_student import run_student

server = socket.create_server(("127.0.0.1", 0))
held = socket.create_connection(server.getsockname())
peer = server.accept()[0]
held.setblocking(False)
try:
    while True:
        held.send(b"x" * 65536)
except BlockingIOError:
    pass
held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 40))

def send(content, descriptors):
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
    control.sendmsg([content], [rights])

control = socket.socket(socket.AF_UNIX)
control.connect(os.environ.get("INGINIOUS_CONTROL", "/.control/ask"))
number = held.fileno()
refused = b"kind\\0run_student\\0cmd\\0'"
length = b"%010d" % len(refused)
{how}
held.close()
{then}
control.recv(64)
control.close()
# Only now that this was answered the peer is closed.
if run_student("true") == 0:
    feedback.set_global_result("success")
"""
HOW = {
    "with the request": ("send(length, [number] * 3)", "control.sendall(refused)"),
    "more than asked for": ("send(length, [number] * 40)", ""),
    "with a later part": (
        "control.sendall(length); send(refused[:1], [number])",
        "control.sendall(refused[1:])",
    ),
    "never read": ("send(length, [number] * 3); send(refused + b'xyz', [number] * 9)", ""),
    "while a program runs": (
        (
            "null = os.open(os.devnull, os.O_RDWR)\n"
            "sleeping = b'kind\\0run_student\\0working_dir\\0/\\0cmd\\0sleep 60'\n"
            "send(b'%010d' % len(sleeping) + sleeping, [null] * 3); send(b'signal 0\\n', [number])"
        ),
        "",
    ),
    "in another socket": (
        (
            "one, other = socket.socketpair()\n"
            "rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [number]))\n"
            "one.sendmsg([b'x'], [rights])\n"
            "send(length, [other.fileno()] * 3); other.close()"
        ),
        "control.sendall(refused)",
    ),
}


@pytest.mark.parametrize("how", HOW)
async def test_a_socket_that_lingers(course, how):
    before, after = HOW[how]
    run = SEND.replace("{how}", before).replace("{then}", after)
    result = await course.grade(run, limits={"hard_time": 15})
    assert result.result[0] == "success", result


@pytest.mark.filterwarnings("error")  # of a socket that nobody closed
async def test_a_server_that_closes_at_once_closes_whoever_came(tmp_path):
    """Accepted or not, begun or not; nothing of theirs is left open."""
    for steps in range(8):
        path = tmp_path / str(steps)
        server = StudentCommandServer(path, None, None, lambda _: None)
        clients = [socket.socket(socket.AF_UNIX) for _ in range(5)]
        for client in clients:
            client.connect(str(path))
            client.settimeout(10)
        for _ in range(steps):
            await asyncio.sleep(0)
        await server.close()
        for client in clients:
            assert client.recv(64) == b""
            client.close()
