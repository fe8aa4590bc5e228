"""Answers to a task from where they were written: cells, a saved notebook, words of a command.

Remembers where each answer was read, for the person who is about to submit it. What a text means
as an answer to a problem, and whether it is acceptable, is the task's business.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inginious_nb.course.problems import FileProblem
from inginious_nb.i18n import Message

from .cells import Cell, find_answers, split_magic, task_name
from .sources import AnswerSource, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inginious_nb.course import Task

# As the system says them, so that they can be said in other languages.
_REASONS = {
    errno.ENOENT: Message("No such file or directory"),
    errno.EACCES: Message("Permission denied"),
    errno.EISDIR: Message("Is a directory"),
}


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
    """The answers that cells give to a task, all read in the same way at the same time."""
    return from_read_cells(
        task, [ReadCell(cell, kind, time.time() if read_at is None else read_at) for cell in cells]
    )


@dataclass(frozen=True)
class ReadCell:
    """A cell, how it was read, and when, in seconds since the epoch."""

    cell: Cell
    kind: SourceKind
    read_at: float


def from_read_cells(task: Task, cells: Sequence[ReadCell]) -> Answers:
    """The answers that cells give to a task, each read in its own way."""
    how = {id(read.cell): read for read in cells}
    answers = Answers()
    for problem_id, found in find_answers((r.cell for r in cells), task_name(task)).items():
        reads = [how[id(cell)] for cell in found.cells]
        source = AnswerSource(
            problem_id,
            # The least reliable way that had a part in it.
            next((r.kind for r in reads if r.kind == "notebook-file"), reads[0].kind),
            found.label,
            tuple(cell.id for cell in found.cells if cell.id),
            min(r.read_at for r in reads),
        )
        answers.add(found.text, source)
    return answers


def with_captured(saved: Sequence[ReadCell], captured: Sequence[ReadCell]) -> list[ReadCell]:
    """The cells of a saved notebook, with what was run since in place of what it has.

    A cell that was run takes the place of the saved one with its id. Where the host tells no ids,
    it takes the place of the only cell that answers the same problem; with several such cells
    nobody can tell which it was, and the saved ones stand.
    """
    merged = list(saved)
    for read in captured:
        same = [
            index
            for index, known in enumerate(merged)
            if (known.cell.id == read.cell.id if read.cell.id else _same_answer(known, read))
        ]
        if len(same) == 1:
            cell = replace(
                merged[same[0]].cell,
                source=read.cell.source,
                execution_count=read.cell.execution_count,
            )
            merged[same[0]] = replace(read, cell=cell)
        elif not same:
            merged.append(read)
    return merged


def _same_answer(one: ReadCell, other: ReadCell) -> bool:
    return split_magic(one.cell.source)[0] == split_magic(other.cell.source)[0] != ()


def from_words(task: Task, words: Mapping[str, str], *, directory: Path | None = None) -> Answers:
    """The answers given as PROBLEM=VALUE words of a command; for a file, VALUE is its path.

    Args:
        task: The task they answer.
        words: The values by problem id.
        directory: What paths are relative to (default: the cwd).

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
            answers.add(
                file_answer(problem, text, directory), replace(source, kind="file", label=text)
            )
        else:
            answers.add(text, source)
    return answers


def file_answer(
    problem: FileProblem, path_text: str, directory: Path | None = None
) -> dict[str, Any]:
    """A file of this machine as the raw answer to a problem.

    Raises:
        AnswerError: The file cannot be read.
    """
    try:
        path = (directory or Path()) / Path(path_text).expanduser()
        # Judged before it is read: a slip of the pen must not load a whole disk image.
        problem.check({"filename": path.name, "value": b""})
        return {"filename": path.name, "value": _content(problem, path)}
    except (OSError, ValueError, RuntimeError) as error:
        reason = _REASONS.get(getattr(error, "errno", None) or 0) or getattr(
            error, "strerror", None
        )
        raise problem.refuse(
            "the file {path!r} cannot be read ({reason}); give the path of a file as seen from "
            "{directory}.",
            path=path_text,
            reason=reason or str(error),
            directory=directory or Message("the notebook"),
        ) from error


def _content(problem: FileProblem, path: Path) -> bytes:
    """The content of a file, and of nothing else that may stand at its path and never end."""
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, Message("it is no ordinary file"))
        content = file.read(problem.max_size_bytes + 1)
    if len(content) > problem.max_size_bytes:
        raise problem.refuse(
            "the file {name} has more than {limit:,} bytes, which are the most that are accepted.",
            name=path.name,
            limit=problem.max_size_bytes,
        )
    return content
