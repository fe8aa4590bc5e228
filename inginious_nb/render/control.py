"""Characters that a terminal would obey instead of showing them."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Return a text of somebody else's without control characters; ends of lines and tabs stay."""
    return _CONTROL.sub("", text)
