"""One HTTP request to a site and its answer: how it is sent, and what of the answer is read.

Redirects are not followed, for they could lead a password elsewhere; an answer is read up to a
limit. What an answer means is not here.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from inginious_nb.i18n import Message

from . import failure_texts
from .address import is_loopback
from .failures import SettingsError, SiteError
from .quiet_logs import quiet
from .sign_in import SESSION_COOKIE

if TYPE_CHECKING:
    import urllib.request
    from collections.abc import Iterator, Mapping, Sequence

MAX_ANSWER_BYTES = 20 << 20
MAX_PAGE_BYTES = 2 << 20
"""A page takes seconds to read for each of them."""
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_MAX_REQUEST_S = 300.0
"""A site that sends a byte now and then is no answer either."""
_MAX_CONNECTIONS = 8
_MAX_COOKIE_BYTES = 8192
"""Sites and proxies refuse requests with much more."""
_SESSION = re.compile(rf"(?:^|;\s*){SESSION_COOKIE}=([^;]*)")
_CHARSET = re.compile(r"charset\s*=\s*\"?([a-z0-9_-]+)")
_LATIN = {"iso-8859-1", "iso8859-1", "latin-1", "latin1", "iso-8859-15", "windows-1252", "cp1252"}

File = tuple[str, tuple[str, bytes]]
"""A problem id, and the name and content of the file that answers it."""


@dataclass(frozen=True)
class Answer:
    """The answer to a request, whatever its status.

    Attributes:
        status: The HTTP status.
        headers: The headers, found in any case.
        body: The content, without the encoding of the transfer.
        cookies: The names of the cookies that it sets.
        is_own: Whether it bears the mark of the site, as far as that is known.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: frozenset[str] = frozenset()
    is_own: bool = True

    @property
    def text(self) -> str:
        """Return the body as text: in UTF-8, as INGInious writes it, or as a proxy says."""
        kind = self.headers.get("content-type", "").lower()
        charset = _CHARSET.search(kind)
        # Not any codec of Python: some are slow, some are none of text.
        known = charset is not None and charset[1] in _LATIN
        return self.body.decode("windows-1252" if known else "utf-8", "replace")


def http_client(address: str, lang: str) -> httpx.AsyncClient:
    """Return a client for a site.

    Raises:
        SettingsError: The environment names a proxy or certificates that cannot be used.
    """
    try:
        # Certificates named by the environment count on the way to this machine, too.
        certificates = httpx.create_ssl_context()
    except OSError as error:  # an SSLError is one
        raise SettingsError(
            Message("SSL_CERT_FILE names no file of certificates; correct it or leave it out.")
        ) from error
    try:
        return httpx.AsyncClient(
            verify=certificates,
            timeout=_TIMEOUT,
            limits=httpx.Limits(max_connections=_MAX_CONNECTIONS),
            headers={
                "Accept-Language": lang,
                "User-Agent": "inginious_nb",
                "Accept-Encoding": "gzip",
            },
            follow_redirects=False,
            cookies=_Cookies(),
            # A proxy is never the way to this machine.
            trust_env=not is_loopback(urlsplit(address).hostname or ""),
        )
    except (ValueError, ImportError, httpx.InvalidURL):
        # The error may quote the address of a proxy, password and all.
        raise SettingsError(
            Message("HTTPS_PROXY or HTTP_PROXY names no proxy that can be used; correct it.")
        ) from None


class _Cookies(CookieJar):
    """Cookies that only the answers to requests of the same session change.

    INGInious sets the cookie of a session with each answer: one to a request from before somebody
    signed in anew would bring the session back that is over.
    """

    def extract_cookies(self, response: Any, request: urllib.request.Request) -> None:
        """Keep the cookies of an answer, unless it is one of another session."""
        sent = set(_SESSION.findall(request.get_header("Cookie") or ""))
        held = {cookie.value for cookie in self if cookie.name == SESSION_COOKIE}
        if bool(sent) == bool(held) and sent <= held:
            super().extract_cookies(response, request)


async def send(
    http: httpx.AsyncClient,
    address: str,
    method: str,
    path: str,
    *,
    data: Mapping[str, Any] | None = None,
    files: Sequence[File] = (),
    limit_bytes: int = MAX_ANSWER_BYTES,
) -> Answer:
    """Send a request and return the answer, whatever its status.

    Args:
        http: The client.
        address: The site's.
        method: The HTTP method.
        path: What follows the address.
        data: Fields of a form.
        files: Files of a form.
        limit_bytes: How much of the answer is read.

    Raises:
        PassingError: The site does not answer.
        SiteError: Its certificate or the proxy does not let through, or the answer is too large.
    """
    try:
        with quiet():
            async with (
                asyncio.timeout(_MAX_REQUEST_S),
                http.stream(
                    method, address + path, data=data, files=list(files) or None
                ) as response,
            ):
                _limit_cookies(http)
                body = await _body(response, limit_bytes)
                return Answer(
                    response.status_code,
                    response.headers,
                    body,
                    frozenset(_cookie_names(response.headers)),
                )
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        raise failure_texts.of_no_answer(address, error) from error
    except (httpx.InvalidURL, UnicodeError) as error:
        raise failure_texts.no_address(address) from error


def _cookie_names(headers: httpx.Headers) -> Iterator[str]:
    """Yield the names of the cookies that an answer sets, whether they are kept or not."""
    for cookie in headers.get_list("set-cookie"):
        yield cookie.partition("=")[0].strip()


def _limit_cookies(http: httpx.AsyncClient) -> None:
    """Forget cookies, the largest first, where a request with all of them would be refused."""
    jar = http.cookies.jar
    sizes = {cookie: len(cookie.name) + len(cookie.value or "") for cookie in jar}
    excess = sum(sizes.values()) - _MAX_COOKIE_BYTES
    for cookie in sorted(sizes, key=lambda one: (one.name != SESSION_COOKIE, sizes[one]))[::-1]:
        if excess <= 0:
            return
        jar.clear(cookie.domain, cookie.path, cookie.name)
        excess -= sizes[cookie]


async def _body(response: httpx.Response, limit_bytes: int) -> bytes:
    """Return the content, which is unpacked here and no further than to the limit."""
    unpacker = _unpacker(response.headers.get("content-encoding", ""))
    body = bytearray()
    async for piece in response.aiter_raw():
        body += unpacker.unpack(piece, limit_bytes + 1 - len(body))
        if len(body) > limit_bytes:
            raise SiteError(
                Message(
                    "The site's answer is larger than {limit} MB; it is not read.",
                    limit=limit_bytes >> 20,
                )
            )
    unpacker.end()
    return bytes(body)


class _Unpacker:
    """The unpacker of a body that is not packed; the others unpack theirs."""

    def unpack(self, piece: bytes, limit: int) -> bytes:  # noqa: ARG002 - see below
        """Return the next piece of the body, to so many bytes at most where it is unpacked."""
        return piece

    def end(self) -> None:
        """See that nothing is missing.

        Raises:
            DecodingError: The body was cut off.
        """


class _Gunzip(_Unpacker):
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._has_begun = False

    def unpack(self, piece: bytes, limit: int) -> bytes:
        self._has_begun = True
        try:
            return self._stream.decompress(piece, limit)
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error

    def end(self) -> None:
        if self._has_begun and not self._stream.eof:
            raise httpx.DecodingError("cut off")


def _unpacker(encoding: str) -> _Unpacker:
    """Return what unpacks a body."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return _Unpacker()
    if encoding not in {"gzip", "x-gzip"}:
        # Nobody asked for it; some unpack to thousands of times their size at once.
        raise httpx.DecodingError(f"Content-Encoding: {encoding[:40]}")
    return _Gunzip()
