"""Replays the recorded submissions of courses: an instructor's regression test.

Source: docs/course-format.md, Recorded submissions.

Each ``<task>/test/*.test`` is graded as the task is now; as in INGInious, the result code and the
tests that the record lists are compared, automatic tags by their values, and beside them the grade.
No broker is needed, and nothing here prints.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inginious_nb import messages
from inginious_nb.course import CourseLibrary, probing
from inginious_nb.course.folders import task_file
from inginious_nb.course.ids import suggestion
from inginious_nb.course.yaml_file import read_mapping
from inginious_nb.errors import CourseError, InginiousError, TaskNotFoundError
from inginious_nb.i18n import Message

from .agents.base import JobHandle, crash_of, without_feedback
from .agents.local import LocalGrader
from .agents.mcq import McqGrader
from .sandbox import choose_sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from pathlib import Path

    from inginious_nb.course import Course, Task

    from .agents.base import Grader
    from .sandbox import SandboxKind


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was recorded.

    Attributes:
        what: ``result``, ``grade``, ``test NAME``, or ``tag`` for one without a name.
        recorded: What the record says.
        found: What it is now; None if it is no longer there.
    """

    what: str
    recorded: object
    found: object


@dataclass(frozen=True)
class Replayed:
    """One recorded submission, graded again.

    Attributes:
        task_id: Its task; COURSE/TASK where those of several courses are graded.
        record: The file with the record.
        result: The result now; None if the record or the task cannot be used.
        differences: What is not as recorded.
        error: Why it could not be graded, in words; empty otherwise.
        warning: What the author of the task should know all the same; empty if nothing.
    """

    task_id: str
    record: Path
    result: messages.AgentJobDone | None = None
    differences: tuple[Difference, ...] = ()
    error: str = ""
    warning: str = ""

    @property
    def code(self) -> str:
        """Return the code of the result now; empty if there is none."""
        return "" if self.result is None else self.result.result[0]

    @property
    def is_same(self) -> bool:
        """Return whether it was graded and nothing differs."""
        return not self.error and not self.differences


async def replay_courses(
    path: Path,
    task: str | None = None,
    *,
    sandbox: SandboxKind = "auto",
    aliases: Mapping[str, str] | None = None,
    at_once: int = 1,
) -> AsyncIterator[Replayed]:
    """Replay the records of the courses in a folder, or of one task, in their order.

    Args:
        path: The folder of a course, of several, or of a task.
        task: Only the tasks that are called so: TASK or COURSE/TASK.
        sandbox: What scripts run in.
        aliases: More environment names, each with the one that stands for it.
        at_once: So many are graded at the same time.

    Raises:
        CourseError: There is no such course or task.
        ServiceError: The sandbox does not work here, or an alias makes no sense.
    """
    library = CourseLibrary()
    courses = library.add(path)
    if task is None and task_file(path) is not None:
        task = probing.real(path).name
    for problem in library.problems:  # beside the courses
        where = problem.path or path
        yield Replayed(where.name, where, error=str(problem))
    local = LocalGrader(library, sandbox=choose_sandbox(sandbox), aliases=aliases)
    try:
        async for replayed in _replay(courses, task, (McqGrader(library), local), at_once):
            yield replayed
    finally:
        local.close()


async def _replay(
    courses: Sequence[Course], wanted: str | None, graders: Sequence[Grader], at_once: int
) -> AsyncIterator[Replayed]:
    by_environment = {
        (kind, name): grader
        for grader in graders
        for kind, names in grader.environments().items()
        for name in names
    }
    free = asyncio.Semaphore(at_once)

    async def one(course: Course, name: str, record: Path) -> Replayed:
        label = name if len(courses) == 1 else f"{course.id}/{name}"
        async with free:
            try:
                task = course.task(name)
                environment = task.environment_type, task.environment_id
                if environment not in by_environment:
                    refusals = (each.refusal(course.id, name, environment) for each in graders)
                    error = next(filter(None, refusals), "")
                    return Replayed(label, record, error=error)
                return await _replayed(task, label, record, by_environment[environment])
            except CourseError as error:
                return Replayed(label, record, error=str(error))

    running = [asyncio.create_task(one(*found)) for found in _records(courses, wanted)]
    try:
        for replaying in running:
            yield await replaying
    finally:
        for replaying in running:
            replaying.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _records(courses: Sequence[Course], wanted: str | None) -> list[tuple[Course, str, Path]]:
    tasks = [(course, name) for course in courses for name in (*course.tasks, *course.broken)]
    if wanted is not None:
        names = [name for _, name in tasks]
        tasks = [(course, name) for course, name in tasks if wanted in _names(course, name)]
        if not tasks:
            raise TaskNotFoundError(
                Message(
                    "The course {course} has no task {task}.{hint}",
                    course=", ".join(course.id for course in courses),
                    task=wanted,
                    hint=suggestion(wanted, names),
                )
            )
    return [(course, name, record) for course, name in tasks for record in _files(course, name)]


def _names(course: Course, task: str) -> tuple[str, str]:
    return task, f"{course.id}/{task}"


def _files(course: Course, name: str) -> list[Path]:
    try:
        folder = course.task_directory(name) / "test"
    except CourseError:
        return [course.path / name]  # replaying it tells what is wrong
    return sorted(path for path in probing.listed(folder).files if path.suffix == ".test")


async def _replayed(task: Task, label: str, record: Path, grader: Grader) -> Replayed:
    recorded = read_mapping(record)
    job = _job(task, record, recorded)
    handle = JobHandle(job.job_id)
    try:
        result = await grader.grade(job, handle)
    except InginiousError as error:
        result = crash_of(job, error)
    except Exception as error:  # noqa: BLE001 - an agent makes a crash of it, whatever it is
        result = without_feedback(job, "crash", f"{type(error).__name__}: {error}.")
    differences = tuple(_differences(recorded, result))
    warning = handle.warning or _unknown_problems(task, result)
    return Replayed(label, record, result, differences, warning=warning)


def _unknown_problems(task: Task, result: messages.AgentJobDone) -> str:
    """Return which problems of the feedback the task has not, so that nobody reads it."""
    unknown = ", ".join(name for name in result.problems if name not in task.problems)
    known = ", ".join(task.problems)
    return unknown and f"there is feedback for {unknown}; the task has only {known}"


def _job(task: Task, record: Path, recorded: Mapping[Any, Any]) -> messages.BackendNewJob:
    answers = recorded.get("input")
    if not isinstance(answers, dict):
        raise CourseError(f"{record} has no input; record the submission again.", path=record)
    username = recorded.get("username", "")
    names = username if isinstance(username, list) else [username]
    reserved = {
        "@username": ",".join(map(str, names)),
        "@email": "",
        "@lang": "en",
        "@time": str(recorded.get("submitted_on", "")),
        "@attempts": "1",
        "@random": [],
        "@state": "",
    }
    return messages.BackendNewJob(
        job_id=record.stem,
        course_id=task.course_id,
        task_id=task.id,
        task_problems=dict(task.problems_raw),
        inputdata={**reserved, **answers},
        environment_type=task.environment_type,
        environment=task.environment_id,
        environment_parameters=task.environment_parameters,
        debug=True,
    )


def _differences(
    recorded: Mapping[Any, Any], result: messages.AgentJobDone
) -> Iterable[Difference]:
    code = recorded.get("result")
    if code != result.result[0]:
        yield Difference("result", code, result.result[0])
    grade = recorded.get("grade")
    if isinstance(grade, (int, float)) and round(grade, 2) != result.grade:
        yield Difference("grade", grade, result.grade)
    tests = recorded.get("tests")
    if isinstance(tests, dict):
        for name, value in tests.items():
            if not _is_automatic(name) and result.tests.get(name) != value:
                yield Difference(f"test {name}", value, result.tests.get(name))
        yield from _automatic_differences(_automatic(tests), _automatic(result.tests))


def _is_automatic(name: object) -> bool:
    return str(name).startswith("*auto-tag-")


def _automatic(tests: Mapping[Any, Any]) -> Counter[str]:
    """Return the values of automatic tags, whose ids are new in every run (docs/grading-api.md)."""
    return Counter(str(value) for name, value in tests.items() if _is_automatic(name))


def _automatic_differences(recorded: Counter[str], found: Counter[str]) -> Iterable[Difference]:
    for value in (recorded - found).elements():
        yield Difference("tag", value, None)
