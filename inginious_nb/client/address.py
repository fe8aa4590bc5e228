"""Addresses of backends; whether anybody answers there is not known here."""

from __future__ import annotations

from typing import Any

from zmq import has

from inginious_nb.errors import UsageError

_HIGHEST_PORT = 65535


def checked_address(address: Any) -> str:
    """An address that ZeroMQ can connect to, as far as it can be told before trying.

    Raises:
        UsageError: It cannot; the text shows what one looks like.
    """
    transport, separator, place = str(address).partition("://")
    if isinstance(address, str) and separator and place and _can_connect(transport):
        host, _, port = place.rpartition(":")
        if transport != "tcp" or (host and port.isdecimal() and 0 < int(port) <= _HIGHEST_PORT):
            return address
    raise UsageError(
        f"{address!r} is not the address of a backend; it looks like "
        "tcp://grading.example.org:2001."
    )


def _can_connect(transport: str) -> bool:
    return transport in {"tcp", "inproc"} or (transport in {"ipc", "ws", "wss"} and has(transport))
