"""Pictures that are small as files and would stop the page that draws them."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest

from inginious_nb.render import render_html
from inginious_nb.render.picture_limits import can_be_drawn

LAUGHS = "".join(f'<g id="l{n}">' + f'<use href="#l{n - 1}"/>' * 10 + "</g>" for n in range(1, 10))


def png(width, height, frames=0):
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\x1afcTL" * frames


def gif(width, height, *frames):
    blocks = [
        b"!\xf9\x04\0\0\0\0\0," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x01\0\0"
        for frame in frames
    ]
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b"".join(blocks) + b";"


def jpeg(width, height):
    size = b"\xff\xc2\0\x0b\x08" + struct.pack(">HH", height, width)
    return b"\xff\xd8\xff\xe0\0\x04ab\xff" + size


def webp(kind, body):
    return b"RIFF\0\0\0\0WEBP" + kind + struct.pack("<I", len(body)) + body


def bmp(width, height):
    return b"BM" + bytes(16) + struct.pack("<ii", width, height)


def lossy(width, height):
    return webp(b"VP8 ", bytes(6) + struct.pack("<HH", width, height))


def lossless(width, height):
    return webp(b"VP8L", b"/" + struct.pack("<I", (width - 1) | (height - 1) << 14))


def canvas(width, height):
    sides = (side - 1 for side in (width, height))
    return webp(b"VP8X", bytes(4) + b"".join(side.to_bytes(3, "little") for side in sides))


def svg(inner="", attributes=""):
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inner}</svg>'.encode()


def uri(content):
    kind = "svg+xml" if content.lstrip().startswith(b"<") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


ENTITIES = b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg><text>&b;</text></svg>'
PATTERNS = '<pattern id="p"><rect fill="url(#p)"/></pattern><rect fill="url(#p)"/>'
STYLED = "<style>rect { fill: url(#p) }</style><rect/>"
NESTED = f'<image href="{uri(png(60_000, 60_000))}"/>'


@pytest.mark.parametrize(
    "content",
    [
        *(make(16_000, 16_000) for make in (png, gif, jpeg, bmp, lossy, lossless, canvas)),
        *(make(1, 0) for make in (png, gif, jpeg, bmp)),
        png(2**31, 1),
        png(4000, 4000, frames=60),
        gif(1, 1, (60_000, 60_000)),
        gif(4000, 4000, *[(1, 1)] * 60),
        jpeg(1, 1)[:-2],
        svg(f'<g id="l0"><rect/></g>{LAUGHS}<use href="#l9"/>'),
        svg(PATTERNS),
        svg(STYLED),
        svg(NESTED),
        svg("<filter><feTurbulence numOctaves='99999'/></filter>"),
        svg("<foreignObject/>"),
        svg("<g>" * 9 + "<rect/>" * 60_000 + "</g>" * 9),
        svg("".join(f'<g id="c{n}"><use href="#c{n + 1}"/></g>' for n in range(20_000))),
        svg(attributes='width="1e3" height="99999999"'),
        svg(attributes='viewBox="0 0 1 99999999"'),
        ENTITIES,
        b"<svg",
    ],
)
def test_what_would_stop_a_page_is_no_picture(content):
    assert not can_be_drawn(uri(content))
    shown = render_html(f'<img src="{uri(content)}" alt="A plot">')
    assert "<img" not in shown
    assert "A plot" in shown


@pytest.mark.parametrize(
    "content",
    [
        *(make(3840, 2160) for make in (png, gif, jpeg, bmp, lossy, lossless, canvas)),
        bmp(100, -100),
        gif(400, 300, *[(400, 300)] * 100),
        b"no picture at all",
        svg('<defs><path id="a" d="M0 0"/></defs>' + '<use xlink:href="#a"/>' * 500).replace(
            b"<svg ", b'<svg xmlns:xlink="http://www.w3.org/1999/xlink" '
        ),
        svg('<clipPath id="c"><rect/></clipPath><g clip-path="url(#c)"/><style>a{}</style>'),
        svg(f'<image href="{uri(png(10, 10))}"/>', 'width="100%" viewBox="0 0 4 3"'),
    ],
)
def test_what_a_page_can_draw_is_shown(content):
    assert f'<img src="{uri(content)}"' in render_html(f'<img src="{uri(content)}">')
