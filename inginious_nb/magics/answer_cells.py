"""``%%inginious answer PROBLEM``: the cell runs as any other, and its source is kept.

Done with IPython's hooks instead of a cell magic, so that the body is compiled as the cell it is:
line numbers, ``await`` and the last value stay as they are.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from inginious_nb.notebook.answers import ReadCell
from inginious_nb.notebook.cells import Cell
from inginious_nb.notebook.grammar.magic_lines import (
    normalize_cell_magic,
    normalize_magic_names,
    split_cell,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

    from .host import Host


class AnswerCells:
    """The cells that were run with an ``answer`` line, the newest version of each.

    Args:
        shell: The shell whose cells are watched.
        host: Tells which cell runs.
        show: Called after such a cell has run, with the reference to the problem it answers.
    """

    def __init__(self, shell: InteractiveShell, host: Host, show: Callable[[str], object]) -> None:
        self._shell = shell
        self._host = host
        self._show = show
        self._cells: dict[tuple[str, str], ReadCell] = {}

    def install(self) -> None:
        """Begin to watch."""
        shell = self._shell
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)
        # Ahead of IPython's own: all readers see the cell as it was written.
        shell.input_transformers_cleanup[:0] = [as_plain_cell, normalize_cell_magic]
        shell.input_transformers_post.append(normalize_magic_names)

    def remove(self) -> None:
        """Stop watching."""
        shell = self._shell
        shell.events.unregister("pre_run_cell", self._before)
        shell.events.unregister("post_run_cell", self._after)
        shell.input_transformers_cleanup.remove(as_plain_cell)
        shell.input_transformers_cleanup.remove(normalize_cell_magic)
        shell.input_transformers_post.remove(normalize_magic_names)

    def of(self, document: str) -> list[ReadCell]:
        """Return the kept cells of a document in the order in which they were last run."""
        return [read for (where, _), read in self._cells.items() if where == document]

    def keep(self, source: str) -> None:
        """Keep one cell's source as an answer."""
        cell_id = self._host.cell_id
        cell = Cell(cell_id, "code", source, execution_count=self._shell.execution_count)
        # A host that does not tell cell ids gets one answer a problem: the one last run.
        key = (self._host.document, cell_id or _answered(cell))
        self._cells.pop(key, None)
        self._cells[key] = ReadCell(cell, "captured", time.time())

    def _before(self, info: ExecutionInfo) -> None:
        if info.raw_cell is not None and _answered(Cell("", "code", info.raw_cell)):
            self.keep(info.raw_cell)
        else:
            # A cell that was an answer and is one no more.
            self._cells.pop((self._host.document, self._host.cell_id), None)

    def _after(self, result: ExecutionResult) -> None:
        source = result.info.raw_cell if result.info is not None else None
        reference = _answered(Cell("", "code", source or ""))
        if reference:
            self._show(reference)


def _answered(cell: Cell) -> str:
    """Return the problem that a cell says it answers, empty if it says nothing."""
    command = cell.command
    return command.reference if command is not None and command.name == "answer" else ""


def as_plain_cell(lines: list[str]) -> list[str]:
    """Turn an answer line into a call that checks it; the other lines stay.

    The text below any other command goes to it as it was written: IPython takes prompts (``>>>``)
    away, which are no prompts in a text or a file.

    A transformer for `InteractiveShell.input_transformers_cleanup`.
    """
    source = "".join(lines)
    cell = split_cell(source)
    if cell.line is None or cell.wrapped:
        return lines
    if cell.command_name == "submit" and not cell.body:
        # IPython would advise the line magic, which submits other cells.
        return [*lines, "\n", "\n"]
    above = cell.head.splitlines(keepends=True)[:-1]
    if cell.command_name != "answer":
        if not cell.body.strip():
            return lines
        words = f"'inginious', {cell.line!r}, {cell.body!r}"
        return [*above, f"{cell.indent}get_ipython().run_cell_magic({words})\n"]
    call = f"{cell.indent}get_ipython().run_line_magic('inginious', {cell.line!r})\n"
    return [*above, call, *_under_its_own_magic(cell.body)]


def _under_its_own_magic(body: str) -> list[str]:
    """Return the lines of a body, as a call where it begins with a cell magic such as ``%%time``.

    IPython knows one in the first line of a cell only, where the answer line stands.
    """
    text = body.lstrip("\n")
    first, _, rest = text.partition("\n")
    if not first.startswith("%%"):
        return body.splitlines(keepends=True)
    name, _, line = first.removeprefix("%%").strip().partition(" ")
    return [f"get_ipython().run_cell_magic({name!r}, {line!r}, {rest!r})\n"]
