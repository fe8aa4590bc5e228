"""Descriptors that come from programs which are not trusted, over a Unix socket.

The last close of a socket may wait as long as the sender likes (SO_LINGER), and so may that of a
Unix socket in which others are still queued. So no such descriptor is let go of on the event loop:
not by us, and not by the kernel, which drops those that nobody had room for. Nor is it enough to
close it in a thread: a program that is started meanwhile has it too until it is executed, and its
close may be the last. So it is made harmless first, with all that is queued in it.
"""

from __future__ import annotations

import array
import contextlib
import logging
import os
import socket
import stat
import struct
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

logger = logging.getLogger(__name__)

_MAX_DESCRIPTORS = (
    253  # SCM_MAX_FD of Linux: of one message, and one read ends with the first that has any
)
_CHUNK_BYTES = 65536
_MAX_DATAGRAMS = 10_000  # more than a socket queues (net.unix.max_dgram_qlen)
_MAX_MESSAGES = 100_000  # more than any socket has room for; whoever goes on sending is let be
_NO_LINGER = struct.pack("ii", 0, 0)


def receive(connection: socket.socket, size: int) -> tuple[bytes, list[int]]:
    """Return what is there, at most so many bytes, with all descriptors that come with it.

    Returns:
        The bytes, none at the end, and the descriptors, which the caller gives back.

    Raises:
        BlockingIOError: There is nothing yet.
        OSError: The other side is gone, or this process cannot have so many descriptors.
    """
    room = socket.CMSG_SPACE(_MAX_DESCRIPTORS * array.array("i").itemsize)
    flags = socket.MSG_PEEK | getattr(socket, "MSG_CMSG_CLOEXEC", 0)
    content, ancillary, told, _ = connection.recvmsg(size, room, flags)
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    if told & socket.MSG_CTRUNC:
        # Those that are queued are not let go of by this.
        _close_all(descriptors)
        raise OSError("no room for the descriptors that were sent")
    if content or descriptors:
        # The kernel drops its own references, of which none is the last: they are open here.
        connection.recv(max(1, len(content)), socket.MSG_DONTWAIT)
    return content, descriptors.tolist()


def close_plain(descriptors: Iterable[int]) -> list[int]:
    """Close those whose close cannot wait for anybody.

    Returns:
        The others, for `dispose`.
    """
    others = []
    for descriptor in descriptors:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            os.close(descriptor)
        else:
            others.append(descriptor)
    return others


def dispose(
    connection: socket.socket,
    descriptors: Iterable[int] = (),
    then: Callable[[], object] = lambda: None,
) -> None:
    """Close a connection and what came over it; in a thread, if that may wait.

    Args:
        connection: The connection, which nobody uses any more.
        descriptors: What came over it.
        then: Called when all is closed, maybe by the thread.
    """
    others = close_plain(descriptors)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RD)  # nothing is queued any more from now on
    if not others and _is_drained(connection):
        connection.close()
        then()
        return

    def work() -> None:
        _close_all(others)
        _drain(connection)
        connection.close()
        then()

    try:
        threading.Thread(target=work, daemon=True, name="untrusted descriptors").start()
    except RuntimeError:
        logger.warning("No thread to close what a program sent: it stays open")
        connection.detach()
        then()


def close_listener(listener: socket.socket) -> None:
    """Close a listening socket, with those who wait to be accepted."""
    listener.setblocking(False)
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)  # nobody can connect any more from now on
    with contextlib.suppress(OSError):
        while True:
            dispose(listener.accept()[0])
    listener.close()


def _is_drained(connection: socket.socket) -> bool:
    """Return whether nothing is queued in a connection that is shut."""
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return True


def _drain(connection: socket.socket) -> None:
    """Read what is queued in a connection that is shut, and close what came with it."""
    connection.setblocking(False)
    empty = 0
    with contextlib.suppress(OSError):
        for _ in range(_MAX_MESSAGES):
            content, descriptors = receive(connection, _CHUNK_BYTES)
            _close_all(descriptors)
            if not content and not descriptors:
                # The end, or an empty datagram.
                empty += 1
                if connection.type == socket.SOCK_STREAM or empty > _MAX_DATAGRAMS:
                    return
                connection.recv(1, socket.MSG_DONTWAIT)


def _close_all(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            with contextlib.suppress(OSError):
                _make_harmless(socket.socket(fileno=os.dup(descriptor)))
        os.close(descriptor)


def _make_harmless(sent: socket.socket) -> None:
    """Let no close of a socket wait, nor of what is queued in it."""
    with sent:
        sent.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        if sent.family != getattr(socket, "AF_UNIX", None):
            return
        if sent.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            sent.setblocking(False)
            with contextlib.suppress(OSError):
                sent.shutdown(socket.SHUT_RDWR)
            for _ in range(_MAX_MESSAGES):
                _make_harmless(sent.accept()[0])
        else:
            with contextlib.suppress(OSError):
                sent.shutdown(socket.SHUT_RD)  # nothing is queued any more from now on
            _drain(sent)
