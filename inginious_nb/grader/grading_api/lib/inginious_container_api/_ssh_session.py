"""Runs in the sandbox of a remote shell: sets it up, gives the user a shell, tears it down.

The service passes this text to the system's python3, since not every sandbox sees the grading API;
`grader/ssh/session.py` is the other end. The socket that is our stdin brings the pipes to the
user and to the service, then lines of JSON: what to run, and each new size of the terminal.
The pipe to the service is told "ready" and in the end "left" with the exit status. Nothing but
bytes leaves the sandbox. When the socket is closed at the other end, the shell is ended.
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
import time

PIPES = 4
PART_BYTES = 32768
DRAIN_TIMEOUT_S = 5.0  # for what a shell that ended still had to show
PR_SET_DUMPABLE = 4


def main():
    words = json.loads(sys.argv[1])
    if words["hides"]:
        keep_others_out()
    orders = Orders(socket.socket(fileno=os.dup(0)))
    service, *streams = orders.pipes()
    try:
        if words["setup"]:
            call(words["setup"])
        os.write(service, b"ready\n")
        request = orders.next()
        if request:
            status = host(orders, request, streams)
            os.write(service, b"left %d\n" % status)
    except OSError:
        pass  # nobody listens any more
    if words["teardown"]:
        call(words["teardown"], stdout=subprocess.DEVNULL)


def keep_others_out():
    """Let no other program of this user take our descriptors or look into our memory."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass  # a small python3, or not Linux


def call(argv, **streams):
    try:
        subprocess.call(argv, stdin=subprocess.DEVNULL, **streams)
    except OSError as error:
        sys.stderr.write("%s: %s\n" % (argv[0], error.strerror))


class Orders:
    """The orders that come from the service."""

    def __init__(self, connection):
        self.connection = connection
        self.text = b""

    def pipes(self):
        """Return the pipe to the service, then those from and to the user; they come first."""
        pipes = array.array("i")
        room = socket.CMSG_LEN(PIPES * pipes.itemsize)
        _, rights, *_ = self.connection.recvmsg(1, room)
        pipes.frombytes(rights[0][2])
        return list(pipes)

    def receive(self):
        """Wait for more; returns whether more can come."""
        received = self.connection.recv(65536)
        self.text += received
        return bool(received)

    def take(self):
        """Return the orders that have come as a whole."""
        *lines, self.text = self.text.split(b"\n")
        return [json.loads(line) for line in lines]

    def next(self):
        """Wait for one order, the only one before its answer; None if there will be none."""
        while b"\n" not in self.text:
            if not self.receive():
                return None
        line, _, self.text = self.text.partition(b"\n")
        return json.loads(line)


class Flow:
    """Passes on what comes from one descriptor to another; both are owned, and never waited for."""

    def __init__(self, source, sink):
        self.source = source
        self.sink = sink
        self.data = b""
        os.set_blocking(source, False)
        os.set_blocking(sink, False)

    def move(self):
        """Pass on a part; returns whether there can be more. If not, both are closed."""
        try:
            if not self.data:
                self.data = os.read(self.source, PART_BYTES)
            if self.data:
                self.data = self.data[os.write(self.sink, self.data) :]
                return True
        except BlockingIOError:
            return True
        except OSError:
            pass
        os.close(self.source)
        os.close(self.sink)
        return False


def host(orders, request, streams):
    """Run the shell that the user wants; returns its status, -N if signal N ended it."""
    terminal, flows = None, []
    if request["has_terminal"]:
        terminal, flows, streams = open_terminal(request["size"], streams)
    woken = wake_at_its_end()
    shell = start(request, terminal, streams)
    going_on = flows if shell is None else pass_on(orders, shell, woken, terminal, flows)
    if flows and flows[0] in going_on:
        show_rest(orders, flows[0])
    return 126 if shell is None else shell.returncode


def open_terminal(size, streams):
    """Return a terminal, its flows to and from the user, and the streams that a shell gets."""
    terminal, theirs = os.openpty()
    resize(terminal, size)
    flows = [Flow(os.dup(terminal), streams[1]), Flow(streams[0], os.dup(terminal))]
    os.close(streams[2])
    return terminal, flows, [theirs] * 3


def wake_at_its_end():
    """Return a descriptor that can be read once a child has ended."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake)
    return woken


def start(request, terminal, streams):
    """Return the shell, None if it cannot be started, which is then told; closes the streams."""

    def enter():
        os.setsid()
        if terminal is not None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    try:
        return subprocess.Popen(
            request["argv"],
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            env=dict(os.environ, **request["environ"]),
            preexec_fn=enter,
        )
    except (OSError, ValueError) as error:  # too long a command, or one with a NUL
        os.write(streams[2], str(error).encode() + b"\r\n")
        return None
    finally:
        for descriptor in set(streams):
            os.close(descriptor)


def pass_on(orders, shell, woken, terminal, flows):
    """Pass on what user and terminal say until the shell ends; return the flows that may go on.

    Where the service is gone the shell is ended, and nothing goes on.
    """
    while shell.poll() is None:
        for order in orders.take():
            resize(terminal, order["size"])
        reading = [orders.connection, woken] + [flow.source for flow in flows if not flow.data]
        writing = [flow.sink for flow in flows if flow.data]
        readable, writable, _ = select.select(reading, writing, [])
        if woken in readable:
            os.read(woken, 512)
        if orders.connection in readable and not orders.receive():
            os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
            return []
        ready = readable + writable
        flows = [
            flow
            for flow in flows
            if (flow.sink if flow.data else flow.source) not in ready or flow.move()
        ]
    return flows


def show_rest(orders, output):
    """Pass on what the terminal has got so far; what is left running may go on to fill it."""
    ends_at = time.monotonic() + DRAIN_TIMEOUT_S
    while time.monotonic() < ends_at:
        if output.data:
            left_s = max(0, ends_at - time.monotonic())
            gone, *_ = select.select([orders.connection], [output.sink], [], left_s)
            if gone and not orders.receive():
                return
        elif not select.select([output.source], [], [], 0)[0]:
            return
        if not output.move():
            return


def resize(terminal, size):
    if terminal is not None:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", *size, 0, 0))


main()
