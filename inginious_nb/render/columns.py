"""Plain text broken into lines, for a terminal or beneath a cell."""

from __future__ import annotations

import textwrap

NOTEBOOK_COLUMNS = 68
"""Columns that fit beneath a cell where the notebook has half a screen; the page breaks longer
lines in the middle of a word."""


def wrapped(text: str, columns: int = NOTEBOOK_COLUMNS) -> str:
    """Return a text with its lines broken at blanks; what goes on below keeps the indentation."""
    return "\n".join(_wrapped(line, columns) for line in text.splitlines())


def _wrapped(line: str, columns: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line,
        columns,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
