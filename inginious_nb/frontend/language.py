"""Checks the language that a page tells."""

from __future__ import annotations

import re

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message

_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*", re.ASCII)


def checked_language(lang: str) -> str:
    """Return the code of a language.

    Raises:
        UsageError: It is none.
    """
    if _LANGUAGE.fullmatch(lang) is None:
        raise UsageError(Message("That is not the code of a language."))
    return lang
