"""References to tasks and problems, as people write them in tags and commands.

A task is COURSE/TASK or TASK, a problem COURSE/TASK/PROBLEM, TASK/PROBLEM or PROBLEM.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from msgspec import Struct

from inginious_nb.course import alternatives
from inginious_nb.errors import CourseError, UsageError
from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from inginious_nb.course import CourseLibrary, Task


class TaskName(Struct, frozen=True):
    """A task and its problems: all that is needed to recognise its cells."""

    course_id: str
    task_id: str
    problem_ids: tuple[str, ...]

    def problem(self, reference: str) -> str | None:
        """Return the problem of this task that a possibly qualified reference means, if any."""
        qualifier, _, problem_id = reference.rpartition("/")
        if qualifier not in ("", self.task_id, f"{self.course_id}/{self.task_id}"):
            return None
        return problem_id if problem_id in self.problem_ids else None

    def problem_of_submission(self, reference: str) -> str | None:
        """Return the problem that ``%%inginious submit REFERENCE`` answers, if of this task."""
        only = self.problem_ids[0] if len(self.problem_ids) == 1 else None
        if reference in (self.task_id, f"{self.course_id}/{self.task_id}"):
            return only
        return self.problem(reference) if "/" in reference else None


def task_name(task: Task) -> TaskName:
    """Return the name of a course task."""
    return TaskName(task.course_id, task.id, tuple(task.problems))


def find_task(
    library: CourseLibrary, reference: str | None, current: Task | None
) -> tuple[Task, str | None]:
    """Return the task that a reference means, and the problem if it names one.

    Args:
        library: The courses.
        reference: COURSE/TASK[/PROBLEM] or TASK[/PROBLEM]; empty for the task opened last.
        current: The task opened last.

    Raises:
        CourseError: There is no such task, or it cannot be used.
        AnswerError: The task has no such problem.
        UsageError: The reference is empty and no task was opened yet.
    """
    if not reference:
        if current is None:
            raise UsageError(
                Message(
                    "Say which task: COURSE/TASK, as listed by %inginious tasks, or open one first "
                    "with %inginious open COURSE/TASK."
                )
            )
        return current, None
    head, _, problem_id = reference.rpartition("/")
    if head:
        with contextlib.suppress(CourseError):
            task = library.task(head)
            if problem_id not in task.problems:
                task.check({problem_id: ""})  # says which problems there are
            return task, problem_id
    return library.task(reference), None


def find_problem(library: CourseLibrary, reference: str, current: Task | None) -> tuple[Task, str]:
    """Return the task and problem that a reference to a problem means.

    Args:
        library: The courses.
        reference: PROBLEM, TASK/PROBLEM or COURSE/TASK/PROBLEM.
        current: The task opened last, which prevails.

    Raises:
        UsageError: No known task, or more than one, has such a problem.
    """
    known = [task for course in library.courses.values() for task in course.tasks.values()]
    found = {
        (task.course_id, task.id): (task, problem_id)
        for task in ([current, *known] if current is not None else known)
        if (problem_id := task_name(task).problem(reference)) is not None
    }
    if current is not None and (current.course_id, current.id) in found:
        return found[current.course_id, current.id]
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        names = alternatives([f"{course}/{task}/{reference}" for course, task in found])
        raise UsageError(
            Message(
                "Several tasks have a problem {problem}; write {names}, or open the task first "
                "with %inginious open.",
                problem=reference,
                names=names,
            )
        )
    raise UsageError(
        Message(
            "No task here has a problem {problem}; %inginious tasks lists the tasks and their "
            "problems.",
            problem=reference,
        )
    )
