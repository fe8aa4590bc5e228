"""A task as text, for hosts that show neither widgets nor HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inginious_nb.course import MultipleChoiceProblem
from inginious_nb.i18n import printable
from inginious_nb.render import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inginious_nb.course import Problem, Task


def statement(task: Task, username: str, lang: str) -> str:
    """Return the text of a task and its problems, as a student reads them.

    Args:
        task: The task.
        username: Decides the order of choices, which is that of the widget.
        lang: The language.
    """
    shown = task.translated(lang)
    seed = f"{username}/{task.course_id}/{task.id}"
    problems = ("\n".join(_lines(problem, seed, lang)) for problem in shown.problems.values())
    parts = [plain_text(shown.context, lang=lang), *problems]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _lines(problem: Problem, seed: str, lang: str) -> Iterator[str]:
    yield printable(problem.label)
    yield from (f"  {line}" for line in plain_text(problem.header, lang=lang).splitlines())
    if isinstance(problem, MultipleChoiceProblem):
        for choice in problem.displayed_choices(seed):
            # The number is what PROBLEM=NUMBER takes.
            yield f"  {choice['index']}: {plain_text(choice['markup'], lang=lang).strip()}"
