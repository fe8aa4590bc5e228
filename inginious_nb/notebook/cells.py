"""Notebook cells to answers: which cell answers which problem of a task. Pure, no I/O.

Widget, magics and command line read cells through this module, so that a notebook means the same
however it is submitted. A cell answers problem ``p`` of a task when

- it carries the tag ``inginious:p``, or ``inginious:TASK/p`` or ``inginious:COURSE/TASK/p`` where
  a notebook has several tasks with a problem of that name, or
- it begins with ``%%inginious answer p`` (qualified in the same way if need be), or
- it begins with ``%%inginious submit COURSE/TASK[/p]`` for that task; without a task, the one
  that a cell above it opened is meant.

`grammar` decides which lines are commands, and what their words mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from inginious_nb.i18n import Message

from .grammar.magic_lines import command_lines, split_cell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .grammar.commands import ParsedCommand
    from .references import TaskName

TAG_PREFIX = "inginious:"
MAX_FIRST_LINE_LENGTH = 60

CellType = Literal["code", "markdown", "raw"]


class Cell(Struct, frozen=True):
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

    @property
    def command(self) -> ParsedCommand | None:
        """Return the command of its ``%%inginious`` line, None if the magic would refuse it."""
        line = split_cell(self.source).line if self.type == "code" else None
        return None if line is None else _parsed(line)

    @property
    def body(self) -> str:
        """Return its text without what ends with its ``%%inginious`` line."""
        return split_cell(self.source).body if self.type == "code" else self.source

    @property
    def commands(self) -> list[ParsedCommand]:
        """Return the commands that it gives when it is run."""
        if self.type != "code":
            return []
        parsed = map(_parsed, command_lines(self.source))
        return [command for command in parsed if command is not None]


class FoundAnswer(Struct, frozen=True):
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
        """Return the place of the answer, as a person sees it: ``cell [4]: def fib(n):``."""
        first_line = next((line for line in self.text.splitlines() if line.strip()), "").strip()
        if len(first_line) > MAX_FIRST_LINE_LENGTH:
            first_line = first_line[: MAX_FIRST_LINE_LENGTH - 1] + "…"
        count = len(self.cells)
        prompts = [f"[{cell.execution_count or ' '}]" for cell in self.cells if cell.type == "code"]
        if prompts:
            numbers = ", ".join(prompts)
            place = Message.plural("cell {numbers}", "cells {numbers}", n=count, numbers=numbers)
        else:
            place = Message.plural("text cell", "text cells", n=count)
        if not first_line:
            return Message("{place} (empty)", place=place)
        return Message("{place}: {first_line}", place=place, first_line=first_line)


def find_answers(
    cells: Iterable[Cell], task: TaskName, *, own: Collection[str] = ()
) -> dict[str, FoundAnswer]:
    """Return the answers that a notebook's cells give to a task's problems, by problem id.

    Several cells for the same problem are joined in notebook order with a blank line. Cells that
    each submit by themselves are not parts of one answer: the one in ``own`` counts, or else, where
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
        command = cell.command
        for problem_id in problems_answered(cell, task, opened):
            if command is None or command.name != "submit":
                by_problem.setdefault(problem_id, []).append((cell, cell.body))
            elif problem_id not in submitting or submitting[problem_id][0].id not in own:
                submitting[problem_id] = (cell, cell.body)
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
    """Return the tasks that a notebook's cells submit or open, in its order.

    Returns:
        The reference to a task as written, possibly with a problem, and the PROBLEM=VALUE words
        that go with it; one that is named twice is there twice.
    """
    found = []
    opened = ""
    for cell in cells:
        for command in cell.commands:
            if command.name == "open":
                opened = command.reference or opened
            if command.name in ("open", "submit") and (command.reference or opened):
                found.append((command.reference or opened, dict(command.answers)))
    return found


def cells_of_notebook(notebook: Mapping[str, Any]) -> list[Cell]:
    """Return the cells of a notebook in nbformat (a parsed .ipynb file, any version 4)."""
    return [cell_from_json(cell) for cell in notebook["cells"]]


def cell_from_json(cell: Mapping[str, Any]) -> Cell:
    """Return a cell from its nbformat form; a field that is missing or of a wrong type is empty."""
    source = cell.get("source") or ""
    metadata = cell.get("metadata")
    tags = metadata.get("tags", ()) if isinstance(metadata, dict) else ()
    kind = cell.get("cell_type", "raw")
    count = cell.get("execution_count")
    return Cell(
        id=str(cell.get("id") or ""),
        type=kind if kind in ("code", "markdown") else "raw",
        source=_text(source),
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if _is_array(tags) else (),
        execution_count=count if isinstance(count, int) else None,
    )


def _parsed(line: str) -> ParsedCommand | None:
    # A cell without a command, as most are, needs no grammar.
    from .grammar.commands import parse  # noqa: PLC0415 - with the first command

    return parse(line)


def _text(source: object) -> str:
    """Return the text of a multi-line string of nbformat: one string, or a list of lines."""
    parts = source if isinstance(source, list) else [source]
    return "".join(part for part in parts if isinstance(part, str))


def _opened_by(cell: Cell) -> str:
    """Return the task that a cell opens, empty if it opens none."""
    opened = [command.reference for command in cell.commands if command.name == "open"]
    return opened[-1] if opened else ""


def _is_array(value: object) -> bool:
    return isinstance(value, (list, tuple))


def problems_answered(cell: Cell, task: TaskName, opened: str = "") -> list[str]:
    """Return the problems of a task that one cell answers, each once.

    Args:
        cell: The cell.
        task: The task that is asked for.
        opened: The task that is meant where a command names none.
    """
    command = cell.command
    found: list[str | None] = [
        task.problem(tag.removeprefix(TAG_PREFIX).strip())
        for tag in cell.tags
        if tag.startswith(TAG_PREFIX)
    ]
    if command is not None and command.name == "answer":
        found.append(task.problem(command.reference))
    elif command is not None and command.name == "submit":
        found.append(task.problem_of_submission(command.reference or opened))
    return list(dict.fromkeys(problem_id for problem_id in found if problem_id is not None))
