"""``inginious-nb courses``, ``history`` and ``settings``."""

from __future__ import annotations

import click

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message
from inginious_nb.notebook.grammar.command_group import Command
from inginious_nb.notebook.grammar.commands import LIMIT
from inginious_nb.submissions.record import counts
from inginious_nb.submissions.recording import record_as_test
from inginious_nb.submissions.student import Student

from . import tables
from .output import print_table, say
from .sessions import SERVICE_OPTIONS, opened_session
from .settings_help import settings_text


@click.command("courses", cls=Command, params=list(SERVICE_OPTIONS))
def list_courses(*, backend: str | None, courses: tuple[str, ...]) -> None:
    """List the courses found near this folder, with their tasks and your grades."""
    with opened_session(backend, courses) as session:
        session.library.renew()
        found = session.library.courses.values()
        problems = session.library.problems
        if not found and problems:
            raise problems[0]
        note = session.library.note
        if not found:
            raise UsageError(
                note
                or Message(
                    "There is no course in this folder or in its folder courses; name the one "
                    "with your courses: --courses FOLDER."
                )
            )
        lang = session.language
        print_table(tables.courses(found, lang))
        print_table(tables.tasks(session, found, lang))
        notes = [] if note is None else [note]
        for message in (*notes, *tables.broken(found), *(error.text for error in problems)):
            say(message, lang)


@click.command(cls=Command, params=[LIMIT])
def history(*, limit: int) -> None:
    """List what you submitted, from wherever."""
    with opened_session() as session:
        records = session.history.recent(session.people.student.username, limit)
        print_table(tables.history(records, lang=session.language))


@click.command(
    cls=Command,
    params=[
        click.Argument(["task"], metavar="COURSE/TASK"),
        click.Option(["--submission"], metavar="ID", help="Which one; the newest if not said."),
        click.Option(["--as", "username"], metavar="NAME", help="A submission of that student."),
        click.Option(["--name"], help="Name of the record, such as off-by-one."),
        *SERVICE_OPTIONS[:1],
    ],
)
def record(
    task: str,
    *,
    submission: str | None,
    username: str | None,
    name: str | None,
    courses: tuple[str, ...],
) -> None:
    """Keep a submission as a recorded test of its task, which inginious-nb test grades again."""
    with opened_session(None, courses) as session:
        found = session.task(task)
        student = Student.checked(username) if username is not None else session.people.student
        known = session.history.of_task(found.course_id, found.id, student.username)
        wanted = [each for each in known if submission is None or each.id.startswith(submission)]
        graded = [each for each in wanted if counts(each)] or wanted
        if not graded:
            raise UsageError(
                Message(
                    "The history has no such submission to {task} of {name}; submit an answer "
                    "first, or see inginious-nb history.",
                    task=task,
                    name=student.username,
                )
            )
        file = record_as_test(found, session.history, graded[0], name)
        say(Message("Recorded: {file}", file=file), session.language)


@click.command(cls=Command)
def settings() -> None:
    """Explain the settings."""
    click.echo(settings_text())


COMMANDS = (record, list_courses, history, settings)
