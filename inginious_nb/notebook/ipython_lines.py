"""Lines of a program that IPython runs and Python does not.

They are magics, shell commands, questions, and ``await`` outside of a function.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from IPython.core.inputtransformer2 import TransformerManager

from inginious_nb.grammar.magic_lines import LIKELY_CHANGED, takes_long

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith)
_MAX_CHARS = 100_000
"""A longer program is data more than program; looking at it would hold the page up."""

_CELL_MAGIC = re.compile(r"\s*%%\w")


@dataclass(frozen=True)
class IPythonLines:
    """A program, and what of it only IPython runs.

    Attributes:
        lines: Those lines, in order.
        rest: The program without them.
    """

    lines: tuple[str, ...]
    rest: str


def ipython_lines(program: str) -> IPythonLines:
    """Find the lines of a program that only IPython runs.

    IPython decides: they are those that its transformers change, and statements that wait where
    Python would not. A text that holds such a line, as
    a docstring may, is left alone. Of a cell magic at the beginning only its line counts: what
    stands below ``%%time`` is Python again.
    """
    if len(program) > _MAX_CHARS:
        return IPythonLines((), program)
    found: list[str] = []
    rest = program.splitlines(keepends=True)
    while (first := _first(rest)) is not None and _CELL_MAGIC.match(rest[first]):
        found.append(rest.pop(first))
    for find in (_changed, _awaits):
        indices = find(rest)
        found += [rest[index] for index in sorted(indices)]
        rest = [line for index, line in enumerate(rest) if index not in indices]
    return IPythonLines(tuple(line.strip() for line in found), "".join(rest))


def _first(lines: list[str]) -> int | None:
    """Return the index of the first line that says something to Python."""
    says = (i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
    return next(says, None)


def _changed(lines: list[str]) -> set[int]:
    """Return the indices of the lines that IPython changes."""
    source = "".join(lines)
    if not LIKELY_CHANGED.search(source) or takes_long(source):
        return set()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unusual line ends
            transformed = _transformers.transform_cell(source).splitlines(keepends=True)
    except (ValueError, RecursionError, RuntimeError, SyntaxError):
        return set()
    return _differing([line.rstrip("\r\n") for line in lines], transformed)


def _differing(before: list[str], transformed: list[str]) -> set[int]:
    """Return the indices of the lines that became others; IPython joins continued lines to one.

    Line by line, since a general comparison takes minutes where many lines are alike.
    """
    found: set[int] = set()
    index = 0
    for after in transformed:
        if index >= len(before):
            break
        if before[index] != after.rstrip("\r\n") and LIKELY_CHANGED.search(before[index]):
            while before[index].endswith("\\") and index + 1 < len(before):
                found.add(index)
                index += 1
            found.add(index)
        index += 1
    return found


def _awaits(lines: list[str]) -> set[int]:
    """Return the indices of the lines that wait outside of a function, as only IPython does."""
    source = "".join(lines)
    if "await" not in source and "async" not in source:
        return set()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the student's program
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()  # the grader says what is wrong
    return {
        line
        for statement in tree.body
        if any(isinstance(node, _WAITING) for node in _outside_functions(statement))
        for line in range(statement.lineno - 1, statement.end_lineno or statement.lineno)
    }


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those below it, except in functions."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _outside_functions(child)


_transformers = TransformerManager()
_transformers.cleanup_transforms.clear()  # Python minds blank lines and indentation by itself
_transformers.line_transforms.clear()
