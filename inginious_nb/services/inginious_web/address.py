"""The address of a site; light, for whoever only connects."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, visible

_NO_HOST = re.compile(r"[^0-9A-Za-z._-]")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_NETLOC = re.compile(r"[^:]*|[^:]*:\d*|\[[^\]]*\](?::\d*)?")


def is_site(address: str) -> bool:
    """Return whether an address is meant to be that of a site."""
    return address.lower().startswith(("http://", "https://"))


def checked_site(address: str) -> str:
    """Return the one address of a site: no slash at its end, its host in ASCII and small letters.

    A person who types a password must see where it goes: letters of several alphabets look alike.

    Raises:
        UsageError: It is none, has a password in it, or would send passwords in the clear.
    """
    try:
        address = _with_host_in_ascii(address)
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    is_site_only = not (parts.query or parts.fragment) and address.isprintable()
    if parts.scheme not in {"http", "https"} or not host or not is_site_only:
        raise UsageError(
            Message(
                "“{address}” is not the address of a site; it looks like "
                "https://inginious.example.org.",
                address=without_secrets(address),
            )
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            Message("Leave name and password out of the address; they are asked for afterwards.")
        )
    if parts.scheme != "https" and not is_loopback(host):
        raise UsageError(
            Message(
                "Use https://{host}: over http, everybody on the way could read your password.",
                host=host,
            )
        )
    # One site has one address: passwords are kept and histories told apart by it.
    netloc = parts.netloc.lower().removesuffix(_DEFAULT_PORTS[parts.scheme]).removesuffix(":")
    return parts._replace(netloc=netloc).geturl().rstrip("/")


def _with_host_in_ascii(address: str) -> str:
    """Return an address whose host is as the HTTP client sends it, such as ``xn--…``.

    Raises:
        ValueError: The host is none.
    """
    netloc = urlsplit(address).netloc
    host = netloc.rpartition("@")[2]
    if host.isascii():
        named = host.rpartition(":")[0] or host
        if not host.startswith("[") and _NO_HOST.search(named):
            raise ValueError(host)
        return address
    import httpx  # noqa: PLC0415 - only for these

    try:
        url = httpx.URL(f"https://{host}")
    except httpx.InvalidURL as error:
        raise ValueError(host) from error
    return address.replace(host, url.netloc.decode("ascii"), 1)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_secrets(address: str) -> str:
    """Return an address as it may be shown: without what stands before an @."""
    scheme, separator, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    if not _NETLOC.fullmatch(host.rpartition("@")[2]):  # a password may have a slash in it
        host, slash, path = rest, "", ""
    return visible(f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}")
