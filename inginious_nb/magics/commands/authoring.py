"""``%inginious try``: for who writes tasks."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from IPython.display import display

from inginious_nb.i18n import Message

from .tables import tables

if TYPE_CHECKING:
    from inginious_nb.magics.context import MagicContext


def try_task(context: MagicContext, *, task: str | None) -> None:
    """Grade the recorded submissions of a task again and show what differs from the records."""
    from inginious_nb.cli.replays import replayed  # noqa: PLC0415 - loads the grader

    found = context.session.task(task)
    # The kernel's thread runs a loop already.
    with ThreadPoolExecutor(1) as thread:
        records = thread.submit(
            asyncio.run, replayed(found.path.parent, found.id, context.session.settings)
        ).result()
    differing = [record for record in records if record.differences]
    if differing:
        display(tables().replayed(differing))
    for error in tables().replay_errors(records):
        context.say(error)
    context.say(
        Message.plural(
            "{task}: one recorded submission, {different} not as recorded.",
            "{task}: {n} recorded submissions, {different} not as recorded.",
            n=len(records),
            task=found.id,
            different=sum(not record.is_same for record in records),
        )
    )
