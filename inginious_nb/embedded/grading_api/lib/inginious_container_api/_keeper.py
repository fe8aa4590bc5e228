"""Keeps the sandbox of a remote shell: sets it up, gives the visitor a shell, tears it down.

The service passes this text to the system's python3, since not every sandbox sees the grading API;
`embedded/shell/stay.py` is the other end of the socket that is its stdin. It says "ready", is told
in one line of JSON what to run, answers "streams" with their descriptors, and in the end "left"
with the exit status. When the other end is closed, the shell is ended.
"""

import array
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import termios


def main():
    control = socket.socket(fileno=os.dup(0))
    words = json.loads(sys.argv[1])
    try:
        if words["setup"]:
            call(words["setup"])
        control.sendall(b"ready\n")
        visit = read_line(control)
        if visit:
            status = host(control, json.loads(visit))
            control.sendall(b"left %d\n" % status)
    except OSError:
        pass  # nobody listens any more
    if words["teardown"]:
        call(words["teardown"], stdout=subprocess.DEVNULL)


def call(argv, **streams):
    try:
        subprocess.call(argv, stdin=subprocess.DEVNULL, **streams)
    except OSError as error:
        sys.stderr.write("%s: %s\n" % (argv[0], error.strerror))


def read_line(control):
    line = b""
    while not line.endswith(b"\n"):
        received = control.recv(65536)
        if not received:
            return None
        line += received
    return line


def host(control, visit):
    """Run the shell that the visitor wants; returns its status, -N if signal N ended it."""
    has_terminal = visit["has_terminal"]
    if has_terminal:
        ours, theirs = os.openpty()
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("4H", *visit["size"], 0, 0))
        given, streams = [ours], [theirs] * 3
    else:
        pipes = [os.pipe() for _ in range(3)]
        streams = [pipes[0][0], pipes[1][1], pipes[2][1]]
        given = [pipes[0][1], pipes[1][0], pipes[2][0]]
    rights = array.array("i", given)
    control.sendmsg([b"streams\n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    for descriptor in given:
        os.close(descriptor)

    def enter():
        os.setsid()
        if has_terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake)
    environ = dict(os.environ, **visit["environ"])
    try:
        shell = subprocess.Popen(
            visit["argv"],
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            env=environ,
            preexec_fn=enter,
        )
    except (OSError, ValueError) as error:  # too long a command, or one with a NUL
        os.write(streams[2], str(error).encode() + b"\r\n")
        return 126
    finally:
        for descriptor in set(streams):
            os.close(descriptor)
    while shell.poll() is None:
        readable = select.select([control, woken], [], [])[0]
        if woken in readable:
            os.read(woken, 512)
        if control in readable and not control.recv(512):
            os.killpg(shell.pid, signal.SIGKILL)
            return shell.wait()
    return shell.returncode


main()
