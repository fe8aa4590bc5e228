"""The site's feedback, which is HTML, in the markup that a task's texts are shown from. No I/O."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inginious_nb.client.results import JobResult


def readable(result: JobResult, *, is_html: bool) -> JobResult:
    """Return a result whose texts are HTML, or reStructuredText for a task that writes that.

    A text of ours is the same in both. What is shown is sanitised later, as all feedback is.
    """
    if is_html:
        return result
    return result.with_texts(lambda text: as_source(text) if "<" in text else text)


def as_source(html: str) -> str:
    """Return HTML of a site as reStructuredText that renders to it."""
    return f".. raw:: html\n\n{textwrap.indent(html.strip(), '   ')}\n"
