"""Lines of a program that IPython runs and Python does not.

They are magics, shell commands, questions, prompts, what calls a function of IPython's, and
``await`` outside of a function.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

from IPython.core.inputtransformer2 import (
    TransformerManager,
    classic_prompt,
    ipython_prompt,
)
from msgspec import Struct

from .grammar.magic_lines import LIKELY_CHANGED, takes_long

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith)
_MAX_CHARS = 100_000
"""A longer program is data more than program; looking at it would hold the page up."""

_CELL_MAGIC = re.compile(r"\s*%%\w")
_PROMPT = re.compile(r">>> |In \[\d+\]: ")
_NAMES = frozenset({"get_ipython", "display"})
"""What a notebook has without an import."""


class IPythonLines(Struct, frozen=True):
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
    stands below ``%%time`` is Python again; so is what stands behind a prompt.
    """
    if len(program) > _MAX_CHARS:
        return IPythonLines((), program)
    head = cell_magics(program)
    found, rest = list(head.lines), head.rest.splitlines(keepends=True)
    for find in (_changed, _awaits, _uses):
        indices = find(rest)
        found += [rest[index] for index in sorted(indices)]
        rest = _without(rest, indices)
    if rest and _PROMPT.match(rest[0]):
        bare = ipython_prompt(classic_prompt(rest))
        found += [line for line, after in zip(rest, bare, strict=True) if line != after]
        rest = bare
    return IPythonLines(tuple(line.strip() for line in found), "".join(rest))


def cell_magics(text: str) -> IPythonLines:
    """Find the cell magics at the beginning of a cell, whatever language it is in."""
    found: list[str] = []
    rest = text.splitlines(keepends=True)
    while (first := _first(rest)) is not None and _CELL_MAGIC.match(rest[first]):
        found.append(rest.pop(first))
    return IPythonLines(tuple(line.strip() for line in found), "".join(rest))


def is_program(text: str) -> bool:
    """Return whether a text is Python and does something, unlike a word of prose."""
    tree = _parsed(text)
    return tree is not None and any(
        not isinstance(each, ast.Expr) or isinstance(each.value, ast.Call) for each in tree.body
    )


def _without(lines: list[str], indices: set[int]) -> list[str]:
    """Return a program without some lines; a block that they leave empty gets a ``pass``."""
    rest = [line for index, line in enumerate(lines) if index not in indices]
    if not indices or _parsed("".join(rest)) is not None:
        return rest
    passing: list[str] = []
    for index, line in enumerate(lines):
        if index not in indices:
            passing.append(line)
        elif index - 1 not in indices and (indent := line[: -len(line.lstrip())]):
            passing.append(f"{indent}pass\n")
    return passing if _parsed("".join(passing)) is not None else rest


def _parsed(program: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the student's program
            return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the grader says what is wrong


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
    tree = _parsed(source) if "await" in source or "async" in source else None
    if tree is None:
        return set()
    return {
        line
        for statement in tree.body
        if any(isinstance(node, _WAITING) for node in _outside_functions(statement))
        for line in _lines_of(statement)
    }


def _uses(lines: list[str]) -> set[int]:
    """Return the indices of the statements that use what only a notebook has without an import."""
    source = "".join(lines)
    tree = _parsed(source) if any(name in source for name in _NAMES) else None
    if tree is None:
        return set()
    unbound = _NAMES - {name for node in ast.walk(tree) for name in _bound(node)}
    found: set[int] = set()
    left: list[tuple[ast.AST, ast.stmt | None]] = [(tree, None)]
    while left:
        node, statement = left.pop()
        if isinstance(node, ast.stmt):
            statement = node
        if isinstance(node, ast.Name) and node.id in unbound and statement is not None:
            found.update(_lines_of(statement))
        left += [(child, statement) for child in ast.iter_child_nodes(node)]
    return found


def _bound(node: ast.AST) -> Iterable[str]:
    """Return the names that a node gives a meaning."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.alias(name="*"):
            return _NAMES
        case ast.alias(name=name, asname=other):
            return (other or name.partition(".")[0],)
    return ()


def _lines_of(statement: ast.stmt) -> range:
    return range(statement.lineno - 1, statement.end_lineno or statement.lineno)


def _outside_functions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield a statement and the nodes below it, except in functions."""
    left: list[ast.AST] = [statement]
    while left:
        node = left.pop()
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield node
            left += ast.iter_child_nodes(node)


_transformers = TransformerManager()
_transformers.cleanup_transforms.clear()  # Python minds blank lines and indentation by itself
_transformers.line_transforms.clear()
