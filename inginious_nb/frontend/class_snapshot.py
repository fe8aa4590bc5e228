"""The grades of a class as a static table: what a notebook shows without its kernel, or exported.

Names are in it only where the view shows them from the beginning: the notebook is saved with it. No
answer and no feedback is.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.i18n import Words, in_language, number, printable
from inginious_nb.render.templates import template

if TYPE_CHECKING:
    from inginious_nb.classroom import ClassState, Entry

_TEMPLATE = Path(__file__).parent / "templates" / "class_snapshot.html"


def class_bundle(
    state: ClassState, *, title: str, sandbox: str, key: str, names: bool, lang: str
) -> dict[str, str]:
    """Return the table as HTML and as text.

    Args:
        state: The class.
        title: The heading.
        sandbox: What isolated the scripts, in words.
        key: The widget that hides the table while it is alive.
        names: Whether the names of the students are in it; else they are numbers, in their order.
        lang: The language of the words.
    """
    words = Words("report", lang)

    def percent(grade: float | None) -> str:
        return "" if grade is None else f"{number(round(grade, 1), lang)} %"

    def cell(entry: Entry | None) -> str:
        if entry is None or entry.grade is not None:
            return "" if entry is None else percent(entry.grade)
        return words(f"states.{entry.state}")

    matrix = state.matrix()
    if not names:  # the alphabet would tell who is who
        matrix.sort(key=lambda row: state.alias(row[0]))
    rows = [
        (
            printable(student) if names else words("alias", n=state.alias(student)),
            [cell(entry) for entry in entries],
        )
        for student, entries in matrix
    ]
    means = [percent(state.mean(task.reference)) for task in state.tasks]
    html = template(_TEMPLATE).render(
        state=state,
        rows=rows,
        means=means,
        title=title,
        sandbox=in_language(sandbox, lang),
        key=key,
        lang=lang,
        words=words,
        made_at=dt.datetime.now().strftime("%Y-%m-%d %H:%M"),  # noqa: DTZ005 - for a person here
    )
    header = [words("student"), *(task.name for task in state.tasks)]
    lines = [header, *([student, *cells] for student, cells in rows), [words("mean"), *means]]
    text = "\n".join(" | ".join(line) for line in lines)
    return {"text/html": html, "text/plain": printable(text)}
