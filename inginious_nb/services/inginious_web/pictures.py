"""The site's own pictures in its texts, fetched with the session and put into the text.

The page of the notebook never asks the site for anything. The kernel asks only for files of the
task's public folder and of the site's static one: a picture is no way to make it do something else
at the site as the person who is signed in.
"""

from __future__ import annotations

import asyncio
import base64
import html
import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin, urlsplit

from .failures import SiteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inginious_nb.client.results import JobResult

    from .site import Site

_log = logging.getLogger(__name__)

MAX_PICTURES = 20
MAX_PICTURE_BYTES = 2 << 20
MAX_TOTAL_BYTES = 6 << 20
_MAX_WAIT_S = 15.0

# A tag with < or > in an attribute is left alone: it is shown as what is not loaded.
_TAG = re.compile(r"<img\b[^<>]{1,4000}>", re.IGNORECASE)
_SRC = re.compile(r"""(\ssrc\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
)


async def inlined(site: Site, course_id: str, task_id: str, result: JobResult) -> JobResult:
    """Return a result with the pictures of the site in its texts; what cannot be had is left."""
    texts = [text for _code, text in (result.result, *result.problems.values())]
    found = await inlined_texts(site, course_id, task_id, texts)
    shown = dict(zip(texts, found, strict=True))
    return result.with_texts(lambda text: shown[text])


async def inlined_texts(
    site: Site, course_id: str, task_id: str, texts: Sequence[str]
) -> list[str]:
    """Return HTML of a task with the pictures of the site in it; what cannot be had is left."""
    wanted = _wanted(site.address, course_id, task_id, texts)
    uris: dict[str, str] = {}
    try:
        async with asyncio.timeout(_MAX_WAIT_S):
            await _fetch(site, wanted, uris)
    except TimeoutError:
        _log.info("Pictures of %s did not come in time.", site.address)

    def with_pictures(text: str) -> str:
        return _TAG.sub(lambda tag: _SRC.sub(lambda src: _source(src, uris), tag[0], 1), text)

    return [with_pictures(text) for text in texts]


def _wanted(site: str, course_id: str, task_id: str, texts: Iterable[str]) -> dict[str, str]:
    """Return the paths at the site of the pictures that may be fetched, by what the texts say."""
    wanted: dict[str, str] = {}
    for text in texts:
        for tag in _TAG.finditer(text):
            if len(wanted) >= MAX_PICTURES:
                return wanted
            if (src := _SRC.search(tag[0])) is not None:
                path = picture_path(site, course_id, task_id, _value(src))
                if path is not None:
                    wanted[_value(src)] = path
    return wanted


def picture_path(site: str, course_id: str, task_id: str, address: str) -> str | None:
    """Return the path at the site of a picture, None if it may not be asked for there.

    Args:
        site: The address of the site.
        course_id: The course of the feedback.
        task_id: Its task, whose page relative addresses begin at.
        address: What the feedback says.
    """
    task = f"/course/{quote(course_id, safe='')}/{quote(task_id, safe='')}"
    try:
        parts = urlsplit(urljoin(f"{site}{task}", address.strip()))
        own = urlsplit(site)
        is_own = (parts.scheme, parts.hostname, parts.port) == (own.scheme, own.hostname, own.port)
    except ValueError:
        return None
    if not is_own or parts.username is not None or parts.query or not parts.path:
        return None
    path = unquote(parts.path).removeprefix(own.path)
    names = path.split("/")[1:]
    if any(name in {"", ".", ".."} for name in names) or not path.isprintable() or "\\" in path:
        return None
    is_of_task = names[:3] == ["course", course_id, task_id] and len(names) > 3  # noqa: PLR2004
    return quote(path) if is_of_task or names[0] == "static" else None


async def _fetch(site: Site, wanted: dict[str, str], uris: dict[str, str]) -> None:
    total = 0
    for address, path in wanted.items():
        try:
            content = await site.picture(path, MAX_PICTURE_BYTES)
        except SiteError as error:
            _log.info("A picture of %s is not shown: %s", site.address, error)
            continue
        kind = picture_type(content)
        total += len(content)
        if kind is not None and total <= MAX_TOTAL_BYTES:
            uris[address] = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def picture_type(content: bytes) -> str | None:
    """Return the type of a picture by its content, None if it is none that is shown."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    beginning = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_svg = beginning.startswith(b"<svg") or (
        beginning.startswith(b"<?xml") and b"<svg" in content
    )
    return "svg+xml" if is_svg else None


def _value(src: re.Match[str]) -> str:
    return html.unescape(src[2][1:-1])


def _source(src: re.Match[str], uris: dict[str, str]) -> str:
    uri = uris.get(_value(src))
    return src[0] if uri is None else f'{src[1]}"{uri}"'
