"""The words that may follow ``%inginious``: commands, options, tasks, the problems of a task.

The grammar knows which word names what; here is what a session has of that. Nothing is run for it,
and what cannot be read offers nothing.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import ShellComplete

from inginious_nb.course.scaffold import KINDS
from inginious_nb.errors import InginiousError
from inginious_nb.notebook.grammar.arguments import CELL_MAGIC, LINE_MAGIC
from inginious_nb.notebook.grammar.commands import declared
from inginious_nb.notebook.grammar.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from inginious_nb.course import Task
    from inginious_nb.notebook.grammar.arguments import TaskArguments
    from inginious_nb.notebook.grammar.names import Kind
    from inginious_nb.session import Session


def completions(line: str, session: Session) -> list[str]:
    """Return what the last word of a line of the magics may become, options last."""
    magic, *words = line.split(" ")
    if not words:
        return []
    written = [word for word in words[:-1] if word]
    names = _NamesOfSession(session, in_cell=magic == CELL_MAGIC)
    # The last word names the variable by which a shell asks, and no shell does here.
    completing = ShellComplete(declared(), {"obj": names}, LINE_MAGIC, "")
    found: list[str] = []
    for beginning in (words[-1],) if words[-1] else ("", "-"):
        # A word may be unknown, or one too many; a course may be unreadable.
        with contextlib.suppress(click.ClickException, InginiousError, OSError):
            items = completing.get_completions(list(written), beginning)
            found += [item.value for item in items]
    return found


class _NamesOfSession(Names):
    """The names that a session knows.

    Args:
        session: The session.
        in_cell: Whether the command stands in the first line of a cell with an answer.
    """

    def __init__(self, session: Session, *, in_cell: bool) -> None:
        self._session = session
        self._in_cell = in_cell

    def of(self, kind: Kind, given: Mapping[str, Any]) -> Iterable[str]:
        """Return the names of a kind."""
        match kind:
            case "task":
                return self._tasks()
            case "answer":
                return self._answers(given.get("given"))
            case "problem":
                return self._problems()
            case "course":
                return self._session.library.courses
            case "submission":
                return (pending.id[:8] for pending in self._session.submissions.pending)
            case "kind of task":
                return KINDS
            case "command":
                return (*sorted(declared().commands), "settings")

    def _tasks(self) -> dict[str, Task]:
        return {
            f"{course.id}/{task.id}": task
            for course in self._session.library.courses.values()
            for task in course.tasks.values()
        }

    def _problems(self) -> Iterator[str]:
        current = self._session.current_task
        yield from current.problems if current is not None else ()
        yield from self._full_problems()

    def _full_problems(self) -> Iterator[str]:
        for name, task in self._tasks().items():
            yield from (f"{name}/{problem}" for problem in task.problems)

    def _answers(self, given: TaskArguments | None) -> Iterator[str]:
        """Yield the tasks, unless one is given, and the beginnings of answers to it.

        Where the cell is the answer, its task or problem is all that is named.
        """
        tasks = self._tasks()
        reference = given.reference if given is not None else None
        if reference is None:
            yield from tasks
        if not self._in_cell:
            task = self._session.current_task if reference is None else tasks.get(reference)
            yield from (f"{problem}=" for problem in (task.problems if task is not None else ()))
        elif reference is None:
            yield from self._full_problems()
