"""One course: a folder with course.yaml and a folder for each task.

Tasks are read when they are asked for, and again when their file has changed, so that an
instructor sees an edit at once. A task that cannot be read never keeps the others from working.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from inginious_nb.errors import CourseError, TaskNotFoundError
from inginious_nb.i18n import Message

from . import fields, probing, translations
from .fields import FieldError
from .folders import course_file, natural, task_file, task_folders
from .ids import ID_RULE, is_valid_id, suggestion
from .settings import read_settings
from .tags import read_tags
from .task import Task
from .yaml_file import field_error, read_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .tags import CourseTags, Tag

logger = logging.getLogger(__name__)

_COMMON = "$common"
_ITSELF = "."


class Course:
    """A course folder.

    Attributes:
        id: Its id, which is the name of its folder.
        path: Its folder.
    """

    def __init__(self, path: Path) -> None:
        self.id = path.name
        self.path = path
        self._read: tuple[object, dict[Any, Any], CourseError | None] | None = None
        self._cache: dict[Path, tuple[object, Task | CourseError]] = {}

    def __repr__(self) -> str:
        return f"Course({self.id!r}, {str(self.path)!r})"

    @property
    def error(self) -> CourseError | None:
        """Return what is wrong with its course.yaml, or None; the tasks work all the same."""
        return self._course_file()[1]

    @property
    def name(self) -> str:
        """Return its title; its id if it has none."""
        return fields.text(self._course_file()[0].get("name")) or self.id

    def translated_name(self, language: str) -> str:
        """Return its title in a language, as ``course.yaml`` has it if there is no translation."""
        translate = translations.translator([self.path], language)
        return self.name if translate is None else translate(self.name)

    @property
    def site(self) -> str:
        """Return the address of the site that it is from, empty for a folder."""
        return ""

    @property
    def place(self) -> str:
        """Return the folder that it comes from, for a person."""
        return str(self.path)

    @property
    def description(self) -> str:
        """Return what it is about, in reStructuredText."""
        return fields.text(self._course_file()[0].get("description"))

    @property
    def common_directory(self) -> Path | None:
        """Return the folder that all its tasks share, None without one inside the course."""
        path = self.path / _COMMON
        return path if probing.is_folder(path) and self._is_inside(path) else None

    @property
    def old_python(self) -> object:
        """Return what its run scripts use of older Pythons, as its file has it."""
        return self._course_file()[0].get("old_python")

    @property
    def tags(self) -> dict[str, Tag]:
        """Return its tags by id; entries that make no sense are left out."""
        return dict(self._tags().by_id)

    def _tags(self) -> CourseTags:
        return read_tags(self._course_file()[0].get("tags"), self.path)

    @property
    def tasks(self) -> dict[str, Task]:
        """Return its usable tasks by id, in the order the course gives them."""
        loaded = {name: item for name, item in self._load_all() if isinstance(item, Task)}
        return {name: loaded[name] for name in self._ordered(loaded)}

    @property
    def broken(self) -> dict[str, CourseError]:
        """Return what is wrong with each of its tasks that cannot be used."""
        return {name: item for name, item in self._load_all() if isinstance(item, CourseError)}

    @property
    def listed_tasks(self) -> list[str]:
        """Return the ids in its table of contents, whether or not there are such tasks."""
        data = self._course_file()[0].get("dispenser_data")
        toc = data.get("toc") if isinstance(data, dict) else data
        return list(_listed_tasks(toc if toc is not None else self._course_file()[0].get("toc")))

    def task(self, task_id: str) -> Task:
        """Return one task.

        Raises:
            TaskNotFoundError: There is none of that id; the text names the nearest.
            CourseError: It cannot be used; the text names the file and the line.
        """
        folders, refused = self._folders()
        if task_id in refused:
            raise refused[task_id]
        if task_id not in folders and _ITSELF in refused:
            raise refused[_ITSELF]
        if task_id not in folders:
            raise self._no_task(task_id, suggestion(task_id, folders))
        item = self._load(folders[task_id])
        if isinstance(item, CourseError):
            raise item.with_traceback(None)
        return item

    def has_task(self, task_id: str) -> bool:
        """Return whether there is a task of that id, usable or not."""
        folders, refused = self._folders()
        return task_id in folders or task_id in refused

    def task_directory(self, task_id: str) -> Path:
        """Return the folder of a task, whether or not its task.yaml can be used.

        Raises:
            CourseError: There is no such folder in the course.
        """
        if is_valid_id(task_id):
            direct = self.path / task_id
            # The listing decides: some file systems also open a folder under another spelling.
            if probing.is_folder(direct) and direct in probing.listed(self.path).folders:
                return self._inside(direct)
            nested = self._folders()[0].get(task_id)
            if nested is not None:
                return self._inside(nested)
        raise self._no_task(task_id)

    def _no_task(self, task_id: str, hint: str = "") -> TaskNotFoundError:
        return TaskNotFoundError(
            Message(
                "The course {course} has no task {task}.{hint}",
                course=self.id,
                task=task_id,
                hint=hint,
            ),
            path=self.path,
        )

    def translator(self, language: str) -> Callable[[str], str]:
        """Return the function that translates the course's own texts; maybe it changes nothing."""
        return translations.translator([self.path], language) or (lambda text: text)

    def _course_file(self) -> tuple[dict[Any, Any], CourseError | None]:
        """Return what course.yaml says, read again if it has changed, and what is wrong with it."""
        file = course_file(self.path)
        stamp = (file, _stamp(file))
        read = self._read
        if read is None or read[0] != stamp:
            data: dict[Any, Any] = {}
            error = None
            try:
                data = read_mapping(file) if file is not None else {}
            except CourseError as found:
                logger.warning("%s", found)
                error = found
            self._cache = {}  # the settings of each task stand in this file
            self._read = read = (stamp, data, error)
        return read[1:]

    def _inside(self, folder: Path) -> Path:
        if not self._is_inside(folder):
            raise CourseError(
                Message(
                    "{folder} is a link that leads out of the course; copy the task into the "
                    "course.",
                    folder=folder,
                ),
                path=folder,
            )
        return folder

    def _is_inside(self, folder: Path) -> bool:
        return probing.real(folder).is_relative_to(probing.real(self.path))

    def _folders(self) -> tuple[dict[str, Path], dict[str, CourseError]]:
        """Return the task folders by id, and why others that hold a task are refused."""
        folders: dict[str, Path] = {}
        refused: dict[str, CourseError] = {}
        tasks = task_folders(self.path, nested=course_file(self.path) is not None)
        for error in (*tasks.errors, probing.look(self.path / _COMMON).error):
            if error is not None and error.path is not None:
                refused[self._inner(error.path)] = error
        for folder in tasks.found:
            name = folder.name
            inner = self._inner(folder)
            if not is_valid_id(name):
                refused[inner] = CourseError(
                    Message(
                        "{folder} cannot be a task: the name of its folder may hold only {rule}. "
                        "Rename the folder.",
                        folder=folder,
                        rule=ID_RULE,
                    ),
                    path=folder,
                )
            elif name in folders and probing.real(folders[name]) == probing.real(folder):
                continue  # the same folder, by a link
            elif name in folders:
                refused[inner] = CourseError(
                    Message(
                        "{folder} has the same name as {other}; rename one of the folders.",
                        folder=folder,
                        other=folders[name],
                    ),
                    path=folder,
                )
            else:
                folders[name] = folder
        return folders, refused

    def _inner(self, path: Path) -> str:
        """Return the path of something within the course, fit to be shown."""
        inner = path.relative_to(self.path).as_posix()
        return inner.encode("utf-8", "replace").decode()

    def _load_all(self) -> Iterator[tuple[str, Task | CourseError]]:
        folders, refused = self._folders()
        for name, folder in folders.items():
            yield name, self._load(folder)
        yield from refused.items()

    def _load(self, folder: Path) -> Task | CourseError:
        self._course_file()  # forgets the tasks if it has changed
        cache, stamp = self._cache, _stamp(task_file(folder))
        cached = cache.get(folder)
        if cached is not None and cached[0] == stamp:
            return cached[1]
        try:
            item: Task | CourseError = self._with_settings(
                Task.load(folder, self.id, common_directory=self.common_directory)
            )
        except CourseError as error:
            logger.warning("%s", error)
            item = error
        cache[folder] = (stamp, item)
        return item

    def _with_settings(self, task: Task) -> Task:
        """Return the task with what course.yaml says about it, which overrides its own file."""
        task = replace(task, tags=self._tags())
        data = self._course_file()[0].get("dispenser_data")
        config = data.get("config") if isinstance(data, dict) else None
        if not isinstance(config, dict):
            return task
        raw = config.get(task.id) or {}
        keys = ("dispenser_data", "config", task.id)
        file = course_file(self.path) or self.path
        try:
            settings = read_settings(
                fields.mapping(raw, f"the configuration of {task.id}"), accessible=False
            )
        except FieldError as error:
            message = f"the settings of the task {task.id} cannot be used: {error}"
            raise field_error(file, (*keys, *error.keys), message) from error
        return replace(task, settings=settings)

    def _ordered(self, tasks: dict[str, Task]) -> list[str]:
        listed = self.listed_tasks
        place = {name: index for index, name in reversed(list(enumerate(listed)))}
        return sorted(
            tasks,
            key=lambda name: (place.get(name, len(listed)), tasks[name].order, natural(name)),
        )


def _listed_tasks(sections: object) -> Iterator[str]:
    """Yield the task ids of a table of contents in order, however deep its sections are."""
    if not isinstance(sections, list):
        return
    for section in sections:
        if not isinstance(section, dict):
            continue
        listed = section.get("tasks_list")
        if isinstance(listed, dict):
            # An older form: task id to position.
            places = {str(name): natural(str(place)) for name, place in listed.items()}
            yield from sorted(places, key=places.__getitem__)
        elif isinstance(listed, list):
            yield from (str(name) for name in listed)
        yield from _listed_tasks(section.get("sections_list"))


def _stamp(file: Path | None) -> object:
    if file is None:
        return None
    seen = probing.look(file)
    if seen.status is None:
        return seen.kind
    return seen.status.st_mtime_ns, seen.status.st_size, seen.status.st_mode
