"""Values that graders send beside their feedback, as text: whatever they are, it never fails."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Literal

from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inginious_nb.course import CourseTags, Tag

    from .protocol.task import TestCounts, TestInfo

DEEPEST = 50
"""So many levels of lists and dictionaries are shown; nobody can read more."""


MAX_TESTS = 1_000
MAX_NAME_LENGTH, MAX_TEXT_LENGTH = 200, 1_000
"""Characters of a test that are shown; all of it is a download."""

_AUTO_TAG = "*auto-tag-"


def shown_tests(
    tests: Mapping[str, object], tags: CourseTags, lang: str = "en"
) -> tuple[list[TestInfo], TestCounts]:
    """Return the tests of a result in their order, of very many those not passed, and their number.

    A test that is a tag of the course has its name, and is left out where students do not see the
    tag, or where it is a misconception that the answer does not show. A text that is cut ends with
    an ellipsis.
    """
    tests = {name: value for name, value in tests.items() if _is_shown(tags.by_id.get(name), value)}
    kinds = {name: _kind(name, value, tags.by_id.get(name)) for name, value in tests.items()}
    names = list(tests)
    if len(names) > MAX_TESTS:
        telling = sorted(names, key=lambda name: kinds[name] != "failed")
        chosen = set(telling[:MAX_TESTS])
        names = [name for name in names if name in chosen]
    told = list(kinds.values())
    counts: TestCounts = {
        "passed": told.count("passed"),
        "decided": told.count("passed") + told.count("failed"),
        "left_out": len(tests) - len(names),
        "cut": False,
    }
    shown: list[TestInfo] = []
    for name in names:
        kind = kinds[name]
        text = as_text(tests[name], lang) if kind in ("text", "tag") else ""
        title = tags.name(name, lang)
        if len(title) > MAX_NAME_LENGTH or len(text) > MAX_TEXT_LENGTH:
            counts["cut"] = True
        info: TestInfo = {
            "id": _cut(name, MAX_NAME_LENGTH),
            "name": _cut(title, MAX_NAME_LENGTH),
            "kind": kind,
            "text": _cut(text, MAX_TEXT_LENGTH),
        }
        shown.append(info)
    return shown, counts


def _is_shown(tag: Tag | None, value: object) -> bool:
    if tag is None:
        return True
    return tag.visible and (tag.kind != "misconception" or value is not False)


def _kind(name: str, value: object, tag: Tag | None) -> Literal["passed", "failed", "text", "tag"]:
    if name.startswith(_AUTO_TAG):
        return "tag"
    if isinstance(value, bool):
        # To show a misconception is to fail.
        return (
            "passed" if value is not (tag is not None and tag.kind == "misconception") else "failed"
        )
    return "text"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def as_text(value: object, lang: str = "en") -> str:
    """Return one value in a line."""
    return value if isinstance(value, str) else str(_shown(value, lang))


def as_json(value: object, lang: str = "en") -> str:
    """Return a value as JSON that a browser can read, empty for nothing.

    What JSON has no word for is text in it: bytes, numbers that are not finite, keys that are not
    text (a backend may send any: docs/protocol.md, Results), and, in a language, what lies
    too deep.
    """
    if not value:
        return ""
    return json.dumps(_shown(value, lang), indent=2, ensure_ascii=False, default=str)


def _shown(value: object, lang: str, level: int = 0) -> object:
    """Return a copy of a value that ends at the deepest level."""
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)  # NaN, Infinity: JavaScript writes them so and does not read them
    if not isinstance(value, (dict, list, tuple)):
        return value
    if level == DEEPEST:
        return Message("(nested too deeply to be shown)").in_language(lang)
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else str(_shown(key, lang, level + 1)): _shown(
                item, lang, level + 1
            )
            for key, item in value.items()
        }
    return [_shown(item, lang, level + 1) for item in value]
