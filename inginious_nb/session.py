"""One session per kernel: courses, history, the grading service and what was submitted to it.

The widget, the magics and the command line are thin layers over this. Public methods may be
called from any thread; the grading service is talked to on a background loop, so that results
arrive while the kernel computes.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import math
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

from . import course
from .course.folders import expanded
from .errors import (
    BackendUnavailableError,
    HistoryError,
    InginiousError,
    ServiceError,
    UsageError,
)
from .i18n import Message, system_language
from .io.io_thread import IOThread
from .io.observers import Observers
from .notebook.answers import Answers
from .notebook.references import find_task
from .services.registry import Services
from .settings import Inginious, load_settings
from .submissions.delivery import Delivery
from .submissions.history import ALIVE_S, Attempt, History
from .submissions.inputdata import inputdata
from .submissions.submission import Debug, Origin, Preset, Submission
from .submissions.task_state import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .client.client import Client
    from .client.results import JobResult
    from .course import Course, Task
    from .notebook.sources import AnswerSource
    from .services.service import Service, ServiceState

_log = logging.getLogger(__name__)

CONTACT_PATIENCE_S = 30.0
_CLOSE_TIMEOUT_S = 10.0
_LOOK_INTERVAL_S = 0.5


class Session:
    """Everything that one kernel, or one run of the command line, has to do with INGInious.

    Args:
        settings: The configuration.
        directory: Where the notebook is; courses are looked for near it (default: the cwd).

    Attributes:
        warnings: Sentences that a user should see.
        front_end_language: As the front end tells it, empty until then.

    Raises:
        UsageError: The backend of the settings is not an address.
    """

    def __init__(self, settings: Inginious, *, directory: Path | None = None) -> None:
        self.settings = settings
        self.warnings: list[str] = []
        self.current_task: Task | None = None
        self.front_end_language = ""
        # Where no front end shows the live cells. The magics set it: they see which cells are run.
        self.answers_without_front_end: Callable[[Task], Answers] = lambda _task: Answers()
        self._paths = [expanded(path) for path in settings.course_paths(directory)]
        self.library = course.CourseLibrary(self._paths, optional=not settings.courses)
        self.warnings += [problem.text for problem in self.library.problems]
        self._lock = threading.RLock()
        self._observers = Observers()
        self._boards: dict[tuple[str, str], TaskState] = {}
        self._live: dict[str, Submission] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._backends = Services(settings, self._paths, self._observers.notify)
        self.history = self._opened_history()
        self._closed = False
        self._io = IOThread("inginious_nb")
        self._io.start()
        self._io.call_soon(self._run, self._say_that_we_live())

    @property
    def language(self) -> str:
        """This person's: of the settings, else of the front end, else of the system."""
        return self.settings.language or self.front_end_language or system_language()

    # ---- courses ----------------------------------------------------------------------------

    def task(self, reference: str | None = None) -> Task:
        """The task that a reference means: COURSE/TASK, TASK, or None for the one last opened.

        Raises:
            CourseError: There is no such task, or it cannot be used.
            AnswerError: The reference names a problem that the task has not.
            UsageError: None was given and no task was opened yet.
        """
        return find_task(self.library, reference, self.current_task)[0]

    def open(self, reference: str | None) -> Task:
        """Make a task the one that is meant when none is named, and have the service ready."""
        self.current_task = self.task(reference)
        self.warm_up()
        return self.current_task

    def add_courses(self, path: Path) -> list[Course]:
        """Look for courses below one more path, here and in the embedded service.

        Raises:
            CourseError: There is none.
        """
        # The service runs elsewhere: what is relative or begins with ~ means something here only.
        path = expanded(path).absolute()
        found = self.library.add(path)
        self._paths.append(path)
        self._io.run(self._backends.add_course_path(path))
        return found

    def task_state(self, task: Task) -> TaskState:
        """The shared live state of a task."""
        key = (task.course_id, task.id)
        with self._lock:
            board = self._boards.get(key)
            if board is None:
                board = TaskState(task, self.history, self.settings.username)
                self._boards[key] = board
            board.task = task
            return board

    # ---- the grading service ----------------------------------------------------------------

    @property
    def service(self) -> ServiceState:
        """Where the connection to the grading service stands."""
        return self._backends.current.state

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback when the service's state changed, on any thread; returns how to end it."""
        return self._observers.subscribe(callback)

    def connect(self, address: str) -> ServiceState:
        """Send what is submitted from now on to another grading service.

        What is under way stays with the service it was sent to.

        Args:
            address: A backend's client address, or ``embedded``.

        Raises:
            UsageError: It is not an address.
        """
        self._backends.choose(address)
        self.warm_up()
        self._leave_idle_backends()
        self._observers.notify()
        return self.service

    def warm_up(self) -> None:
        """Start and connect in the background, so that the first submission need not wait."""

        async def start(backend: Service) -> None:
            try:
                await backend.client()
            except InginiousError as error:
                _log.warning("%s", error)

        self._refuse_when_closed()
        self._io.run(start(self._backends.current))

    def client(self) -> Client:
        """The client of the grading service, started if need be; blocks until it is there.

        Raises:
            ServiceError: The embedded service cannot be started, or the session has ended.
        """
        self._refuse_when_closed()
        return self._io.run(self._backends.current.client()).result()

    def _leave_idle_backends(self) -> None:
        """End the services that were left by `connect` and have nothing of ours to grade."""
        with self._lock:
            used = {delivery.backend for delivery in self._deliveries.values()}
            idle = self._backends.take_idle(used)
        for backend in idle:
            self._io.run(backend.leave())

    # ---- submitting -------------------------------------------------------------------------

    def new_submission(
        self, task: Task, *, origin: Origin, preset: Preset | None = None
    ) -> Submission:
        """A submission whose answers are still to come from the notebook.

        Raises:
            ServiceError: The session has ended.
        """
        self._refuse_when_closed()
        submission = Submission(str(uuid.uuid4()), task, origin, preset)
        with self._lock:
            self._live[submission.id] = submission
        submission.subscribe(lambda: self._forget(submission) if submission.done else None)
        return submission

    def submit(
        self,
        task: Task,
        answers: Mapping[str, object],
        *,
        origin: Origin,
        sources: Sequence[AnswerSource] = (),
        debug: Debug = False,
        lang: str | None = None,
        submission: Submission | None = None,
    ) -> Submission:
        """Submit answers; returns once they are safe in the history, or raises and sends nothing.

        Args:
            task: The task they answer.
            answers: Raw answers by problem id.
            origin: Which part of the user interface they come from.
            sources: Where each was read.
            debug: False, True (return stdout and stderr) or "ssh" (a shell instead of a grade).
            lang: Language for the feedback, default the session's.
            submission: The one made before by `new_submission`, if any; its preset prevails.

        Raises:
            AnswerError: An answer is missing or cannot be right.
            UsageError: A shell is asked for, and the embedded service cannot open one.
            HistoryError: The answers cannot be kept.
            ServiceError: The session has ended.
        """
        if submission is None:
            submission = self.new_submission(task, origin=origin)
        submission.claim()
        preset = submission.preset
        preset_problems = {source.problem_id for source in preset.sources}
        kept_sources = [source for source in sources if source.problem_id not in preset_problems]
        backend = self._backends.current
        lang = preset.lang or lang or self.language
        try:
            self._refuse_when_closed()
            backend.check(preset.debug or debug)
            # A refusal calls the problems as the person sees them.
            checked = task.translated(lang).check({**answers, **preset.answers})
            attempt = self.history.add(
                submission_id=submission.id,
                course_id=task.course_id,
                task_id=task.id,
                username=self.settings.username,
                origin=origin,
                backend=backend.address,
                inputdata=inputdata(self.task_state(task), self.settings, checked, lang),
                sources=(*kept_sources, *preset.sources),
            )
        except InginiousError as error:
            submission.refuse(error)
            raise
        submission.save(attempt)
        self.task_state(task).watch(submission)
        delivery = Delivery(backend, self.history, submission, attempt, preset.debug or debug)
        with self._lock:
            self._deliveries[submission.id] = delivery
        self._io.call_soon(self._run, delivery.run())
        return submission

    def wait(
        self,
        submission: Submission,
        timeout_s: float | None = None,
        *,
        contact_patience_s: float = CONTACT_PATIENCE_S,
    ) -> JobResult:
        """Wait for a result, but not for a grading service that never answered.

        Interrupting the wait (Ctrl-C) leaves the submission running; `Submission.kill` ends it.

        Raises:
            WaitTimeoutError: There was no result after timeout_s seconds; it goes on.
            BackendUnavailableError: No grading service was there for contact_patience_s seconds;
                the submission goes on, too.
            InginiousError: It was not graded.
        """
        begun = time.monotonic()
        deadline = begun + (math.inf if timeout_s is None else timeout_s)
        contact_deadline = begun + contact_patience_s
        while True:
            remaining_s = deadline - time.monotonic()
            with contextlib.suppress(TimeoutError):
                return submission.result(max(0.0, min(remaining_s, _LOOK_INTERVAL_S)))
            delivery = self._deliveries.get(submission.id)
            state = delivery.backend.state if delivery is not None else None
            if state is None or state.state not in ("starting", "connecting"):
                contact_deadline = math.inf
            elif time.monotonic() > min(contact_deadline, deadline):
                raise BackendUnavailableError(state.message)
            if remaining_s <= 0:
                raise submission.no_result(timeout_s)

    def resubmit(self, submission_id: str | None = None, *, origin: Origin = "api") -> Submission:
        """Submit the same answers once more, such as those of a submission that never came back.

        Args:
            submission_id: As the history has it, or the beginning of it; default: the newest
                submission that a kernel left behind.
            origin: Which part of the user interface asks for it.

        Raises:
            UsageError: There is no such submission, or it is still under way.
        """
        attempt = (
            self._newest_left_behind()
            if submission_id is None
            else self.history.find(self.settings.username, submission_id)
        )
        if not attempt.finished and not attempt.left_behind:
            raise UsageError(
                Message(
                    "That submission is still under way, perhaps in another kernel; there is no "
                    "need to repeat it."
                )
            )
        submission = self.submit(
            self.library.task(f"{attempt.course_id}/{attempt.task_id}"),
            attempt.answers,
            origin=origin,
            sources=attempt.sources,
            lang=attempt.inputdata.get("@lang"),
        )
        if not attempt.finished:
            self.history.supersede(attempt.id, submission.id)
        return submission

    def left_behind(self) -> list[Attempt]:
        """Submissions whose result nobody waits for, since their kernel ended; newest first."""
        return self.history.left_behind(self.settings.username)

    def live(self) -> list[Submission]:
        """Submissions of this session that are under way, oldest first."""
        with self._lock:
            return [submission for submission in self._live.values() if not submission.done]

    def _newest_left_behind(self) -> Attempt:
        for attempt in self.left_behind():
            return attempt
        raise UsageError(Message("Every submission has its result; there is nothing to repeat."))

    def _forget(self, submission: Submission) -> None:
        with self._lock:
            self._live.pop(submission.id, None)
            self._deliveries.pop(submission.id, None)
        if not self._closed:
            self._leave_idle_backends()

    # ---- on the loop ------------------------------------------------------------------------

    def _run(self, coroutine: Any) -> None:
        running = asyncio.create_task(coroutine)
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _say_that_we_live(self) -> None:
        """Tell other kernels, through the history, what still has somebody who waits for it."""
        while True:
            await asyncio.sleep(ALIVE_S / 4)
            waited_for = list(self._deliveries)
            if waited_for:
                try:
                    await asyncio.to_thread(self.history.keep_alive, waited_for, time.time())
                except HistoryError:
                    _log.exception("The history cannot be kept up to date.")

    # ---- the end ----------------------------------------------------------------------------

    def close(self) -> None:
        """End the service and the background loop; harmless when repeated.

        What is under way stays in the history as left behind.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            unfinished = list(self._deliveries)
        # Each of these is done whatever becomes of the others, the last first.
        with contextlib.ExitStack() as stack:
            stack.callback(self.history.close)
            stack.callback(self._abandon, unfinished)
            stack.callback(self._io.stop)
            for backend in self._backends.all:
                stack.callback(backend.stop)
            try:
                self._io.run(self._end()).result(_CLOSE_TIMEOUT_S)
            except TimeoutError:
                _log.warning("The connection to the grading service did not end in time.")

    async def _end(self) -> None:
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for submission in self.live():
            submission.refuse(
                ServiceError(Message("The session ended before the answers were read."))
            )
        for backend in self._backends.all:
            await backend.disconnect()

    def _abandon(self, submission_ids: list[str]) -> None:
        with contextlib.suppress(HistoryError):
            self.history.keep_alive(submission_ids, 0.0)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ServiceError(
                Message("This session has ended; run the cell that opens the task once more.")
            )

    def _history_path(self) -> Path:
        if not self.settings.history:
            raise HistoryError(
                Message(
                    "This account has no home folder to keep the history in; name a file with "
                    "INGINIOUS_HISTORY."
                )
            )
        return expanded(Path(self.settings.history))

    def _opened_history(self) -> History:
        try:
            return History(self._history_path())
        except HistoryError as error:
            # A student on a full or read-only disk is graded all the same.
            self.warnings.append(
                Message(
                    "{error} Until then nothing is remembered after this session.", error=error.text
                )
            )
            _log.warning("%s", error)
            return History(None)


_session: Session | None = None
_session_lock = threading.Lock()


def get_session() -> Session:
    """The session of this process, made on first use from IPython's configuration if it runs.

    Raises:
        UsageError: The configuration has a value that cannot be.
    """
    global _session  # noqa: PLW0603 - one per process is what it is
    with _session_lock:
        if _session is None:
            _session = Session(load_settings(_ipython_config()))
            atexit.register(close_session)
        return _session


def close_session() -> None:
    """End the session of this process, if there is one; the next use makes a new one."""
    global _session
    with _session_lock:
        session, _session = _session, None
    if session is not None:
        session.close()


def _ipython_config() -> Any:
    shell = get_ipython()
    return shell.config if shell is not None else None
