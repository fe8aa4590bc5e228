"""Answers to a task from where they were written: cells, a saved notebook, arguments of a command.

Keeps with each answer where it was read, for the person who is about to submit it. The task decides
what a text means as an answer to a problem, and whether it is acceptable.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from inginious_nb.course.problems import FileProblem

from .cells import Cell, find_answers
from .files import file_answer
from .references import task_name
from .sources import AnswerSource, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from inginious_nb.course import Task


class Answers(Struct):
    """Raw answers by problem id, and where each was read."""

    values: dict[str, object] = field(default_factory=dict)
    sources: dict[str, AnswerSource] = field(default_factory=dict)

    def add(self, value: object, source: AnswerSource) -> None:
        """Add one answer; it takes the place of an earlier one to the same problem."""
        self.values[source.problem_id] = value
        self.sources[source.problem_id] = source

    def remove(self, problem_id: str) -> None:
        """Take the answer to a problem out."""
        del self.values[problem_id], self.sources[problem_id]

    def fill_from(self, other: Answers) -> None:
        """Take from other what is missing here."""
        self.values = other.values | self.values
        self.sources = other.sources | self.sources

    def missing(self, task: Task) -> list[str]:
        """Return the problems of a task that have no answer here."""
        return [problem_id for problem_id in task.problems if problem_id not in self.values]


def from_cells(
    task: Task, cells: Iterable[Cell], kind: SourceKind, read_at: float | None = None
) -> Answers:
    """Return the answers that cells give to a task, all read in the same way at the same time."""
    return from_read_cells(
        task, [ReadCell(cell, kind, time.time() if read_at is None else read_at) for cell in cells]
    )


class ReadCell(Struct, frozen=True):
    """A cell, how it was read, and when, in seconds since the epoch."""

    cell: Cell
    kind: SourceKind
    read_at: float


def from_read_cells(task: Task, cells: Sequence[ReadCell]) -> Answers:
    """Return the answers that cells give to a task, each read in its own way."""
    how = {id(read.cell): read for read in cells}
    answers = Answers()
    for problem_id, found in find_answers((r.cell for r in cells), task_name(task)).items():
        reads = [how[id(cell)] for cell in found.cells]
        source = AnswerSource(
            problem_id,
            # The least reliable kind that had a part in it.
            next((r.kind for r in reads if r.kind == "notebook-file"), reads[0].kind),
            found.label,
            tuple(cell.id for cell in found.cells if cell.id),
            min(r.read_at for r in reads),
        )
        answers.add(found.text, source)
    return answers


def from_arguments(
    task: Task,
    arguments: Mapping[str, str],
    *,
    directory: Path | None = None,
    confined: bool = False,
) -> Answers:
    """Return the answers given as PROBLEM=VALUE to a command; for a file, VALUE is its path.

    Args:
        task: The task they answer.
        arguments: The values by problem id.
        directory: What paths are relative to (default: the cwd).
        confined: Refuse files outside of the directory.

    Raises:
        AnswerError: The task has no such problem, or a file cannot be read.
    """
    answers = Answers()
    for problem_id, text in arguments.items():
        problem = task.problems.get(problem_id)
        if problem is None:
            task.check({problem_id: text})  # says which problems there are
            continue
        source = AnswerSource(problem_id, "argument", f"{problem_id}={text}", (), time.time())
        if isinstance(problem, FileProblem):
            value = file_answer(problem, text, directory, confined=confined)
            answers.add(value, replace(source, kind="file", label=text))
        else:
            answers.add(text, source)
    return answers
