"""Keeps the state of one widget as the session has it, and publishes what changed.

The session's threads tell that something changed; what is published is a dictionary of changed
keys of `protocol.task.WidgetState`. Who receives it, a widget's traits or a comm, is not known
here.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from inginious_nb.errors import HistoryError
from inginious_nb.submissions.student import Student

from . import serialize
from .worker import call_later, call_soon

if TYPE_CHECKING:
    from collections.abc import Callable

    from inginious_nb.course import Task
    from inginious_nb.services.service import ServiceState
    from inginious_nb.session import Session
    from inginious_nb.submissions.record import SubmissionRecord
    from inginious_nb.submissions.submission import Submission

    from .protocol.task import ResultInfo, TaskInfo

_log = logging.getLogger(__name__)

_MIN_INTERVAL_S = 0.03
"""A submission under way is shown anew so often at most: a fast one would be drawn each phase."""

_KEPT_RESULTS = 16
_results: dict[tuple[str, str], ResultInfo | None] = {}


class Asked(Struct, frozen=True):
    """The page that a command asks for the live cells.

    Attributes:
        client: The session of the header of its requests (Jupyter messaging); empty if unknown.
        cell_id: The cell that gave the command.
    """

    client: str = ""
    cell_id: str = ""


class Publisher:
    """The live state of a task in the shape of the browser.

    Args:
        session: Where the truth is.
        task: The task that is shown.
        publish: Gets the changed part of the state, on any thread but never two at once.
        submission: The one that the widget is about; None follows the task's newest.
        record: Likewise, one of an earlier kernel, until another is made in this widget.
        asked: The page that `submission` waits for.

    Attributes:
        read_executed: Reads the answers where the front end shows no cells.
    """

    def __init__(
        self,
        session: Session,
        task: Task,
        publish: Callable[[dict[str, Any]], object] = lambda _changed: None,
        *,
        submission: Submission | None = None,
        record: SubmissionRecord | None = None,
        asked: Asked | None = None,
    ) -> None:
        self.session = session
        self.read_executed = session.front_end.executed_reader()
        self.task = task
        self._student = (
            submission.student
            if submission is not None
            else None
            if record is None
            else Student(record.username)
        )
        self.lang = session.front_end.language or session.language
        self._shown = ("", task, task)
        self._publish = publish
        self._pinned = submission
        self._asked = asked or Asked()
        self._record = record
        self._keeps_its_own = submission is not None or record is not None
        self._published: dict[str, Any] = {}
        self._settled: tuple[object, ...] = ()
        self._lock = threading.RLock()
        self._due = threading.Event()
        self._due_later = threading.Event()
        self._published_at = -math.inf
        self._subscriptions: list[Callable[[], None]] = []
        self._closed = False
        self._be(self.student)
        self._unsubscribe = session.subscribe(self.refresh)
        self._unfollow: Callable[[], None] = lambda: None
        if submission is not None:
            self._unfollow = submission.subscribe(self.refresh)
        self._refresh_now()

    @property
    def student(self) -> Student:
        """Return whose submissions are shown: of the widget's own, else of who submits now."""
        return self._student or self.session.people.student

    @property
    def other_student(self) -> str:
        """Return that student's username, empty where it is the person at this session."""
        username = self.student.username
        return "" if username == self.session.people.person.username else username

    def follow_student(self) -> None:
        """Be about the submissions and the drafts of whoever submits now."""
        with self._lock:
            if self.student != self._shown_student and not self._closed:
                self._be(self.student)
                self._settled = ()

    def _be(self, student: Student) -> None:
        """Show the submissions and the drafts of a student from now on."""
        for unsubscribe in self._subscriptions:
            unsubscribe()
        self._shown_student = student
        self.state = self.session.task_state(self.task, student)
        self._subscriptions = [
            self.state.subscribe(self.refresh),
            self.state.drafts.subscribe(self.refresh),
        ]

    @property
    def submission(self) -> Submission | None:
        """Return the submission to show: the widget's own, else the newest of the task."""
        return self._pinned if self._keeps_its_own else self.state.current

    @property
    def shown_task(self) -> Task:
        """Return the task in the language of the widget, as far as it has been translated."""
        # Each is looked at once: another thread may change either meanwhile.
        task, lang = self.task, self.lang
        known_lang, known, shown = self._shown
        if known_lang != lang or known is not task:
            shown = task.translated(lang)
            self._shown = lang, task, shown
        return shown

    @property
    def own_cells(self) -> tuple[str, ...]:
        """Return the cells that the widget's own submission was read from."""
        sources = self._pinned.sources if self._pinned is not None else ()
        return tuple(cell_id for source in sources for cell_id in source.cell_ids)

    def follow(self, submission: Submission, asked: Asked | None = None) -> None:
        """Be about another submission from now on, which was made in this widget."""
        with self._lock:
            if self._closed or not self._keeps_its_own or submission is self._pinned:
                return
            self._unfollow()
            self._asked = asked or Asked()
            self._pinned = submission
            self._student = submission.student
            self._unfollow = submission.subscribe(self.refresh)
        self.refresh()

    @property
    def result(self) -> ResultInfo | None:
        """Return the result that was published last."""
        result: ResultInfo | None = self._published.get("result")
        return result

    @property
    def task_info(self) -> TaskInfo:
        """Return the task as it was published."""
        info: TaskInfo = self._published["task"]
        return info

    @property
    def keeps_its_own(self) -> bool:
        """Return whether the widget is about one submission instead of the newest of the task."""
        return self._keeps_its_own

    @property
    def own_submission(self) -> Submission | None:
        """Return the submission of this kernel that the widget is about, if it is about one."""
        return self._pinned

    def awaited(self, submission_id: object) -> Submission | None:
        """Return the submission that waits for the front end's answers, if it is that one."""
        pinned = self._pinned
        return pinned if pinned is not None and pinned.id == submission_id else None

    def speak(self, lang: str) -> None:
        """Show the task in another language, as far as it has been translated."""
        self.session.front_end.told_language(lang)
        with self._lock:
            self.lang = lang
            self._settled = ()
        self.refresh()

    @property
    def published(self) -> dict[str, Any]:
        """Return the state as it was published last."""
        with self._lock:
            return dict(self._published)

    def publish_to(
        self, publish: Callable[[dict[str, Any]], object], known: dict[str, Any]
    ) -> None:
        """From now on publish to another receiver, which knows an earlier state (`published`)."""
        with self._lock:
            self._publish = publish
            if known != self._published:
                self._published, self._settled = dict(known), ()
        self.refresh()

    def refresh(self) -> None:
        """Publish soon what changed since the last time.

        Not at once: making a long feedback safe takes time, and the session's loop must not wait.
        """
        submission = self.submission
        if submission is not None and not submission.done:
            wait_s = self._published_at + _MIN_INTERVAL_S - time.monotonic()
            if wait_s > 0:
                self._refresh_later(wait_s)
                return
        if not self._due.is_set():
            self._due.set()
            call_soon(self._refresh_now)

    def _refresh_later(self, wait_s: float) -> None:
        if not self._due_later.is_set():
            self._due_later.set()
            call_later(wait_s, self._refresh_now)

    def _refresh_now(self) -> None:
        self._due.clear()
        self._due_later.clear()
        try:
            with self._lock:
                if self._closed:
                    return
                state = self._state()
                changed = {
                    key: value
                    for key, value in state.items()
                    if self._published.get(key, ...) != value
                }
                if changed:
                    self._published_at = time.monotonic()
                    self._publish_changed(changed)
        except HistoryError as error:
            _log.info("The widget is not up to date: %s", error)  # such as after the session's end

    def _publish_changed(self, changed: dict[str, Any]) -> None:
        """Publish a part of the state; where that fails, it counts as not told."""
        before = dict(self._published)
        self._published.update(changed)
        try:
            self._publish(changed)
        except BaseException:
            self._published, self._settled = before, ()
            raise

    def close(self) -> None:
        """Stop following the session; harmless when repeated."""
        if self._closed:
            return  # without a lock: a widget that is thrown away comes here anywhere
        with self._lock:
            self._closed = True
            self._unfollow()
            for unsubscribe in (self._unsubscribe, *self._subscriptions):
                unsubscribe()

    @property
    def service(self) -> ServiceState:
        """Return where the service of the task stands, for whose submission is under way."""
        return self.session.services.state_for(self.task, self.account_name)

    @property
    def account_name(self) -> str:
        """Return who must be signed in for the submission under way, empty if it is whoever is."""
        submission = self.submission
        if submission is None or submission.done or submission.record is None:
            return ""
        return submission.record.account or ""

    def _state(self) -> dict[str, Any]:
        """Return the parts of the state that may have changed; what is costly only if it did."""
        self.follow_student()
        submission = self.submission
        state: dict[str, Any] = {
            "submission": None if submission is None else self._submission_info(submission),
            "service": serialize.service_info(self.service, self.lang),
            "drafts": serialize.drafts(self.state.drafts),
            "request": self._request(submission),
        }
        return state | self._task_part() | self._settled_part(submission)

    def _request(self, submission: Submission | None) -> dict[str, str] | None:
        """Return what the page is asked for: the answers of the submission that this view shows."""
        if submission is None or submission is not self._pinned or submission.phase != "reading":
            return None
        return {
            "id": submission.id,
            "kind": "submit",
            "client": self._asked.client,
            "cell_id": self._asked.cell_id,
        }

    def _task_part(self) -> dict[str, Any]:
        """Return the task and whom it is shown to, empty where the page has both."""
        newer = self.state.task
        if newer.site and newer is not self.task and not newer.is_listed_only:
            self.task = newer
            self._published.pop("lang", None)  # the deadline may be another
        shown_to = {"lang": self.lang, "student": self.other_student}
        if all(self._published.get(key) == value for key, value in shown_to.items()):
            return {}
        # What a submit command shows never repeats the statement.
        statement = not self._keeps_its_own
        username = self.student.username
        task = serialize.task_info(self.task, self.lang, username, statement=statement)
        return {**shown_to, "task": task}

    def _settled_part(self, submission: Submission | None) -> dict[str, Any]:
        """Return what changes with a phase or the history, empty where neither did."""
        newest = self.state.newest
        settled: tuple[object, ...] = (newest and (newest.id, newest.code), self.state.revision)
        settled += tuple(
            (known.id, known.phase)
            for known in (submission, self.state.current)
            if known is not None
        )
        if self._published and settled == self._settled:
            return {}
        part = {
            "standing": serialize.standing(self.state, self.lang),
            "history": serialize.submission_rows(self.state.records),
            "result": self._result(submission),
        }
        self._settled = settled  # once all of it could be made
        return part

    def _result(self, submission: Submission | None) -> ResultInfo | None:
        """Return the newest result: the one that just came, else the history's."""
        last = self._record or self.state.last
        if (
            submission is not None
            and submission.result is not None
            and not self._is_old(submission)
        ):
            came = submission.result
            return _made_once(
                (submission.id, self.lang),
                lambda: serialize.result_info(
                    self.task,
                    came,
                    submission_id=submission.id,
                    number=submission.number,
                    at=submission.times["done"],
                    lang=self.lang,
                ),
            )
        if last is None:
            return None
        history = self.session.history
        return _made_once(
            (last.id, self.lang),
            lambda: serialize.kept_result_info(self.task, last, history, self.lang),
        )

    def _is_old(self, submission: Submission) -> bool:
        """Return whether another process has a result that came for a later submission."""
        last = None if self._keeps_its_own else self.state.last
        return last is not None and last.number > submission.number

    def _submission_info(self, submission: Submission) -> dict[str, Any]:
        info: dict[str, Any] = dict(serialize.submission_info(submission, self.lang))
        known = self._published.get("submission")
        if known is not None:
            # The time it was looked at is no change by itself.
            same = {**info, "now": known["now"]}
            if same == known:
                return same
        return info


def _made_once(
    submission_and_language: tuple[str, str], make: Callable[[], ResultInfo | None]
) -> ResultInfo | None:
    """Return a result, made safe once for all widgets that show it: a long text takes time."""
    found = _results.get(submission_and_language)
    if found is None:
        found = _results[submission_and_language] = make()
        for oldest in list(_results)[:-_KEPT_RESULTS]:
            _results.pop(oldest, None)
    return found
