"""``inginious-nb submit``: grade the answers of a notebook file."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inginious_nb.errors import (
    BackendUnavailableError,
    InginiousError,
    UsageError,
    WaitTimeoutError,
)
from inginious_nb.i18n import Message, in_language, translated, visible
from inginious_nb.notebook.answers import from_arguments, from_cells
from inginious_nb.notebook.cells import submitted_tasks
from inginious_nb.notebook.grammar.command_group import Command
from inginious_nb.notebook.grammar.commands import AS, MAGICS, TASK_ARGUMENTS
from inginious_nb.notebook.review import raise_first, review_command
from inginious_nb.notebook.saved_notebook import read_notebook, why_not_read
from inginious_nb.notebook.tasks_answered import tasks_of_tags
from inginious_nb.submissions.record import is_graded, kept_grade
from inginious_nb.submissions.student import Student
from inginious_nb.submissions.submission import CONTACT_TIMEOUT_S

from . import tables
from .output import print_table, say
from .sessions import SERVICE_OPTIONS, opened_session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inginious_nb.course import Task
    from inginious_nb.notebook.grammar.arguments import TaskArguments
    from inginious_nb.notebook.review import Magics
    from inginious_nb.notebook.saved_notebook import SavedNotebook
    from inginious_nb.session import Session
    from inginious_nb.submissions.submission import Submission

_FAILED = 1


@click.command(
    cls=Command,
    params=[
        click.Argument(["notebook"], type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        TASK_ARGUMENTS,
        AS,
        MAGICS,
        *SERVICE_OPTIONS,
        click.Option(["--timeout", "timeout_s"], type=float, help="Seconds to wait for a result."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the results as JSON."),
    ],
)
def submit(
    notebook: Path,
    given: TaskArguments,
    *,
    username: str | None,
    magics: Magics | None,
    backend: str | None,
    courses: tuple[str, ...],
    timeout_s: float | None,
    as_json: bool,
) -> None:
    """Submit the answers in a notebook file and print how they were graded.

    Without a task, every task that the notebook opens, submits or names in a tag is submitted. The
    exit status is 0 when every answer was graded, whatever the grade.
    """
    student = None if username is None else Student.checked(username)
    saved = _saved(notebook)
    named = [(given.reference, given.answers)] if given.reference else submitted_tasks(saved.cells)
    with opened_session(backend, courses, notebook.parent) as session:
        wanted, graded = _wanted_tasks(session, named)
        if not given.reference:
            known = [each.task for each in wanted]
            of_tags = tasks_of_tags(session.library, saved.cells, known)
            wanted += [_Wanted(task, {}) for task in of_tags]
        if wanted:
            _tell_where(session)
        graded += _submit_all(
            session, saved, wanted, timeout_s, _Options(student, magics or "refuse")
        )
        lang = session.language
        if session.history.warning is not None:
            say(session.history.warning, lang, err=True)
    if not graded:
        raise UsageError(
            Message(
                "{notebook} names no task; say which one: COURSE/TASK.",
                notebook=visible(str(notebook)),
            )
        )
    if as_json:
        click.echo(json.dumps([_as_json(*row, lang) for row in graded], indent=2))
    else:
        print_table(tables.graded(graded, lang))
    if not all(_is_graded(found) for _, found in graded):
        sys.exit(_FAILED)


def _saved(notebook: Path) -> SavedNotebook:
    """Return a notebook as it is on disk.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        return read_notebook(notebook)
    except (OSError, ValueError) as error:
        raise UsageError(
            Message(
                "{path} cannot be read as a notebook ({reason}).",
                path=visible(str(notebook)),
                reason=why_not_read(error),
            )
        ) from error


@dataclass
class _Wanted:
    """A task to submit, and the answers that were given to it with a command."""

    task: Task
    answers: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.task.course_id}/{self.task.id}"


@dataclass(frozen=True)
class _Options:
    """The options of each submission.

    Attributes:
        student: Who submits, None for the person here.
        magics: What is done with lines that only IPython understands.
    """

    student: Student | None
    magics: Magics


_Graded = tuple[str, "Submission | str"]
"""A task, and how it was graded or why it was not."""


def _wanted_tasks(
    session: Session, named: Iterable[tuple[str, Mapping[str, str]]]
) -> tuple[list[_Wanted], list[_Graded]]:
    """Return each task once, and why the other references mean none."""
    unknown: dict[str, str] = {}
    wanted: dict[str, _Wanted] = {}
    for reference, answers in named:
        try:
            found = _Wanted(session.task(reference), {})
        except InginiousError as error:
            unknown[reference] = error.in_language(session.language)
            if not session.library.courses:
                hint = Message("Name their folder with --courses FOLDER.")
                unknown[reference] += f" {hint.in_language(session.language)}"
        else:
            wanted.setdefault(found.name, found).answers.update(answers)
    return list(wanted.values()), list(unknown.items())


def _tell_where(session: Session) -> None:
    """Say on stderr how the scripts of tasks are isolated that will run on this machine."""
    if session.service.kind != "embedded":
        return
    with contextlib.suppress(InginiousError):  # each submission says it
        session.services.client()
    sandbox = session.service.sandbox
    if sandbox is None:
        return
    lang = session.language
    kind = sandbox["kind"]
    missing = ", ".join(translated(item, lang) for item in sandbox["not_isolated"])
    message = (
        Message("Graded on this machine, in the sandbox {kind}.", kind=kind)
        if kind != "plain"
        else Message(
            "Graded on this machine without isolation (sandbox {kind}): {missing}. Submit only "
            "notebooks and courses that you trust.",
            kind=kind,
            missing=missing,
        )
    )
    say(message, lang, err=True)


def _submit_all(
    session: Session,
    notebook: SavedNotebook,
    wanted: Iterable[_Wanted],
    timeout_s: float | None,
    options: _Options,
) -> list[_Graded]:
    """Submit all tasks at the same time, then wait for each."""
    submitted = [(each.name, _submitted(session, notebook, each, options)) for each in wanted]
    return [
        (name, sent if isinstance(sent, str) else _waited_for(session, sent, timeout_s))
        for name, sent in submitted
    ]


def _submitted(
    session: Session, notebook: SavedNotebook, wanted: _Wanted, options: _Options
) -> Submission | str:
    """Submit a task; return why it cannot be, if so."""
    task = wanted.task
    try:
        answers = from_arguments(task, wanted.answers, directory=notebook.path.parent)
        saved = from_cells(task, notebook.cells, "notebook-file", read_at=notebook.saved_at)
        answers.fill_from(saved)
        raise_first(review_command(task, answers, notebook.cells, magics=options.magics))
        sources = tuple(answers.sources.values())
        return session.submit(
            task, answers.values, origin="cli", student=options.student, sources=sources
        )
    except InginiousError as error:
        return error.in_language(session.language)


def _waited_for(
    session: Session, submission: Submission, timeout_s: float | None
) -> Submission | str:
    """Wait for a result; return why there is none, if so."""
    try:
        submission.wait(timeout_s, contact_timeout_s=CONTACT_TIMEOUT_S)
    except (WaitTimeoutError, BackendUnavailableError) as error:
        kept = Message("Your answers are kept: in a notebook, %inginious resubmit.")
        return f"{error.in_language(session.language)} {kept.in_language(session.language)}"
    except InginiousError as error:
        return error.in_language(session.language)
    return submission


def _is_graded(found: Submission | str) -> bool:
    """Return whether an answer has a grade that says something about it."""
    result = None if isinstance(found, str) else found.result
    return result is not None and is_graded(result.result[0])


def _as_json(reference: str, submission: Submission | str, lang: str) -> dict[str, Any]:
    if isinstance(submission, str) or submission.result is None:
        return {"task": reference, "error": in_language(str(submission), lang)}
    result = submission.result
    return {
        "task": reference,
        "id": submission.id,
        "attempt": submission.number,
        "result": result.result[0],
        "grade": kept_grade(result.grade) if is_graded(result.result[0]) else None,
        "feedback": result.result[1],
        "problems": {name: list(pair) for name, pair in result.problems.items()},
        "tests": result.tests,
    }


COMMANDS = (submit,)
