"""One session per kernel: courses, history, the grading service and what was submitted to it.

The widget, the magics and the command line are thin layers over this. Public methods may be
called from any thread; the grading service is talked to on a background loop, so that results
arrive while the kernel computes.
"""

from __future__ import annotations

import asyncio
import atexit
import datetime as dt
import logging
import math
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

from . import course
from .answers import Answers
from .backend import Backend, ServiceState, checked_address
from .board import TaskBoard
from .client import events
from .errors import (
    BackendUnavailableError,
    HistoryError,
    InginiousError,
    ServiceError,
    UsageError,
)
from .history import AnswerSource, Attempt, History, evaluated
from .io_thread import IOThread
from .observers import Observers
from .settings import Inginious, load_settings
from .submission import Debug, Origin, Preset, Submission

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .client.client import Client
    from .client.results import JobResult
    from .course import Course, Task

_log = logging.getLogger(__name__)

EMBEDDED = "embedded"
CONTACT_PATIENCE_S = 30.0
_CLOSE_TIMEOUT_S = 10.0
_LOOK_INTERVAL_S = 0.5


class Session:
    """Everything that one kernel, or one run of the command line, has to do with INGInious.

    Args:
        settings: The configuration.
        directory: Where the notebook is; courses are looked for near it (default: the cwd).
    """

    def __init__(self, settings: Inginious, *, directory: Path | None = None) -> None:
        self.settings = settings
        self._paths = settings.course_paths(directory)
        self.library = course.CourseLibrary(self._paths)
        self.warnings: list[str] = []
        self.history = self._opened_history()
        self.current_task: Task | None = None
        # Where no front end shows the live cells. The magics set it: they see which cells are run.
        self.answers_without_front_end: Callable[[Task], Answers] = lambda _task: Answers()
        self._io = IOThread("inginious_nb")
        self._io.start()
        self._boards: dict[tuple[str, str], TaskBoard] = {}
        self._live: dict[str, Submission] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._lock = threading.RLock()
        self._observers = Observers()
        self._backends: list[Backend] = []
        self._backend = self._new_backend(settings.backend and checked_address(settings.backend))
        self._closed = False

    # ---- courses ----------------------------------------------------------------------------

    def task(self, reference: str | None = None) -> Task:
        """The task that a reference means: COURSE/TASK, TASK, or None for the one last opened.

        Raises:
            CourseError: There is no such task, or it cannot be used.
            UsageError: None was given and no task was opened yet.
        """
        if reference:
            return self.library.task(reference)
        if self.current_task is None:
            raise UsageError(
                "Say which task: COURSE/TASK, as listed by %inginious tasks, or open one first "
                "with %inginious open COURSE/TASK."
            )
        return self.current_task

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
        found = self.library.add(path)
        self._paths.append(path)
        self._io.run(self._backend.add_course_path(path))
        return found

    def board(self, task: Task) -> TaskBoard:
        """The shared live state of a task."""
        key = (task.course_id, task.id)
        with self._lock:
            board = self._boards.get(key)
            if board is None:
                board = TaskBoard(task, self.history, self.settings.username)
                self._boards[key] = board
            board.task = task
            return board

    # ---- the grading service ----------------------------------------------------------------

    @property
    def service(self) -> ServiceState:
        """Where the connection to the grading service stands."""
        return self._backend.state

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
        wanted = "" if address == EMBEDDED else checked_address(address)
        with self._lock:
            if wanted != self._backend.address:
                self._backend = self._new_backend(wanted)
        self.warm_up()
        self._observers.notify()
        return self._backend.state

    def warm_up(self) -> None:
        """Start and connect in the background, so that the first submission need not wait."""

        async def start(backend: Backend) -> None:
            try:
                await backend.client()
            except InginiousError as error:
                _log.warning("%s", error)

        self._io.run(start(self._backend))

    def client(self) -> Client:
        """The client of the grading service, started if need be; blocks until it is there.

        Raises:
            ServiceError: The embedded service cannot be started.
        """
        return self._io.run(self._backend.client()).result()

    def _new_backend(self, address: str) -> Backend:
        backend = Backend(self.settings, self._paths, address)
        backend.subscribe(self._observers.notify)
        self._backends.append(backend)
        return backend

    # ---- submitting -------------------------------------------------------------------------

    def new_submission(
        self, task: Task, *, origin: Origin, preset: Preset | None = None
    ) -> Submission:
        """A submission whose answers are still to come from the notebook."""
        submission = Submission(str(uuid.uuid4()), task, origin, preset)
        with self._lock:
            self._live[submission.id] = submission
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
        """Submit answers; returns as soon as they are safe in the history.

        Args:
            task: The task they answer.
            answers: Raw answers by problem id.
            origin: Which part of the user interface they come from.
            sources: Where each was read.
            debug: False, True (return stdout and stderr) or "ssh" (a shell instead of a grade).
            lang: Language for the feedback, default the one of the settings.
            submission: The one made before by `new_submission`, if any; its preset prevails.

        Raises:
            AnswerError: An answer is missing or cannot be right; nothing was sent.
            HistoryError: The answers cannot be kept; nothing was sent.
        """
        if submission is None:
            submission = self.new_submission(task, origin=origin)
        preset = submission.preset
        lang = preset.lang or lang or self.settings.language
        preset_problems = {source.problem_id for source in preset.sources}
        kept_sources = [source for source in sources if source.problem_id not in preset_problems]
        try:
            checked = task.check({**answers, **preset.answers})
            attempt = self.history.add(
                submission_id=submission.id,
                course_id=task.course_id,
                task_id=task.id,
                username=self.settings.username,
                origin=origin,
                backend=self._backend.label,
                inputdata=self._inputdata(task, checked, lang),
                sources=(*kept_sources, *preset.sources),
            )
        except InginiousError as error:
            self._forget(submission)
            submission.refuse(error)
            raise
        submission.save(attempt)
        self.board(task).watch(submission)
        self._io.call_soon(self._begin, self._backend, submission, attempt, preset.debug or debug)
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
            TimeoutError: There was no result after timeout_s seconds; the submission goes on.
            BackendUnavailableError: No grading service was there for contact_patience_s seconds;
                the submission goes on, too.
            InginiousError: The answers could not be submitted.
        """
        now = time.monotonic()
        deadline = math.inf if timeout_s is None else now + timeout_s
        contact_deadline = now + contact_patience_s
        while True:
            remaining_s = deadline - time.monotonic()
            try:
                return submission.result(max(0.0, min(remaining_s, _LOOK_INTERVAL_S)))
            except TimeoutError:
                if remaining_s <= 0:
                    raise
            service = self.service
            if service.state not in ("starting", "connecting"):
                contact_deadline = math.inf
            elif time.monotonic() > contact_deadline:
                raise BackendUnavailableError(service.message)

    def resubmit(self, submission_id: str | None = None) -> Submission:
        """Submit the same answers once more, such as those of a submission that never came back.

        Args:
            submission_id: As the history has it, or the beginning of it; default: the newest
                submission without a result.

        Raises:
            UsageError: There is no such submission, or it is still under way.
        """
        attempt = self._attempt(submission_id)
        if attempt.id in self._live:
            raise UsageError("That submission is still under way; there is no need to repeat it.")
        submission = self.submit(
            self.library.task(f"{attempt.course_id}/{attempt.task_id}"),
            attempt.answers,
            origin="api",
            sources=attempt.sources,
        )
        if not attempt.finished:
            self.history.supersede(attempt.id, submission.id)
        return submission

    def unfinished(self) -> list[Attempt]:
        """Submissions without a result that nobody waits for any more, newest first."""
        with self._lock:
            live = set(self._live)
        attempts = self.history.unfinished(self.settings.username)
        return [attempt for attempt in attempts if attempt.id not in live]

    def live(self) -> list[Submission]:
        """Submissions that are under way, oldest first."""
        with self._lock:
            return list(self._live.values())

    def _attempt(self, submission_id: str | None) -> Attempt:
        recent = self.unfinished() if submission_id is None else self._recent()
        for attempt in recent:
            if submission_id is None or attempt.id.startswith(submission_id):
                return attempt
        if submission_id is None:
            raise UsageError("Every submission has its result; there is nothing to repeat.")
        raise UsageError(
            f"The history has no submission {submission_id!r}; %inginious history lists them."
        )

    def _recent(self) -> list[Attempt]:
        return self.history.recent(self.settings.username, limit=1000)

    def _inputdata(self, task: Task, answers: Mapping[str, object], lang: str) -> dict[str, object]:
        """The answers and the reserved keys that every grader may read (protocol.md 1.4)."""
        attempts = self.history.attempts(task.course_id, task.id, self.settings.username)
        counting = evaluated(attempts, task.evaluation_mode)
        outcome = counting.outcome if counting is not None else None
        return {
            **answers,
            "@username": self.settings.username,
            "@email": self.settings.email,
            "@lang": lang,
            # Readers parse the fractional part, so it is there also when it is zero.
            "@time": dt.datetime.now().strftime("%Y-%m-%d %H:%M:%S.%f"),  # noqa: DTZ005 - local time is the contract
            "@attempts": "1",  # the history knows, and sets it
            "@random": task.random_values(self.settings.username),
            "@state": outcome.state if outcome is not None else "",
        }

    # ---- on the loop ------------------------------------------------------------------------

    def _begin(
        self, backend: Backend, submission: Submission, attempt: Attempt, debug: Debug
    ) -> None:
        running = asyncio.create_task(self._grade(backend, submission, attempt, debug))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _grade(
        self, backend: Backend, submission: Submission, attempt: Attempt, debug: Debug
    ) -> None:
        try:
            client = await backend.client()
        except InginiousError as error:
            self._forget(submission)
            submission.refuse(error)
            return
        job = client.open_job(
            submission.task,
            dict(attempt.inputdata),
            launcher_name=self.settings.username,
            debug=debug,
            job_id=submission.id,
        )
        submission.killable_by(job.kill)
        async for event in job:
            match event:
                case events.JobSent(at=at, attempt=sending):
                    submission.sendings = sending
                    submission.advance("sent", at)
                case events.JobQueued(at=at, at_most_before=before):
                    submission.at_most_before = before
                    submission.advance("queued", at)
                case events.JobStarted(at=at):
                    submission.advance("running", at)
                case events.JobSsh(host=host, port=port, user=user, password=password):
                    submission.update(ssh=(host, port, user, password))
                case events.JobDone(at=at, result=result):
                    await self._finish(submission, result, at)

    async def _finish(self, submission: Submission, outcome: JobResult, at: float) -> None:
        try:
            await asyncio.to_thread(self.history.finish, submission.id, outcome)
        except HistoryError:
            _log.exception("A result could not be kept.")
        self._forget(submission)
        submission.finish(outcome, at)

    def _forget(self, submission: Submission) -> None:
        with self._lock:
            self._live.pop(submission.id, None)

    # ---- the end ----------------------------------------------------------------------------

    def close(self) -> None:
        """End the service and the background loop; harmless when repeated."""
        if self._closed:
            return
        self._closed = True
        try:
            self._io.run(self._close()).result(_CLOSE_TIMEOUT_S)
        except TimeoutError:
            _log.warning("The grading service did not end in time.")
        self._io.stop()
        self.history.close()

    async def _close(self) -> None:
        # The history keeps what is under way as unfinished: its result will not be heard.
        for running in list(self._running):
            running.cancel()
        for submission in self.live():
            submission.refuse(ServiceError("The session ended before the result came."))
        for backend in self._backends:
            await backend.close()

    def _opened_history(self) -> History:
        try:
            return History(Path(self.settings.history).expanduser())
        except HistoryError as error:
            # A student on a full or read-only disk is graded all the same.
            self.warnings.append(f"{error} Until then nothing is remembered after this session.")
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
