"""Which cells of a notebook answer which problems, of whatever tasks. Pure, no I/O of its own.

`cells` tells it for one task; here the tasks are found first: those that the notebook opens or
submits, then those that its tags and answer cells name.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from inginious_nb.course.ids import nearest
from inginious_nb.errors import InginiousError

from .cells import TAG_PREFIX, find_answers, submitted_tasks
from .references import find_problem, find_task, task_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from inginious_nb.course import CourseLibrary, Task

    from .cells import Cell
    from .grammar.commands import ParsedCommand

MAX_TELLING_CELLS = 500
MAX_NAMES = 500
"""So many names of problems are looked for: to find a task takes a millisecond."""


def answer_cells(library: CourseLibrary, cells: Sequence[Cell]) -> list[tuple[str, Task, str]]:
    """Return the cells that are answers, as (id of the cell, task, id of the problem).

    It is asked with each change of a notebook, which may be anybody's: of the cells that may say
    something, by a tag or a command, only so many are looked at.
    """
    telling = (cell for cell in cells if _may_tell(cell))
    cells = list(itertools.islice(telling, MAX_TELLING_CELLS))
    return [
        (cell.id, task, problem_id)
        for task in _tasks(library, cells)
        for problem_id, found in find_answers(cells, task_name(task)).items()
        for cell in found.cells
    ]


def _may_tell(cell: Cell) -> bool:
    return "%inginious" in cell.source or any(tag.startswith(TAG_PREFIX) for tag in cell.tags)


def tasks_of_tags(
    library: CourseLibrary, cells: Sequence[Cell], known: Collection[Task] = ()
) -> list[Task]:
    """Return the tasks that only tags and answer cells name, as JupyterLab's panel writes them.

    Args:
        library: The courses.
        cells: The notebook, or those of a class.
        known: The tasks that its commands name; without any, a problem's name alone will do.
    """
    found: dict[tuple[str, str], Task] = {}
    for reference in _problems_named(cells):
        head, _, problem_id = reference.rpartition("/")
        if known and not head:
            continue
        with contextlib.suppress(InginiousError):
            task = library.task(head) if head else find_problem(library, reference, None)[0]
            if problem_id in task.problems:
                found.setdefault((task.course_id, task.id), task)
    return [task for task in found.values() if task not in known]


def misnamed_problems(
    cells: Sequence[Cell], task: Task, others: Collection[Task], library: CourseLibrary
) -> list[str]:
    """Return what cells name as a problem of a task that the task does not have, as written.

    A name without a task, or with one that does not exist, is meant for the task unless it is, or
    nearly is, that of a problem of another one.

    Args:
        cells: The notebook.
        task: The task.
        others: The tasks that may be meant beside it.
        library: The courses.
    """
    return [
        reference
        for reference in _problems_named(cells)
        if task_name(task).problem(reference) is None
        and _is_meant_for(reference, task, others, library)
    ]


def _is_meant_for(
    reference: str, task: Task, others: Collection[Task], library: CourseLibrary
) -> bool:
    head, _, problem_id = reference.rpartition("/")
    if head:
        with contextlib.suppress(InginiousError):
            return library.task(head) == task
    if nearest(problem_id, task.problems) is not None:
        return True
    known = {known for other in others for known in other.problems}
    return nearest(problem_id, known) is None


def _tasks(library: CourseLibrary, cells: Sequence[Cell]) -> list[Task]:
    found: dict[tuple[str, str], Task] = {}

    def add(task: Task) -> None:
        found.setdefault((task.course_id, task.id), task)

    for reference, _ in submitted_tasks(cells):
        with contextlib.suppress(InginiousError):
            add(find_task(library, reference, None)[0])
    for reference in _problems_named(cells):
        head, _, _ = reference.rpartition("/")
        with contextlib.suppress(InginiousError):
            if head:
                add(library.task(head))
            elif all(reference not in task.problems for task in found.values()):
                add(find_problem(library, reference, None)[0])
    return list(found.values())


def _problems_named(cells: Sequence[Cell]) -> Iterator[str]:
    return itertools.islice(dict.fromkeys(_names_of_problems(cells)), MAX_NAMES)


def _names_of_problems(cells: Sequence[Cell]) -> Iterator[str]:
    for cell in cells:
        for tag in cell.tags:
            if tag.startswith(TAG_PREFIX):
                yield tag.removeprefix(TAG_PREFIX).strip()
        command = cell.command
        if command is None or not command.reference:
            continue
        if command.name == "answer" or (command.name == "submit" and _names_problem(command)):
            yield command.reference


def _names_problem(command: ParsedCommand) -> bool:
    """Return whether a submit command names COURSE/TASK/PROBLEM, which no name of a task is."""
    return command.reference.count("/") > 1
