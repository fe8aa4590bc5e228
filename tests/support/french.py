"""How French is set: the signs of a typewriter in a text, outside of what is code in it."""

from __future__ import annotations

import re

_CODE = re.compile(
    # A block of RST, of pictures without their texts.
    r"^\.\. (?:code-block|math|image)::[^\n]*\n(?:[ \t]*\n|[ \t]+(?!:alt:)[^\n]*\n?)*"
    r"|```.*?```|``.*?``|:\w+:`[^`]*`|`[^`]*`|<[^>]*>|https?:\S+",
    re.MULTILINE | re.DOTALL,
)
_TYPED = re.compile(
    r"\w'\w"  # an apostrophe
    r"| [:;?!»](?!\w)|« "  # a space at which a line may break
    r"|\w[;?!»]|«\w|\w:(?=\s|$)"  # no space
    r"|\.\.\.|\w--\w| -- "
)


def typewriter_signs(text: str) -> list[str]:
    """Return what is set as on a typewriter, each with what stands around it."""
    prose = _CODE.sub("``", text)
    return [
        prose[max(found.start() - 15, 0) : found.end() + 10] for found in _TYPED.finditer(prose)
    ]
