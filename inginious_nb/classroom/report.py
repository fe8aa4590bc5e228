"""The state of a class as one HTML file that needs neither network nor scripts.

The markup is in ``templates/report.html``, and everything in it is escaped.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.i18n import Words, in_language, number, printable
from inginious_nb.render.templates import template

from .class_state import column_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .class_state import ClassState, Entry

_TEMPLATE = Path(__file__).parent / "templates" / "report.html"
MAX_ANSWER_CHARS = 4_000
"""Characters of an example that are shown."""

MAX_REASON_CHARS = 200
"""Characters of the line that says why no test was run."""


def as_html(
    state: ClassState, *, title: str, sandbox: str, lang: str = "en", anonymous: bool = False
) -> str:
    """Return the report.

    Args:
        state: The class.
        title: The heading.
        sandbox: What isolated the scripts, in words.
        lang: The language of the words.
        anonymous: Leave every name out of the file; else its reader can hide them.
    """
    words = Words("report", lang)

    def answers(entry: Entry) -> Mapping[str, str]:
        return {
            problem: shown_answer(value, lang, MAX_ANSWER_CHARS)
            for problem, value in entry.answers.items()
        }

    def explanation(entry: Entry) -> str:
        return printable(in_language(entry.message, lang))

    return template(
        _TEMPLATE
    ).render(
        state=state,
        rows=sorted(state.matrix(), key=lambda row: state.alias(row[0]))
        if anonymous  # the alphabet would tell who is who
        else state.matrix(),
        title=title,
        sandbox=in_language(sandbox, lang),
        lang=lang,
        anonymous=anonymous,
        words=words,
        made_at=dt.datetime.now().strftime("%Y-%m-%d %H:%M"),  # noqa: DTZ005 - for a person here
        answers=answers,
        explanation=explanation,
        column_names=column_names(),
        percent=lambda value: number(round(value, 1), lang),
        result=lambda code: Words("tables", lang).named("results", code),
        first_line=lambda text: printable(in_language(text, lang))[:MAX_REASON_CHARS],
    )


def shown_answer(value: object, lang: str, max_chars: int) -> str:
    """Return an answer as a person reads it: a file by its name and size, a long text cut."""
    if isinstance(value, dict):
        content = value.get("value", b"")
        return printable(
            Words("report", lang)("file", name=str(value.get("filename")), n=len(content))
        )
    text = printable(str(value))
    return text if len(text) <= max_chars else f"{text[:max_chars]}…"
