"""Lines of a program that IPython runs and Python does not: magics, shell commands, questions."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from difflib import SequenceMatcher

from IPython.core.inputtransformer2 import TransformerManager

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

    IPython decides: they are those that its transformers change. A text that holds such a line, as
    a docstring may, is left alone. Of a cell magic at the beginning only its line counts: what
    stands below ``%%time`` is Python again.
    """
    found: list[str] = []
    rest = program.splitlines(keepends=True)
    while (first := _first(rest)) is not None and _CELL_MAGIC.match(rest[first]):
        found.append(rest.pop(first))
    changed = _changed(rest)
    found += [line for index, line in enumerate(rest) if index in changed]
    kept = "".join(line for index, line in enumerate(rest) if index not in changed)
    return IPythonLines(tuple(line.strip() for line in found), kept)


def _first(lines: list[str]) -> int | None:
    """Return the index of the first line that says something to Python."""
    says = (i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
    return next(says, None)


def _changed(lines: list[str]) -> set[int]:
    """Return the indices of the lines that IPython changes."""
    source = "".join(lines)
    if not any(sign in source for sign in "%!?"):
        return set()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unusual line ends
            transformed = _transformers.transform_cell(source).splitlines(keepends=True)
    except (ValueError, RecursionError, RuntimeError, SyntaxError):
        return set()
    before = [line.rstrip("\r\n") for line in lines]
    after = [line.rstrip("\r\n") for line in transformed]
    return {
        index
        for kind, start, end, _, _ in SequenceMatcher(None, before, after, False).get_opcodes()
        if kind != "equal"
        for index in range(start, end)
    }


_transformers = TransformerManager()
_transformers.cleanup_transforms.clear()  # Python minds blank lines and indentation by itself
_transformers.line_transforms.clear()
