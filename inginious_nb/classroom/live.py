"""A class that is graded in the background while somebody looks, stops and regrades.

It fills the same state as the command line, and keeps what was graded in the same file, so that
either goes on where the other ended; while another program grades the class, it waits. Who looks
is not known here.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import TYPE_CHECKING

from inginious_nb.errors import ClassBusyError, InginiousError, UsageError
from inginious_nb.i18n import Message, printable, visible
from inginious_nb.io.observers import Observers
from inginious_nb.submissions.history import History

from . import surroundings
from .class_lock import only_grader
from .class_state import StudentNumbers
from .grading import ClassGrading
from .notebooks import find_notebooks
from .reading import Reading, remember

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inginious_nb.notebook.review import Magics
    from inginious_nb.session import Session

    from .class_state import ClassState
    from .grading_queue import GradingQueue

_log = logging.getLogger(__name__)

_BUSY_INTERVAL_S = 0.3
"""So often it is asked whether another program still grades the class."""

_WRITE_INTERVAL_S = 5.0
"""So often it is tried to write what could not be kept before."""


class LiveClass:
    """A folder of notebooks, graded on a thread of its own.

    Args:
        session: The session whose service grades.
        folder: The folder of the class.
        reading: Which tasks are graded, and where the names of the students stand.
        jobs: Submissions under way at a time, default as many as keep every core busy.
        no_isolation: Grade also where this machine cannot isolate what the notebooks say.
        magics: What becomes of lines of an answer that only IPython runs.

    Attributes:
        folder: The folder of the class.
        reading: How its notebooks are read.
        sandbox: What isolates the scripts, in words.
        error: Why grading ended before all was graded, or what it waits for; None while it goes on
            or all is graded.

    Raises:
        UsageError: The folder has no notebook of a student, they name no task, or nothing isolates
            their scripts.
        CourseError: One of the tasks does not exist, or cannot be used.
        ServiceError: The grading service cannot be started.
    """

    def __init__(
        self,
        session: Session,
        folder: Path,
        *,
        reading: Reading | None = None,
        jobs: int | None = None,
        no_isolation: bool = False,
        magics: Magics = "refuse",
    ) -> None:
        self.folder = folder
        self.error: InginiousError | None = None
        self._session = session
        self.reading = reading or Reading()
        self._at_a_time = jobs or surroundings.under_way(surroundings.default_jobs())
        self._magics: Magics = magics
        self._observers = Observers()
        self._commands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._to_do = 0
        self._lock = threading.Lock()
        self._numbers = StudentNumbers()
        self._is_closed = False
        # What was stopped so far, each a student and a task, or None for all of them.
        self._stopped: list[tuple[str | None, str | None]] = []
        if not folder.exists():
            raise UsageError(Message("There is no folder {folder}.", folder=visible(str(folder))))
        find_notebooks(
            [folder], self.reading.student_from
        )  # before a service is started for nothing
        self.sandbox = surroundings.checked_sandbox(session, allowed=no_isolation)
        self._kept_in = surroundings.history_of([folder], session.settings.history)
        self._history = History(self._kept_in)
        self._written_at = time.monotonic()
        try:
            self._fresh: ClassGrading | None = self._read(self.reading)
        except InginiousError:
            self._history.close()
            raise
        self._history.subscribe(self._observers.notify)
        # Replaced together, so that no answer of one reading gets into the queue of another.
        self._current = self._fresh, self._queue_of(self._fresh)
        self._thread = threading.Thread(target=self._work, name="inginious_nb class", daemon=True)
        self._thread.start()

    @property
    def title(self) -> str:
        """Return the name of the folder, as a heading."""
        return printable(self.folder.resolve().name)

    @property
    def state(self) -> ClassState:
        """Return the state of the class; another object once the folder was read again."""
        grading, _ = self._current
        return grading.state

    @property
    def is_busy(self) -> bool:
        """Return whether anything is being read or graded."""
        return self._to_do > 0

    @property
    def warning(self) -> Message | None:
        """Return what whoever grades should know of the file that keeps it; None if all is well."""
        return surroundings.not_kept(self._history)

    @property
    def has_unwritten(self) -> bool:
        """Return whether results would be lost if it ended now, which can still be written."""
        return self._kept_in is not None and self._history.unwritten > 0

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback after each change, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)

    # ---- what may be asked, from any thread ---------------------------------------------------

    def grade(self, *, regrade: bool = False) -> None:
        """Read the folder again and grade what is new or changed in it.

        Args:
            regrade: Grade again what was graded before, too.
        """
        self._do(lambda: self._grade_folder(regrade=regrade))

    def read_as(self, reading: Reading) -> None:
        """Read the folder in another way, grade what is not graded yet, and keep to that.

        What is under way is stopped first.

        Raises:
            UsageError: The folder has no notebook of a student then, or they name no task.
            CourseError: One of the tasks does not exist, or cannot be used.
        """
        fresh = self._read(reading)
        self.stop()
        self._fresh, self.reading = fresh, reading
        remember(reading, self._kept_in)
        self.grade()

    def regrade(self, student: str, task: str) -> None:
        """Grade one answer again, after what waits.

        Args:
            student: The student.
            task: The reference of the task.

        Raises:
            UsageError: The class has no such student or task, or it is under way.
        """
        grading, to_grade = self._current
        entry = grading.state.entry(student, task)
        if entry is None:
            raise UsageError(Message("The class has no such answer."))
        if not entry.is_final:
            raise UsageError(Message("It waits or runs already."))
        stops = len(self._stopped)
        grading.fill(to_grade, regrade=True, only=[(student, task)])
        # If it runs already, it takes that, too.
        self._do(lambda: self._regrade(to_grade, student, task, stops))

    def stop(self, student: str | None = None, task: str | None = None) -> None:
        """Grade nothing more; with a student and a task, not that answer."""
        self._stopped.append((student, task))
        _, to_grade = self._current
        to_grade.stop(student, task)

    def close(self) -> None:
        """Stop grading, and close what keeps it; harmless when repeated."""
        if self._is_closed:
            return
        self._is_closed = True
        self.stop()
        self._commands.put(None)

    # ---- on the thread ------------------------------------------------------------------------

    def _do(self, command: Callable[[], None]) -> None:
        """Have the thread do something after all that it has to do already."""
        with self._lock:
            self._to_do += 1
        self._commands.put(command)

    def _work(self) -> None:
        while (command := self._next_command()) is not None:
            self.error = None
            try:
                command()
            except InginiousError as error:
                self.error = error
                self.stop()
            except Exception:  # noqa: BLE001 - whatever it is, whoever looks is told
                _log.exception("A class could not be graded.")
                self.error = UsageError(
                    Message("Something went wrong while grading; the log has the details.")
                )
                self.stop()
            with self._lock:
                self._to_do -= 1
            self._observers.notify()
        with self._lock:
            self._to_do = 0  # what was asked for last was not begun
        self._observers.notify()
        self._history.close()

    def _next_command(self) -> Callable[[], None] | None:
        while not self._is_closed:
            wait_s = _WRITE_INTERVAL_S if self._history.unwritten else None
            try:
                return self._commands.get(timeout=wait_s)
            except queue.Empty:
                self._write_pending()
        return None

    def _write_pending(self) -> None:
        """Write what could not be kept before, if that is possible by now."""
        if self._history.unwritten and time.monotonic() > self._written_at + _WRITE_INTERVAL_S:
            self._written_at = time.monotonic()
            self._history.write_pending()

    def _grade_folder(self, *, regrade: bool) -> None:
        self._observers.notify()
        stops = len(self._stopped)
        grading, self._fresh = self._fresh or self._read(self.reading), None
        to_grade = self._queue_of(grading)
        self._history.others_wrote()  # what is written from now on is looked at before grading
        grading.fill(to_grade, regrade=regrade)
        self._current = grading, to_grade  # whole, so that nobody sees half a class
        self._stop_again(to_grade, stops)
        self._observers.notify()
        self._run(grading, to_grade, regrade=regrade)

    def _regrade(self, filled: GradingQueue, student: str, task: str, stops: int) -> None:
        """Grade one answer again that waits in a queue, or in the one that has replaced it."""
        grading, to_grade = self._current
        if to_grade is not filled:  # the folder was read again meanwhile
            grading.fill(to_grade, regrade=True, only=[(student, task)])
            self._stop_again(to_grade, stops)
        self._run(grading, to_grade, regrade=True)

    def _stop_again(self, to_grade: GradingQueue, stops: int) -> None:
        """Stop in a queue what was stopped while it was filled, after so many stops."""
        for student, task in self._stopped[stops:]:
            to_grade.stop(student, task)

    def _run(self, grading: ClassGrading, to_grade: GradingQueue, *, regrade: bool) -> None:
        """Grade what waits, once no other program grades the class; being stopped ends that."""
        while to_grade.waiting:
            try:
                with only_grader(self._kept_in):
                    # Another may have graded it, also one that has ended before this asked.
                    if self._history.others_wrote() or self.error is not None:
                        self.error = None
                        stops = len(self._stopped)
                        again = to_grade.take_waiting()
                        grading.fill(to_grade, regrade=regrade, only=again)
                        self._stop_again(to_grade, stops)
                    to_grade.run()
            except ClassBusyError as error:
                self.error = error
                self._observers.notify()
                time.sleep(_BUSY_INTERVAL_S)
            else:
                return
        self.error = None

    def _queue_of(self, grading: ClassGrading) -> GradingQueue:
        def changed(_entry: object) -> None:
            self._write_pending()
            self._observers.notify()

        return grading.queue(self._at_a_time, changed)

    def _read(self, reading: Reading) -> ClassGrading:
        notebooks = find_notebooks([self.folder], reading.student_from)
        grading = ClassGrading(
            self._session,
            notebooks,
            reading.tasks,
            magics=self._magics,
            history=self._history,
            numbers=self._numbers,
        )
        if not grading.state.tasks:
            raise UsageError(
                Message(
                    "The notebooks name no task of a course that is open. Open the course first, "
                    "or say which task: COURSE/TASK."
                )
            )
        return grading
