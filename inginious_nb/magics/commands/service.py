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


def connect(context: MagicContext, *, address: str) -> None:
    """Grade at another service from now on."""

    def ask(site: str, username: str) -> tuple[str, str]:
        prompt = Message("User name at {site} [{username}]: ", site=site, username=username)
        try:
            name = input(in_language(prompt, context.lang)).strip() or username
            return name, getpass(in_language(Message("Password: "), context.lang))
        except (StdinNotImplementedError, EOFError):
            raise UsageError(
                Message(
                    "Nobody can be asked for a password here; set INGINIOUS_SITE_USER and "
                    "INGINIOUS_SITE_PASSWORD before the notebook starts."
                )
            ) from None

    context.say(context.session.connect(address, ask).message)
