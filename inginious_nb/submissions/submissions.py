"""All submissions of one session: made, submitted, repeated, and known while they are pending."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from typing import TYPE_CHECKING
from weakref import WeakSet

from msgspec.structs import replace

from inginious_nb.errors import ServiceError, UsageError
from inginious_nb.i18n import Message
from inginious_nb.io.io_thread import in_thread
from inginious_nb.notebook.answers import Answers

from .history import under_way
from .record import ALIVE_S
from .student import Student
from .submission import Debug, Origin, Submission, SubmissionContext
from .task_states import TaskStates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inginious_nb.course import CourseLibrary, Task
    from inginious_nb.notebook.review import Magics
    from inginious_nb.notebook.sources import AnswerSource
    from inginious_nb.services.service import Service

    from .history import History
    from .record import SubmissionRecord


class Submissions:
    """The submissions of one session.

    Args:
        context: The surroundings of each.
        library: Where the tasks of repeated submissions are looked up.
        on_end: Called when one has ended, on any thread.
    """

    def __init__(
        self, context: SubmissionContext, library: CourseLibrary, on_end: Callable[[], object]
    ) -> None:
        self._context = context
        self._library = library
        self._on_end = on_end
        self._pending: dict[str, Submission] = {}
        self._apart: WeakSet[Submissions] = WeakSet()
        self._lock = threading.Lock()

    @property
    def pending(self) -> list[Submission]:
        """Return those that have not ended, oldest first."""
        with self._lock:
            return [found for found in self._pending.values() if not found.done]

    @property
    def services(self) -> set[Service]:
        """Return the services that grade them, also those that another history keeps."""
        own = {found.service for found in self.pending if found.service is not None}
        return own.union(*(found.services for found in list(self._apart)))

    def kept_in(self, history: History) -> Submissions:
        """Return submissions to the same services that another history keeps.

        Args:
            history: Where they are kept; whoever opened it closes it.
        """
        states = TaskStates(history)
        context = replace(self._context, history=history, task_state=states.of)
        found = Submissions(context, self._library, self._on_end)
        self._apart.add(found)
        return found

    def new(
        self,
        task: Task,
        *,
        origin: Origin,
        student: Student | None = None,
        given: Answers | None = None,
        debug: Debug = False,
        lang: str | None = None,
        magics: Magics = "refuse",
        account: str = "",
        repeats: Sequence[str] = (),
    ) -> Submission:
        """Return a submission whose answers are still to come (`Submission.submit`).

        Args:
            task: The task it is for.
            origin: The part of the user interface that makes it.
            student: The person who submits, default who does at the session now.
            given: Answers that stand, whatever the notebook says.
            debug: False, True (return stdout and stderr) or "ssh" (a shell instead of a grade).
            lang: Language of the feedback, None to leave that to whoever brings the answers.
            magics: What becomes of lines of an answer that only IPython runs.
            account: The name at a site under which alone it may be sent there, empty for any.
            repeats: Ids of the same submission under which it may have arrived before.

        Raises:
            ServiceError: The session has ended.
        """
        self._context.service_for(task)
        submission = Submission(
            str(uuid.uuid4()),
            task,
            origin,
            self._context,
            student=student,
            given=given,
            debug=debug,
            lang=lang,
            magics=magics,
            account=account,
            repeats=repeats,
        )
        # First, since whoever finds it there may end it at once.
        submission.subscribe(lambda: self._forget(submission) if submission.done else None)
        with self._lock:
            self._pending[submission.id] = submission
        return submission

    def submit(
        self,
        task: Task,
        answers: Mapping[str, object],
        *,
        origin: Origin,
        student: Student | None = None,
        sources: Sequence[AnswerSource] = (),
        debug: Debug = False,
        lang: str | None = None,
    ) -> Submission:
        """Submit answers; returns once they are safe in the history, or raises and sends nothing.

        Raises:
            AnswerError, UsageError, HistoryError, ServiceError: As `Submission.submit` does.
        """
        submission = self.new(task, origin=origin, student=student, debug=debug, lang=lang)
        read = Answers(dict(answers), {source.problem_id: source for source in sources})
        submission.submit(lambda: read)
        return submission

    def resubmit(self, submission_id: str | None = None, *, origin: Origin = "api") -> Submission:
        """Submit the same answers once more, such as those of a submission that never came back.

        Args:
            submission_id: As the history has it, or the beginning of it; default: the newest
                orphaned submission.
            origin: The part of the user interface that asks for it.

        Raises:
            UsageError: There is no such submission, it is still under way, or somebody else is
                signed in at the site than who made it.
        """
        history = self._context.history
        record = self._record(submission_id)
        if not record.finished and not record.orphaned:
            raise under_way()
        sent = history.inputdata(record.id)
        task = self._library.task(f"{record.course_id}/{record.task_id}")
        account = self._context.service_for(task).account
        if account is not None and account.name and record.account not in ("", None, account.name):
            raise _of_another(record.account)
        submission = self.new(
            task,
            origin=origin,
            student=Student(record.username, str(sent.get("@email", ""))),
            lang=sent.get("@lang"),
            account=record.account or "",
            repeats=() if record.finished else history.same(record.id),
        )
        sources = {source.problem_id: source for source in history.sources(record.id)}
        submission.submit(lambda: Answers(dict(history.answers(record.id)), sources))
        return submission

    def orphaned(self) -> list[SubmissionRecord]:
        """Return submissions whose result nobody waits for, since their kernel ended."""
        return self._context.history.orphaned(self._context.student().username)

    async def keep_history(self) -> None:
        """Tell other kernels what somebody waits for, and write what could not be written."""
        history = self._context.history
        while True:
            await asyncio.sleep(ALIVE_S / 4)
            waited_for = [submission.id for submission in self.pending]
            if waited_for:
                await in_thread(history.keep_alive, waited_for, time.time())
            if history.unwritten:
                await in_thread(history.write_pending)

    def end(self) -> None:
        """Refuse those whose answers are still to be read; the session ends."""
        for submission in self.pending:
            submission.refuse(
                ServiceError(Message("The session ended before the answers were read."))
            )

    def _record(self, submission_id: str | None) -> SubmissionRecord:
        if submission_id is not None:
            username = self._context.student().username
            return self._context.history.find(username, submission_id)
        for record in self.orphaned():
            return record
        raise UsageError(Message("Every submission has its result; there is nothing to repeat."))

    def _forget(self, submission: Submission) -> None:
        with self._lock:
            self._pending.pop(submission.id, None)
        self._on_end()


def _of_another(account: str | None) -> UsageError:
    return UsageError(
        Message(
            "That is a submission of {account}; sign in as {account} to send it again.",
            account=account,
        )
    )
