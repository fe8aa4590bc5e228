"""Texts of results that can be said in other languages, as peers of ours send them.

A result's text is English on the wire. Beside it, under a reserved key of ``custom``, stands the
message it was made from; other peers pass that on unread (docs/protocol.md, Results).
"""

from __future__ import annotations

from typing import Any

from . import Message, from_kept, kept

_KEY = "@inginious_nb"


def custom_for(text: str) -> dict[str, Any]:
    """Return the custom values of a result that has nothing but this text."""
    return {_KEY: kept(text)} if isinstance(text, Message) else {}


def custom_of_task(custom: Any) -> Any:
    """Return custom values without what is reserved: those that a task has given."""
    if not isinstance(custom, dict) or _KEY not in custom:
        return custom
    return {key: value for key, value in custom.items() if key != _KEY}


def translatable(text: str, custom: Any) -> str:
    """Return the text of a result as the message it was made from, if its peer says which.

    A message that is not this text in English is not believed: anybody may write a ``custom``.
    """
    if not isinstance(custom, dict) or _KEY not in custom:
        return text
    message = from_kept(custom[_KEY])
    return message if message == text else text
