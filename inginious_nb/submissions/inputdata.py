"""The inputdata of one submission: the checked answers and the keys reserved for the client."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inginious_nb.course import Task

    from .student import Student


def inputdata(
    task: Task, student: Student, answers: Mapping[str, object], *, lang: str, state: str
) -> dict[str, object]:
    """Return the answers and the reserved keys that every grader may read.

    The keys are those of docs/protocol.md, Input data.

    Args:
        task: The task they answer.
        student: The person who submits.
        answers: The answers as the task has checked them.
        lang: The language of the feedback.
        state: The state that the evaluated submission left.
    """
    return {
        **answers,
        "@username": student.username,
        "@email": student.email,
        "@lang": lang,
        # Readers parse the fractional part, so it is there also when it is zero.
        "@time": dt.datetime.now().strftime("%Y-%m-%d %H:%M:%S.%f"),  # noqa: DTZ005 - local time is the contract
        "@attempts": "1",  # the history knows, and sets it
        "@random": task.random_values(student.username),
        "@state": state,
    }
