"""The words that may follow ``%inginious``: commands, options, tasks, the problems of a task.

Nothing is run for it, and what cannot be read offers nothing.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from inginious_nb.course.scaffold import KINDS
from inginious_nb.errors import InginiousError
from inginious_nb.grammar.arguments import CELL_MAGIC
from inginious_nb.grammar.commands import declared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inginious_nb.course import Task
    from inginious_nb.session import Session


def completions(line: str, session: Session) -> Iterator[str]:
    """Yield the words that the last one of a line of the magics may become."""
    magic, *words = line.split(" ")
    if not words:
        return
    known = [word for word in words[:-1] if word]
    commands = declared().commands
    if not known:
        yield from sorted(commands)
        return
    command = commands.get(known[0])
    if command is None:
        return
    with contextlib.suppress(InginiousError, OSError):
        yield from _arguments(known[0], known[1:], session, in_cell=magic == CELL_MAGIC)
    options = (param for param in command.params if isinstance(param, click.Option))
    yield from (option.opts[0] for option in options)


def _arguments(
    command: str, given: Sequence[str], session: Session, *, in_cell: bool
) -> Iterator[str]:
    """Yield what a command may be about."""
    courses = session.library.courses
    tasks = {
        f"{course.id}/{task.id}": task
        for course in courses.values()
        for task in course.tasks.values()
    }
    match command:
        case "open" | "history" | "try" | "edit" if not given:
            yield from tasks
        case "submit":
            task = next((tasks[word] for word in given if word in tasks), session.current_task)
            if not given:
                yield from tasks
            if in_cell and not given:
                yield from _problems(tasks)
            elif task is not None and not in_cell:
                yield from (f"{problem}=" for problem in task.problems)
        case "answer" if not given:
            if session.current_task is not None:
                yield from session.current_task.problems
            yield from _problems(tasks)
        case "new":
            yield from ("course", "task") if not given else KINDS if given[-1] == "--kind" else ()
        case "tasks" if not given:
            yield from courses
        case "help" if not given:
            yield from (*sorted(declared().commands), "settings")
        case "kill" | "resubmit" if not given:
            yield from (pending.id[:8] for pending in session.submissions.pending)


def _problems(tasks: dict[str, Task]) -> Iterator[str]:
    for name, task in tasks.items():
        yield from (f"{name}/{problem}" for problem in task.problems)
