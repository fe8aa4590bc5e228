r"""The ``%inginious`` lines of a cell. IPython decides which they are: its own transformers run.

IPython is stricter than people are about blanks and about what stands above a cell magic. Two
transformers make it lenient: a cell may begin with comments and blank lines, and a tab may follow
``%inginious``. The magics install the same two into the shell.
"""

from __future__ import annotations

import ast
import functools
import io
import itertools
import re
import tokenize
import warnings
from typing import TYPE_CHECKING

from IPython.core.inputtransformer2 import TransformerManager
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Mirrored by js/notebook/magic.ts; tests/data/magic_lines.json is the table of both.
_BLANK = r"[ \t\r\f\v\xa0]"
_SKIPPED = rf"(?:{_BLANK}*(?:#[^\n]*)?\n)*"
_HEAD = re.compile(
    rf"{_SKIPPED}"
    # IPython transforms the cell below these once more, so its first line may be a cell magic.
    rf"(?P<wrapping>(?:[ \t]*%%(?:time|timeit|prun|capture)\b[^\n]*\n{_SKIPPED})*)"
    r"(?P<indent>[ \t]*)%%inginious"
    rf"(?:{_BLANK}+(?P<line>[^\n]*))?(?:\n|\Z)"
)
_NAME_WITH_WORDS = re.compile(
    r"(?P<call>get_ipython\(\)\.run_(?:line|cell)_magic\()'inginious(?P<rest>\\[^']*|\s[^']*)', "
)
_AUTOMAGIC = re.compile(r"inginious(?:[ \t].*)?")  # in a cell of one line the % may be left out
_COMMAND = re.compile(r"%inginious\b|run_(?:line|cell)_magic\b")
_PYTHON_MAGICS = ("time", "timeit", "prun", "capture")
_OPTIONS = re.compile(r"\s*(?:-\w+[ \t]+(?:\d+[ \t]+)?)+")
_MAX_NESTING = 3
_MAX_CHARS = 100_000
"""Of a longer cell, which has data in it, only the lines with commands are looked at; so it is of
one that takes long. Hundreds of commands in one cell are nobody's."""

LIKELY_CHANGED = re.compile(r"^[ \t]*[%!?]|\?[ \t\r]*$|=[ \t]*[%!]", re.MULTILINE)
"""Where IPython may change a program."""

_MAX_CHANGES = 500
"""So often IPython changes a program at most, each time reading it anew from its beginning."""

_MAX_READ_CHARS = 500_000
"""Characters that IPython reads in all of these times, within about two seconds."""

_MAX_CACHED = 256
"""Cells whose commands are remembered: the page asks with each pause in typing."""

_LINE_MAGIC_ARGUMENTS, _CELL_MAGIC_ARGUMENTS = 2, 3


class CellText(Struct, frozen=True):
    """A cell's text, split at its ``%%inginious`` line.

    Attributes:
        head: All up to and including that line; empty if there is none.
        line: What follows ``%%inginious`` in it; None if there is none.
        body: The text below, which is the answer; the whole text if there is no such line.
        indent: What stands in front of ``%%inginious``.
        wrapped: Whether a magic that runs Python, such as ``%%time``, stands above it.
    """

    head: str
    line: str | None
    body: str
    indent: str = ""
    wrapped: bool = False

    @property
    def command_name(self) -> str:
        """Return the first word of that line, empty if there is none."""
        return ((self.line or "").split() or [""])[0]


def split_cell(source: str) -> CellText:
    """Split a cell at its ``%%inginious`` line.

    Blank lines, comments and magics that run Python, such as ``%%time``, may stand above it.
    """
    match = _HEAD.match(source) if "%%inginious" in source else None
    if match is None:
        return CellText("", None, source)
    return CellText(
        source[: match.end()],
        (match["line"] or "").strip(),
        source[match.end() :],
        match["indent"],
        bool(match["wrapping"]),
    )


def takes_long(source: str) -> bool:
    """Return whether IPython would take seconds for a program, since it changes so many lines."""
    changes = sum(1 for _ in LIKELY_CHANGED.finditer(source))
    return min(changes, _MAX_CHANGES) * len(source) > _MAX_READ_CHARS


def command_lines(source: str) -> Sequence[str]:
    """Return what follows ``%inginious`` in each command that a code cell runs, in order.

    What stands below a ``%%inginious`` line is text; only the cell of an answer is run as well.
    """
    return _command_lines(source) if "inginious" in source else ()


@functools.lru_cache(maxsize=_MAX_CACHED)
def _command_lines(source: str) -> tuple[str, ...]:
    cell = split_cell(source)
    if cell.line is None:
        return tuple(_line_magics(source, _MAX_NESTING))
    is_run = cell.command_name == "answer"
    return (cell.line, *(_line_magics(cell.body, _MAX_NESTING) if is_run else ()))


def _line_magics(source: str, nesting: int) -> Iterator[str]:
    stripped = source.strip()
    if _AUTOMAGIC.fullmatch(stripped):
        source = f"%{stripped}"
    if not nesting or not _COMMAND.search(source):
        return
    if len(source) > _MAX_CHARS or takes_long(source):
        source = "".join(line for line in source.splitlines(keepends=True) if _COMMAND.search(line))
        if takes_long(source):
            return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unusual line ends
            code = _transformers.transform_cell(source)
    except (ValueError, RecursionError, RuntimeError, SyntaxError):
        return  # IPython cannot run it either
    lines = normalize_magic_names(code.splitlines(keepends=True))
    for name, line, body in _magic_calls("".join(lines)):
        if name == "inginious":
            yield line
        elif name in _PYTHON_MAGICS:
            program = _OPTIONS.sub("", line, count=1) if _OPTIONS.match(line) else line
            yield from _line_magics(program if body is None else body, nesting - 1)


def _magic_calls(code: str) -> Iterator[tuple[str, str, str | None]]:
    """Yield name, line and body of each call of a magic in Python code, body None for a line magic.

    That is what IPython turns magics into, and what a program may write by itself. A call whose
    arguments are no literals says nothing before it runs.
    """
    tokens = list(_tokens(code))
    for index, token in enumerate(tokens[:-1]):
        if token.string in ("run_line_magic", "run_cell_magic") and tokens[index + 1].string == "(":
            texts = _literals(tokens[index + 2 :])
            if token.string == "run_line_magic" and len(texts) == _LINE_MAGIC_ARGUMENTS:
                yield texts[0], texts[1], None
            elif token.string == "run_cell_magic" and len(texts) == _CELL_MAGIC_ARGUMENTS:
                yield texts[0], texts[1], texts[2]


def _tokens(code: str) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens that say something, up to the first that is none."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type not in (tokenize.NL, tokenize.COMMENT):
                yield token
    except (tokenize.TokenError, SyntaxError):
        return


def _literals(tokens: Sequence[tokenize.TokenInfo]) -> list[str]:
    """Return the arguments of a call that are all literals of text; else nothing.

    Arguments may be named, in their order.
    """
    literals = [""]
    for token, following in itertools.pairwise(tokens):
        if token.string == "=" or (token.type == tokenize.NAME and following.string == "="):
            continue
        if token.type == tokenize.STRING:
            literals[-1] += f" {token.string}"
        elif token.string == ",":
            literals.append("")
        elif token.string == ")":
            break
        else:
            return []
    try:
        texts = [ast.literal_eval(literal.strip()) for literal in literals if literal]
    except (ValueError, SyntaxError):
        return []
    return texts if all(isinstance(text, str) for text in texts) else []


# ---- transformers of a shell -------------------------------------------------------------------


def normalize_cell_magic(lines: list[str]) -> list[str]:
    """Write the ``%%inginious`` line of a cell as IPython wants it: first, and with one blank.

    A transformer for `InteractiveShell.input_transformers_cleanup`.
    """
    cell = split_cell("".join(lines))
    if cell.line is None or cell.wrapped:
        return lines  # below %%time IPython comes here once more
    first = f"{cell.indent}%%inginious {cell.line}".rstrip()
    return [f"{first}\n", *cell.body.splitlines(keepends=True)]


def normalize_magic_names(lines: list[str]) -> list[str]:
    r"""Take the words out of a magic's name, where IPython took a tab for a part of it.

    A transformer for `InteractiveShell.input_transformers_post`.
    """
    return [
        _NAME_WITH_WORDS.sub(_separated, line) if "_magic('inginious" in line else line
        for line in lines
    ]


def _separated(match: re.Match[str]) -> str:
    words = ast.literal_eval(f"'{match['rest']}'")
    if not words[:1].isspace():
        return match[0]
    # Python joins the two literals.
    return f"{match['call']}'inginious', {words.strip() + ' '!r} "


_transformers = TransformerManager()
_transformers.cleanup_transforms.insert(0, normalize_cell_magic)
