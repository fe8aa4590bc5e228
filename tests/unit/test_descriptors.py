"""Sockets that a job sent: none that is let go of may wait, wherever in others it is queued."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading

import pytest

from inginious_nb.grader.descriptors import dispose

LINGERS, LETS_GO = struct.pack("ii", 1, 40), struct.pack("ii", 0, 0)


def in_a_stream(held, _path):
    one, other = socket.socketpair()
    socket.send_fds(one, [b"x"], [held.fileno()])
    return [one, other], other


def behind_empty_datagrams(held, _path):
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for _ in range(3):
        one.send(b"")
    socket.send_fds(one, [b"x"], [held.fileno()])
    return [one, other], other


def in_a_connection_that_nobody_accepted(held, path):
    server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    server.bind(str(path / "socket"))
    server.listen()
    client.connect(str(path / "socket"))
    socket.send_fds(client, [b"x"], [held.fileno()])
    return [server, client], server


def in_a_socket_in_a_socket(held, path):
    sockets, inner = in_a_stream(held, path)
    more, outer = in_a_stream(inner, path)
    return sockets + more, outer


@pytest.mark.parametrize(
    "put",
    [
        in_a_stream,
        behind_empty_datagrams,
        in_a_connection_that_nobody_accepted,
        in_a_socket_in_a_socket,
    ],
)
def test_a_socket_that_lingers_is_found_and_does_not(put, tmp_path):
    ours, theirs = socket.socketpair()
    closed = threading.Event()
    with theirs, socket.socket() as held, contextlib.ExitStack() as opened:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGERS)
        sockets, sent = put(held, tmp_path)
        for each in sockets:
            opened.enter_context(each)
        dispose(ours, [os.dup(sent.fileno())], closed.set)
        assert closed.wait(20)
        assert held.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)[:4] == LETS_GO[:4]
