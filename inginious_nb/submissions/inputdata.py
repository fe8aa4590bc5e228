"""What is sent for one submission: the checked answers and the keys reserved for the client."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inginious_nb.settings import Inginious

    from .task_state import TaskState


def inputdata(
    board: TaskState, settings: Inginious, answers: Mapping[str, object], lang: str
) -> dict[str, object]:
    """The answers and the reserved keys that every grader may read (protocol.md 1.4).

    Args:
        board: The task, and what was submitted to it before.
        settings: Who submits.
        answers: The answers as the task has checked them.
        lang: The language of the feedback.

    Raises:
        HistoryError: The history cannot be read.
    """
    counting = board.evaluated
    outcome = counting.outcome if counting is not None else None
    return {
        **answers,
        "@username": settings.username,
        "@email": settings.email,
        "@lang": lang,
        # Readers parse the fractional part, so it is there also when it is zero.
        "@time": dt.datetime.now().strftime("%Y-%m-%d %H:%M:%S.%f"),  # noqa: DTZ005 - local time is the contract
        "@attempts": "1",  # the history knows, and sets it
        "@random": board.task.random_values(settings.username),
        "@state": outcome.state if outcome is not None else "",
    }
