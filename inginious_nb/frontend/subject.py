"""The task and the submission that a view of an earlier kernel names (`protocol.task.Subject`).

A saved notebook is not trusted: its names are looked up, and whatever is not found is refused.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import InginiousError

from .opened_courses import open_where_none_is_near

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inginious_nb.course import Task
    from inginious_nb.session import Session
    from inginious_nb.submissions.record import SubmissionRecord

_log = logging.getLogger(__name__)


def found_in(
    session: Session, subject: Mapping[str, Any]
) -> tuple[Task, SubmissionRecord | None] | None:
    """Return the same as `task_and_record`, None where there is no such task; the log says why."""
    try:
        return task_and_record(session, subject)
    except InginiousError as error:
        _log.info("A view of an earlier kernel cannot be shown again: %s", error)
        return None


def task_and_record(
    session: Session, subject: Mapping[str, Any]
) -> tuple[Task, SubmissionRecord | None]:
    """Return the task, and the submission that the view of a submit command was about, if any.

    Raises:
        CourseError: There is no such task, or it cannot be used.
        UsageError: It names no task.
    """
    open_where_none_is_near(session)
    task = session.task(str(subject.get("task") or ""))
    if subject.get("role") != "submission":
        return task, None
    record = session.history.get(str(subject.get("submission") or ""))
    is_of_task = record is not None and (record.course_id, record.task_id) == (
        task.course_id,
        task.id,
    )
    return task, record if is_of_task else None
