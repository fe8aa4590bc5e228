"""All the courses somebody pointed us at, found by id."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from inginious_nb.errors import CourseError, CourseNotFoundError, TaskNotFoundError
from inginious_nb.i18n import Message

from . import probing
from .course import Course
from .folders import course_folders, expanded, task_file
from .ids import ID_RULE, alternatives, is_valid_id, nearest, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .task import Task

    FindSource = Callable[[], "CourseSource | None"]

logger = logging.getLogger(__name__)

_NO_COURSE = Message(" No course folder has been added yet.")


class CourseSource(Protocol):
    """Courses from elsewhere than a folder."""

    @property
    def courses(self) -> Mapping[str, Course]:
        """Return those that are known now, by id; never waits."""

    @property
    def note(self) -> Message | None:
        """Return why they are not those of this moment, None if they are."""

    def refresh(self) -> object:
        """Fetch them again in the background."""

    def wait(self) -> None:
        """Wait a moment for the list of courses, if it is not there yet.

        Raises:
            CourseError: It does not come; the text says why.
        """


class CourseLibrary:
    """Courses by id.

    Args:
        paths: Where to look for courses at once.
        optional: Nobody named these paths: one without courses is no problem.
        source: Returns where else there are courses now; they go before those of folders.

    Attributes:
        paths: What it was told to look at, for whoever needs a library of the same courses.
        problems: What was wrong with paths given to the constructor, and what is beside the
            courses that were found and cannot be used.
    """

    def __init__(
        self,
        paths: Iterable[Path | str] = (),
        *,
        optional: bool = False,
        source: FindSource = lambda: None,
    ) -> None:
        self.paths: list[Path] = []
        self._folders: dict[str, Course] = {}
        self._source = source
        self.problems: list[CourseError] = []
        for path in paths:
            try:
                self.add(path)
            except CourseError as error:
                # One bad path of a configuration must not take the others with it.
                if not (optional and isinstance(error, CourseNotFoundError)):
                    self._note(error)

    @property
    def courses(self) -> dict[str, Course]:
        """Return the courses by id, in the order they were found; never waits."""
        source = self._source()
        if source is None:
            return dict(self._folders)
        elsewhere = dict(source.courses)
        # Where a person submits to a site, its course is meant and not a copy of it.
        return elsewhere | {name: c for name, c in self._folders.items() if name not in elsewhere}

    @property
    def note(self) -> Message | None:
        """Return why the courses from elsewhere are not those of this moment, if so."""
        source = self._source()
        return None if source is None else source.note

    def renew(self) -> None:
        """Have the courses from elsewhere listed again; waits a moment for the first list.

        Where that does not come, `note` says why.
        """
        source = self._source()
        if source is not None:
            with contextlib.suppress(CourseError):
                source.wait()
            source.refresh()

    def add(self, path: Path | str) -> list[Course]:
        """Add the courses at path, and read again those of them that are already known.

        Args:
            path: A course folder, a folder with course folders a few levels deep, or the folder
                of one task.

        Returns:
            The courses found there.

        Raises:
            CourseNotFoundError: There is no course at path.
            CourseError: The only course there cannot be used, or there are too many folders.
        """
        root = _folder_at(path)
        if task_file(root) is not None:
            root = root.parent
        found: list[Course] = []
        refused: list[CourseError] = []
        unseen: list[CourseError] = []
        for folder in course_folders(root):
            if isinstance(folder, CourseError):
                unseen.append(folder)
                continue
            try:
                course = self._add_course(folder)
            except CourseError as error:
                refused.append(error)
            else:
                found += [] if course in found else [course]
        if not found:
            raise _why_none(path, root, refused, unseen)
        for problem in (*refused, *unseen):
            self._note(problem)
        if root not in self.paths:
            self.paths.append(root)
        return found

    def course(self, course_id: str) -> Course:
        """Return the course of that id.

        Raises:
            CourseNotFoundError: None is known; the text names the nearest.
        """
        courses = self._courses_with(course_id)
        if course_id in courses:
            return courses[course_id]
        hint = suggestion(course_id, courses) or _NO_COURSE
        raise CourseNotFoundError(
            Message("No course {course} is known.{hint}", course=course_id, hint=hint)
        )

    def task(self, name: str) -> Task:
        """Return the task called ``COURSE/TASK``, or ``TASK`` if only one course has it.

        Raises:
            CourseNotFoundError: The course is not known.
            TaskNotFoundError: The task is not known, or several courses have it.
            CourseError: The task cannot be used.
        """
        name = name.strip().strip("/")
        course_id, slash, task_id = name.partition("/")
        if slash:
            return self.course(course_id).task(task_id)
        courses = self._courses_with(name)
        owners = [course for course in courses.values() if course.has_task(name)]
        if len(owners) == 1:
            return owners[0].task(name)
        if owners:
            choices = alternatives([f"{course.id}/{name}" for course in owners])
            raise TaskNotFoundError(
                Message(
                    "Several courses have a task {task}: say {names}.", task=name, names=choices
                )
            )
        if name in courses:
            names = ", ".join(f"{name}/{task_id}" for task_id in courses[name].tasks)
            raise TaskNotFoundError(
                Message(
                    "{course} is a course; say which of its tasks: {names}.",
                    course=name,
                    names=names,
                )
            )
        everything = [
            f"{course.id}/{task_id}" for course in courses.values() for task_id in course.tasks
        ]
        bare = [task_id for course in courses.values() for task_id in course.tasks]
        known = bare if nearest(name, bare) is not None else everything
        hint = suggestion(name, known) or _NO_COURSE
        raise TaskNotFoundError(Message("No task {task} is known.{hint}", task=name, hint=hint))

    def task_directory(self, course_id: str, task_id: str) -> Path:
        """Return the folder of a task for an agent; its task.yaml need not be usable.

        Raises:
            CourseError: There is no such folder in the course.
        """
        return self.course(course_id).task_directory(task_id)

    def _courses_with(self, name: str) -> dict[str, Course]:
        """Return the courses, once the list of those from elsewhere is there.

        Raises:
            CourseError: That list does not come, and none of a folder is called so or has a task
                called so.
        """
        source = self._source()
        try:
            if source is not None:
                source.wait()
        except CourseError:
            courses = self.courses
            if name not in courses and not any(c.has_task(name) for c in courses.values()):
                raise
        return self.courses

    def _note(self, error: CourseError) -> None:
        logger.warning("%s", error)
        if all(error.text != known.text for known in self.problems):
            self.problems.append(error)

    def _add_course(self, folder: Path) -> Course:
        if not is_valid_id(folder.name):
            raise CourseError(
                Message(
                    "{folder} cannot be a course: the name of its folder may hold only {rule}. "
                    "Rename the folder.",
                    folder=folder,
                    rule=ID_RULE,
                ),
                path=folder,
            )
        known = self._folders.get(folder.name)
        if known is not None and probing.real(known.path) != probing.real(folder):
            raise CourseError(
                Message(
                    "{folder} has the same name as {other}, which is already open; rename one of "
                    "the folders.",
                    folder=folder,
                    other=known.path,
                ),
                path=folder,
            )
        if known is not None and known.path != folder:
            return known  # the same folder, by a link
        course = Course(folder)
        self._folders[course.id] = course
        return course


def _folder_at(path: Path | str) -> Path:
    """Return the folder at a path, without links in its path.

    Raises:
        CourseNotFoundError: There is none.
        CourseError: The drive that it is on does not answer.
    """
    given = expanded(Path(path))
    root, seen = probing.real(given), probing.look(given)
    if isinstance(seen.error, probing.NoAnswerError):
        raise seen.error
    if seen.error is not None:
        raise CourseNotFoundError(seen.error.text, path=given)
    if seen.kind != "folder":
        raise CourseNotFoundError(
            Message("There is no folder {path}; give the folder of a course.", path=path),
            path=root,
        )
    return root


def _why_none(
    path: Path | str, root: Path, refused: Sequence[CourseError], unseen: Sequence[CourseError]
) -> CourseError:
    """Return why there is no course below a folder.

    Args:
        path: The folder as it was given.
        root: The folder.
        refused: Why those that are there cannot be used.
        unseen: What cannot be looked at.
    """
    if refused:
        return refused[0]
    for error in unseen:
        if isinstance(error, probing.NoAnswerError):
            return error
    if unseen:
        # It may be in there, or not: to whoever named no path it is nothing.
        return CourseNotFoundError(unseen[0].text, path=unseen[0].path)
    return CourseNotFoundError(
        Message(
            "There is no course in {path}: a course is a folder with a course.yaml, and in it "
            "one folder with a task.yaml for each task.",
            path=path,
        ),
        path=root,
    )
