"""``%inginious new``, ``edit`` and ``try``: for who writes tasks."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.display import display
from msgspec import Struct

from inginious_nb.course.folders import COURSE_FILES
from inginious_nb.course.scaffold import new_course, new_task
from inginious_nb.course.task_files import default_file
from inginious_nb.errors import InginiousError, UsageError
from inginious_nb.i18n import Message
from inginious_nb.magics.live_try import show_live_try, stop_watching
from inginious_nb.notebook.grammar.arguments import CELL_MAGIC

from .tables import tables

if TYPE_CHECKING:
    from inginious_nb.cli.replays import Replays
    from inginious_nb.course import Course, CourseLibrary
    from inginious_nb.magics.context import MagicContext
    from inginious_nb.session import Session


def make_new(context: MagicContext, *, what: str, folder: str, kind: str | None) -> None:
    """Make a course, or a task in one, to begin with, and open it."""
    session = context.session
    if what == "course":
        if kind is not None:
            raise UsageError(Message("Only a task is of a kind."))
        made = new_course(Path(folder)).parent
        session.add_courses(made)
        context.say(
            Message(
                "{folder} is a course. Its first task: %inginious new task {course}/hello",
                folder=made,
                course=made.resolve().name,
            )
        )
        return
    course = _course_folder(session, Path(folder).parent)
    made = new_task(course, Path(folder).name, kind or "python")
    session.add_courses(course)
    context.say(
        Message(
            "{folder} has the files of the task. %inginious edit {task}/run shows its script in a "
            "cell, %inginious try {task} grades its recorded answers.",
            folder=made,
            task=f"{course.resolve().name}/{made.name}",
        )
    )


def _course_folder(session: Session, written: Path) -> Path:
    """Return the folder of a course that was written as a path, or as the id of an open one."""
    known = session.library.courses.get(str(written))
    return known.path if known is not None and not written.is_dir() else written


def edit_file(context: MagicContext, *, file: str, force: bool) -> None:
    """Write a cell into a file of a task or of its course; as a line, put it into the next cell."""
    library, files = context.session.library, context.task_files
    course, folder, name = _place(library, file)
    is_of_task = folder != course.path
    if context.body is None:
        shown = name or default_file("")
        text = files.read(folder, shown)
        place = f"{course.id}/{folder.name}" if is_of_task else course.id
        line = f"{CELL_MAGIC} edit {place}/{shown}"
        context.shell.set_next_input(f"{line}\n{text.rstrip()}", replace=False)
        return
    text = context.body.rstrip("\n") + "\n"
    written = files.write(folder, name or default_file(text), text, force=force)
    context.say(Message("Written: {file}", file=written))
    if course.error is not None:
        context.say(course.error.text, err=True)
    try:
        if is_of_task:
            course.task(folder.name)
    except InginiousError as error:
        context.say(error.text, err=True)


def _place(library: CourseLibrary, file: str) -> tuple[Course, Path, str]:
    """Return the course of a file, the folder of the task or of the course, and its name there."""
    course_id, _, rest = file.strip("/").partition("/")
    first, _, name = rest.partition("/")
    if not first:
        raise UsageError(
            Message(
                "Say which file: COURSE/TASK/FILE, such as {file}/TASK/run, or {file}/course.yaml.",
                file=course_id,
            )
        )
    course = library.course(course_id)
    if not course.site and (first in COURSE_FILES or first.startswith("$")):
        return course, course.path, rest
    return course, course.task_directory(first), name


class _Tried(Struct):
    """A task that is graded again, or all those of a course."""

    course: Course
    task_id: str | None = None

    @property
    def name(self) -> str:
        """Return what it is called where it is told of."""
        return self.task_id or self.course.id

    def watched(self) -> list[Path]:
        """Return the folders and files that it depends on."""
        if self.task_id is None:
            return [self.course.path]
        shared = [self.course.path / name for name in ("$common", *COURSE_FILES)]
        return [self.course.task_directory(self.task_id), *shared]


def try_task(context: MagicContext, *, task: str | None, watch: bool) -> None:
    """Grade the recorded submissions of a task or course again and show what is not as recorded."""
    found = _tried(context.session, task)
    stop_watching()
    if watch:
        show_live_try(lambda: _shown(context, found), found.watched())
        return
    records = _replayed(context, found)
    differing = [record for record in records if record.differences]
    if differing:
        display(tables().replayed(differing))
    for message in _said(found, records):
        context.say(message)


def _tried(session: Session, name: str | None) -> _Tried:
    courses = session.library.courses
    course = courses.get((name or "").strip().strip("/"))
    if (
        course is not None
        and not course.site
        and not any(c.has_task(course.id) for c in courses.values())
    ):
        return _Tried(course)
    task = session.task(name)
    return _Tried(session.library.course(task.course_id), task.id)


def _replayed(context: MagicContext, tried: _Tried) -> Replays:
    from inginious_nb.cli.replays import replayed  # noqa: PLC0415 - loads the grader

    # The kernel's thread runs a loop already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(
            asyncio.run, replayed(tried.course.path, tried.task_id, context.session.settings)
        ).result()


def _said(tried: _Tried, records: Replays) -> list[str]:
    fault = tried.course.error
    return [
        *([] if fault is None else [fault.text]),
        *tables().replay_errors(records),
        Message.plural(
            "{task}: one recorded submission, {different} not as recorded.",
            "{task}: {n} recorded submissions, {different} not as recorded.",
            n=len(records),
            task=tried.name,
            different=sum(not record.is_same for record in records),
        ),
    ]


def _shown(context: MagicContext, tried: _Tried) -> object:
    records = _replayed(context, tried)
    return tables().tried(records, _said(tried, records), context.lang)
