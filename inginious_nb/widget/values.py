"""Values that graders send beside their feedback, as text: whatever they are, it never fails."""

from __future__ import annotations

import json
import math

from inginious_nb.i18n import Sentence

DEEPEST = 50
"""So many levels of lists and dictionaries are shown; nobody can read more."""


def as_text(value: object, lang: str = "en") -> str:
    """One value in a line."""
    return value if isinstance(value, str) else str(_shown(value, lang))


def as_json(value: object, lang: str = "en") -> str:
    """A value as JSON that a browser can read, empty for nothing.

    What JSON has no word for is text in it: bytes, numbers that are not finite, keys that are not
    text (a backend may send any, protocol.md 1.2), and, in a language, what lies too deep.
    """
    if not value:
        return ""
    return json.dumps(_shown(value, lang), indent=2, ensure_ascii=False, default=str)


def _shown(value: object, lang: str, level: int = 0) -> object:
    """A copy of a value that ends at the deepest level."""
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)  # NaN, Infinity: JavaScript writes them so and does not read them
    if not isinstance(value, (dict, list, tuple)):
        return value
    if level == DEEPEST:
        return Sentence("(nested too deeply to be shown)").in_language(lang)
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else str(_shown(key, lang, level + 1)): _shown(
                item, lang, level + 1
            )
            for key, item in value.items()
        }
    return [_shown(item, lang, level + 1) for item in value]
