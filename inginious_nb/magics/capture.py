"""``%%inginious answer PROBLEM``: the cell runs as any other, and its source is kept.

Done with IPython's hooks instead of a cell magic, so that the body is compiled as the cell it is:
line numbers, ``await`` and the last value all stay as they are.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from inginious_nb.notebook.answers import ReadCell
from inginious_nb.notebook.cells import Cell, split_magic

from .host import running_cell_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

_ANSWER_LINE = "get_ipython().run_line_magic('inginious', {line!r})\n"


class CellCapture:
    """Keeps the cells that were run with an ``answer`` line, newest version by cell id.

    Args:
        shell: The shell whose cells are watched.
        show: Called after such a cell has run, with the reference to the problem it answers.
    """

    def __init__(self, shell: InteractiveShell, show: Callable[[str], object]) -> None:
        self._shell = shell
        self._show = show
        self._cells: dict[str, ReadCell] = {}

    def install(self) -> None:
        """Begin to watch."""
        self._shell.events.register("pre_run_cell", self._before)
        self._shell.events.register("post_run_cell", self._after)
        self._shell.input_transformers_cleanup.append(as_plain_cell)

    def remove(self) -> None:
        """Stop watching."""
        self._shell.events.unregister("pre_run_cell", self._before)
        self._shell.events.unregister("post_run_cell", self._after)
        self._shell.input_transformers_cleanup.remove(as_plain_cell)

    @property
    def cells(self) -> list[ReadCell]:
        """The kept cells in the order in which they were last run."""
        return list(self._cells.values())

    def keep(self, source: str) -> None:
        """Keep one cell's source as an answer."""
        cell_id = running_cell_id(self._shell)
        words, _ = split_magic(source)
        # A host that does not tell cell ids gets one answer a problem: the one last run.
        key = cell_id or " ".join(words)
        self._cells.pop(key, None)
        cell = Cell(cell_id, "code", source, execution_count=self._shell.execution_count)
        self._cells[key] = ReadCell(cell, "captured", time.time())

    def _before(self, info: ExecutionInfo) -> None:
        if info.raw_cell is not None and _answered(info.raw_cell):
            self.keep(info.raw_cell)
        else:
            # A cell that was an answer and is one no more.
            self._cells.pop(running_cell_id(self._shell), None)

    def _after(self, result: ExecutionResult) -> None:
        reference = _answered(result.info.raw_cell) if result.info is not None else ""
        if reference:
            self._show(reference)


def _answered(source: str | None) -> str:
    """The problem that a cell says it answers, empty if it says nothing."""
    words, _ = split_magic(source or "")
    return words[1] if len(words) > 1 and words[0] == "answer" else ""


def as_plain_cell(lines: list[str]) -> list[str]:
    """Input transformer: the answer line becomes a call that checks it, the rest stays."""
    words, body = split_magic("".join(lines))
    if words and words[0] == "submit" and not body:
        # IPython would advise the line magic, which submits other cells.
        return [*lines, "\n", "\n"]
    if not words or words[0] != "answer":
        return lines
    first = next(index for index, line in enumerate(lines) if line.strip())
    line = lines[first].strip().partition(" ")[2]
    return [*lines[:first], _ANSWER_LINE.format(line=line), *lines[first + 1 :]]
