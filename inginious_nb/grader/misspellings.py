"""Words of a course that mean nothing, and what their author probably meant.

A field that is unknown is no fault, since a site may know more: only what is nearly a field of ours
is named. What a record or a template names has to be there.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from inginious_nb.course import probing
from inginious_nb.course.folders import COURSE_FILES, TASK_FILES
from inginious_nb.course.ids import suggestion
from inginious_nb.course.yaml_file import read_mapping, repeated_keys
from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from inginious_nb.course import Course, Task

_NEAR = 0.85
"""How alike a word and a field are at least (`difflib`); a letter that is swapped or lacks."""
_MAX_READ_BYTES = 1_000_000
_RESULTS = ("success", "failed", "crash", "timeout", "overflow", "killed", "error")

# Source: docs/course-format.md and docs/protocol.md, Courses on disk.
_COURSE_FIELDS = (
    *("name", "description", "admins", "tutors", "accessible", "registration", "tags", "toc"),
    *("task_dispenser", "dispenser_data", "environment_aliases", "old_python"),
)
_LIMITS = ("time", "hard_time", "memory")
_PARAMETERS = ("limits", "run_cmd", "network_grading", "response_is_html", "ssh_allowed")
_SETTINGS = ("accessibility", "accessible", "evaluation_mode", "submission_limit", "weight")
_TASK_FIELDS = (
    *("name", "author", "contact_url", "context", "problems", "order"),
    *("environment", "environment_type", "environment_id", "environment_parameters"),
    *("input_random", "regenerate_input_random"),
    *_PARAMETERS,
    *_SETTINGS,
)
_PROBLEM_FIELDS = (
    *("type", "name", "header", "language", "default", "optional", "offset", "answer"),
    *("allowed_exts", "max_size", "multiple", "unshuffle", "limit", "choices", "centralize"),
    *("success_message", "error_message"),
)

_PLACEHOLDER = re.compile(r"@[^@\n]*@([\w.-]+)(?::[^@\n]*)?@[^@\n]*@", re.ASCII)
"""The place of an answer in a template (docs/grading-api.md, Answers)."""


class Misspelling(NamedTuple):
    """A word that means nothing.

    Attributes:
        path: The file.
        line: The 1-based line, None where none is known.
        message: The word, and what is probably meant.
    """

    path: Path
    line: int | None
    message: Message


def misspellings(course: Course) -> Iterator[Misspelling]:
    """Yield the words in the files of a course that mean nothing."""
    for file in _files(course.path, COURSE_FILES):
        data = _mapping(file)
        yield from _repeated(file)
        dispenser = _in(data, "dispenser_data")
        yield from _fields(file, data, _COURSE_FIELDS)
        yield from _fields(file, dispenser, ("toc", "config"))
        for settings in _in(dispenser, "config").values():
            yield from _fields(file, settings, _SETTINGS)
        for task_id in (*course.listed_tasks, *_in(dispenser, "config")):
            if not course.has_task(str(task_id)):
                message = Message(
                    "There is no task {task} in this course.{hint}",
                    task=task_id,
                    hint=suggestion(str(task_id), course.tasks),
                )
                yield Misspelling(file, _line(file, str(task_id)), message)
    for task in course.tasks.values():
        for file in _files(task.path, TASK_FILES):
            yield from _of_task(file)
        yield from _of_templates(task)
        for record in sorted((task.path / "test").glob("*.test")):
            yield from _of_record(record, task)


def _repeated(file: Path) -> Iterator[Misspelling]:
    for line, message in repeated_keys(file):
        yield Misspelling(file, line, message)


def _of_task(file: Path) -> Iterator[Misspelling]:
    data = _mapping(file)
    yield from _repeated(file)
    parameters = _in(data, "environment_parameters")
    yield from _fields(file, data, _TASK_FIELDS)
    yield from _fields(file, parameters, _PARAMETERS)
    for limits in (_in(data, "limits"), _in(parameters, "limits")):
        yield from _fields(file, limits, _LIMITS)
    for problem in _in(data, "problems").values():
        yield from _fields(file, problem, _PROBLEM_FIELDS)


def _fields(file: Path, data: object, known: Iterable[str]) -> Iterator[Misspelling]:
    """Yield the keys that are nearly one of the fields known, which is not there itself."""
    keys = {str(key) for key in data} if isinstance(data, dict) else set()
    for key in sorted(keys.difference(known)):
        lacking = [field for field in known if field not in keys]
        for meant in difflib.get_close_matches(key, lacking, n=1, cutoff=_NEAR):
            message = Message(
                "The field {field} means nothing here. Did you mean {meant}?",
                field=key,
                meant=meant,
            )
            yield Misspelling(file, _line(file, key), message)


def _of_record(record: Path, task: Task) -> Iterator[Misspelling]:
    recorded = _mapping(record)
    yield from _repeated(record)
    result = recorded.get("result")
    if recorded and result not in _RESULTS:
        message = Message(
            "“{result}” is not a result.{hint}",
            result=result,
            hint=suggestion(str(result), _RESULTS),
        )
        yield Misspelling(record, _line(record, "result"), message)
    for key in _in(recorded, "input"):
        if str(key) not in task.problems and not str(key).startswith("@"):
            message = Message(
                "The task has no problem {problem} for this answer.{hint}",
                problem=key,
                hint=suggestion(str(key), task.problems),
            )
            yield Misspelling(record, _line(record, str(key)), message)


def _of_templates(task: Task) -> Iterator[Misspelling]:
    for template in sorted(task.path.rglob("*.tpl")):
        if not probing.is_file(template):
            continue
        text = probing.beginning(template, _MAX_READ_BYTES)
        for number, line in enumerate(text.splitlines(), 1):
            for match in _PLACEHOLDER.finditer(line):
                if match[1] not in task.problems:
                    message = Message(
                        "The task has no problem {problem} whose answer could stand here.{hint}",
                        problem=match[1],
                        hint=suggestion(match[1], task.problems),
                    )
                    yield Misspelling(template, number, message)


def _files(folder: Path, names: Iterable[str]) -> list[Path]:
    return [folder / name for name in names if probing.is_file(folder / name)][:1]


def _mapping(file: Path) -> Mapping[Any, Any]:
    """Return what a file says, nothing where it cannot be read: that is told elsewhere."""
    try:
        return read_mapping(file)
    except CourseError:
        return {}


def _in(data: Mapping[Any, Any], key: str) -> Mapping[Any, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _line(file: Path, word: str) -> int | None:
    """Return the first line in which a word stands by itself."""
    alone = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])")
    lines = probing.beginning(file, _MAX_READ_BYTES).splitlines()
    return next((number for number, line in enumerate(lines, 1) if alone.search(line)), None)
