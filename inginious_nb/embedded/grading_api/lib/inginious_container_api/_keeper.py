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
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading


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
    except OSError as error:  # too long a command
        os.write(streams[2], os.strerror(error.errno).encode() + b"\r\n")
        return 126
    finally:
        for descriptor in set(streams):
            os.close(descriptor)
    threading.Thread(target=end_with_visitor, args=(control, shell), daemon=True).start()
    return shell.wait()


def end_with_visitor(control, shell):
    try:
        while control.recv(1):
            pass
        os.killpg(shell.pid, signal.SIGKILL)
    except OSError:
        pass


main()
