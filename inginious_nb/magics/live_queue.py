"""The queue beneath ``%inginious queue``, up to date as long as a job of ours is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import display

from inginious_nb.errors import InginiousError

from .live_output import LiveOutput

if TYPE_CHECKING:
    from collections.abc import Callable

    from inginious_nb.session import Session

    Rows = tuple[list[Any] | None, list[Any] | None]

INTERVAL_S = 1.0
"""As often as the backend is asked while one of our jobs waits."""

_output = LiveOutput("inginious_nb queue")


def queue_rows(session: Session) -> Rows:
    """Return the running and the waiting jobs as they were last told, None before that.

    What was told may be some seconds old: submissions that have ended since are left out.
    """
    running, waiting = session.services.client().get_job_queue_snapshot()
    if not running and not waiting and session.submissions.pending:
        return None, None  # older than our own submission
    return _under_way(session, running), _under_way(session, waiting)


def _under_way(session: Session, jobs: list[Any] | None) -> list[Any] | None:
    if jobs is None:
        return None
    return [job for job in jobs if not (job[1] and _has_ended(session, job[0]))]


def _has_ended(session: Session, job_id: str) -> bool:
    """Return whether a job of ours was a submission that has its result."""
    if any(submission.id == job_id for submission in session.submissions.pending):
        return False
    records = session.history.beginning(session.people.student.username, job_id)
    return any(record.id == job_id and record.finished for record in records)


def show_live_queue(session: Session, table: Callable[[Rows], object]) -> None:
    """Show the queue, and keep what is shown up to date until the next one is shown."""
    replaced = _output.replace()
    shown_rows = queue_rows(session)
    shown = display(table(shown_rows), display_id=True)

    def update() -> bool:
        nonlocal shown_rows
        goes_on = bool(session.submissions.pending)
        try:
            rows = queue_rows(session)
        except InginiousError:
            return False  # the session has ended, or its service cannot be reached
        if rows != shown_rows:
            shown_rows = rows
            shown.update(table(rows))
        return goes_on

    _output.follow(replaced, update, INTERVAL_S)
