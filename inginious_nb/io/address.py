"""Addresses of ZeroMQ sockets; whether anybody answers there is not known here.

There are two rules. A program that makes sockets may use all that ZeroMQ connects to, as with
INGInious's client. What people write into a setting is one host and port, or one path: any more
than that is a slip, and the message that refuses it helps sooner than a service that is silent.
"""

from __future__ import annotations

import os
import re
from typing import Any

from zmq import has

_MAX_PORT = 65535
_TCP = re.compile(r"tcp://(?P<host>[^\s:/*]+|\[[0-9A-Fa-f:.%]+\]):(?P<port>\d{1,5})", re.ASCII)
MAX_IPC_PATH_BYTES = 100
"""Systems allow 104 to 108 for the path of a socket."""


def is_zeromq_address(address: Any) -> bool:
    """Return whether ZeroMQ may connect to an address that a program gave; nothing is tried."""
    transport, separator, place = str(address).partition("://")
    if not (isinstance(address, str) and separator and place and _can_connect(transport)):
        return False
    host, _, port = place.rpartition(":")
    return transport != "tcp" or bool(host and port.isdecimal() and _is_port(port))


def is_service_address(address: str) -> bool:
    """Return whether an address that a person wrote is one host and port, or one path."""
    tcp = _TCP.fullmatch(address)
    path = address.removeprefix("ipc://")
    if tcp is not None:
        return _is_port(tcp["port"])
    return path != address and 0 < len(os.fsencode(path)) <= MAX_IPC_PATH_BYTES


def _is_port(digits: str) -> bool:
    return 0 < int(digits) <= _MAX_PORT


def _can_connect(transport: str) -> bool:
    return transport in {"tcp", "inproc"} or (transport in {"ipc", "ws", "wss"} and has(transport))
