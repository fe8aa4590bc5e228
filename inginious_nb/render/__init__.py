"""Feedback and task texts as HTML that is safe to put into a page, or as plain text.

Nothing from a grader is trusted: reStructuredText goes through docutils, then everything through
the allow-list of `sanitise`, in a process whose means are limited (`process`, docs/security.md).
This is the only place where HTML for the page is made.
"""

from __future__ import annotations

import datetime as dt
import html
from typing import Any, Self

from inginious_nb.i18n import printable

from .assets import Assets
from .fallback import may_withhold, shown_as_written, without_withheld
from .formulas import formulas_as_source
from .process import formatter

__all__ = [
    "Assets",
    "SafeHtml",
    "formulas_as_source",
    "plain_text",
    "render_feedback",
    "render_html",
    "render_inline",
    "render_rst",
    "warm_up",
]

LIMIT_CHARS = 1_000_000
"""The most that is shown of one text; pictures inside it do not count."""

PLAIN_LIMIT_CHARS = 20_000

_HEADING_LEVEL = 3
_ANY_TIME = "2000-01-01"
"""For a text that holds nothing back, so that it is the same text at any time."""


class SafeHtml(str):
    """Sanitised HTML.

    Attributes:
        omitted_chars: The number of characters that are not shown because the text is too long.
        formatted: False if the text could not be formatted and is shown as it was written.
    """

    __slots__ = ("formatted", "omitted_chars")

    omitted_chars: int
    formatted: bool

    def __new__(cls, value: str, *, omitted_chars: int = 0, formatted: bool = True) -> Self:
        """Take a value as sanitised; only this package makes instances."""
        self = super().__new__(cls, value)
        self.omitted_chars = omitted_chars
        self.formatted = formatted
        return self

    @property
    def truncated(self) -> bool:
        """Return whether something is not shown; the whole can then be offered as a download."""
        return self.omitted_chars > 0


def render_feedback(
    text: str,
    *,
    is_html: bool,
    assets: Assets | None = None,
    now: dt.datetime | None = None,
    lang: str = "en",
) -> SafeHtml:
    """Render what a grader wrote, which is HTML if the task has ``response_is_html``."""
    if is_html:
        return render_html(text, assets=assets, lang=lang)
    return render_rst(text, assets=assets, now=now, lang=lang)


def render_rst(
    text: str,
    *,
    assets: Assets | None = None,
    now: dt.datetime | None = None,
    heading_level: int = _HEADING_LEVEL,
    limit_chars: int = LIMIT_CHARS,
    lang: str = "en",
) -> SafeHtml:
    """Render reStructuredText as INGInious authors write it.

    Broken markup never loses text, and no message of docutils is shown. A text that cannot be
    formatted within the limits of time and memory is shown as it was written, and says so.

    Args:
        text: The source.
        assets: Where the pictures and downloads it refers to are.
        now: The time that ``hidden-until`` is compared with (local time; default: now).
        heading_level: The level of its outermost headings, so that it fits into a page.
        limit_chars: The most that is shown of it.
        lang: The language of what is added: titles of admonitions, that it is cut.
    """
    now = now or _now()
    request = {
        "kind": "rst",
        "now": now.isoformat() if may_withhold(text) else _ANY_TIME,
        "heading_level": heading_level,
        "limit_chars": limit_chars,
        "lang": lang,
    }
    return _rendered(request, text, now, assets)


def render_html(
    text: str,
    *,
    assets: Assets | None = None,
    heading_level: int = _HEADING_LEVEL,
    limit_chars: int = LIMIT_CHARS,
    lang: str = "en",
) -> SafeHtml:
    """Render the HTML of a grader; arguments as for `render_rst`."""
    request = {
        "kind": "html",
        "heading_level": heading_level,
        "limit_chars": limit_chars,
        "lang": lang,
    }
    return _rendered(request, text, _now(), assets)


def render_inline(text: str, *, assets: Assets | None = None) -> SafeHtml:
    """Render a short text such as a choice; a single paragraph loses its ``<p>``."""
    rendered = render_rst(text, assets=assets)
    body = rendered.strip()
    if body.startswith("<p>") and body.endswith("</p>") and body.count("<p>") == 1:
        body = body[3:-4]
    return SafeHtml(body, omitted_chars=rendered.omitted_chars, formatted=rendered.formatted)


def plain_text(
    text: str,
    *,
    is_html: bool = False,
    now: dt.datetime | None = None,
    limit_chars: int = PLAIN_LIMIT_CHARS,
    lang: str = "en",
) -> str:
    """Render a text for a terminal or a text/plain output: no markup, no control characters."""
    if not text.strip():
        return ""
    now = now or _now()
    request = {
        "kind": "plain",
        "text": text,
        "is_html": is_html,
        "now": now.isoformat() if may_withhold(text) else _ANY_TIME,
        "parsed_chars": max(limit_chars, LIMIT_CHARS),
        "limit_chars": limit_chars,
        "lang": lang,
    }
    reply = formatter().ask(request)
    if reply is None:
        return printable(without_withheld(text, now=now))[:limit_chars]
    return str(reply["text"])


def warm_up() -> None:
    """Start the process that formats in advance, so that the first text need not wait for it."""
    formatter().warm_up()


def _rendered(
    request: dict[str, Any], text: str, now: dt.datetime, assets: Assets | None
) -> SafeHtml:
    if not text.strip():
        return SafeHtml("")
    request |= {"text": text, "assets": None if assets is None else assets.as_list()}
    reply = formatter().ask(request)
    if reply is not None:
        return SafeHtml(
            reply["text"], omitted_chars=reply["omitted_chars"], formatted=reply["formatted"]
        )
    limit_chars, lang = request["limit_chars"], request["lang"]
    written = without_withheld(text, now=now)
    omitted = max(0, len(written) - limit_chars)
    escaped = html.escape(written[:limit_chars])
    return SafeHtml(
        shown_as_written(escaped, omitted, lang), omitted_chars=omitted, formatted=False
    )


def _now() -> dt.datetime:
    return dt.datetime.now()  # noqa: DTZ005 - the dates of a course are local times without a zone
