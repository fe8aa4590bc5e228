"""The fields of a task page's form, from the answers of a submission. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inginious_nb.course import Task

MARK = "@inginious_nb_job"
"""A field of our own. The site keeps it with the answers, and so it tells after a lost answer
which of its submissions is ours."""


def fields(
    task: Task, inputdata: Mapping[str, object]
) -> tuple[dict[str, str | list[str]], list[tuple[str, tuple[str, bytes]]]]:
    """Return the text fields and the files of a form.

    A text that is missing is sent empty, because the site fails without the field. The reserved
    ``@`` keys are the site's own business.

    Args:
        task: The task that is answered.
        inputdata: Its checked answers, as on the wire.
    """
    texts: dict[str, str | list[str]] = {}
    files = []
    for problem_id, problem in task.problems.items():
        answer = inputdata.get(problem_id)
        if isinstance(answer, dict):
            files.append((problem_id, (str(answer["filename"]), bytes(answer["value"]))))
        elif isinstance(answer, (list, tuple)):
            texts[problem_id] = [str(item) for item in answer]
        elif answer is not None:
            texts[problem_id] = str(answer)
        elif problem.type not in {"multiple_choice", "file"}:
            texts[problem_id] = ""
    return texts, files
