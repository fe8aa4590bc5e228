"""Asks the grading service, outside of the job, to run the student's program.

The request goes over a Unix socket: a length of ten digits, then keys and values separated by
NUL, and with them the three streams as descriptors. The service answers with one line, the return
value. The raw ``_socket`` keeps the start short; a run script may call this hundreds of times.
"""

import _socket
import os
import sys

INTERNAL_ERROR = 254
_CONTROL = "/.control/ask"  # of an isolated job; any other is told where its own is


class StudentRun:
    """One program of the student, from request to return value."""

    def __init__(self, kind, options, streams):
        fields = ["kind", kind]
        for key, value in options.items():
            fields += [key, str(value)]
        payload = "\0".join(fields).encode("utf-8", "surrogateescape")
        message = b"%010d" % len(payload) + payload
        opened = []
        try:
            # Before the socket is made: it could get the number of a stream that is closed.
            numbers = [_usable(stream, opened) for stream in streams]
            packed = b"".join(number.to_bytes(4, sys.byteorder) for number in numbers)
            rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)]
            self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
            self._socket.connect(os.environ.get("INGINIOUS_CONTROL", _CONTROL))
            sent = self._socket.sendmsg([message], rights)
        finally:
            for number in opened:
                os.close(number)
        if sent < len(message):
            self._socket.sendall(message[sent:])

    def send_signal(self, number):
        """Pass a signal on to the student's program, if it is still there."""
        try:
            self._socket.sendall(b"signal %d\n" % number)
        except OSError:
            pass

    def wait(self):
        """Wait until the program has ended and return what it came to."""
        answer = b""
        try:
            while not answer.endswith(b"\n"):
                received = self._socket.recv(64)
                if not received:
                    return INTERNAL_ERROR
                answer += received
        except OSError:
            return INTERNAL_ERROR
        finally:
            self._socket.close()
        return int(answer)


def _usable(stream, opened):
    """Return the descriptor itself, or one of /dev/null if it is None or closed."""
    try:
        if stream is not None:
            os.fstat(stream)
            return stream
    except OSError:
        pass
    opened.append(os.open(os.devnull, os.O_RDWR))
    return opened[-1]
