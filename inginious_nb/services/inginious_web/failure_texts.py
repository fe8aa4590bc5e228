"""The failures of a site in words: from a status, a page or a broken connection to an error.

Each text says what a person can do. No I/O is done here.
"""

from __future__ import annotations

import ssl
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from inginious_nb.i18n import Message, visible

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
    from collections.abc import Iterator, Mapping

_MAX_RETRY_AFTER_S = 600.0
_MAX_RETRY_AFTER_CHARS = 64
_MAX_LOCATION_CHARS = 300
_MAX_READ_CHARS = 200_000
"""So much of a page that nobody expected is looked at."""
_OF_NETWORK = {
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED,
}
_OUT_OF_DATE = {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_OF_ANOTHER = {62, 64}  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


def of_status(
    address: str, status: int, headers: Mapping[str, str], html: str = "", *, is_own: bool = True
) -> SiteError:
    """Return the error for an answer that is not a success.

    Args:
        address: The site's.
        status: The status of HTTP.
        headers: The headers.
        html: The body, which may name who answered.
        is_own: Whether the site has answered, as far as that is known; else nothing is refused.
    """
    if status in _PASSING:
        return PassingError(
            Message(
                "{site} is busy or being restarted (HTTP {status}).", site=address, status=status
            ),
            retry_after_s=_retry_after(headers),
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
        return _of_redirect(address, headers.get("location", ""), is_own=is_own)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLargeError(
            Message("These answers are larger than {site} takes; make them smaller.", site=address)
        )
    if is_own and status == HTTPStatus.NOT_FOUND:
        return RefusedError(
            Message("{site} has no such course or task; check its name.", site=address)
        )
    if is_own and status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return RefusedError(
            Message("{site} does not allow this (HTTP {status}).", site=address, status=status)
        )
    if is_own and status not in _OF_NETWORK:
        return SiteError(
            Message(
                "{site} answered with HTTP {status}, which nobody expected.",
                site=address,
                status=status,
            )
        )
    wait_s = _retry_after(headers)
    return of_another(address, html, status, retry_after_s=wait_s)


def of_another(
    address: str, html: str, status: int = HTTPStatus.OK, *, retry_after_s: float = 0.0
) -> InBetweenError:
    """Return the error for an answer of something else than INGInious, named by its title."""
    what = _titled(pages.read_title(html), status)
    return InBetweenError(
        Message(
            "What answers at {site} is not INGInious, but {what}. Check the address, or whether "
            "this network wants you to sign in to it first.",
            site=address,
            what=what,
        ),
        what,
        retry_after_s=retry_after_s,
    )


def _titled(title: str, status: int) -> Message:
    if status == HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED and not title:
        return Message("a network that wants you to sign in to it (HTTP {status})", status=status)
    if not title:
        return Message("a page that is none of the site (HTTP {status})", status=status)
    return Message("the page “{title}” (HTTP {status})", title=title, status=status)


def _of_redirect(address: str, location: str, *, is_own: bool) -> SiteError:
    try:
        parts = urlsplit(location)
        path, host = parts.path, visible(parts.netloc.rpartition("@")[2])
    except ValueError:  # such as [ in a host
        path, host = "", ""
    is_own = is_own or host in {"", urlsplit(address).netloc}
    if is_own and "/register/" in path:
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
        ),
        # Its path may tell who is at which machine, and a notebook keeps this.
        Message("a redirect to {host}", host=host[:_MAX_LOCATION_CHARS])
        if host
        else Message("a redirect to another page"),
    )


def of_page(html: str) -> SiteError:
    """Return the error for a page of the site that is not the one asked for."""
    html = html[:_MAX_READ_CHARS]
    if pages.is_sign_in_page(html):
        return SignedOutError(Message("The site asks to sign in again."))
    note = pages.read_note(html)
    return of_note(note) if note else answers.strange(html)


def of_note(note: str) -> SiteError:
    """Return the error for what a page says in place of its content."""
    return RefusedError(Message("The site says: {note}", note=as_sentence(note)))


def as_sentence(note: str) -> str:
    """Return the words of a site, to which whose fault it is will be added, with an end."""
    return note if note.endswith((".", "!", "?", "…")) else f"{note}."


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
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _of_certificate(address, cause)
        # One that only ends may be a restart.
        if isinstance(cause, ssl.SSLError) and not isinstance(
            cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)
        ):
            reason = (cause.reason or reason).replace("_", " ").lower()
            return InBetweenError(
                Message(
                    "{site} does not speak https as it should ({reason}), so nothing was sent; "
                    "check the address.",
                    site=address,
                    reason=reason,
                ),
                Message(
                    "something that does not speak https as it should ({reason})", reason=reason
                ),
            )
    if isinstance(error, httpx.ProxyError):
        return InBetweenError(
            Message(
                "The proxy of this network does not let you through to {site} ({reason}); look at "
                "HTTPS_PROXY, or ask who runs the network.",
                site=address,
                reason=reason,
            ),
            Message("the proxy of this network ({reason})", reason=reason),
        )
    if isinstance(error, (httpx.TimeoutException, TimeoutError)):
        return PassingError(Message("{site} does not answer in time.", site=address))
    return PassingError(Message("{site} does not answer ({reason}).", site=address, reason=reason))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it comes from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _of_certificate(address: str, error: ssl.SSLCertVerificationError) -> SiteError:
    reason = error.verify_message.rstrip(".")
    what = Message("a certificate that cannot be trusted ({reason})", reason=reason)
    if error.verify_code in _OUT_OF_DATE:
        return InBetweenError(
            Message(
                "The certificate of {site} cannot be trusted today ({reason}), so nothing was "
                "sent. If this computer's clock is right, tell who runs the site.",
                site=address,
                reason=reason,
            ),
            what,
        )
    if error.verify_code in _OF_ANOTHER:
        return InBetweenError(
            Message(
                "The certificate of {site} cannot be trusted ({reason}), so nothing was sent. "
                "Check the address, and whether this network wants you to sign in to it first.",
                site=address,
                reason=reason,
            ),
            what,
        )
    return InBetweenError(
        Message(
            "The certificate of {site} cannot be trusted ({reason}), so nothing was sent. If "
            "your university has its own authority, name its file in SSL_CERT_FILE.",
            site=address,
            reason=reason,
        ),
        what,
    )


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds of a Retry-After header, which has a number or a date by its clock."""
    value = headers.get("retry-after", "").strip()[:_MAX_RETRY_AFTER_CHARS]
    if value.isdecimal():
        wait = float(value)
    else:
        now = _moment(headers.get("date", ""))
        wait = (_moment(value) or 0.0) - (time() if now is None else now)
    return min(max(wait, 0.0), _MAX_RETRY_AFTER_S)


def _moment(date: str) -> float | None:
    """Return when a date of HTTP is, None if it is none."""
    try:
        return parsedate_to_datetime(date[:_MAX_RETRY_AFTER_CHARS]).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
