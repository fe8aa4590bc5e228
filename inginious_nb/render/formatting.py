"""Texts to sanitised HTML or to plain text, in this very process and without limits of its own.

`process` runs it where CPU and memory are limited, and is what everybody else calls. Broken markup
never loses text, and no message of docutils is shown.
"""

from __future__ import annotations

import html
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .data_uris import DataUris
from .fallback import cut_note, omission, shown_as_written, without_withheld
from .plain import html_to_text, rst_to_text
from .rst import UnformattableError, to_html
from .sanitise import sanitise

if TYPE_CHECKING:
    import datetime as dt

    from .assets import Assets

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Formatted:
    """A text as it is shown.

    Attributes:
        text: Sanitised HTML, or plain text.
        omitted_chars: The number of characters at the end of the text that are not shown.
        formatted: False if the text is shown as it was written.
    """

    text: str
    omitted_chars: int = 0
    formatted: bool = True


def format_rst(
    text: str,
    *,
    assets: Assets | None,
    now: dt.datetime,
    heading_level: int,
    limit_chars: int,
    lang: str,
) -> Formatted:
    """Return reStructuredText as HTML; arguments as for `render_rst`."""
    uris = DataUris()
    shown, omitted = cut(uris.extract(text), limit_chars)
    try:
        body = to_html(shown, now=now, lang=lang)
    except UnformattableError as error:
        logger.debug("A text is shown as it is: %s", error)
        written = uris.restore(html.escape(without_withheld(shown, now=now)))
        return Formatted(shown_as_written(written, omitted, lang), omitted, formatted=False)
    body = sanitise(body, uris, assets=assets, heading_level=heading_level)
    return Formatted(body + cut_note(omitted, lang), omitted)


def format_html(
    text: str, *, assets: Assets | None, heading_level: int, limit_chars: int, lang: str
) -> Formatted:
    """Return a grader's HTML sanitised; arguments as for `render_html`."""
    uris = DataUris()
    shown, omitted = cut(uris.extract(text), limit_chars)
    body = sanitise(shown, uris, assets=assets, heading_level=heading_level)
    return Formatted(body + cut_note(omitted, lang), omitted)


def format_plain(
    text: str, *, is_html: bool, now: dt.datetime, parsed_chars: int, limit_chars: int, lang: str
) -> Formatted:
    """Return a text without markup and control characters; arguments as for `plain_text`."""
    shown, omitted = cut(text, parsed_chars)
    result = html_to_text(shown) if is_html else rst_to_text(shown, now=now)
    result, more = cut(result, limit_chars)
    omitted += more
    if omitted:
        result = f"{result}\n[{omission(omitted, lang)}]"
    return Formatted(result, omitted)


def cut(text: str, limit_chars: int) -> tuple[str, int]:
    """Return the beginning of text, to the last whole line, and the number of characters left."""
    if len(text) <= limit_chars:
        return text, 0
    end = text.rfind("\n", limit_chars // 2, limit_chars) + 1 or limit_chars
    return text[:end], len(text) - end
