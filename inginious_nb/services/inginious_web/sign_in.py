"""The ways to sign in at a site; light, for whoever asks a person. No HTTP client is needed here.

A way keeps its secret to itself: no ``repr`` shows it. It opens a session by what a `Conversation`
offers, so that another way, such as a token, is one more class.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message

from .failures import InBetweenError, SignInError, SiteError

if TYPE_CHECKING:
    from collections.abc import Mapping

SESSION_COOKIE = "inginious_session_id"
ENVIRONMENT = ("INGINIOUS_SITE_USER", "INGINIOUS_SITE_PASSWORD")
"""The variables of a script that signs in."""

_AUTHENTICATION = "/api/v0/authentication"
_MAX_COOKIE_CHARS = 4096
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]+")  # RFC 6265, cookie-octet


class Conversation(Protocol):
    """The calls that a way to sign in may make at a site."""

    @property
    def address(self) -> str:
        """Return the site's address."""

    async def ask(
        self, method: str, path: str, fields: Mapping[str, str] | None = None
    ) -> tuple[bool, dict[str, Any]]:
        """Send a request; return whether the site allowed it, and the JSON object it answered."""

    def carry_cookie(self, name: str, value: str) -> None:
        """Send a cookie with every request from now on."""


class SignIn(ABC):
    """A way in which one person signs in.

    Attributes:
        username: The name at the site; empty where only the site can tell it.
    """

    username: str

    @abstractmethod
    async def open(self, site: Conversation) -> str:
        """Open a session and return the name of whom the site takes the person for.

        Raises:
            SignInError: The site refuses; a person has to sign in in another way.
            SiteError: It does not answer, or not as INGInious does.
        """


@dataclass(frozen=True)
class Credentials(SignIn):
    """A person's name and password at a site; neither is shown by ``repr``."""

    username: str = field(repr=False)
    password: str = field(repr=False)

    @classmethod
    def from_environment(cls) -> Credentials | None:
        """Return those of a script: INGINIOUS_SITE_USER and INGINIOUS_SITE_PASSWORD, if set."""
        username, password = (os.environ.get(name, "") for name in ENVIRONMENT)
        return cls(username, password) if username and password else None

    async def open(self, site: Conversation) -> str:
        """Open a session by name and password."""
        allowed, told = await site.ask(
            "POST", _AUTHENTICATION, {"login": self.username, "password": self.password}
        )
        if not allowed and told.get("status") == "error":
            raise SignInError(
                Message(
                    "{site} does not accept this name and password. Sign in again; the name is the "
                    "user name, not the e-mail address.",
                    site=site.address,
                )
            )
        if not allowed or told.get("status") != "success":
            raise _no_inginious(site)
        return _name(told) or self.username


@dataclass(frozen=True)
class SessionCookie(SignIn):
    """The cookie of a session that was opened in a browser, for sites with a sign-in of their own.

    It opens no second session: once that one is over, a person has to paste another.
    """

    value: str = field(repr=False)
    username: str = ""

    @classmethod
    def pasted(cls, text: str) -> SessionCookie:
        """Return the cookie that a person pasted: its value, or a header with others around it.

        Raises:
            UsageError: It is none.
        """
        text = text.strip().strip("\"'").strip()
        named = re.search(rf"{SESSION_COOKIE}\s*[=:\t]\s*[\"']?([^\s;\"']+)", text)
        value = named[1] if named else text
        if len(value) > _MAX_COOKIE_CHARS or not _COOKIE_VALUE.fullmatch(value) or "=" in value:
            raise UsageError(
                Message(
                    "That is not the value of the cookie {name}; copy it once more, from the "
                    "first character to the last.",
                    name=SESSION_COOKIE,
                )
            )
        return cls(value)

    async def open(self, site: Conversation) -> str:
        """Take up the session, if it is still open."""
        site.carry_cookie(SESSION_COOKIE, self.value)
        allowed, told = await site.ask("GET", _AUTHENTICATION)
        if not allowed or not isinstance(told.get("authenticated"), bool):
            raise _no_inginious(site)
        if not told["authenticated"]:
            raise SignInError(
                Message(
                    "The session of this cookie is over, or never was: sign in at {site} in your "
                    "browser, then run %inginious connect {site} --cookie and paste the new one.",
                    site=site.address,
                )
            )
        return _name(told)


def _name(told: Mapping[str, Any]) -> str:
    name = told.get("username")
    return name if isinstance(name, str) else ""


def _no_inginious(site: Conversation) -> SiteError:
    return InBetweenError(
        Message(
            "{site} does not answer as INGInious does when somebody signs in; check the address.",
            site=site.address,
        ),
        Message("an answer that no INGInious gives"),
    )
