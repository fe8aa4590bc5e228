"""``%inginious status``, ``queue`` and ``connect``: where answers are graded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.display import display

from .tables import tables

if TYPE_CHECKING:
    from inginious_nb.magics.context import MagicContext


def show_status(context: MagicContext) -> None:
    """Show where answers are graded, and how the submissions stand."""
    display(tables().status(context.session, context.lang))


def show_queue(context: MagicContext) -> None:
    """Show the grading service's queue as it was last told."""
    running, waiting = context.session.client().get_job_queue_snapshot()
    if not running and not waiting and context.session.submissions.pending:
        running = waiting = None  # older than our own submission
    display(tables().queue(running, waiting, context.lang))


def connect(context: MagicContext, *, address: str) -> None:
    """Grade at another service from now on."""
    context.say(context.session.connect(address).message)
