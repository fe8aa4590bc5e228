"""What a view of an earlier kernel is about, as it tells by names (`views.Subject`).

A saved notebook is not trusted: its names are looked up, and whatever is not found is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inginious_nb.course import Task
    from inginious_nb.session import Session
    from inginious_nb.submissions.history import Attempt


def task_and_attempt(session: Session, subject: Mapping[str, Any]) -> tuple[Task, Attempt | None]:
    """The task, and the attempt whose result the view of a submit command has kept, if any.

    Raises:
        CourseError: There is no such task, or it cannot be used.
        UsageError: It names no task.
    """
    task = session.task(str(subject.get("task") or ""))
    if subject.get("role") != "submission":
        return task, None
    wanted = subject.get("submission")
    attempts = session.task_state(task).attempts
    return task, next((attempt for attempt in attempts if attempt.id == wanted), None)
