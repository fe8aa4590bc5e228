"""``inginious-nb new``: courses and tasks to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from inginious_nb.course.scaffold import KINDS, new_course, new_task
from inginious_nb.i18n import Message
from inginious_nb.notebook.grammar.command_group import Command, CommandGroup

from .output import say

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("new", cls=CommandGroup)
def new() -> None:
    """Make a course, or a task in a course, to begin with."""


@new.command("course", cls=Command)
@click.argument("folder", type=_FOLDER)
def course(folder: Path) -> None:
    """Make a course in FOLDER, whose name is its id."""
    new_course(folder)
    say(
        Message(
            "{folder} is a course. Its first task: inginious-nb new task {folder}/hello",
            folder=folder,
        )
    )


@new.command("task", cls=Command)
@click.argument("folder", metavar="COURSE/TASK", type=_FOLDER)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="python",
    show_default=True,
    help="What it asks for.",
)
def task(folder: Path, kind: str) -> None:
    """Make the task TASK in the folder COURSE, with a run script and two recorded answers."""
    new_task(folder.parent, folder.name, kind)
    say(
        Message(
            "{folder}/task.yaml is the task; a cell with the tag inginious:answer answers it. "
            "Grade its recorded answers after each change: inginious-nb test {course} {task}",
            folder=folder,
            course=folder.parent,
            task=folder.name,
        )
    )


COMMANDS = (new,)
