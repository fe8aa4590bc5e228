"""``%inginious status``, ``queue`` and ``connect``: where answers are graded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.display import display

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
    context.say(context.session.connect(address).message)
