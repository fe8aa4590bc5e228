"""Reading single fields of a YAML mapping: conversions, and the error that knows where it was.

Real files quote their numbers and leave fields empty (docs/protocol.md, Courses on disk), so
nothing is taken as it comes. No file access here: whoever read the file turns a FieldError into a
CourseError.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

_MSGPACK_INTEGERS = range(-(2**63), 2**64)
MAX_INTEGER = 2**53
"""What is larger is no whole number in a browser."""

_MAX_NODES = 100_000
_MAX_DEPTH = 50
_SHOWN_CHARACTERS = 80


class FieldError(Exception):
    """A field that cannot be used.

    Attributes:
        keys: The way to the field from the root of the file, for its line number.
    """

    def __init__(self, message: str, *keys: str | int) -> None:
        super().__init__(message)
        self.keys = keys

    def within(self, *keys: str | int) -> FieldError:
        """Return the same error seen from further out."""
        return FieldError(str(self), *keys, *self.keys)


def shown(value: object) -> str:
    """Return a value as an error message shows it; a file may hold megabytes in one field."""
    if isinstance(value, str):
        value = value[: _SHOWN_CHARACTERS + 1]
    described = repr(value)
    if len(described) <= _SHOWN_CHARACTERS:
        return described
    return f"{described[:_SHOWN_CHARACTERS]}…"


def text(value: object, default: str = "") -> str:
    """Return a scalar as text; an absent or empty field gives the default."""
    return default if value is None else str(value)


def mapping(value: object, what: str, *keys: str | int) -> dict[Any, Any]:
    """Return value if it is a mapping.

    Raises:
        FieldError: It is something else.
    """
    if not isinstance(value, dict):
        raise FieldError(f"{what} must be a mapping (lines of the form key: value)", *keys)
    return value


def integer(
    value: object,
    what: str,
    *keys: str | int,
    at_least: int | None = None,
    at_most: int = MAX_INTEGER,
) -> int:
    """Return value as a whole number: ``'30'`` and ``30`` are 30, ``1.5`` is 1, ``'1.5'`` is wrong.

    Raises:
        FieldError: It is no number, or outside of the bounds.
    """
    try:
        number = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        raise FieldError(f"{what} must be a whole number, not {shown(value)}", *keys) from None
    if at_least is not None and number < at_least:
        raise FieldError(f"{what} must be at least {at_least}, not {shown(number)}", *keys)
    if number > at_most:
        raise FieldError(f"{what} must be at most {at_most}, not {shown(number)}", *keys)
    return int(number)


def number(value: object, what: str, *keys: str | int) -> float:
    """Return value as a number that is not negative.

    Raises:
        FieldError: It is none.
    """
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise FieldError(f"{what} must be a number, not {shown(value)}", *keys) from None
    if not 0 <= result < float("inf"):
        raise FieldError(f"{what} must not be negative", *keys)
    return result


def plain(value: object) -> Any:
    """Return a copy of a YAML value in which msgpack can carry everything.

    Source: docs/protocol.md, Input data.

    Dates become the text they were compared as, sets become lists; aliases are written out, so a
    file that unfolds to more than a task can mean is refused.

    Raises:
        FieldError: The value is too large, too deep or contains itself.
    """
    budget = [_MAX_NODES]
    return _plain(value, budget, 0)


def _plain(value: object, budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > _MAX_DEPTH:
        raise FieldError("the file is too large or nested too deeply to be a task")
    if isinstance(value, dict):
        return {_key(key): _plain(item, budget, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item, budget, depth + 1) for item in value]
    if isinstance(value, (dt.date, dt.datetime)):
        return str(value)
    if isinstance(value, int) and value not in _MSGPACK_INTEGERS:
        return str(value)
    return value


def _key(key: object) -> Any:
    return key if isinstance(key, (str, int, float, bool, bytes, type(None))) else str(key)
