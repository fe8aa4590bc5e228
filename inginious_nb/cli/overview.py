"""``inginious-nb courses``, ``history`` and ``settings``."""

from __future__ import annotations

import click
from rich.console import Console

from inginious_nb.errors import UsageError
from inginious_nb.grammar.command_group import Command
from inginious_nb.grammar.commands import LIMIT
from inginious_nb.settings import settings_text

from . import tables
from .sessions import SERVICE_OPTIONS, opened_session


@click.command("courses", cls=Command, params=list(SERVICE_OPTIONS))
def list_courses(*, backend: str | None, courses: tuple[str, ...]) -> None:
    """List the courses found near this folder, with their tasks and your grades."""
    with opened_session(backend, courses) as session:
        found = session.library.courses.values()
        if not found:
            raise UsageError(
                "There is no course in this folder or in its folder courses; "
                "name the one with your courses: --courses FOLDER."
            )
        console = Console()
        console.print(tables.courses(found))
        console.print(tables.tasks(session, found))
        for message in tables.broken(found):
            console.print(message, markup=False, highlight=False)


@click.command(cls=Command, params=[LIMIT])
def history(*, limit: int) -> None:
    """List what you submitted, from wherever."""
    with opened_session() as session:
        Console().print(tables.history(session.history.recent(session.settings.username, limit)))


@click.command(cls=Command)
def settings() -> None:
    """Explain the settings."""
    click.echo(settings_text())


COMMANDS = (list_courses, history, settings)
