"""Output to what cannot take all of it: characters become the nearest that a terminal can show.

A terminal, or a file that output goes to, may be of Latin-1, cp1252 or ASCII; a grade with an
accent less is better than a traceback.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata

from inginious_nb.i18n import printable

_HANDLER = "inginious_nb.nearest"
_NEAREST = str.maketrans("\u2018\u2019\u201c\u201d\xab\xbb\u2013\u2014\u2212", '\'\'""""---')
"""Quotation marks and dashes, which have no decomposition."""


def replace_unencodable() -> None:
    """Let standard output and error replace what their encoding has not, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def open_closed_streams() -> None:
    """Give a process what it was started without: an empty input, outputs that take all."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - as long as the process


def discard_output() -> None:
    """Let what is still to be written to standard output go nowhere, after it could not be."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def echo(text: str, *, err: bool = False) -> None:
    """Print a line, without what a terminal would obey.

    `click.echo` would send UTF-8 to what says that it is ASCII.
    """
    (sys.stderr if err else sys.stdout).write(f"{printable(text)}\n")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_nearest, error.object[error.start : error.end])), error.end


def _nearest(character: str) -> str:
    parts = unicodedata.normalize("NFKD", character.translate(_NEAREST))
    return parts.encode("ascii", "ignore").decode() or "?"


codecs.register_error(_HANDLER, _replaced)
