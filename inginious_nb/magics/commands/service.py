"""``%inginious status``, ``queue`` and ``connect``: where answers are graded."""

from __future__ import annotations

from getpass import getpass
from typing import TYPE_CHECKING

from IPython.core.error import StdinNotImplementedError
from IPython.display import display

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, in_language
from inginious_nb.magics.live_queue import queue_rows, show_live_queue

from .tables import tables

if TYPE_CHECKING:
    from inginious_nb.magics.context import MagicContext


def show_status(context: MagicContext) -> None:
    """Show where answers are graded, and how the submissions stand."""
    display(tables().status(context.session, context.lang))


def show_queue(context: MagicContext) -> None:
    """Show the grading service's queue, live where somebody looks at it."""
    lang = context.lang
    if context.host.is_attended and not context.host.is_terminal:
        show_live_queue(context.session, lambda rows: tables().queue(*rows, lang))
    else:
        display(tables().queue(*queue_rows(context.session), lang))


def connect(
    context: MagicContext, *, address: str | None, username: str | None, cookie: bool, keep: bool
) -> None:
    """Grade at another service from now on, or sign in again at this one."""

    def ask(site: str, proposed: str) -> tuple[str, str]:
        try:
            if cookie:
                return "", _cookie(context, site)
            return username or _name(context, site, proposed), _password(context)
        except (StdinNotImplementedError, EOFError):
            raise UsageError(
                Message(
                    "Nobody can be asked for a password here; set INGINIOUS_SITE_USER and "
                    "INGINIOUS_SITE_PASSWORD before the notebook starts."
                )
            ) from None

    state = context.session.connect(address, ask, username=username or "", cookie=cookie, keep=keep)
    context.say(state.message)


def disconnect(context: MagicContext) -> None:
    """Sign out."""
    context.session.accounts.sign_out()
    context.say(
        Message(
            "You are signed out, and your password is forgotten. %inginious connect signs in "
            "again; %inginious connect embedded grades on this machine."
        )
    )


def _name(context: MagicContext, site: str, proposed: str) -> str:
    prompt = Message("User name at {site} [{username}]: ", site=site, username=proposed)
    return input(in_language(prompt, context.lang)).strip() or proposed


def _password(context: MagicContext) -> str:
    return getpass(in_language(Message("Password: "), context.lang))


def _cookie(context: MagicContext, site: str) -> str:
    context.say(
        Message(
            "Sign in at {site} in your browser. Copy the value of the cookie "
            "inginious_session_id there (F12, Application or Storage, Cookies) and paste it here.",
            site=site,
        )
    )
    return getpass(in_language(Message("Session cookie: "), context.lang))
