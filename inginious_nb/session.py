"""One person's courses, history, grading services and submissions: one for each kernel.

The widget, the magics and the command line are thin layers over this. Public methods may be
called from any thread; a grading service is talked to on a background loop, so that results
arrive while the kernel computes. What a submission does is in `submissions`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from . import course
from .course import probing
from .course.folders import course_paths, expanded
from .io.io_thread import IOThread
from .io.observers import Observers
from .notebook.front_end import FrontEnd
from .notebook.references import find_task
from .services.accounts import Accounts
from .services.last_site import LastSite
from .services.registry import Services
from .settings import load_settings
from .submissions.history import History
from .submissions.people import People
from .submissions.site_submissions import SiteSubmissions
from .submissions.student import Student
from .submissions.submission import SubmissionContext
from .submissions.submissions import Submissions
from .submissions.task_states import TaskStates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Unpack

    from traitlets.config import Config

    from .course import Course, Task
    from .notebook.sources import AnswerSource
    from .services.accounts import Ask, SignIn
    from .services.service import ServiceState
    from .settings import Inginious
    from .submissions.submission import Debug, Origin, Submission
    from .submissions.task_state import TaskState

_log = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S = 10.0
_RECALL_TIMEOUT_S = 10.0


class Session:
    """Everything that one kernel, or one run of the command line, has to do with INGInious.

    Args:
        settings: The configuration.
        directory: Where the notebook is; courses are looked for near it (default: the cwd).
        is_guest: Whether it is somebody who comes to another person's server.

    Attributes:
        settings: The configuration.
        people: The person at this session, and who submits where nobody else is named.
        library: The courses.
        history: What was submitted, and what came back.
        submissions: Those of this session.
        site_submissions: Those that were made at a site.
        services: Where submissions are graded.
        accounts: Who signed in there.
        current_task: The task that is meant when none is named.
        front_end: What its front end has told.

    Raises:
        UsageError: The service of the settings is not an address.
    """

    def __init__(
        self, settings: Inginious, *, directory: Path | None = None, is_guest: bool = False
    ) -> None:
        self.settings = settings
        self.current_task: Task | None = None
        self.front_end = FrontEnd()
        self._paths = course_paths(settings.courses, directory)
        self._lock = threading.RLock()
        self._observers = Observers()
        self.people = People(
            Student(settings.username, settings.email),
            is_guest=is_guest,
            changed=self._observers.notify,
        )
        self._io = IOThread("inginious_nb")
        self.history = History(
            expanded(Path(settings.history)) if settings.history else None,
            signed_in=lambda: self.services.accounts,
        )
        self.history.subscribe(self._observers.notify)
        with contextlib.ExitStack() as undo:
            undo.callback(self.history.close)
            self.services = Services(
                settings,
                self._paths,
                changed=self._service_changed,
                spawn=self._io.spawn,
                run=self._io.run,
                used=lambda: self.submissions.services,
                opened=lambda task: self._io.spawn(self.site_submissions.take(task)),
            )
            undo.pop_all()
        self.accounts = Accounts(
            self.services,
            LastSite.kept_in(None if is_guest else self.history.folder),
            changed=self._service_changed,
            run=self._io.run,
            proposed=lambda: self.people.student.username,
        )
        self.library = course.CourseLibrary(
            self._paths,
            optional=not settings.courses,
            source=lambda: self.services.courses,
        )
        self._task_states = TaskStates(self.history, self.services.account)
        self._closed = False
        with contextlib.ExitStack() as undo:
            undo.callback(self.history.close)
            self.services.begin(self._io.start)
            undo.pop_all()
        context = SubmissionContext(
            self.people.person,
            lambda: self.people.student,
            self.history,
            self.services.grading,
            self._io.spawn,
            self._task_states.of,
            lambda: self.language,
        )
        self.submissions = Submissions(context, self.library, self.services.leave_idle)
        self.site_submissions = SiteSubmissions(
            context, self.library, run=self._io.run, renew=self._task_states.renew
        )
        self._io.spawn(self.submissions.keep_history())

    @property
    def warnings(self) -> list[str]:
        """Return the faults of courses and of the history that a user should know."""
        history = self.history.warning
        problems = [problem.text for problem in self.library.problems]
        return problems if history is None else [*problems, history]

    @property
    def language(self) -> str:
        """Return the language of the settings, else of the front end, else of the system."""
        return self.settings.spoken_language(self.front_end.language)

    # ---- courses ----------------------------------------------------------------------------

    def task(self, reference: str | None = None) -> Task:
        """Return the task that COURSE/TASK or TASK means; None means the one last opened.

        Raises:
            CourseError: There is no such task, or it cannot be used.
            AnswerError: The reference names a problem that the task has not.
            UsageError: None was given and no task was opened yet.
        """
        return find_task(self.library, reference, self.current_task)[0]

    def open(self, reference: str | None) -> Task:
        """Make a task the one that is meant when none is named, and have the service ready."""
        self.current_task = self.task(reference)
        self.services.warm_up()
        return self.current_task

    def add_courses(self, path: Path) -> list[Course]:
        """Look for courses below one more path, here and in the embedded service.

        Raises:
            CourseError: There is none.
        """
        # The service runs elsewhere: what is relative or begins with ~ means something here only.
        path = probing.real(expanded(path))
        found = self.library.add(path)
        self._paths.append(path)
        self._io.run(self.services.add_course_path(path))
        self._observers.notify()
        return found

    def task_state(self, task: Task, student: Student | None = None) -> TaskState:
        """Return the live state of a task for a student, default who submits now."""
        return self._task_states.of(task, student or self.people.student)

    def _service_changed(self) -> None:
        self._task_states.be_of(lambda: self.services.whose)
        self._observers.notify()

    def look_at_history(self) -> None:
        """Take what other kernels have submitted meanwhile, if any has."""
        if self._closed:
            return
        self._task_states.look_at_history()
        if self.accounts.last_site.look():
            self._observers.notify()

    # ---- grading services -------------------------------------------------------------------

    @property
    def service(self) -> ServiceState:
        """Return where the connection to the current grading service stands."""
        return self.services.state

    def offer_service(self) -> None:
        """Let the kernels of this Jupyter server use its embedded service, too."""
        self._io.spawn(self.services.offer(self.library, self.add_courses))

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback when a service, the history or the courses changed, on any thread.

        Returns:
            A function that ends that.
        """
        return self._observers.subscribe(callback)

    def connect(
        self, address: str | None, ask: Ask | None = None, **way: Unpack[SignIn]
    ) -> ServiceState:
        """Send what is submitted from now on to another grading service.

        What is under way stays with the service it was sent to.

        Args:
            address: A backend's client address, that of a site, or ``embedded``; None to sign
                in again at the current one.
            ask: Asks who signs in at a site, where only a person can tell.
            way: How to sign in: ``username``, ``cookie`` (one of the browser's session instead of
                a password) and ``keep`` (the password, in the system's keyring).

        Raises:
            UsageError: It is not an address, or nobody can be asked.
            BackendError: The site is none, or refuses the person.
        """
        self.accounts.connect(address, ask, **way)
        return self.service

    # ---- submissions ------------------------------------------------------------------------

    def submit(
        self,
        task: Task,
        answers: Mapping[str, object],
        *,
        origin: Origin = "api",
        student: Student | None = None,
        sources: Sequence[AnswerSource] = (),
        debug: Debug = False,
        lang: str | None = None,
    ) -> Submission:
        """Submit answers; returns once they are safe in the history, or raises and sends nothing.

        Args:
            task: The task they answer.
            answers: Raw answers by problem id.
            origin: The part of the user interface they come from.
            student: The person who submits, default who does now (`people`).
            sources: Where each was read.
            debug: False, True (return stdout and stderr) or "ssh" (a shell instead of a grade).
            lang: Language of the feedback, default the session's.

        Raises:
            AnswerError, UsageError, HistoryError, ServiceError: As `Submission.submit` does.
        """
        return self.submissions.submit(
            task,
            answers,
            origin=origin,
            student=student,
            sources=sources,
            debug=debug,
            lang=lang,
        )

    # ---- the end ----------------------------------------------------------------------------

    def close(self) -> None:
        """End the services and the background loop; harmless when repeated.

        What is under way stays in the history as orphaned.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self.services.end()
            unfinished = [submission.id for submission in self.submissions.pending]
        # Each of these is done whatever becomes of the others, the last first.
        with contextlib.ExitStack() as stack:
            stack.callback(self.history.close)
            stack.callback(self.history.keep_alive, unfinished, 0.0)
            stack.callback(self._io.stop)
            for service in self.services.all:
                stack.callback(service.stop)
            try:
                self._io.run(self._end()).result(_CLOSE_TIMEOUT_S)
            except TimeoutError:
                _log.warning("The connection to the grading service did not end in time.")

    async def _end(self) -> None:
        await self._io.cancel_spawned()
        self.submissions.end()
        await self.services.disconnect()


def configured_session(
    config: Config | None, directory: Path | None = None, guest: Student | None = None
) -> Session:
    """Return a session with the settings of a traitlets configuration and the environment.

    Args:
        config: The configuration.
        directory: As for the class.
        guest: Somebody who comes to another person's server; None for that person.

    Raises:
        UsageError: A setting has a value that cannot be.
    """
    settings = load_settings(config)
    if guest is not None:
        settings.username, settings.email = guest.username, guest.email
    return Session(settings, directory=directory, is_guest=guest is not None)
