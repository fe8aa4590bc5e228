"""The overview of a person, of no single task: their courses, what is pending, the service.

JupyterLab's own interface shows it (`protocol.overview.Overview`) and asks about it
(`protocol.overview.OVERVIEW_REQUESTS`). How either travels is not known here.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from inginious_nb import __version__
from inginious_nb.course import probing
from inginious_nb.course.demo import COURSE, COURSES, NOTEBOOK, copy_demo
from inginious_nb.course.folders import expanded
from inginious_nb.course.scaffold import check_new_task, new_course, new_task
from inginious_nb.errors import HistoryError, InginiousError, UsageError
from inginious_nb.i18n import Message, in_language
from inginious_nb.notebook.cells import cell_from_json
from inginious_nb.notebook.tasks_answered import answer_cells

from . import opened_courses, serialize
from .cell_results import missing_results
from .protocol.overview import (
    OVERVIEW_REQUESTS,
    AnswerCell,
    AnswerCellsReply,
    AnswerCellsRequest,
    CourseRow,
    CoursesReply,
    FolderRequest,
    FoldersReply,
    FoldersRequest,
    NewTaskRequest,
    Overview,
    PathReply,
    PendingRow,
    TaskRow,
)
from .responder import Responder
from .sign_in import told, typed
from .worker import call_later

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inginious_nb.course import Course, Task
    from inginious_nb.session import Session
    from inginious_nb.submissions.submission import Submission
    from inginious_nb.submissions.task_state import TaskState

    from .protocol.common import EmptyMessage, SubmissionRequest
    from .protocol.sign_in import AccountInfo, SignInReply, SignInRequest
    from .responder import Buffers, Handler

_log = logging.getLogger(__name__)

_MAX_NAME_CHARS = 255

_DELAY_S = 0.05
"""So long changes are gathered: a submission makes several, and the view of its task is first."""


class OverviewPublisher:
    """The overview of a session, and what changes in it.

    Args:
        session: Where the truth is.
        publish: Gets the changed part of the overview, on any thread but never two at once.
        version: What the page's own is compared with.
    """

    def __init__(
        self,
        session: Session,
        publish: Callable[[dict[str, Any]], object],
        *,
        version: str = __version__,
    ) -> None:
        self.session = session
        self._version = version
        self.lang = session.language
        self._publish = publish
        self._published: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._due = threading.Event()
        self._closed = False
        self._followed: dict[TaskState, Callable[[], None]] = {}
        self._unsubscribe = session.subscribe(self.refresh)
        self._refresh_now()

    def speak(self, lang: str) -> None:
        """Publish texts in another language from now on."""
        self.lang = lang
        self.session.front_end.told_language(lang)
        self.refresh()

    def refresh(self) -> None:
        """Publish soon what changed since the last time."""
        if not self._due.is_set():
            self._due.set()
            call_later(_DELAY_S, self._refresh_now)

    def publish_now(self) -> None:
        """Publish what would be published soon; return once that is done."""
        with self._lock:
            if self._due.is_set():
                self._refresh_now()

    def close(self) -> None:
        """Stop following the session; harmless when repeated."""
        with self._lock:
            self._closed = True
            self._unsubscribe()
            for unfollow in self._followed.values():
                unfollow()

    def _refresh_now(self) -> None:
        with self._lock:
            self._due.clear()
            if self._closed:
                return
            try:
                state = self._overview()
            except HistoryError as error:
                _log.info("The overview is not up to date: %s", error)
                return
            changed = {
                key: value for key, value in state.items() if self._published.get(key, ...) != value
            }
            if changed:
                self._publish(changed)
                self._published.update(changed)  # what could not be told is not told

    def _overview(self) -> Overview:
        session, lang = self.session, self.lang
        # A list, since another thread may add a course meanwhile.
        courses = list(session.library.courses.values())
        service = serialize.service_info(session.service, lang)
        # Where nobody is signed in, a page offers that instead of naming a command.
        note = None if service["state"] == "signed_out" else session.library.note
        return {
            "version": self._version,
            "lang": lang,
            "username": session.accounts.username or session.people.student.username,
            "courses": [self._course_row(course) for course in courses],
            "pending": [
                self._pending_row(submission)
                for submission in session.submissions.pending
                if "saved" in submission.times
            ]
            + [row for course in courses for row in self._pending_elsewhere(course)],
            "service": service,
            "account": self._account(),
            "warnings": [
                in_language(warning, lang)
                for warning in (note, *session.warnings)
                if warning is not None
            ],
        }

    def _account(self) -> AccountInfo | None:
        service = self.session.services.with_accounts
        last = self.session.accounts.last_site.account
        if service is not None:
            state = service.state.state
            return {
                "site": service.address,
                "username": service.username,
                # Not where what answered was not the site: the next try is the person's.
                "signed_in": state not in ("signed_out", "idle", "failed"),
                "answers": state == "connected",
                "refusal": in_language(service.refusal, self.lang),
            }
        # A notebook may be signed in at one: the page can be, too.
        if last is None:
            return None
        return {
            "site": last.site,
            "username": last.name,
            "signed_in": False,
            "answers": False,
            "refusal": "",
        }

    def _course_row(self, course: Course) -> CourseRow:
        errors = [*([] if course.error is None else [course.error]), *course.broken.values()]
        return {
            "id": course.id,
            "name": course.translated_name(self.lang),
            "site": serialize.site_label(course.site),
            "tasks": [self._task_row(task) for task in course.tasks.values()],
            "errors": [error.in_language(self.lang) for error in errors],
        }

    def _task_row(self, task: Task) -> TaskRow:
        state = self.session.task_state(task)
        if state not in self._followed:  # first, so that no change of what is read is missed
            self._followed[state] = state.subscribe(self.refresh)
        newest = state.newest
        deadline = task.accessibility.deadline
        translated = task.translated(self.lang)
        return {
            "ref": serialize.reference(task),
            "name": translated.name,
            "accessible": task.accessibility.is_open(dt.datetime.now()),  # noqa: DTZ005 - as in a course
            "deadline": None if deadline is None else deadline.timestamp(),
            "attempts": state.attempts,
            "attempts_left": state.attempts_left,
            "limit": serialize.limit_text(state, self.lang),
            "grade": state.grade,
            "code": state.code,
            "pending": (state.current is not None and not state.current.done)
            or (newest is not None and newest.under_way_elsewhere),
            "problems": [
                {"id": problem.id, "name": problem.name or problem.id}
                for problem in translated.problems.values()
            ],
        }

    def _pending_row(self, submission: Submission) -> PendingRow:
        return {
            "id": submission.id,
            "task": serialize.reference(submission.task),
            "name": submission.task.translated(self.lang).name,
            "number": submission.number,
            "at": submission.times["saved"],
            "phase": submission.phase,
            "at_most_before": submission.at_most_before,
            "kill_requested": submission.kill_requested,
            "note": in_language(submission.note, self.lang),
            "elsewhere": False,
        }

    def _pending_elsewhere(self, course: Course) -> list[PendingRow]:
        """Return the rows of what another process, such as a kernel, waits for."""
        return [
            {
                "id": record.id,
                "task": serialize.reference(task),
                "name": task.translated(self.lang).name,
                "number": record.number,
                "at": record.submitted_at,
                "phase": "sent",
                "at_most_before": None,
                "kill_requested": False,
                "note": "",
                "elsewhere": True,
            }
            for task in course.tasks.values()
            for record in self.session.task_state(task).records
            if record.under_way_elsewhere
        ]


class OverviewResponder(Responder):
    """Answers what JupyterLab's own interface asks beside the requests about one task.

    Args:
        publisher: The overview that the page sees.
        root: The folder that its paths begin in.
    """

    shapes = OVERVIEW_REQUESTS

    def __init__(self, publisher: OverviewPublisher, root: Path) -> None:
        super().__init__(publisher)
        self._publisher = publisher
        self._session = publisher.session
        self._root = root

    def _value(self, request: dict[str, Any], buffers: Buffers) -> Any:
        """Return the value of a reply; the page has the overview that came of it by then."""
        try:
            return super()._value(request, buffers)
        finally:
            self._publisher.publish_now()

    def _open_course(self, request: FolderRequest, _buffers: Buffers) -> CoursesReply:
        folder, session = folder_named(request["folder"], self._root), self._session
        found = session.add_courses(folder)
        opened_courses.remember(session, folder)
        return {"courses": [course.id for course in found]}

    def _course_folders(self, request: FoldersRequest, _buffers: Buffers) -> FoldersReply:
        refused = []
        known = {probing.real(path) for path in self._session.library.paths}
        for named in request["folders"]:
            try:
                folder = folder_named(named, self._root)
                if probing.real(folder) not in known:
                    self._session.add_courses(folder)
            except InginiousError as error:
                refused.append(error.in_language(self._publisher.lang))
        return {"refused": refused}

    def _demo(self, request: FolderRequest, _buffers: Buffers) -> PathReply:
        folder = self._shown_folder(request["folder"])
        known = self._session.library.courses.get(COURSE)
        is_open = known is not None and (known.path.parents[1] / NOTEBOOK).is_file()
        if known is not None and is_open:
            with contextlib.suppress(ValueError):  # the demo of a place that this page cannot show
                return {"path": self._from_root(known.path.parents[1] / NOTEBOOK)}
        notebook = copy_demo(folder, self._publisher.lang)
        if not is_open:
            self._session.add_courses(folder / COURSES)
            opened_courses.remember(self._session, folder / COURSES)
        return {"path": self._from_root(notebook)}

    def _new_task(self, request: NewTaskRequest, _buffers: Buffers) -> PathReply:
        folder, session = self._shown_folder(request["folder"]), self._session
        session.people.refuse_guest()
        check_new_task(request["task"], request["task_kind"])
        if not folder.exists():
            new_course(folder)
        made = new_task(folder, request["task"], request["task_kind"])
        session.add_courses(folder)
        opened_courses.remember(session, folder)
        run = made / "run"
        return {"path": self._from_root(run if run.is_file() else made / "task.yaml")}

    def _answer_cells(self, request: AnswerCellsRequest, _buffers: Buffers) -> AnswerCellsReply:
        session = self._session
        notebook = request["notebook"]
        folder = folder_named(str(PurePosixPath(notebook).parent), self._root)
        opened_courses.know_courses_near(session, folder)
        cells = [cell_from_json(cell) for cell in request["cells"]]
        answers: list[AnswerCell] = [
            {"cell_id": cell_id, "task": serialize.reference(task), "problem_id": problem_id}
            for cell_id, task, problem_id in answer_cells(session.library, cells)
        ]
        results = missing_results(
            session,
            answers,
            notebook=notebook,
            root=self._root,
            known=request["known"],
            lang=self._publisher.lang,
        )
        return {"answers": answers, "results": results}

    def _stop(self, request: SubmissionRequest, _buffers: Buffers) -> EmptyMessage:
        for submission in self._session.submissions.pending:
            if submission.id == request["submission"]:
                submission.kill()
                return {}
        raise UsageError(Message("That submission is not under way any more."))

    def _sign_in(self, request: SignInRequest, buffers: Buffers) -> SignInReply:
        ask, way = typed(request, buffers)
        self._session.accounts.sign_in_beside(ask, **way)
        service = self._session.services.with_accounts
        state = self._session.service if service is None else service.state
        return told(state, self._shown.lang)

    def _sign_out(self, _request: EmptyMessage, _buffers: Buffers) -> EmptyMessage:
        self._session.accounts.sign_out()
        return {}

    def _shown_folder(self, path: str) -> Path:
        """Return a folder that the page names, in which it can open files.

        Raises:
            UsageError: It is outside of the root of the server.
        """
        folder = folder_named(path, self._root)
        if not folder.resolve().is_relative_to(self._root.resolve()):
            raise UsageError(Message("Choose a folder that JupyterLab shows."))
        return folder

    def _from_root(self, file: Path) -> str:
        return file.resolve().relative_to(self._root.resolve()).as_posix()

    handlers: ClassVar[Mapping[str, Handler]] = {
        "lang": Responder.change_language,
        "openCourse": _open_course,
        "courseFolders": _course_folders,
        "demo": _demo,
        "newTask": _new_task,
        "answerCells": _answer_cells,
        "stop": _stop,
        "signIn": _sign_in,
        "signOut": _sign_out,
    }


def folder_named(path: str, root: Path) -> Path:
    """Return a folder that a page names: from the root of the server, absolute, or ``~``.

    Raises:
        UsageError: It is no name of a folder.
    """
    return root / expanded(Path(_checked(path)))


def shown_folder(path: str, root: Path) -> Path:
    """Return a folder that is named as a page names the files that it shows, links among them.

    A class is graded as soon as it is opened, which a link in a notebook can do (commandlinker).

    Raises:
        UsageError: It is outside of the root of the server, or no name of a folder.
    """
    named = Path(_checked(path))
    if named.anchor or ".." in named.parts:
        raise UsageError(Message("Choose a folder that JupyterLab shows."))
    return root / named


def _checked(path: str) -> str:
    if "\0" in path or any(len(name) > _MAX_NAME_CHARS for name in path.split("/")):
        raise UsageError(Message("That is not the name of a folder."))
    return path
