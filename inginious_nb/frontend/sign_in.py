"""Signing in at a site from a page: what a page asks, and what it is told.

Neither keeps the secret: it goes on to the service, and nothing here writes it anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, in_language, printable

if TYPE_CHECKING:
    from inginious_nb.services.accounts import Ask, SignIn
    from inginious_nb.services.service import ServiceState

    from .protocol.sign_in import SignInReply, SignInRequest
    from .responder import Buffers


def typed(request: SignInRequest, buffers: Buffers) -> tuple[Ask, SignIn]:
    """Return what answers in a person's place, and the way to sign in that was chosen.

    Raises:
        UsageError: Something was left out. What answers raises it, too, if it is asked for another
            site than the person was: a notebook may have signed in there meanwhile.
    """
    name = request["username"].strip()
    try:
        secret = bytes(buffers[0]).decode() if buffers else ""
    except UnicodeDecodeError:
        secret = ""
    if not secret or not (name or request["cookie"]):
        raise UsageError(Message("Type your user name and your password."))
    way: SignIn = {
        "username": name,
        "cookie": request["cookie"],
        "keep": request["keep"],
        "always": True,
    }

    def ask(site: str, _proposed: str) -> tuple[str, str]:
        if request["site"] not in ("", site):
            raise UsageError(
                Message(
                    "By now {site} is used here: nothing was sent to it. Sign in there, or go back "
                    "to {asked} first.",
                    site=site,
                    asked=printable(request["site"]),
                )
            )
        return name, secret

    return ask, way


def told(state: ServiceState, lang: str) -> SignInReply:
    """Return what a page is told that has signed a person in."""
    connected = state.state == "connected"
    message = state.message if connected else _later(state.address)
    return {"connected": connected, "message": in_language(message, lang)}


def _later(site: str) -> Message:
    return Message(
        "{site} does not answer now. It is tried again by itself: you are signed in as soon as it "
        "answers, and what you submit until then waits, kept.",
        site=site,
    )
