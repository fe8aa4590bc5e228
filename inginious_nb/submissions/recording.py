"""A submission kept as a recorded test of its task, for ``test`` and ``%inginious try``.

Source: docs/course-format.md, Recorded submissions.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from inginious_nb.course.ids import ID_RULE, is_valid_id
from inginious_nb.course.writing import why_not_written
from inginious_nb.errors import CourseError, UsageError
from inginious_nb.i18n import Message

from .record import is_graded, kept_grade

if TYPE_CHECKING:
    from pathlib import Path

    from inginious_nb.client.results import JobResult
    from inginious_nb.course import Task

    from .history import History
    from .record import SubmissionRecord

_FOLDER, _SUFFIX = "test", ".test"


def can_record(task: Task) -> bool:
    """Return whether the task lies in a folder of this machine that may be changed."""
    return not task.site and os.access(task.path, os.W_OK)


def record_as_test(
    task: Task, history: History, submission: SubmissionRecord, name: str | None = None
) -> Path:
    """Write a submission with its result into ``test/`` of its task.

    Args:
        task: The task.
        history: Where the answers and the result are.
        submission: The submission.
        name: The name of the record; None for its result and number, such as ``failed-3``.

    Returns:
        The file.

    Raises:
        UsageError: It has no result that says something about the answer, or the name cannot be.
        CourseError: It cannot be written.
    """
    result = history.result(submission.id)
    if result is None or not is_graded(result.result[0]):
        raise UsageError(
            Message("Only what was graded can be a recorded test; submit it once more.")
        )
    if not can_record(task):
        raise CourseError(Message("{folder} cannot be changed from here.", folder=task.path))
    if name is not None and not is_valid_id(name):
        raise UsageError(
            Message("{name} cannot be an id; it may have {rule}.", name=name, rule=ID_RULE)
        )
    content = _yaml(_recorded(task, submission, history.inputdata(submission.id), result))
    try:
        return _write(task.path / _FOLDER, name, f"{result.result[0]}-{submission.number}", content)
    except OSError as error:
        raise CourseError(
            Message(
                "{file} cannot be written ({reason}).",
                file=task.path / _FOLDER,
                reason=why_not_written(error),
            )
        ) from error


def _write(folder: Path, name: str | None, proposed: str, content: str) -> Path:
    """Write a record that was not there; of a name that nobody chose, the first that is free."""
    folder.mkdir(exist_ok=True)
    number = 1
    while True:
        more = f"-{number}" if number > 1 else ""
        path = folder / f"{name or proposed + more}{_SUFFIX}"
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            if name is not None:
                raise UsageError(
                    Message("{folder} is there already; choose another name.", folder=path)
                ) from None
            number += 1
            continue
        try:
            path.write_text(content, encoding="utf-8")
        except OSError:
            path.unlink(missing_ok=True)  # half a record is a fault of its task
            raise
        return path


def _recorded(
    task: Task, submission: SubmissionRecord, inputdata: dict[str, Any], result: JobResult
) -> dict[str, Any]:
    submitted = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(submission.submitted_at))
    return {
        "courseid": task.course_id,
        "taskid": task.id,
        "username": [submission.username],
        "submitted_on": submitted,
        "status": "done",
        "response_type": "rst",
        # The address of a person is of no use in a test.
        "input": inputdata | {"@email": ""},
        "result": result.result[0],
        "grade": kept_grade(result.grade),
        "text": result.result[1],
        "problems": {name: list(pair) for name, pair in result.problems.items()},
        "tests": dict(result.tests),
        "custom": dict(result.custom),
        "state": result.state,
        "stdout": result.stdout or "",
        "stderr": result.stderr or "",
    }


def _yaml(content: dict[str, Any]) -> str:
    """Return YAML that a person can read: texts of several lines as such."""
    import yaml  # noqa: PLC0415 - takes long to load, and few record

    class Dumper(yaml.SafeDumper):
        """The safe one, with blocks."""

    def write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)

    Dumper.add_multi_representer(str, write_text)
    Dumper.add_multi_representer(dict, yaml.SafeDumper.represent_dict)
    return str(yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10_000))
