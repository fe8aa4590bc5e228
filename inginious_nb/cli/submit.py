"""``inginious-nb submit``: grade the answers of a notebook file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from inginious_nb.errors import (
    BackendUnavailableError,
    InginiousError,
    UsageError,
    WaitTimeoutError,
)
from inginious_nb.grammar.command_group import Command
from inginious_nb.grammar.commands import TASK_ARGUMENTS
from inginious_nb.notebook.answers import from_arguments, from_cells
from inginious_nb.notebook.cells import submitted_tasks
from inginious_nb.notebook.saved_notebook import read_notebook

from . import tables
from .sessions import SERVICE_OPTIONS, opened_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inginious_nb.course import Task
    from inginious_nb.grammar.arguments import TaskArguments
    from inginious_nb.notebook.saved_notebook import SavedNotebook
    from inginious_nb.session import Session
    from inginious_nb.submissions.history import Attempt
    from inginious_nb.submissions.submission import Submission

_FAILED = 1


@click.command(
    cls=Command,
    params=[
        click.Argument(["notebook"], type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        TASK_ARGUMENTS,
        *SERVICE_OPTIONS,
        click.Option(["--timeout", "timeout_s"], type=float, help="Seconds to wait for a result."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the results as JSON."),
    ],
)
def submit(
    notebook: Path,
    given: TaskArguments,
    *,
    backend: str | None,
    courses: tuple[str, ...],
    timeout_s: float | None,
    as_json: bool,
) -> None:
    """Submit the answers in a notebook file and print how they were graded.

    Without a task, every task that the notebook opens or submits is submitted. The exit status
    is 0 when every answer was graded, whatever the grade.
    """
    try:
        saved = read_notebook(notebook)
    except (OSError, ValueError) as error:
        raise UsageError(f"{notebook} cannot be read as a notebook ({error}).") from error
    wanted = (
        [(given.reference, dict(given.answers))]
        if given.reference
        else submitted_tasks(saved.cells)
    )
    with opened_session(backend, courses, notebook.parent) as session:
        outcomes = list(_submit_all(session, saved, wanted, timeout_s))
    if not outcomes:
        raise UsageError(f"{notebook} names no task; say which one: COURSE/TASK.")
    if as_json:
        click.echo(json.dumps([_as_json(*outcome) for outcome in outcomes], indent=2))
    else:
        Console().print(tables.graded(outcomes))
    if any(isinstance(outcome, str) for _, outcome in outcomes):
        sys.exit(_FAILED)


def _submit_all(
    session: Session,
    notebook: SavedNotebook,
    wanted: list[tuple[str, dict[str, str]]],
    timeout_s: float | None,
) -> Iterator[tuple[str, Attempt | str]]:
    """Submit each task once, all at the same time; yield its attempt or why there is none."""
    unknown: set[str] = set()
    tasks: dict[str, tuple[Task, dict[str, str]]] = {}
    for reference, given in wanted:
        if reference in unknown:
            continue
        try:
            task = session.task(reference)
        except InginiousError as error:
            unknown.add(reference)
            hint = "" if session.library.courses else " Name their folder with --courses FOLDER."
            yield reference, f"{error}{hint}"
            continue
        tasks.setdefault(f"{task.course_id}/{task.id}", (task, {}))[1].update(given)
    under_way: list[tuple[str, Submission | InginiousError]] = []
    for name, (task, given) in tasks.items():
        try:
            answers = from_arguments(task, given, directory=notebook.path.parent)
            answers.fill_from(
                from_cells(task, notebook.cells, "notebook-file", read_at=notebook.saved_at)
            )
            submission = session.submit(
                task, answers.values, origin="cli", sources=tuple(answers.sources.values())
            )
            under_way.append((name, submission))
        except InginiousError as error:
            under_way.append((name, error))
    for name, sent in under_way:
        if isinstance(sent, InginiousError):
            yield name, str(sent)
            continue
        try:
            result = session.wait(sent, timeout_s)
        except (WaitTimeoutError, BackendUnavailableError) as error:
            yield name, f"{error} Your answers are kept: in a notebook, %inginious resubmit."
            continue
        except InginiousError as error:
            yield name, str(error)
            continue
        attempt = session.history.get(sent.id)
        if attempt is None or attempt.outcome is None:
            yield (
                name,
                f"{result.result[0]}, {result.grade:g} %; it could not be kept, see the log.",
            )
        else:
            yield name, attempt


def _as_json(reference: str, outcome: Attempt | str) -> dict[str, Any]:
    if isinstance(outcome, str) or outcome.outcome is None:
        return {"task": reference, "error": str(outcome)}
    result = outcome.outcome
    return {
        "task": reference,
        "id": outcome.id,
        "attempt": outcome.number,
        "result": result.result[0],
        "grade": result.grade,
        "feedback": result.result[1],
        "problems": {name: list(pair) for name, pair in result.problems.items()},
        "tests": result.tests,
    }


COMMANDS = (submit,)
