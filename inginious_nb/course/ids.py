"""Ids of courses, tasks and problems: their syntax, and the nearest one to a mistyped one.

No file access here; ids become path components, so whoever builds a path checks them first.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ID = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)

ID_RULE = Message("letters, digits, '-', '.' and '_'")
"""The syntax in words, for error messages."""


def is_valid_id(value: object) -> bool:
    """Return whether value is an id, and safe as one path component.

    Source: docs/protocol.md, Courses on disk.

    The peer lets a trailing newline, two letters beyond ASCII and ``..`` through its test and
    stumbles over them later; they are refused here.
    """
    return (
        isinstance(value, str)
        and _ID.fullmatch(value) is not None
        and ".." not in value
        and value != "."
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that the user most likely meant, or None if nothing is close."""
    by_lower: dict[str, str] = {}
    for candidate in known:
        by_lower.setdefault(candidate.lower(), candidate)
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?" or the list of what there is, to end an error message with."""
    names = list(known)
    close = nearest(word, names)
    if close is not None:
        return Message(" Did you mean {close}?", close=close)
    if not names:
        return ""
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    return Message(" There is: {shown}.", shown=shown)


def alternatives(words: Sequence[str]) -> str:
    """Return words as people list them who mean any one of them: ``a, b or c``."""
    *others, last = words
    return Message("{first} or {last}", first=", ".join(others), last=last) if others else last


_SHOWN = 12
