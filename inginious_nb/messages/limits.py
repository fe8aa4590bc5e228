"""Limits of what one frame may hold, tested before any of it is made.

A byte of msgpack can stand for an object of a hundred bytes, and the header of an array for a
thousand empty places. So the headers of a frame are counted before it is decoded. No message is
known here.
"""

from __future__ import annotations

MAX_FRAME_BYTES = 512 * 1024 * 1024
"""Longer frames are neither sent nor decoded; our broker does not even receive them."""

MAX_ITEMS = 1_000_000
"""Items of all arrays and maps of a frame, a pair of a map counting twice.

Large answers and archives are a few long values. So many short ones take about 100 MB.
"""

MAX_NESTING = 511
"""The deepest that msgpack for Python encodes."""

_SHORT_BYTES = 4096
"""In frames of no more bytes it is enough, and faster, to know that they have few headers."""


def _fixed_sizes() -> list[int]:
    """Return the bytes of an item by its first byte; 0 if they are told behind that."""
    sizes = [1] * 256
    sizes[0x80:0xA0] = [0] * 32  # short maps and arrays
    sizes[0xA0:0xC0] = range(1, 33)  # short texts
    sizes[0xC4:0xCA] = [0] * 6  # bytes and extensions
    sizes[0xCA:0xD4] = [5, 9, 2, 3, 5, 9, 2, 3, 5, 9]  # numbers
    sizes[0xD4:0xD9] = [3, 4, 6, 10, 18]  # extensions of a fixed length
    sizes[0xD9:0xE0] = [0] * 7  # texts, arrays and maps
    return sizes


_FIXED_SIZES = _fixed_sizes()

_LENGTH_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
"""Bytes of the length of texts, bytes and extensions, by first byte."""

_EXTENSIONS = frozenset({0xC7, 0xC8, 0xC9})  # a byte for the kind follows their length

_COUNT_BYTES = {0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
"""Bytes of the number of items in arrays and of pairs in maps, by first byte."""

_MAPS = frozenset({*range(0x80, 0x90), 0xDE, 0xDF})


_NO_HEADERS = bytes({*range(256)} - {*range(0x80, 0xA0), *_COUNT_BYTES})


def check_limits(frame: bytes | memoryview) -> None:
    """Test that a frame keeps the limits, without making anything of it.

    Raises:
        ValueError: It is too long, has too many items, is nested too deeply, or ends too early.
    """
    if len(frame) <= MAX_NESTING:
        return  # each header has a byte
    if len(frame) > MAX_FRAME_BYTES:
        raise ValueError(f"it has over {MAX_FRAME_BYTES} bytes")
    if len(frame) <= _SHORT_BYTES and _headers(frame) <= MAX_NESTING:
        return
    try:
        _count_items(frame)
    except IndexError:
        raise ValueError("it ends too early") from None


def _headers(frame: bytes | memoryview) -> int:
    """Return how many bytes could be the header of an array or map."""
    return len(bytes(frame).translate(None, _NO_HEADERS))


def _count_items(frame: bytes | memoryview) -> None:
    position, items = 0, 0
    left = 1  # items of the innermost container that is not at its end
    outer: list[int] = []
    while True:
        while not left:
            if not outer:
                return
            left = outer.pop()
        left -= 1
        first = frame[position]
        size = _FIXED_SIZES[first]
        if size:
            position += size
        elif first in _LENGTH_BYTES:
            start = position + 1
            end = start + _LENGTH_BYTES[first]
            position = end + int.from_bytes(frame[start:end], "big") + (first in _EXTENSIONS)
        else:
            count = first & 0x0F
            position += 1
            if first in _COUNT_BYTES:
                start, position = position, position + _COUNT_BYTES[first]
                count = int.from_bytes(frame[start:position], "big")
            if first in _MAPS:
                count *= 2
            items += count
            if items > MAX_ITEMS:
                raise ValueError(f"it has over {MAX_ITEMS} items")
            outer.append(left)
            if len(outer) > MAX_NESTING:
                raise ValueError(f"it is nested deeper than {MAX_NESTING}")
            left = count
