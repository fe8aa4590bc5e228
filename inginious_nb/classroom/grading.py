"""Grading the notebooks of a class, in a session, into the state of the class.

What was graded before is not graded again: an answer of a student that stands in the history with a
grade is taken from there. So a run that was interrupted goes on where it ended. How many are graded
side by side, and what waits, is in `grading_queue`.
"""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from inginious_nb.course.ids import suggestion
from inginious_nb.errors import InginiousError
from inginious_nb.i18n import Message, in_one_form, visible
from inginious_nb.notebook.answers import Answers, from_arguments, from_cells
from inginious_nb.notebook.cells import submitted_tasks
from inginious_nb.notebook.review import raise_first, review_command
from inginious_nb.notebook.saved_notebook import read_notebook, why_not_read
from inginious_nb.notebook.tasks_answered import misnamed_problems, tasks_of_tags
from inginious_nb.submissions.record import counts

from .class_state import ClassState, ClassTask, Entry
from .grading_queue import GradingQueue, Work, ended
from .notebooks import is_notebook_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from inginious_nb.course import Task
    from inginious_nb.notebook.review import Magics
    from inginious_nb.notebook.saved_notebook import SavedNotebook
    from inginious_nb.session import Session
    from inginious_nb.submissions.history import History

    from .class_state import StudentNumbers
    from .notebooks import StudentNotebook

_MAX_NAMES = 3


@dataclass
class _Handed:
    """The notebooks of one student that can be read, and why others cannot, or are not there."""

    notebooks: list[SavedNotebook] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    nothing: str = ""


def _handed_in(notebook: StudentNotebook) -> SavedNotebook:
    """Return the notebook of a student.

    Raises:
        OSError, ValueError: As `read_notebook` does; also of a link to what may be another's.
    """
    if notebook.is_link:
        raise ValueError(Message("it is a link to something else; hand in a copy"))
    return read_notebook(notebook.path)


def _twice(files: Sequence[str]) -> Message:
    """Return that an answer stands in several files, whose paths may look the same."""
    named = ", ".join(files)
    if len({in_one_form(file) for file in files}) < len(files):
        return Message(
            "Handed in more than once, in files whose names look the same, since their accents are "
            "written in two forms: {files}. Keep one of them.",
            files=named,
        )
    return Message("Handed in more than once: {files}. Keep one of them.", files=named)


def _no_notebook(folder: Path, others: Sequence[str]) -> Message:
    """Return that a student's folder has no notebook, and what it has."""
    named = list(others[:_MAX_NAMES]) + ["…"] * (len(others) > _MAX_NAMES)
    what = {"folder": visible(str(folder)), "files": ", ".join(named)}
    if any(map(is_notebook_name, others)):
        return Message(
            "No notebook in {folder} is called as --student-from says, only {files}.", **what
        )
    return Message("There is no notebook in {folder}, only {files}.", **what)


class ClassGrading:
    """The notebooks of a class, read and ready to be graded.

    Args:
        session: The session of whoever grades; its service does it.
        notebooks: The notebooks and whose they are.
        tasks: References of the tasks to grade; empty for those that the notebooks submit or open.
        magics: What becomes of lines of an answer that only IPython runs.
        history: What keeps the students' submissions, default that of the session.
        numbers: The numbers of the students, default those of this reading alone.

    Attributes:
        state: The state of the class.

    Raises:
        CourseError: One of the tasks does not exist, or cannot be used.
    """

    def __init__(
        self,
        session: Session,
        notebooks: Iterable[StudentNotebook],
        tasks: Sequence[str] = (),
        *,
        magics: Magics = "refuse",
        history: History | None = None,
        numbers: StudentNumbers | None = None,
    ) -> None:
        self._session = session
        self._history = history or session.history
        self._submissions = (
            session.submissions if history is None else session.submissions.kept_in(history)
        )
        self._magics = magics
        self._handed: dict[str, _Handed] = {}
        self._named: dict[str, Task | None] = {}
        owners: dict[Path, set[str]] = {}
        for notebook in notebooks:
            owners.setdefault(notebook.path.parent, set()).add(notebook.student)
            self._read(notebook)
        self._shared_folders = {folder for folder, names in owners.items() if len(names) > 1}
        found = [session.task(reference) for reference in tasks] or self._tasks_of_notebooks()
        self._tasks = {f"{task.course_id}/{task.id}": task for task in found}
        shown = [
            ClassTask(reference, task.name, self._test_names(task))
            for reference, task in self._tasks.items()
        ]
        self.state = ClassState(shown, self._handed, numbers)

    @property
    def total(self) -> int:
        """Return how many entries there will be: one for each student and task."""
        return len(self._handed) * len(self._tasks)

    @property
    def nothing_read(self) -> str:
        """Return why none of the notebooks could be read, empty if one could."""
        handed = self._handed.values()
        errors = [error for each in handed for error in each.errors]
        return errors[0] if errors and not any(each.notebooks for each in handed) else ""

    def queue(self, at_a_time: int, changed: Callable[[Entry], object]) -> GradingQueue:
        """Return a queue that grades into the state; `fill` gives it something to do.

        Args:
            at_a_time: So many submissions are under way at most.
            changed: Called with each entry that was put into the state, on any thread.
        """

        def put(entry: Entry) -> None:
            self.state.put(entry)
            changed(entry)

        return GradingQueue(self._session, self._submissions, at_a_time, put)

    def fill(
        self,
        grading: GradingQueue,
        *,
        regrade: bool = False,
        only: Collection[tuple[str, str]] | None = None,
    ) -> None:
        """Put everything into the state that needs no grading, and the rest into the queue.

        Args:
            grading: The queue.
            regrade: Grade again what was graded before.
            only: The students and tasks that are meant, None for all.
        """
        for student, handed in self._handed.items():
            for reference, task in self._tasks.items():
                if only is not None and (student, reference) not in only:
                    continue
                work = self._work(student, handed, reference, task)
                known = None if isinstance(work, Entry) or regrade else self._known(work)
                if isinstance(work, Entry):
                    grading.put(work)
                elif known is not None:
                    grading.put(known)
                else:
                    grading.add(work)

    # ---- reading ----------------------------------------------------------------------------

    def _read(self, notebook: StudentNotebook) -> None:
        handed = self._handed.setdefault(notebook.student, _Handed())
        if notebook.only is not None:
            if notebook.only:
                handed.errors.append(_no_notebook(notebook.path, notebook.only))
            else:
                folder = visible(str(notebook.path))
                handed.nothing = Message("There is nothing in {folder}.", folder=folder)
            return
        try:
            handed.notebooks.append(_handed_in(notebook))
        except (OSError, ValueError) as error:
            handed.errors.append(
                Message(
                    "{path} cannot be read as a notebook ({reason}).",
                    path=visible(str(notebook.path)),
                    reason=why_not_read(error),
                )
            )

    def _tasks_of_notebooks(self) -> list[Task]:
        """Return the tasks that most notebooks begin with first; a reference to none is skipped.

        Those that only tags name are the last.
        """
        found: dict[tuple[str, str], Task] = {}
        for handed in self._handed.values():
            for notebook in handed.notebooks:
                for reference, _ in submitted_tasks(notebook.cells):
                    task = self._task(reference)
                    if task is not None:
                        found.setdefault((task.course_id, task.id), task)
        cells = [
            cell
            for handed in self._handed.values()
            for notebook in handed.notebooks
            for cell in notebook.cells
            if cell.tags or "%inginious" in cell.source
        ]
        named = list(found.values())
        return named + tasks_of_tags(self._session.library, cells, named)

    def _task(self, reference: str) -> Task | None:
        """Return the task that a notebook names, None for a slip: others name it right.

        Each name is looked for once: all notebooks name the same, for each of their tasks.
        """
        if reference not in self._named:
            try:
                self._named[reference] = self._session.task(reference)
            except InginiousError:
                self._named[reference] = None
        return self._named[reference]

    def _test_names(self, task: Task) -> dict[str, str]:
        course = self._session.library.courses.get(task.course_id)
        return {} if course is None else {tag.id: tag.name for tag in course.tags.values()}

    def _work(self, student: str, handed: _Handed, reference: str, task: Task) -> Work | Entry:
        """Return the answers of a student to a task, or why there are none to grade."""
        read_in = tuple(visible(str(notebook.path)) for notebook in handed.notebooks)
        refused = partial(Entry, student, reference, "refused", files=read_in)
        try:
            answered = [
                (notebook, answers)
                for notebook in handed.notebooks
                if (answers := self._answers(notebook, task)).values
            ]
        except InginiousError as error:
            return refused(message=error.text)
        if not answered:
            why = handed.errors[0] if handed.errors else self._misnamed(handed, task)
            if why:
                return refused(message=why)
            why = handed.nothing or Message("No cell answers it.")
            return Entry(student, reference, "missing", message=why, files=read_in)
        files = tuple(visible(str(notebook.path)) for notebook, _ in answered)
        if len(answered) > 1:
            return refused(message=_twice(files), files=files)
        ((notebook, answers),) = answered
        try:
            checked = self._checked(task, answers, notebook)
        except InginiousError as error:
            misnamed = self._misnamed(handed, task) if answers.missing(task) else ""
            return refused(
                message=misnamed or error.text, answers=dict(answers.values), files=files
            )
        entry = Entry(student, reference, "waiting", answers=checked, files=files)
        return Work(entry, task, answers)

    def _checked(
        self, task: Task, answers: Answers, notebook: SavedNotebook
    ) -> Mapping[str, object]:
        """Return answers as the task takes them.

        Raises:
            AnswerError: One of them cannot be submitted.
        """
        raise_first(review_command(task, answers, notebook.cells, magics=self._magics))
        return task.check(answers.values)

    def _misnamed(self, handed: _Handed, task: Task) -> str:
        """Return that a cell is for a problem of the task that it has not; empty if none is."""
        library = self._session.library
        for notebook in handed.notebooks:
            for written in misnamed_problems(notebook.cells, task, self._tasks.values(), library):
                return Message(
                    "A cell says that it answers {problem}, and {task} has no such problem.{hint}",
                    problem=visible(written),
                    task=f"{task.course_id}/{task.id}",
                    hint=suggestion(written.rpartition("/")[2], task.problems),
                )
        return ""

    def _answers(self, notebook: SavedNotebook, task: Task) -> Answers:
        found = from_cells(task, notebook.cells, "notebook-file", read_at=notebook.saved_at)
        for reference, arguments in submitted_tasks(notebook.cells):
            if self._task(reference) == task:
                folder = notebook.path.parent  # other files are not the student's to hand in
                self._check_whose(task, arguments, folder)
                given = from_arguments(task, arguments, directory=folder, confined=True)
                found.fill_from(given)
        return found

    def _check_whose(self, task: Task, arguments: Mapping[str, str], folder: Path) -> None:
        """Refuse files out of a folder that several students share.

        Raises:
            AnswerError: One is named, and may be another student's.
        """
        for problem_id in arguments if folder in self._shared_folders else ():
            problem = task.problems.get(problem_id)
            if problem is not None and problem.type == "file":
                raise problem.refuse(
                    "several students have handed in to the folder {folder}, so nobody knows whose "
                    "the file is; give each a folder.",
                    folder=folder,
                )

    def _known(self, work: Work) -> Entry | None:
        """Return the entry of an earlier run that graded the very same answers, if one did."""
        history, task, student = self._history, work.task, work.entry.student
        # An earlier version took a name as macOS writes it.
        names = dict.fromkeys((student, unicodedata.normalize("NFD", student)))
        records = (history.of_task(task.course_id, task.id, name) for name in names)
        for record in itertools.chain.from_iterable(records):
            if counts(record) and history.answers(record.id) == work.entry.answers:
                result = history.result(record.id)
                if result is not None:
                    return ended(work.entry, record.id, result, is_reused=True)
        return None
