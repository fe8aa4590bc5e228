"""Reasons why a file of a task cannot be executed, by its mode and first bytes; nothing is run.

The kernel only says "no such file" or "exec format error" of most of these. A comment gives the
source where its rules are not obvious: execve(2).
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from pathlib import Path

_BOMS = {
    b"\xef\xbb\xbf": "UTF-8",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"#\0": "UTF-16",
    b"\0#": "UTF-16",
}
_MAGIC = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_READ_BYTES = 200_000
_MAX_LINE_BYTES = 256
"""execve(2): of the first line no more counts."""

_UNSEEN = re.compile("[\\u00a0\\u00ad\\u2000-\\u200f\\u2028-\\u202f\\u2060\\u3000\\ufeff]")
"""Blanks and characters without width, as web pages and word processors have them."""

_ASSIGNMENT = re.compile(r"\w+=")


def first_line(file: Path) -> bytes:
    """Return the first line of a script without its end; empty if there is none.

    Raises:
        OSError: It cannot be read.
    """
    with file.open("rb") as opened:
        return opened.readline(_MAX_LINE_BYTES).rstrip(b"\n")


def is_program(file: Path) -> bool:
    """Return whether a file is machine code."""
    return first_line(file).startswith(_MAGIC)


def fault_of(file: Path) -> str:
    """Return why a script cannot be executed, and what to do; empty if nothing speaks against it.

    Whether its interpreter is there is another question.
    """
    line = first_line(file)
    encoding = next((name for bom, name in _BOMS.items() if line.startswith(bom)), None)
    if encoding == "UTF-8":
        return Message(
            "{file} begins with a byte order mark, so its first line names no interpreter; save it "
            "as UTF-8 without BOM.",
            file=file.name,
        )
    if encoding is not None:
        return Message(
            "{file} is saved as UTF-16, which no interpreter reads; save it as UTF-8 without BOM.",
            file=file.name,
        )
    if line.startswith(b"#!") and b"\r" in line:
        return wrong_line_ends(file)
    if not line.startswith(b"#!"):
        return Message(
            "{file} cannot be executed: its first line does not name an interpreter (such as "
            "#!/bin/bash).",
            file=file.name,
        )
    if _UNSEEN.search(line.decode("utf-8", "replace")):
        return Message(
            "{file} cannot be executed: its first line has a blank that no keyboard makes, so "
            "there is no interpreter of that name; type the line anew.",
            file=file.name,
        )
    return _fault_of_env(file, interpreter_words(line))


def interpreter_words(line: bytes) -> list[str]:
    """Return the interpreter that a first line names, and the one argument it may give."""
    return line[2:].decode("utf-8", "replace").strip(" \t").split(None, 1)


def not_absolute(file: Path, interpreter: str) -> str:
    """Return the sentence for a script whose first line names no program by its place."""
    return Message(
        "{file} cannot be executed: its first line names “{interpreter}”, which is no absolute "
        "path (such as /bin/bash).",
        file=file.name,
        interpreter=interpreter,
    )


def _fault_of_env(file: Path, words: list[str]) -> str:
    if not words or not words[0].endswith("/env"):
        return ""
    if len(words) == 1:
        return Message(
            "{file} cannot be executed: its first line names no program for env (such as "
            "#!/usr/bin/env python3).",
            file=file.name,
        )
    # The kernel hands over all that follows as one word.
    if " " in words[1] and not words[1].startswith("-"):
        return Message(
            "{file} cannot be executed: env takes {words} for the name of one program; write "
            "#!/usr/bin/env -S {words}.",
            file=file.name,
            words=words[1],
        )
    return ""


def program_of_env(argument: str) -> str:
    """Return the program that env starts, for the one argument of a first line."""
    argument = argument.removeprefix("--split-string=").removeprefix("-S")
    for word in argument.split():
        if not word.startswith("-") and _ASSIGNMENT.match(word) is None:
            return word
    return ""


def wrong_line_ends(file: Path) -> str:
    """Return the sentence for a script whose lines end as no interpreter here takes them."""
    return Message(
        "The lines of {file} end as those of Windows do (CR LF), not of Unix (LF), so its "
        "interpreter is not found or stumbles; convert it with dos2unix {file}.",
        file=file.name,
    )


def begins_with_mark(file: Path) -> bool:
    """Return whether a script begins with a byte order mark, so that nothing executes it."""
    try:
        return first_line(file).startswith(b"\xef\xbb\xbf#!")
    except OSError:
        return False


def has_wrong_line_ends(file: Path) -> bool:
    """Return whether a text file has line ends of Windows or of an old Mac."""
    try:
        with file.open("rb") as opened:
            beginning = opened.read(_READ_BYTES)
    except OSError:
        return False
    return b"\r" in beginning and b"\0" not in beginning


def is_mounted_noexec(file: Path) -> bool:
    """Return whether a file has the mode of a program, and cannot be executed all the same."""
    mode = file.stat().st_mode
    return bool(mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)) and not os.access(
        file, os.X_OK
    )
