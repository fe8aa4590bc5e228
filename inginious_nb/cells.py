"""Notebook cells to answers: which cell answers which problem of a task. Pure, no I/O.

The widget, the magics and the command line all read cells through this module, so that a notebook
means the same however it is submitted. A cell answers problem ``p`` of a task when

- it carries the tag ``inginious:p``, or ``inginious:TASK/p`` or ``inginious:COURSE/TASK/p`` where
  a notebook has several tasks with a problem of that name, or
- its first line is ``%%inginious answer p`` (qualified in the same way if need be), or
- its first line is ``%%inginious submit COURSE/TASK[/p]`` for that task.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TAG_PREFIX = "inginious:"
_MAGIC = "%%inginious"
_LINE_MAGIC = "%inginious"
_FIRST_LINE_LENGTH = 60

CellType = Literal["code", "markdown", "raw"]


@dataclass(frozen=True)
class Cell:
    """One cell as it stands in the notebook.

    Attributes:
        id: The cell's id in the notebook, empty if it has none.
        type: Its kind.
        source: All of its text.
        tags: The tags in its metadata.
        number: Its 1-based position in the notebook.
    """

    id: str
    type: CellType
    source: str
    tags: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True)
class FoundAnswer:
    """The answer that cells of a notebook give to one problem.

    Attributes:
        problem_id: The problem.
        text: The cells' texts in notebook order, joined by a blank line, without magic lines.
        cells: Where it was read.
    """

    problem_id: str
    text: str
    cells: tuple[Cell, ...]

    @property
    def label(self) -> str:
        """Where the answer was read, for a person: ``cell 4: def fib(n):``."""
        numbers = ", ".join(str(cell.number) for cell in self.cells)
        first_line = next((line for line in self.text.splitlines() if line.strip()), "").strip()
        if len(first_line) > _FIRST_LINE_LENGTH:
            first_line = first_line[: _FIRST_LINE_LENGTH - 1] + "…"
        noun = "cell" if len(self.cells) == 1 else "cells"
        return f"{noun} {numbers}: {first_line}" if first_line else f"{noun} {numbers} (empty)"


@dataclass(frozen=True)
class TaskName:
    """A task and the problems it has: all that is needed to recognise its cells."""

    course_id: str
    task_id: str
    problem_ids: tuple[str, ...]

    def problem(self, reference: str) -> str | None:
        """The problem of this task that a possibly qualified reference means, if any."""
        qualifier, _, problem_id = reference.rpartition("/")
        if qualifier not in ("", self.task_id, f"{self.course_id}/{self.task_id}"):
            return None
        return problem_id if problem_id in self.problem_ids else None

    def problem_of_submission(self, reference: str) -> str | None:
        """The problem that ``%%inginious submit REFERENCE`` answers, if it is of this task."""
        only = self.problem_ids[0] if len(self.problem_ids) == 1 else None
        if reference in ("", self.task_id, f"{self.course_id}/{self.task_id}"):
            return only
        return self.problem(reference) if "/" in reference else None


def task_name(task: Any) -> TaskName:
    """The name of a course task (`inginious_nb.course.Task`)."""
    return TaskName(task.course_id, task.id, tuple(task.problems))


def find_answers(cells: Iterable[Cell], task: TaskName) -> dict[str, FoundAnswer]:
    """The answers that a notebook's cells give to a task's problems, by problem id.

    Several cells for the same problem are joined in notebook order with a blank line.
    """
    by_problem: dict[str, list[tuple[Cell, str]]] = {}
    for cell in cells:
        command, body = split_magic(cell.source)
        for problem_id in _problems_of(cell, command, task):
            by_problem.setdefault(problem_id, []).append((cell, body))
    return {
        problem_id: FoundAnswer(
            problem_id,
            "\n\n".join(body for _, body in parts),
            tuple(cell for cell, _ in parts),
        )
        for problem_id, parts in by_problem.items()
    }


def submitted_tasks(cells: Iterable[Cell]) -> dict[str, list[str]]:
    """The tasks that a notebook's cells submit or open, in its order.

    Returns:
        The reference to each task, as written, and the PROBLEM=VALUE words that go with it.
    """
    found: dict[str, list[str]] = {}
    for cell in cells:
        if cell.type != "code":
            continue
        for line in cell.source.splitlines():
            words = _words_after(line, (_MAGIC, _LINE_MAGIC))
            if len(words) > 1 and words[0] in ("open", "submit"):
                references = [w for w in words[1:] if not w.startswith("-") and "=" not in w]
                pairs = [word for word in words[1:] if "=" in word and not word.startswith("-")]
                for reference in references[:1]:
                    found.setdefault(reference, []).extend(pairs)
    return found


def split_magic(source: str) -> tuple[tuple[str, ...], str]:
    """Split a cell into the words of its ``%%inginious`` line and the text below it.

    Returns:
        The words after ``%%inginious`` (empty if the cell does not begin with it) and the text
        that is the answer.
    """
    first_line, _, rest = source.partition("\n")
    words = _words_after(first_line, (_MAGIC,))
    return (words, rest) if words else ((), source)


def cells_of_notebook(notebook: Mapping[str, Any]) -> list[Cell]:
    """The cells of a notebook as nbformat has it (a parsed .ipynb file, any version 4)."""
    return [cell_from_json(cell, number) for number, cell in enumerate(notebook["cells"], start=1)]


def cell_from_json(cell: Mapping[str, Any], number: int) -> Cell:
    """One cell from its nbformat form; whatever is missing or odd becomes empty."""
    source = cell.get("source", "")
    metadata = cell.get("metadata")
    tags = metadata.get("tags", ()) if isinstance(metadata, dict) else ()
    kind = cell.get("cell_type", "raw")
    return Cell(
        id=str(cell.get("id", "")),
        type=kind if kind in ("code", "markdown") else "raw",
        source="".join(source) if isinstance(source, list) else str(source),
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if _is_array(tags) else (),
        number=number,
    )


def _words_after(line: str, magics: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a line after one of the magics, empty if it does not begin with one."""
    name, _, words = line.strip().partition(" ")
    if name not in magics:
        return ()
    try:
        return tuple(shlex.split(words))
    except ValueError:  # an unclosed quotation mark: the magic itself will say so
        return tuple(words.split())


def _is_array(value: object) -> bool:
    return isinstance(value, (list, tuple))


def _problems_of(cell: Cell, command: Sequence[str], task: TaskName) -> list[str]:
    """The problems of a task that one cell answers, each once."""
    found: list[str | None] = [
        task.problem(tag.removeprefix(TAG_PREFIX).strip())
        for tag in cell.tags
        if tag.startswith(TAG_PREFIX)
    ]
    if command:
        words = [word for word in command[1:] if not word.startswith("-")]
        if command[0] == "answer" and words:
            found.append(task.problem(words[0]))
        elif command[0] == "submit":
            found.append(task.problem_of_submission(words[0] if words else ""))
    return list(dict.fromkeys(problem_id for problem_id in found if problem_id is not None))
