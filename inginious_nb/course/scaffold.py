"""New courses and tasks from templates: a start that is graded as it stands.

Each kind of task in ``templates/`` has a run script that shows good practice, and a right and a
wrong recorded answer, so that ``inginious-nb test`` passes before the first change.
"""

from __future__ import annotations

from pathlib import Path

from inginious_nb.errors import CourseError, UsageError
from inginious_nb.i18n import Message

from .ids import ID_RULE, is_valid_id
from .writing import copy_folder, why_not_written, write_file

_TEMPLATES = Path(__file__).parent / "templates"
_COURSE_FILE = "course.yaml"

KINDS = tuple(sorted(path.name for path in _TEMPLATES.iterdir() if path.is_dir()))
"""The kinds of tasks that there are templates for."""


def new_course(folder: Path) -> Path:
    """Make a course without tasks in a folder, which is made if need be.

    Returns:
        Its ``course.yaml``.

    Raises:
        UsageError: The name of the folder is not an id, or it is a course already.
        CourseError: It cannot be written.
    """
    _check_id(folder.resolve().name)
    file = folder / _COURSE_FILE
    if file.exists():
        raise UsageError(Message("{folder} is a course already.", folder=folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(file, (_TEMPLATES / _COURSE_FILE).read_bytes())
    except OSError as error:
        raise _unwritable(folder, error) from error
    return file


def new_task(course: Path, task_id: str, kind: str) -> Path:
    """Make a task of a kind in a course folder.

    Returns:
        The folder of the task.

    Raises:
        UsageError: The id is none, there is something of that name, or the folder is no course.
        CourseError: It cannot be written.
    """
    check_new_task(task_id, kind)
    if not (course / _COURSE_FILE).is_file():
        raise UsageError(
            Message(
                "{folder} is no course; make one first: inginious-nb new course {folder}.",
                folder=course,
            )
        )
    folder = course / task_id
    if folder.exists():
        raise UsageError(Message("{folder} is there already; choose another name.", folder=folder))
    try:
        copy_folder(_TEMPLATES / kind, folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def check_new_task(task_id: str, kind: str) -> None:
    """Refuse a task that cannot be, whatever the course.

    Raises:
        UsageError: The id is none, or there is no such kind.
    """
    _check_id(task_id)
    if kind not in KINDS:
        raise UsageError(
            Message(
                "There is no kind of task {kind}; there is: {kinds}.",
                kind=kind,
                kinds=", ".join(KINDS),
            )
        )


def _check_id(name: str) -> None:
    if not is_valid_id(name):
        raise UsageError(
            Message("{name} cannot be an id; it may have {rule}.", name=name, rule=ID_RULE)
        )


def _unwritable(folder: Path, error: OSError) -> CourseError:
    return CourseError(
        Message(
            "{folder} cannot be written ({reason}); choose another place.",
            folder=folder,
            reason=why_not_written(error),
        )
    )
