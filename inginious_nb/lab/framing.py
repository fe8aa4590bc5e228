"""A message and the bytes that go with it in one frame of a WebSocket.

A message alone is a text frame of JSON. With bytes it is a binary frame: four bytes with the length
of the JSON in network order, the JSON, then the bytes one after the other; the JSON has their
sizes under ``buffers``. `js/transport/framing.ts` does the same.
"""

from __future__ import annotations

import itertools
import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LENGTH = struct.Struct("!I")


def encode(message: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> str | bytes:
    """Return the frame of a message."""
    if not buffers:
        return json.dumps(message)
    text = json.dumps({**message, "buffers": [len(buffer) for buffer in buffers]}).encode()
    return b"".join([_LENGTH.pack(len(text)), text, *buffers])


def decode(frame: str | bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return the message of a frame and its buffers.

    Raises:
        ValueError: It is no such frame.
    """
    try:
        message, rest = _parts(frame)
    except (TypeError, RecursionError, struct.error) as error:
        raise ValueError("It is no JSON object with a length before it.") from error
    sizes = message.pop("buffers", [])
    if not isinstance(sizes, list) or not all(isinstance(size, int) for size in sizes):
        raise ValueError("The sizes of its buffers are no numbers.")
    if min(sizes, default=0) < 0 or sum(sizes) != len(rest):
        raise ValueError("It has not the bytes that it names.")
    ends = list(itertools.accumulate(sizes))
    return message, [rest[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _parts(frame: str | bytes) -> tuple[dict[str, Any], bytes]:
    if isinstance(frame, str):
        text: str | bytes = frame
        rest = b""
    else:
        (length,) = _LENGTH.unpack_from(frame)
        end = _LENGTH.size + length
        if end > len(frame):
            raise ValueError("It ends within its message.")
        text, rest = frame[_LENGTH.size : end], frame[end:]
    message = json.loads(text)
    if not isinstance(message, dict):
        raise TypeError(message)
    return message, rest
