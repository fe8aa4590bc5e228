"""The site's feedback, which is HTML, in the markup that a task's texts are shown from. No I/O."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from inginious_nb.client.results import JobResult

if TYPE_CHECKING:
    from inginious_nb.client.results import Result


def readable(result: JobResult, *, is_html: bool) -> JobResult:
    """Return a result whose texts are HTML, or reStructuredText for a task that writes that.

    A text of ours is the same in both. What is shown is sanitised later, as all feedback is.
    """
    if is_html:
        return result
    return JobResult(
        _as_source(result.result),
        result.grade,
        {name: _as_source(pair) for name, pair in result.problems.items()},
        result.tests,
        result.custom,
        result.archive,
        result.state,
        result.stdout,
        result.stderr,
    )


def _as_source(pair: Result) -> Result:
    code, text = pair
    if "<" not in text:
        return pair
    return code, as_source(text)


def as_source(html: str) -> str:
    """Return HTML of a site as reStructuredText that renders to it."""
    return f".. raw:: html\n\n{textwrap.indent(html.strip(), '   ')}\n"
