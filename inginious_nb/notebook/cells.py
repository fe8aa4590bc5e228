"""Notebook cells to answers: which cell answers which problem of a task. Pure, no I/O.

The widget, the magics and the command line all read cells through this module, so that a notebook
means the same however it is submitted. A cell answers problem ``p`` of a task when

- it carries the tag ``inginious:p``, or ``inginious:TASK/p`` or ``inginious:COURSE/TASK/p`` where
  a notebook has several tasks with a problem of that name, or
- its first line is ``%%inginious answer p`` (qualified in the same way if need be), or
- its first line is ``%%inginious submit COURSE/TASK[/p]`` for that task; without a task, the one
  that a cell above it opened is meant.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

TAG_PREFIX = "inginious:"
OPTIONS_WITH_A_VALUE = ("--lang",)
"""Options of ``%inginious submit`` whose next word is their value."""

_CELL_MAGIC = re.compile(r"\s*^[ \t]*%%inginious(?:[ \t]+(?P<words>.*))?$\n?", re.MULTILINE)
_LINE_MAGIC = re.compile(r"\s*(?:[\w.\[\], ]+=\s*)?%inginious[ \t]+(?P<words>.*)")
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
        execution_count: The number that stands beside it; None if it was not run, or is text.
    """

    id: str
    type: CellType
    source: str
    tags: tuple[str, ...] = ()
    execution_count: int | None = None


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
        """Where the answer was read, as a person sees it: ``cell [4]: def fib(n):``."""
        first_line = next((line for line in self.text.splitlines() if line.strip()), "").strip()
        if len(first_line) > _FIRST_LINE_LENGTH:
            first_line = first_line[: _FIRST_LINE_LENGTH - 1] + "…"
        count = len(self.cells)
        prompts = [f"[{cell.execution_count or ' '}]" for cell in self.cells if cell.type == "code"]
        if prompts:
            numbers = ", ".join(prompts)
            place = Message("cells {numbers}", one="cell {numbers}", n=count, numbers=numbers)
        else:
            place = Message("text cells", one="text cell", n=count)
        if not first_line:
            return Message("{place} (empty)", place=place)
        return Message("{place}: {first_line}", place=place, first_line=first_line)


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
        if reference in (self.task_id, f"{self.course_id}/{self.task_id}"):
            return only
        return self.problem(reference) if "/" in reference else None


def task_name(task: Any) -> TaskName:
    """The name of a course task (`inginious_nb.course.Task`)."""
    return TaskName(task.course_id, task.id, tuple(task.problems))


def find_answers(
    cells: Iterable[Cell], task: TaskName, *, own: Collection[str] = ()
) -> dict[str, FoundAnswer]:
    """The answers that a notebook's cells give to a task's problems, by problem id.

    Several cells for the same problem are joined in notebook order with a blank line. Cells that
    each submit by themselves are no parts of one answer: the one in ``own`` counts, or else, where
    no other cell answers, the last.

    Args:
        cells: The notebook.
        task: The task that is asked for.
        own: Ids of the cells that whoever asks belongs to.
    """
    by_problem: dict[str, list[tuple[Cell, str]]] = {}
    submitting: dict[str, tuple[Cell, str]] = {}
    opened = ""
    for cell in cells:
        opened = _opened_by(cell) or opened
        command, body = split_magic(cell.source)
        for problem_id in _problems_of(cell, command, task, opened):
            if command[:1] != ("submit",):
                by_problem.setdefault(problem_id, []).append((cell, body))
            elif problem_id not in submitting or submitting[problem_id][0].id not in own:
                submitting[problem_id] = (cell, body)
    for problem_id, part in submitting.items():
        if problem_id not in by_problem or (part[0].id and part[0].id in own):
            by_problem[problem_id] = [part]
    return {
        problem_id: FoundAnswer(
            problem_id,
            "\n\n".join(body for _, body in parts),
            tuple(cell for cell, _ in parts),
        )
        for problem_id, parts in by_problem.items()
    }


def submitted_tasks(cells: Iterable[Cell]) -> list[tuple[str, dict[str, str]]]:
    """The tasks that a notebook's cells submit or open, in its order.

    Returns:
        The reference to a task as written, possibly with a problem, and the PROBLEM=VALUE words
        that go with it; one that is named twice is there twice.
    """
    found = []
    opened = ""
    for cell in cells:
        for words in _commands_in(cell):
            if words[0] in ("open", "submit"):
                reference, pairs = command_words(words[1:])
                if words[0] == "open":
                    opened = reference or opened
                if reference or opened:
                    found.append((reference or opened, pairs))
    return found


def split_magic(source: str) -> tuple[tuple[str, ...], str]:
    """Split a cell into the words of its ``%%inginious`` line and the text below it.

    Blank lines above that line do not matter, as they do not to IPython.

    Returns:
        The words after ``%%inginious`` (empty if the cell does not begin with it) and the text
        that is the answer.
    """
    match = _CELL_MAGIC.match(source)
    if match is None:
        return (), source
    return _split(match["words"]), source[match.end() :]


def command_words(words: Iterable[str]) -> tuple[str, dict[str, str]]:
    """Sort the words after ``submit`` or ``open`` into the reference and PROBLEM=VALUE pairs.

    Returns:
        The first word that is neither an option nor a pair (empty if there is none), the pairs.
    """
    reference = ""
    pairs: dict[str, str] = {}
    remaining = iter(words)
    for word in remaining:
        if word in OPTIONS_WITH_A_VALUE:
            next(remaining, None)
        elif word.startswith("-"):
            continue
        elif "=" in word:
            problem_id, _, value = word.partition("=")
            pairs[problem_id] = value
        else:
            reference = reference or word
    return reference, pairs


def cells_of_notebook(notebook: Mapping[str, Any]) -> list[Cell]:
    """The cells of a notebook as nbformat has it (a parsed .ipynb file, any version 4)."""
    return [cell_from_json(cell) for cell in notebook["cells"]]


def cell_from_json(cell: Mapping[str, Any]) -> Cell:
    """One cell from its nbformat form; whatever is missing or odd becomes empty."""
    source = cell.get("source", "")
    metadata = cell.get("metadata")
    tags = metadata.get("tags", ()) if isinstance(metadata, dict) else ()
    kind = cell.get("cell_type", "raw")
    count = cell.get("execution_count")
    return Cell(
        id=str(cell.get("id", "")),
        type=kind if kind in ("code", "markdown") else "raw",
        source="".join(source) if isinstance(source, list) else str(source),
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if _is_array(tags) else (),
        execution_count=count if isinstance(count, int) else None,
    )


def _split(text: str | None) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text or ""))
    except ValueError:  # an unclosed quotation mark: the magic itself will say so
        return tuple((text or "").split())


def _commands_in(cell: Cell) -> Iterator[tuple[str, ...]]:
    """The ``%inginious`` commands of a code cell; below a ``%%inginious`` line there are none."""
    if cell.type != "code":
        return
    command, _ = split_magic(cell.source)
    if command:
        yield command
        return
    for line in cell.source.splitlines():
        match = _LINE_MAGIC.fullmatch(line)
        if match is not None and (words := _split(match["words"])):
            yield words


def _opened_by(cell: Cell) -> str:
    """The task that a cell opens, empty if it opens none."""
    opened = [command_words(words[1:])[0] for words in _commands_in(cell) if words[0] == "open"]
    return opened[-1] if opened else ""


def _is_array(value: object) -> bool:
    return isinstance(value, (list, tuple))


def _problems_of(cell: Cell, command: Sequence[str], task: TaskName, opened: str) -> list[str]:
    """The problems of a task that one cell answers, each once.

    Args:
        cell: The cell.
        command: The words of its ``%%inginious`` line.
        task: The task that is asked for.
        opened: The task that is meant where a command names none.
    """
    found: list[str | None] = [
        task.problem(tag.removeprefix(TAG_PREFIX).strip())
        for tag in cell.tags
        if tag.startswith(TAG_PREFIX)
    ]
    if command:
        reference, _ = command_words(command[1:])
        if command[0] == "answer":
            found.append(task.problem(reference))
        elif command[0] == "submit":
            found.append(task.problem_of_submission(reference or opened))
    return list(dict.fromkeys(problem_id for problem_id in found if problem_id is not None))
