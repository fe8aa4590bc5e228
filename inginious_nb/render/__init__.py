"""Feedback and task texts as HTML that is safe to put into a page, or as plain text.

Nothing from a grader is trusted: reStructuredText goes through docutils, then everything through
nh3 (design.md, decision 10). This is the only place where HTML for the page is made. docutils and
nh3 are imported on first use, because ``%load_ext`` must not wait for them.
"""

from __future__ import annotations

import html
import logging
from typing import TYPE_CHECKING, Self

from inginious_nb.i18n import Message

from .assets import Assets
from .control import printable

if TYPE_CHECKING:
    import datetime as dt

__all__ = [
    "Assets",
    "SafeHtml",
    "plain_text",
    "printable",
    "render_feedback",
    "render_html",
    "render_inline",
    "render_rst",
]

logger = logging.getLogger(__name__)

LIMIT_CHARS = 1_000_000
"""What is shown of one text at most; pictures inside it do not count."""

PLAIN_LIMIT_CHARS = 20_000

_HEADING_LEVEL = 3


class SafeHtml(str):
    """Sanitised HTML.

    Attributes:
        omitted_chars: How much of the text is not shown because it is too long.
        formatted: False if docutils could not handle the text and it is shown as it is.
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
        """Whether something is not shown; the whole text can then be offered as a download."""
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

    Broken markup never loses text, and no message of docutils is shown.

    Args:
        text: The source.
        assets: Where the pictures and downloads it refers to are.
        now: The time that ``hidden-until`` is compared with (local time; default: now).
        heading_level: The level of its outermost headings, so that it fits into a page.
        limit_chars: What is shown of it at most.
        lang: The language of what is added: titles of admonitions, that it is cut.
    """
    from .embedded_data import EmbeddedData  # noqa: PLC0415 - see the module's docstring
    from .rst import UnformattableError, to_html  # noqa: PLC0415
    from .sanitise import sanitise  # noqa: PLC0415

    data = EmbeddedData()
    shown, omitted = _cut(data.extract(text), limit_chars)
    formatted = True
    try:
        body = to_html(shown, now=now, lang=lang)
    except UnformattableError as error:
        logger.debug("A text is shown as it is: %s", error)
        body, formatted = f"<pre>{html.escape(shown)}</pre>", False
    body = sanitise(body, data, assets=assets, heading_level=heading_level)
    return SafeHtml(body + _cut_note(omitted, lang), omitted_chars=omitted, formatted=formatted)


def render_html(
    text: str,
    *,
    assets: Assets | None = None,
    heading_level: int = _HEADING_LEVEL,
    limit_chars: int = LIMIT_CHARS,
    lang: str = "en",
) -> SafeHtml:
    """Render the HTML of a grader; arguments as for `render_rst`."""
    from .embedded_data import EmbeddedData  # noqa: PLC0415 - see the module's docstring
    from .sanitise import sanitise  # noqa: PLC0415

    data = EmbeddedData()
    shown, omitted = _cut(data.extract(text), limit_chars)
    body = sanitise(shown, data, assets=assets, heading_level=heading_level)
    return SafeHtml(body + _cut_note(omitted, lang), omitted_chars=omitted)


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
    from .plain import html_to_text, rst_to_text  # noqa: PLC0415 - see the module's docstring

    shown, omitted = _cut(text, max(limit_chars, LIMIT_CHARS))
    result = html_to_text(shown) if is_html else rst_to_text(shown, now=now)
    result, more = _cut(result, limit_chars)
    omitted += more
    return f"{result}\n[{_omission(omitted, lang)}]" if omitted else result


def _cut(text: str, limit_chars: int) -> tuple[str, int]:
    """Return the beginning of text, to the last whole line, and how much is left out."""
    if len(text) <= limit_chars:
        return text, 0
    end = text.rfind("\n", limit_chars // 2, limit_chars) + 1 or limit_chars
    return text[:end], len(text) - end


def _cut_note(omitted: int, lang: str) -> str:
    return f'<p class="inginious-cut">{_omission(omitted, lang)}</p>' if omitted else ""


def _omission(omitted: int, lang: str) -> str:
    sentence = Message("Too long to be shown here: {n:,} more characters follow.", n=omitted)
    return sentence.in_language(lang)
