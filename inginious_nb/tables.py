"""What a person asks for in a notebook or a terminal, as tables. Nothing here asks a backend."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from .render import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .course import Course
    from .embedded.replay import Replayed
    from .errors import CourseError
    from .history import Attempt
    from .session import Session

# Readable on light and dark alike; the terminal's own red is not.
_GOOD, _BAD, _PENDING = "bold rgb(46,160,87)", "bold rgb(220,75,85)", "rgb(190,130,20)"

_ID_LENGTH = 8
_FEEDBACK_LENGTH = 70


class _Table(Table):
    """A table whose text is text: what is in brackets is no markup."""

    def add_row(self, *cells: Text | str, **options: Any) -> None:  # type: ignore[override]
        """Add a row."""
        super().add_row(*(Text(c) if isinstance(c, str) else c for c in cells), **options)


def _table(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    table = _Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def courses(found: Iterable[Course]) -> Table:
    """The courses, with their folders."""
    table = _table("Courses", "Course", "Name", "Tasks", "Folder", right=["Tasks"])
    for course in found:
        name = course.name if course.error is None else broken(course.error)
        table.add_row(course.id, name, str(len(course.tasks)), str(course.path))
    return table


def tasks(session: Session, found: Iterable[Course]) -> Table:
    """The tasks of courses, with what this user reached in each; broken ones say why."""
    table = _table(
        "Tasks", "Task", "Name", "Problems", "Attempts", "Grade", right=["Attempts", "Grade"]
    )
    for course in found:
        for task in course.tasks.values():
            board = session.board(task)
            counting = board.evaluated
            table.add_row(
                f"{course.id}/{task.id}",
                task.name,
                ", ".join(task.problems) or "none",
                str(len(board.attempts)),
                grade(counting.grade) if counting is not None else "",
            )
        for task_id, error in course.broken.items():
            table.add_row(f"{course.id}/{task_id}", broken(error), "", "", "")
    return table


def broken(error: CourseError) -> Text:
    """Why a task cannot be used."""
    return Text(f"cannot be used: {error}", style=_BAD)


def history(attempts: Iterable[Attempt], live: Iterable[str] = ()) -> Table:
    """Submissions; one without a result is either under way or was left by a kernel that ended."""
    table = _table(
        "Submissions",
        "Id",
        "When",
        "Task",
        "Attempt",
        "Result",
        "Grade",
        right=["Attempt", "Grade"],
    )
    under_way = set(live)
    for attempt in attempts:
        if attempt.superseded_by is not None:
            waiting = "no result; repeated"
        elif attempt.left_behind:
            waiting = "no result; %inginious resubmit"
        else:
            waiting = "under way" if attempt.id in under_way else "under way in another kernel"
        table.add_row(
            attempt.id[:_ID_LENGTH],
            when(attempt.submitted_at),
            f"{attempt.course_id}/{attempt.task_id}",
            str(attempt.number),
            coloured(attempt.code) if attempt.code is not None else Text(waiting, style=_PENDING),
            grade(attempt.grade),
        )
    return table


def answers(attempt: Attempt) -> Table:
    """What was sent with one submission."""
    table = _table(f"Answers of submission {attempt.id[:_ID_LENGTH]}", "Problem", "Answer")
    for problem_id, value in attempt.answers.items():
        if isinstance(value, dict):
            value = f"{value.get('filename')} ({len(value.get('value', b'')):,} bytes)"  # noqa: PLW2901 - shown instead of it
        table.add_row(problem_id, Text(str(value)))
    return table


def queue(running: Sequence[Any] | None, waiting: Sequence[Any] | None) -> Table:
    """A queue snapshot: our own jobs, and how many other people's, which are nobody's business.

    Args:
        running: Rows as ``Client.get_job_queue_snapshot`` gives them, None before the first.
        waiting: Likewise.
    """
    table = _table("Queue", "Job", "Task", "State")
    if running is None or waiting is None:
        table.caption = "the grading service has not told its queue yet"
        return table
    for job_id, _, _, task, *_ in (row for row in running if row[1]):
        table.add_row(job_id[:_ID_LENGTH], task, "running")
    for before, (job_id, ours, task, *_) in enumerate(waiting):
        if ours:
            place = f"at most {before} before it" if before else "next in line"
            table.add_row(job_id[:_ID_LENGTH], task, f"waiting, {place}")
    others = [sum(not row[1] for row in rows) for rows in (running, waiting)]
    table.caption = f"jobs of others: {others[0]} running, {others[1]} waiting"
    return table


def status(session: Session) -> Table:
    """Where answers are graded, and how the submissions of this session stand."""
    service = session.service
    table = _Table(title="Status", title_justify="left", title_style="bold", show_header=False)
    table.add_row("Grading", service.address)
    table.add_row("State", service.message)
    if service.sandbox is not None:
        table.add_row("Sandbox", str(service.sandbox["kind"]))
        table.add_row("Not isolated", ", ".join(service.sandbox["not_isolated"]) or "nothing")
    table.add_row("User", session.settings.username)
    table.add_row("History", str(session.history.path or "in memory only"))
    for warning in session.warnings:
        table.add_row("Warning", warning, style=_PENDING)
    for submission in session.live():
        task = f"{submission.task.course_id}/{submission.task.id}"
        table.add_row("Submission", f"{submission.id[:_ID_LENGTH]} to {task}: {submission.phase}")
    return table


def graded(attempts: Iterable[tuple[str, Attempt | str]]) -> Table:
    """The outcome of submitting several tasks: an attempt each, or a sentence why there is none."""
    table = _table("Grades", "Task", "Result", "Grade", "Feedback", right=["Grade"])
    for task, attempt in attempts:
        if isinstance(attempt, str):
            table.add_row(task, Text("not submitted", style=_PENDING), "", attempt)
        elif attempt.outcome is not None:
            table.add_row(
                task,
                coloured(attempt.outcome.result[0]),
                grade(attempt.grade),
                Text(_first_words(attempt.outcome.result[1])),
            )
    return table


def replayed(records: Iterable[Replayed]) -> Table:
    """What differs from recorded submissions, a line each."""
    table = _table("Different from the record", "Task", "Record", "What", "Recorded", "Now")
    for record in records:
        name = record.record.name
        if record.error:
            table.add_row(record.task_id, name, Text(record.error, style=_BAD), "", "")
        for difference in record.differences:
            values = (str(difference.recorded), str(difference.found))
            table.add_row(record.task_id, name, difference.what, *values)
    return table


def coloured(code: str) -> Text:
    """A result code; only success is ever green."""
    return Text(code, style=_GOOD if code == "success" else _BAD)


def grade(value: float | None) -> str:
    """A grade as people write it."""
    return "" if value is None else f"{value:g} %"


def when(epoch_s: float) -> str:
    """A time of today or another day."""
    moment = dt.datetime.fromtimestamp(epoch_s).astimezone()
    today = dt.datetime.now().astimezone().date()
    return moment.strftime("%H:%M:%S" if moment.date() == today else "%Y-%m-%d %H:%M")


def _first_words(text: str) -> str:
    words = " ".join(plain_text(text).split())
    return words if len(words) <= _FEEDBACK_LENGTH else words[: _FEEDBACK_LENGTH - 1] + "…"
