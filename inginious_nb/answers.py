"""Answers to a task from where they were written: cells, a saved notebook, words of a command.

Turns text into what a problem accepts and remembers where each answer was read, for the person
who is about to submit it. Whether an answer is acceptable is the task's business.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cells import Cell, find_answers, task_name
from .course.problems import FileProblem
from .errors import AnswerError
from .history import AnswerSource, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .course import Problem, Task


@dataclass
class Answers:
    """Raw answers by problem id, and where each was read."""

    values: dict[str, object] = field(default_factory=dict)
    sources: dict[str, AnswerSource] = field(default_factory=dict)

    def add(self, value: object, source: AnswerSource) -> None:
        """Add one answer; it takes the place of an earlier one to the same problem."""
        self.values[source.problem_id] = value
        self.sources[source.problem_id] = source

    def fill_from(self, other: Answers) -> None:
        """Take from other what is missing here."""
        self.values = other.values | self.values
        self.sources = other.sources | self.sources

    def missing(self, task: Task) -> list[str]:
        """The problems of a task that have no answer here."""
        return [problem_id for problem_id in task.problems if problem_id not in self.values]


def from_cells(
    task: Task, cells: Iterable[Cell], kind: SourceKind, read_at: float | None = None
) -> Answers:
    """The answers that cells give to a task."""
    answers = Answers()
    for problem_id, found in find_answers(cells, task_name(task)).items():
        source = AnswerSource(
            problem_id,
            kind,
            found.label,
            tuple(cell.id for cell in found.cells if cell.id),
            time.time() if read_at is None else read_at,
        )
        answers.add(answer_from_text(task.problems[problem_id], found.text), source)
    return answers


def from_words(task: Task, words: Mapping[str, str]) -> Answers:
    """The answers given as PROBLEM=VALUE words of a command; for a file, VALUE is its path.

    Raises:
        AnswerError: The task has no such problem, or a file cannot be read.
    """
    answers = Answers()
    for problem_id, text in words.items():
        problem = task.problems.get(problem_id)
        if problem is None:
            task.check({problem_id: text})  # says which problems there are
            continue
        source = AnswerSource(problem_id, "argument", f"{problem_id}={text}", (), time.time())
        if isinstance(problem, FileProblem):
            answers.add(file_answer(problem, text), replace(source, kind="file", label=text))
        else:
            answers.add(text, source)
    return answers


def answer_from_text(problem: Problem, text: str) -> object:
    """What the text of a cell means as the raw answer to a problem.

    For a file the text is its content, as with ``%%writefile``; it is named after the problem.
    """
    if not isinstance(problem, FileProblem) or not text:
        return text
    ending = problem.extensions[0] if problem.extensions else ""
    return {"filename": problem.id + ending, "value": text.encode("utf-8", "surrogatepass")}


def file_answer(problem: FileProblem, path_text: str) -> dict[str, Any]:
    """A file of this machine as the raw answer to a problem.

    Raises:
        AnswerError: The file cannot be read.
    """
    path = Path(path_text).expanduser()
    try:
        # Judged before it is read: a slip of the pen must not load a whole disk image.
        problem.check({"filename": path.name, "value": b""})
        limit = problem.max_size_bytes
        size_bytes = path.stat().st_size
        if size_bytes > limit:
            raise problem.refuse(
                f"the file {path.name} has {size_bytes:,} bytes; at most {limit:,} are accepted."
            )
        return {"filename": path.name, "value": path.read_bytes()}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AnswerError(
            f"Problem {problem.label}: the file {path_text!r} cannot be read ({reason}); "
            f"give the path of a file as seen from {Path.cwd()}.",
            problem_id=problem.id,
        ) from error
