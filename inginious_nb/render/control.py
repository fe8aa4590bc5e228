"""What a terminal would obey instead of showing it."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Return a text of somebody else's without control characters; ends of lines and tabs stay."""
    return _CONTROL.sub("", text)


def visible(name: str) -> str:
    """Return a name of somebody else's with escapes for characters that nobody sees.

    File names may hold bytes of any encoding, ends of lines, and characters that turn a line round.
    Names that differ stay different.
    """
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in name
    )
