"""Shapes of message fields: the annotation a field carries and the test its value must pass.

The peer checks field *names* only (docs/protocol.md, Framing); wrong types then break it later, for
everybody. So each field is tested in both directions, by predicates cheap enough for every frame.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Literal

Map = dict[Any, Any]
"""A msgpack map. Keys are text in all that we send; a peer may use others.

Source: docs/protocol.md, Framing.
"""

TextPair = tuple[str, str]
"""A result: its code and its text (docs/protocol.md, Results)."""

Debug = bool | Literal["ssh"]
"""False, True (return stdout and stderr) or "ssh" (open a remote shell instead of running)."""

# By type alone, which is many times faster than asking for each value whether it is an instance.
_TEXT, _FLAG, _INTEGER = frozenset({str}), frozenset({bool}), frozenset({int})
_ARRAY = frozenset({tuple, list})


def is_text(value: object) -> bool:
    """Return whether value is text."""
    return isinstance(value, str)


def is_optional_text(value: object) -> bool:
    """Return whether value is text or nil."""
    return value is None or isinstance(value, str)


def is_optional_bytes(value: object) -> bool:
    """Return whether value is bytes or nil."""
    return value is None or isinstance(value, bytes)


def is_integer(value: object) -> bool:
    """Return whether value is an integer; a boolean is not one here."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Return whether value is a float or an integer; a boolean is not one here.

    A float need not be finite: INGInious passes the grades of scripts on as they are.
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_map(value: object) -> bool:
    """Return whether value is a map."""
    return isinstance(value, dict)


def is_text_keyed_map(value: object) -> bool:
    """Return whether value is a map whose keys are text."""
    return isinstance(value, dict) and (
        _TEXT.issuperset(map(type, value)) or all(isinstance(key, str) for key in value)
    )


def is_array(value: object) -> bool:
    """Return whether value is an array, however it was decoded."""
    return isinstance(value, (tuple, list))


def is_debug(value: object) -> bool:
    """Return whether value is one of the three debug modes."""
    return isinstance(value, bool) or value == "ssh"


def is_text_pair(value: object) -> bool:
    """Return whether value is a (code, text) pair."""
    return (
        isinstance(value, (tuple, list))
        and len(value) == 2  # noqa: PLR2004 - a pair
        and isinstance(value[0], str)
        and isinstance(value[1], str)
    )


def is_client_environments(value: object) -> bool:
    """Return whether value maps environment types to arrays of names."""
    return isinstance(value, dict) and all(
        isinstance(kind, str) and is_array(names) and all(isinstance(name, str) for name in names)
        for kind, names in value.items()
    )


def is_agent_environments(value: object) -> bool:
    """Return whether value maps types to maps of names to details with id and created."""
    return isinstance(value, dict) and all(
        isinstance(kind, str)
        and isinstance(names, dict)
        and all(
            isinstance(name, str)
            and isinstance(details, dict)
            and "id" in details
            and "created" in details
            for name, details in names.items()
        )
        for kind, names in value.items()
    )


_RUNNING = (_TEXT, _FLAG, _TEXT, _TEXT, _TEXT, _INTEGER, _INTEGER)
_WAITING = (_TEXT, _FLAG, _TEXT, _TEXT, _INTEGER)


def is_running_rows(value: object) -> bool:
    """Return whether value is an array of seven-tuples as docs/protocol.md has them."""
    return _are_rows(value, _RUNNING)


def is_waiting_rows(value: object) -> bool:
    """Return whether value is an array of five-tuples as docs/protocol.md has them."""
    return _are_rows(value, _WAITING)


def _are_rows(value: Any, shape: tuple[frozenset[type], ...]) -> bool:
    # Column by column, by type alone, and without an object per row (which would bring a garbage
    # collection about): a queue of 10,000 rows is tested in 1 ms this way, and in 10 ms value by
    # value, during which a client's loop would be held.
    return (
        is_array(value)
        and _ARRAY.issuperset(map(type, value))
        and all(length == len(shape) for length in set(map(len, value)))
        and all(
            types.issuperset(map(type, map(itemgetter(column), value)))
            for column, types in enumerate(shape)
        )
    )
