"""A text shown as it was written, where it cannot be formatted; nothing here needs docutils.

``hidden-until`` holds text back until a date: a solution must not appear because its formatting
failed.
"""

from __future__ import annotations

import datetime as dt
import re

from inginious_nb.i18n import Message

_NAME = re.compile(r"hidden-until", re.IGNORECASE)
_DIRECTIVE = re.compile(
    r"(?P<indent>[ \t]*)\.\.[ \t]+hidden-until[ \t]?::(?P<date>.*)", re.IGNORECASE
)
_DATE_FORMATS = tuple(
    f"{day}{time}"
    for day in ("%Y-%m-%d", "%d/%m/%Y")
    for time in ("", " %H", " %H:%M", " %H:%M:%S")
)


def opening_date(text: str) -> dt.datetime | None:
    """Return the date that a ``hidden-until`` directive gives, None if it cannot be read."""
    text = " ".join(text.strip().strip("\"'").split())
    for layout in _DATE_FORMATS:
        try:
            return dt.datetime.strptime(text, layout)  # noqa: DTZ007 - the course's own local time
        except ValueError:
            continue
    return None


def may_withhold(text: str) -> bool:
    """Return whether a text may hold something back, so that its form depends on the time."""
    return _NAME.search(text) is not None


def without_withheld(text: str, *, now: dt.datetime) -> str:
    """Return a text without what its ``hidden-until`` directives hold back.

    A directive on a line of its own takes what is indented below it along. Where the name stands
    anywhere else (in a table, a list item, a substitution) nobody but a parser could tell what
    belongs to it: the text ends there.
    """
    kept: list[str] = []
    withheld_indent: int | None = None
    for line in text.expandtabs(8).splitlines(keepends=True):
        indent = len(line) - len(line.lstrip(" "))
        if withheld_indent is not None and (not line.strip() or indent > withheld_indent):
            continue
        withheld_indent = None
        if _NAME.search(line):
            directive = _DIRECTIVE.fullmatch(line.rstrip())
            if directive is None:
                break
            opens = opening_date(directive["date"])
            if opens is None or now < opens:
                withheld_indent = indent
                continue
        kept.append(line)
    return "".join(kept)


def shown_as_written(escaped: str, omitted_chars: int, lang: str) -> str:
    """Return the HTML of a text that is shown as it was written, and says so.

    Args:
        escaped: The text, its characters escaped.
        omitted_chars: The number of characters that are not shown.
        lang: The language of what is added.
    """
    note = Message(
        "This text could not be formatted within the limits of time and memory, so it is shown as "
        "it was written."
    )
    told = f'<p class="inginious-cut">{note.in_language(lang)}</p>'
    return f"<pre>{escaped}</pre>{told}{cut_note(omitted_chars, lang)}"


def cut_note(omitted_chars: int, lang: str) -> str:
    """Return the paragraph that says how much is not shown, empty if all is."""
    if not omitted_chars:
        return ""
    return f'<p class="inginious-cut">{omission(omitted_chars, lang)}</p>'


def omission(omitted_chars: int, lang: str) -> str:
    """Return the sentence that says how much is not shown."""
    message = Message("Too long to be shown here: {n:,} more characters follow.", n=omitted_chars)
    return message.in_language(lang)
