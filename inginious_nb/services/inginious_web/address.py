"""The address of a site; light, for whoever only connects."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message


def is_site(address: str) -> bool:
    """Return whether an address is meant to be that of a site."""
    return address.lower().startswith(("http://", "https://"))


def checked_site(address: str) -> str:
    """Return the address of a site without a slash at its end.

    Raises:
        UsageError: It is none, has a password in it, or would send passwords in the clear.
    """
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
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
    return address.rstrip("/")


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
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"
