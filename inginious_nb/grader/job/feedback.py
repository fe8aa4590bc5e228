"""The feedback dictionary that a job writes, validated (docs/protocol.md, Feedback)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inginious_nb.course.ids import is_valid_id

if TYPE_CHECKING:
    from collections.abc import Callable

_TAG_ID = re.compile(r"[A-Za-z0-9*._-]+", re.ASCII)
_PAIR = 2
_MAX_VALUES = 490_000  # pairs of a map are two items each, of which a frame may have a million
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_MAX_DEPTH = 200
_TOO_DEEP = "it is nested too deep"
# Where half of a surrogate pair may be (escaped, in UTF-8, or in an encoding that is not UTF-8), or
# an integer of more than 64 bits.
_UNSENDABLE = re.compile(rb"\\u[dD]|\xed|\0|[0-9]{19}")
_INTEGERS = range(-(2**63), 2**64)


class FeedbackError(Exception):
    """The feedback cannot be read. Not for a person: the job ends as a crash."""


class NoFeedbackError(FeedbackError):
    """The job wrote none."""


class NotJsonError(FeedbackError):
    """The file is not JSON; somebody wrote to it without the grading API."""


@dataclass(frozen=True)
class Feedback:
    """The feedback of a job about its submission (fields: docs/protocol.md, Results)."""

    result: str
    text: str
    grade: float
    state: str
    problems: dict[str, tuple[str, str] | str] = field(default_factory=dict)
    tests: dict[str, Any] = field(default_factory=dict)
    custom: dict[Any, Any] = field(default_factory=dict)


def read_feedback(content: bytes, limit_bytes: int | None = None) -> Feedback:
    """Validate the content of the feedback file.

    Args:
        content: Its beginning, one byte beyond the limit included.
        limit_bytes: A longer one is not read.

    Raises:
        NoFeedbackError: It is empty, or an empty dictionary.
        NotJsonError: It is not JSON.
        FeedbackError: A key is unknown, or a value of the wrong type.
    """
    data = _parsed(content, limit_bytes)
    for key, value in data.items():
        test = _TESTS.get(key)
        if test is None:
            raise FeedbackError(f"{key!r} is not a key of the feedback")
        if not test(value):
            raise FeedbackError(_refusal(key, value))
    if _UNSENDABLE.search(content):  # a walk through everything, which most feedback does not need
        data = _sendable(data)
    code = data.get("result", "error")
    grade = data.get("grade", 100.0 if code == "success" else 0.0)
    return Feedback(
        result=code,
        text=data.get("text", ""),
        grade=round(grade, 2),
        state=data.get("state", ""),
        problems={key: _problem(value) for key, value in data.get("problems", {}).items()},
        tests=data.get("tests", {}),
        custom=data.get("custom", {}),
    )


def _refusal(key: str, value: object) -> str:
    """Return what is wrong with a value; of a map that may be one of its names."""
    if isinstance(value, dict):
        for name in value:
            if not (is_valid_id(name) if key == "problems" else _TAG_ID.fullmatch(name)):
                return f"{name[:80]!r} in {key!r}: a name holds letters, digits, '-', '.' and '_'"
    return f"{key!r} cannot be {str(value)[:80]!r}"


def _parsed(content: bytes, limit_bytes: int | None) -> dict[str, Any]:
    """Return the dictionary that the file holds, within what can be read and sent.

    Raises:
        FeedbackError: As `read_feedback` does.
    """
    if not content.strip():
        raise NoFeedbackError("the feedback file is empty")
    if limit_bytes is not None and len(content) > limit_bytes:
        raise FeedbackError(f"it has over {limit_bytes >> 20} MiB")
    if _has_too_many_values(content):
        raise FeedbackError("it has too many values")  # a few bytes are a hundred in memory
    try:
        data = json.loads(content)
    except RecursionError as error:
        raise FeedbackError(_TOO_DEEP) from error
    except ValueError as error:
        raise NotJsonError(str(error)) from error
    if content.count(b"[") + content.count(b"{") > _MAX_DEPTH and _is_deep(data):
        raise FeedbackError(_TOO_DEEP)
    if data == {}:
        raise NoFeedbackError("the feedback dictionary is empty")
    if not isinstance(data, dict):
        raise FeedbackError("the feedback is not a dictionary")
    return data


def _has_too_many_values(content: bytes) -> bool:
    """Return whether JSON has more values than can be sent; what stands in its texts is none."""
    size = len(content)
    if _count(content, 0, size) <= _MAX_VALUES:
        return False
    count = end = 0
    for number, text in enumerate(_STRING.finditer(content)):
        count += _count(content, end, text.start())
        end = text.end()
        if max(count, number // 2) > _MAX_VALUES:
            return True
    return count + _count(content, end, size) > _MAX_VALUES


def _count(content: bytes, start: int, end: int) -> int:
    """Return how many commas and brackets there are; each value follows one of these."""
    return sum(content.count(begins_value, start, end) for begins_value in (b",", b"[", b"{"))


def _problem(value: object) -> tuple[str, str] | str:
    if isinstance(value, list) and len(value) == _PAIR:
        return _text(value[0]), _text(value[1])
    return _text(value)


def _text(value: object) -> str:
    """Return a text; scripts also put numbers, null and lists where one belongs.

    INGInious lets through all but maps (docs/protocol.md, Feedback); only texts can be sent
    from here.
    """
    return "" if value is None else str(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_grade(value: object) -> bool:
    return isinstance(value, float)  # not a number, and infinity, too


def _is_problems(value: object) -> bool:
    return isinstance(value, dict) and all(
        is_valid_id(key) and not isinstance(entry, dict) for key, entry in value.items()
    )


def _is_tests(value: object) -> bool:
    return isinstance(value, dict) and all(
        _TAG_ID.fullmatch(key) and not isinstance(result, dict) for key, result in value.items()
    )


def _is_map(value: object) -> bool:
    return isinstance(value, dict)


_TESTS: dict[str, Callable[[object], bool]] = {
    "result": _is_text,
    "text": _is_text,
    "grade": _is_grade,
    "problems": _is_problems,
    "tests": _is_tests,
    "custom": _is_map,
    "state": _is_text,
    # Written by the agent itself afterwards; a script that sets them sets them in vain.
    "archive": _is_text,
    "stdout": _is_text,
    "stderr": _is_text,
}


def _is_deep(value: object) -> bool:
    """Return whether something is nested deeper than all who handle it further can follow."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        level = inner
    return bool(level)


def _sendable(value: Any) -> Any:
    """Return a value with what JSON can name and nobody can send as text.

    Halves of surrogate pairs become question marks, integers of more than 64 bits their digits.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_sendable(item) for item in value]
    if isinstance(value, dict):
        return {_sendable(key): _sendable(item) for key, item in value.items()}
    if isinstance(value, int) and value not in _INTEGERS:
        return str(value)
    return value
