"""The failures of a site in words: from a status, a page or a broken connection to an error.

Each text says what a person can do. No I/O is done here.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from inginious_nb.i18n import Message

from . import answers, pages
from .address import without_secrets
from .failures import (
    BrokenAnswerError,
    InBetweenError,
    PassingError,
    RefusedError,
    SettingsError,
    SignedOutError,
    SignInError,
    SiteError,
    TooLargeError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_RETRY_AFTER_S = 600.0
_MAX_RETRY_AFTER_CHARS = 64
_MAX_LOCATION_CHARS = 300
_MAX_READ_CHARS = 200_000
"""So much of a page that nobody expected is looked at."""
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


def of_status(address: str, status: int, headers: Mapping[str, str]) -> SiteError:
    """Return the error for an answer that is not a success."""
    if status in _PASSING:
        return PassingError(
            Message(
                "{site} is busy or being restarted (HTTP {status}).", site=address, status=status
            ),
            retry_after_s=_retry_after(headers.get("retry-after", "")),
        )
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return BrokenAnswerError(
            Message(
                "{site} had an internal error (HTTP 500); try again, and tell your instructor if "
                "it goes on.",
                site=address,
            )
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return _of_redirect(address, headers.get("location", ""))
    return _of_refusal(address, status)


def _of_refusal(address: str, status: int) -> SiteError:
    if status == HTTPStatus.NOT_FOUND:
        return RefusedError(
            Message("{site} has no such course or task; check its name.", site=address)
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLargeError(
            Message("These answers are larger than {site} takes; make them smaller.", site=address)
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return RefusedError(
            Message("{site} does not allow this (HTTP {status}).", site=address, status=status)
        )
    return SiteError(
        Message(
            "{site} answered with HTTP {status}, which nobody expected.",
            site=address,
            status=status,
        )
    )


def _of_redirect(address: str, location: str) -> SiteError:
    try:
        path = urlsplit(location).path
    except ValueError:  # such as [ in a host
        path = ""
    if "/register/" in path:
        return RefusedError(
            Message(
                "You are not enrolled in this course; enrol at {page}, then submit again.",
                page=f"{address}{path[path.index('/register/') :]}",
            )
        )
    return InBetweenError(
        Message(
            "{site} sends everybody on to {location}; if you trust that address, connect to it.",
            site=address,
            location=without_secrets(location)[:_MAX_LOCATION_CHARS],
        )
    )


def of_page(html: str) -> SiteError:
    """Return the error for a page that is not the one asked for."""
    html = html[:_MAX_READ_CHARS]
    if pages.is_sign_in_page(html):
        return SignedOutError(Message("The site asks to sign in again."))
    note = pages.read_note(html)
    return of_note(note) if note else InBetweenError(answers.strange(html).text)


def of_note(note: str) -> SiteError:
    """Return the error for what a page says in place of its content."""
    return RefusedError(Message("The site says: {note}", note=note))


def sign_in_first(address: str) -> SignInError:
    """Return the error for a request that nobody has signed in for."""
    return SignInError(
        Message(
            "Sign in first: run %inginious connect {site}, or set INGINIOUS_SITE_USER and "
            "INGINIOUS_SITE_PASSWORD.",
            site=address,
        )
    )


def forgets_session(address: str) -> SiteError:
    """Return the error for a session that is over as soon as it is open."""
    return SiteError(
        Message(
            "{site} forgets that you are signed in; cookies may be limited to https there. Tell "
            "your instructor.",
            site=address,
        )
    )


def no_address(address: str) -> SiteError:
    """Return the error for an address that is none, as far as only its use tells."""
    return SettingsError(
        Message(
            "“{address}” is not the address of a site; it looks like https://inginious.example.org.",
            address=without_secrets(address),
        )
    )


def of_no_answer(address: str, error: Exception) -> SiteError:
    """Return the error for a request that httpx has got no answer to."""
    reason = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return SettingsError(
            Message(
                "The certificate of {site} cannot be trusted ({reason}), so nothing was sent. If "
                "your university has its own authority, name its file in SSL_CERT_FILE.",
                site=address,
                reason=reason,
            )
        )
    if isinstance(error, httpx.ProxyError):
        return SettingsError(
            Message(
                "The proxy of this network does not let you through to {site} ({reason}); look at "
                "HTTPS_PROXY, or ask who runs the network.",
                site=address,
                reason=reason,
            )
        )
    if isinstance(error, (httpx.TimeoutException, TimeoutError)):
        return PassingError(Message("{site} does not answer in time.", site=address))
    return PassingError(Message("{site} does not answer ({reason}).", site=address, reason=reason))


def _retry_after(value: str) -> float:
    """Return the seconds of a Retry-After header, which has a number or a date."""
    value = value.strip()[:_MAX_RETRY_AFTER_CHARS]
    try:
        wait = (
            float(value)
            if value.isdecimal()
            else (parsedate_to_datetime(value).timestamp() - time())
        )
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(wait, 0.0), _MAX_RETRY_AFTER_S)
