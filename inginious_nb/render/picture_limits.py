"""Limits of the pictures that a page can draw: pixels and frames by headers, elements of an SVG.

A few kilobytes can ask a browser for gigabytes of pixels, or for billions of elements. Nothing is
decoded here. What does not begin as a picture is harmless: a browser cannot draw it either.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_SIDE = 16_384
"""Pixels; a longer side is more than graphics processors take."""
MAX_PIXELS = 1 << 25
"""Of one frame: 128 MiB in a browser."""
MAX_FRAME_PIXELS = 1 << 29
"""Of all frames, which are drawn one after the other for as long as the page is open."""
MAX_ELEMENTS = 50_000
"""Of an SVG, those counted again that it draws by reference."""

_CHEAP_FILTERS = {"feblend", "fecolormatrix", "fecomposite", "feflood", "femerge", "femergenode"}
_CHEAP_FILTERS |= {"fegaussianblur", "feoffset", "fedropshadow"}
_REFERENCE = re.compile(r"url\(\s*[\"']?#([^)\"']{1,200})")
_LENGTH = re.compile(r"\s*\+?(\d{0,9}(?:\.\d{0,9})?)")
_MAX_RATIO = 1000.0

_Size = tuple[int, int, int]
"""Width, height and number of frames."""


def can_be_drawn(uri: str) -> bool:
    """Return whether the picture of a data URI is within the limits."""
    head, _, encoded = uri.partition(",")
    try:
        content = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        return True  # a browser decodes it no more
    try:
        if "svg" in head.lower():
            return _Svg(content).is_small
        return all(_is_small(size) for size in _sizes(content))
    except (ValueError, IndexError, RecursionError, struct.error, expat.ExpatError):
        return False


def _is_small(size: _Size) -> bool:
    width, height, frames = size
    return (
        0 < width <= MAX_SIDE
        and 0 < height <= MAX_SIDE
        and width * height <= MAX_PIXELS
        and width * height * frames <= MAX_FRAME_PIXELS
    )


def _sizes(content: bytes) -> Iterator[_Size]:
    """Yield the size of a picture, by whatever its beginning says that it is."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        yield *struct.unpack(">II", content[16:24]), content.count(b"fcTL") or 1
    elif content.startswith((b"GIF87a", b"GIF89a")):
        yield _gif_size(content)
    elif content.startswith(b"\xff\xd8\xff"):
        yield _jpeg_size(content)
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        yield from _webp_sizes(content)
    elif content.startswith(b"BM"):
        width, height = struct.unpack("<ii", content[18:26])
        yield width, abs(height), 1


def _gif_size(content: bytes) -> _Size:
    """Return the size of a GIF; a frame that is larger than the whole makes it larger."""
    width, height, flags = struct.unpack("<HHB", content[6:11])
    at, frames = 13 + _colours(flags), 0
    while at < len(content) and content[at] != ord(";"):
        if content[at] == ord("!"):
            at += 2
        elif content[at] == ord(","):
            left, top, wide, high, flags = struct.unpack("<HHHHB", content[at + 1 : at + 10])
            width, height, frames = max(width, left + wide), max(height, top + high), frames + 1
            at += 11 + _colours(flags)
        else:
            break
        while at < len(content) and content[at]:
            at += content[at] + 1
        at += 1
    return width, height, max(frames, 1)


def _colours(flags: int) -> int:
    """Return the bytes of a GIF's table of colours."""
    return 3 << (1 + (flags & 7)) if flags & 0x80 else 0


def _jpeg_size(content: bytes) -> _Size:
    at = 2
    while True:
        marker, kind, length = struct.unpack(">BBH", content[at : at + 4])
        if marker != 0xFF:  # noqa: PLR2004 - each marker begins with it
            raise ValueError("not a JPEG")
        if kind == 0xFF:  # noqa: PLR2004 - padding
            at += 1
        elif kind in range(0xC0, 0xD0) and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height, 1
        else:
            at += 2 + length


def _webp_sizes(content: bytes) -> Iterator[_Size]:
    at, frames = 12, max(content.count(b"ANMF"), 1)
    while at + 8 <= len(content):
        kind, length = struct.unpack("<4sI", content[at : at + 8])
        body = content[at + 8 : at + 40]
        if kind == b"VP8X":
            yield _three_bytes(body, 4) + 1, _three_bytes(body, 7) + 1, frames
        elif kind == b"VP8L":
            bits = struct.unpack("<I", body[1:5])[0]
            yield (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, 1
        elif kind == b"VP8 ":
            width, height = struct.unpack("<HH", body[6:10])
            yield width & 0x3FFF, height & 0x3FFF, 1
        at += 8 + length + (length & 1)


def _three_bytes(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 3], "little")


class _Svg:
    """An SVG, as far as what drawing it costs: the elements of each, and what they refer to.

    Raises:
        ExpatError: It is none.
        ValueError: It declares entities.
    """

    def __init__(self, content: bytes) -> None:
        self._open: list[str] = []
        self._count = 0
        self._own: dict[str, int] = {"": 0}
        self._refers: dict[str, list[str]] = {"": []}
        self._costs: dict[str, int] = {}
        self.is_small = True
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = lambda _name: self._open.pop()
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._refuse
        parser.Parse(content, True)
        self.is_small = self.is_small and self._cost("") <= MAX_ELEMENTS

    @staticmethod
    def _refuse(*_declared: object) -> None:
        raise ValueError("an entity")

    def _text(self, text: str) -> None:
        if "url(" in text.lower():  # of a style sheet
            self.is_small = False

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        tag = name.rpartition(":")[2].lower()
        here = attributes.get("id", "") or (self._open[-1] if self._open else "")
        if here not in self._own:
            self._own[here], self._refers[here] = 0, []
            self._refers[self._open[-1] if self._open else ""].append(here)
        if not self._open:
            self.is_small = self.is_small and _is_root_small(attributes)
        self._open.append(here)
        self._own[here] += 1
        self._count += 1
        is_slow = tag.startswith("fe") and tag not in _CHEAP_FILTERS
        if is_slow or tag == "foreignobject" or self._count > MAX_ELEMENTS:
            raise ValueError("not to be drawn")
        for attribute, value in attributes.items():
            if attribute.rpartition(":")[2] == "href":
                self._refer(tag, here, value.strip())
            self._refers[here] += _REFERENCE.findall(value)

    def _refer(self, tag: str, here: str, target: str) -> None:
        if target.startswith("#") and tag != "a":
            self._refers[here].append(target[1:])
        elif target[:5].lower() == "data:" and (
            "svg" in target[:40].lower() or not can_be_drawn(re.sub(r"\s+", "", target))
        ):
            self.is_small = False

    def _cost(self, name: str) -> int:
        """Return how many elements an element draws, and more than the limit for a loop."""
        if name in self._costs:
            return self._costs[name]
        self._costs[name] = MAX_ELEMENTS + 1  # until it is known: a loop never ends
        cost = self._own.get(name, 0)
        for referred in self._refers.get(name, ()):
            cost = min(cost + self._cost(referred), MAX_ELEMENTS + 1)
        self._costs[name] = cost
        return cost


def _is_root_small(attributes: Mapping[str, str]) -> bool:
    """Return whether the size that an SVG gives itself is one."""
    box = [
        float(part) for part in re.split(r"[\s,]+", attributes.get("viewBox", "").strip()) if part
    ]
    if len(box) == 4 and (box[2] <= 0 or not 1 / _MAX_RATIO <= box[3] / box[2] <= _MAX_RATIO):  # noqa: PLR2004
        return False
    lengths = (_LENGTH.match(attributes.get(name, "")) for name in ("width", "height"))
    return all(float(found[1] or 0) <= MAX_SIDE for found in lengths if found and found[1] != ".")
