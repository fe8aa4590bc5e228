"""Lines of a program that IPython runs and Python does not.

They are magics, with or without their sign, shell commands, questions, prompts, what uses a
function or a module of notebooks or what was run before (``Out[3]``, ``_``), ``await`` outside of a
function, and the indentation of a whole cell.
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
    leading_indent,
)
from msgspec import Struct

from .grammar.magic_lines import LIKELY_CHANGED, takes_long

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

_WAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith)
_MAX_CHARS = 100_000
"""A longer program is data more than program; looking at it would hold the page up."""

_CELL_MAGIC = re.compile(r"\s*%%\w")
_PROMPT = re.compile(r">>> |In \[\d+\]: ")
_NAMES = re.compile(r"get_ipython|display|_{1,3}|_\d+|_i{1,3}|_i\d+|_[iod]h")
"""What a notebook has without an import: functions, results and what was run before."""

_MODULES = ("IPython", "google.colab", "ipykernel", "ipywidgets")
"""They are where notebooks run. An import in a ``try`` has something to fall back on."""

_LISTS = ("In", "Out")
_ENDING = ("exit", "quit")
"""They end a kernel without being called; called, they are functions of Python, too."""

_AUTOMAGIC = re.compile(
    r"\s*(autoreload|cat|cd|clear|conda|cp|env|hist|inginious|ldir|less|lf|lk|ll|load_ext|ls|lsmagic|"
    r"lx|magic|mamba|man|matplotlib|micromamba|mkdir|more|mv|pdoc|pinfo|pip|prun|psource|pwd|pylab|"
    r"quickref|reload_ext|reset|rm|rmdir|run|store|sx|system|time|timeit|uv|who|whos|xmode)"
    r"(?!\S)(?!\s*[=!()<>,])"
)
"""Magics that a cell of one line may name without their sign, unless it is the name of a variable;
a cell may be one of several that are an answer together."""

_MAX_AUTOMAGIC = 20


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
    for find in (_changed, _automagic, _awaits, _uses):
        indices = find(rest)
        found += [rest[index] for index in sorted(indices)]
        rest = _without(rest, indices)
    found = [line.strip() for line in found]
    if rest and _PROMPT.match(rest[0]):
        bare = ipython_prompt(classic_prompt(rest))
        found += [old.strip() for old, new in zip(rest, bare, strict=True) if old != new]
        rest = bare
    elif (first := _first(rest)) is not None and rest[first][0] in " \t":
        bare = rest[:first] + leading_indent(rest[first:])
        found += [rest[first].rstrip()] if bare != rest else []
        rest = bare
    return IPythonLines(tuple(found), "".join(rest))


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
        if any(map(_waits, _outside_functions(statement)))
        for line in _lines_of(statement)
    }


def _waits(node: ast.AST) -> bool:
    is_comprehension = isinstance(node, ast.comprehension) and bool(node.is_async)
    return is_comprehension or isinstance(node, _WAITING)


def _uses(lines: list[str]) -> set[int]:
    """Return the indices of the statements that use what only a notebook has without an import."""
    source = "".join(lines)
    tree = _parsed(source) if _USED.search(source) else None
    if tree is None:
        return set()
    imports = _imports_of_notebook(tree)
    aliases = {
        alias
        for statement in imports
        for alias in statement.names
        if isinstance(statement, ast.ImportFrom) or _is_module(alias.name)
    }
    imported = {name for alias in aliases for name in _bound(alias)}
    bound = {name for node in ast.walk(tree) if node not in aliases for name in _bound(node)}
    found = {line for statement in imports for line in _lines_of(statement)}
    left: list[tuple[ast.AST, ast.stmt | None]] = [(tree, None)]
    while left:
        node, statement = left.pop()
        if isinstance(node, ast.stmt):
            statement = node
        name = _name_of_notebook(node, imported)
        if name and statement is not None and bound.isdisjoint((name, "*")):
            found.update(_lines_of(statement))
        left += [(child, statement) for child in ast.iter_child_nodes(node)]
    return found


def _imports_of_notebook(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """Return the statements that import what only a notebook has, with nothing to fall back on."""
    found: list[ast.Import | ast.ImportFrom] = []
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        match node:
            case ast.Import(names=aliases) if any(_is_module(alias.name) for alias in aliases):
                found.append(node)
            case ast.ImportFrom(module=str(name), level=0) if _is_module(name):
                found.append(node)
            case ast.Try(body=body):
                left += [child for child in ast.iter_child_nodes(node) if child not in body]
            case _:
                left += ast.iter_child_nodes(node)
    return found


def _is_module(name: str) -> bool:
    return f"{name}.".startswith(tuple(f"{module}." for module in _MODULES))


def _name_of_notebook(node: ast.AST, imported: Container[str]) -> str:
    """Return the name of a notebook that a node uses, if Python has none of that name; else ""."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()) if _NAMES.fullmatch(name) or name in imported:
            return name
        case ast.Subscript(value=ast.Name(id=name)) if name in _LISTS:
            return name
        case ast.Expr(value=ast.Name(id=name)) if name in _ENDING:
            return name
    return ""


def _automagic(lines: list[str]) -> set[int]:
    """Return the indices of the lines that are a magic without its sign."""
    words = {line: word[1] for line in lines if (word := _AUTOMAGIC.match(line))}
    found: set[int] = set()
    if not words:
        return found
    # Those that are no Python, one by one: in a text of several lines there is none.
    while len(found) < _MAX_AUTOMAGIC:
        wrong = _wrong_line([*("\n" if i in found else line for i, line in enumerate(lines))])
        if wrong is None or wrong in found or lines[wrong] not in words:
            break
        found.add(wrong)
    rest = _parsed("".join("\n" if i in found else line for i, line in enumerate(lines)))
    if rest is None:
        return found
    bound = {name for node in ast.walk(rest) for name in _bound(node)}
    # ``ls -l`` is a subtraction to Python, and ``pwd`` a name.
    for statement in rest.body:
        line = lines[statement.lineno - 1]
        if (
            isinstance(statement, ast.Expr)
            and statement.lineno == statement.end_lineno
            and line in words
            and bound.isdisjoint((words[line], "*"))
        ):
            found.add(statement.lineno - 1)
    return found


def _wrong_line(lines: list[str]) -> int | None:
    """Return the index of the first line that Python cannot read, None if it reads all."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the student's program
            ast.parse("".join(lines))
    except SyntaxError as error:
        return error.lineno - 1 if error.lineno and error.lineno <= len(lines) else None
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _bound(node: ast.AST) -> Iterable[str]:
    """Return the names that a node gives a meaning."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            return (name,)
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return (name,)
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


_USED = re.compile(
    rf"\b(?:{_NAMES.pattern}|{'|'.join(map(re.escape, (*_LISTS, *_ENDING, *_MODULES)))})\b"
)
_transformers = TransformerManager()
_transformers.cleanup_transforms.clear()  # Python minds blank lines and indentation by itself
_transformers.line_transforms.clear()
