"""One submission, from the click to its result: it checks, keeps, sends and follows itself.

Anybody may read it, wait for it, subscribe to it or ask for its end, from any thread. Whatever
happens, it ends: with a result, or refused with a message; its answers are in the history before
anything is sent.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from inginious_nb.client import events
from inginious_nb.client.results import why_unsent, with_fault
from inginious_nb.errors import (
    BackendUnavailableError,
    HistoryError,
    InginiousError,
    LocalProtocolError,
    ServiceError,
    UsageError,
    WaitTimeoutError,
)
from inginious_nb.i18n import Message
from inginious_nb.io.io_thread import in_thread
from inginious_nb.io.observers import Observers
from inginious_nb.notebook.answers import Answers

from .inputdata import inputdata
from .shell_access import can_be_pasted

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence

    from inginious_nb.client.job import Job
    from inginious_nb.client.results import JobResult
    from inginious_nb.course import Task
    from inginious_nb.notebook.review import Magics
    from inginious_nb.notebook.sources import AnswerSource
    from inginious_nb.services.service import Service

    from .history import History
    from .record import SubmissionRecord
    from .shell_access import Ssh
    from .student import Student
    from .task_state import TaskState

_log = logging.getLogger(__name__)

Phase = Literal["reading", "refused", "saved", "sent", "queued", "running", "done"]
"""reading: the answers are still to come from the notebook; saved: in the history, not yet sent;
refused: it was not graded, since the answers cannot be submitted or no grading service runs; the
rest as it says."""

Origin = Literal["widget", "magic", "cli", "api", "site"]
CONTACT_TIMEOUT_S = 30.0
"""A wait for a result ends when no grading service was there for so long, where people wait."""

Debug = bool | Literal["ssh"]
"""False, True (return stdout and stderr), or "ssh" (a shell instead of a grade)."""

_LOOK_INTERVAL_S = 0.5


class SubmissionContext(Struct, frozen=True):
    """The surroundings that all submissions of a session share.

    Attributes:
        person: The person at this session.
        student: Returns who submits where nobody else is named.
        history: Where submissions are kept.
        service_for: Returns the service that grades what is submitted now to a task; raises a
            ServiceError once the session has ended.
        spawn: Runs a coroutine on the session's loop.
        task_state: Returns what a student's submissions to a task share.
        language: Returns the language of the person at this session.
    """

    person: Student
    student: Callable[[], Student]
    history: History
    service_for: Callable[[Task], Service]
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    task_state: Callable[[Task, Student], TaskState]
    language: Callable[[], str]


class Submission:
    """A submission and what is known of it now.

    Args:
        submission_id: Its id, also that of its job on the wire.
        task: The task it is for.
        origin: The part of the user interface that made it.
        context: The surroundings.
        student: The person who submits, default who does at the session now.
        given: Answers that stand, whatever the notebook says.
        debug: What is asked for besides a grade, whoever brings the answers.
        lang: The language of the feedback, None to leave it to whoever brings the answers.
        magics: What becomes of lines of an answer that only IPython runs.
        account: The name at the site under which alone it may be sent there, empty for any.
        repeats: Ids of the same submission under which it may have arrived before.

    Attributes:
        student: The person who submits.
        number: 1-based number of this user's submissions to the task, 0 until it is kept.
        answers: What was kept, by problem id.
        sources: Where the answers were read.
        record: Its row in the history, None until it is kept.
        phase: Where it stands.
        times: When each phase was reached, in seconds since the epoch; replaced, not changed.
        at_most_before: At most so many jobs are served before it; None when not known.
        sendings: How many times it was sent; more than 1 after the service lost it.
        kill_requested: Its end was asked for and is not confirmed yet.
        note: Why it waits here, for a person; empty if it does not.
        limit_s: Wall seconds that the task may run, None when it does not say.
        error: Why it was not graded.
        result: The result, None until it came.
        ssh: (host, port, user, password) of a shell opened for it. Secret: never in a synced trait.
    """

    def __init__(
        self,
        submission_id: str,
        task: Task,
        origin: Origin,
        context: SubmissionContext,
        *,
        student: Student | None = None,
        given: Answers | None = None,
        debug: Debug = False,
        lang: str | None = None,
        magics: Magics = "refuse",
        account: str = "",
        repeats: Sequence[str] = (),
    ) -> None:
        self.id = submission_id
        self.task = task
        self.origin = origin
        self.student = student or context.student()
        self.given = given or Answers()
        self.lang = lang
        self.magics = magics
        self.number = 0
        self.answers: Mapping[str, Any] = {}
        self.sources: tuple[AnswerSource, ...] = ()
        self.record: SubmissionRecord | None = None
        self.phase: Phase = "reading"
        self.times: Mapping[Phase, float] = {"reading": time.time()}
        self.at_most_before: int | None = None
        self.sendings = 0
        self.kill_requested = False
        self.note = ""
        limits = task.environment_parameters.get("limits", {})
        self.limit_s: float | None = limits.get("hard_time")
        self.ssh: Ssh | None = None
        self.error: InginiousError | None = None
        self.result: JobResult | None = None
        self._context = context
        self._account = account
        self._repeats = repeats
        self._debug = debug
        self._service: Service | None = None
        self._sent: Mapping[str, Any] = {}
        self._future: Future[JobResult] = Future()
        self._notified: Future[None] = Future()
        self._notifying_thread: int | None = None
        self._observers = Observers()
        self._lock = threading.Lock()
        self._kill_job: Callable[[], object] | None = None
        self._claimed = False

    def __repr__(self) -> str:
        task = f"{self.task.course_id}/{self.task.id}"
        return f"<Submission {self.number or ''} to {task}: {self.phase}>".replace("  ", " ")

    # ---- what a user does with it -----------------------------------------------------------

    @property
    def done(self) -> bool:
        """Return whether nothing more will happen to it."""
        return self._future.done()

    @property
    def other_student(self) -> str:
        """Return the username of who submits, empty where it is the person at this session."""
        is_person = self.student.username == self._context.person.username
        return "" if is_person else self.student.username

    @property
    def service(self) -> Service | None:
        """Return the service that grades it, None before there are answers."""
        return self._service

    def wait(
        self, timeout_s: float | None = None, *, contact_timeout_s: float = math.inf
    ) -> JobResult:
        """Wait for the result, but not for ever for a service that never answered.

        Interrupting the wait (Ctrl-C, the kernel's stop button) leaves the submission running.

        Raises:
            WaitTimeoutError: There was none after timeout_s seconds; the submission goes on.
            BackendUnavailableError: No service was there for contact_timeout_s seconds; the
                submission goes on, too.
            InginiousError: It was not graded.
        """
        begun = time.monotonic()
        deadline = begun + (math.inf if timeout_s is None else timeout_s)
        contact_deadline = begun + contact_timeout_s
        while True:
            remaining_s = max(0.0, deadline - time.monotonic())
            try:
                if self._notifying_thread != threading.get_ident():  # else a subscriber asks
                    self._notified.result(min(remaining_s, _LOOK_INTERVAL_S))
                return self._future.result(0)
            except InginiousError:
                raise
            except TimeoutError:
                pass
            state = self._service.state if self._service is not None else None
            if state is None or state.state not in ("starting", "connecting"):
                contact_deadline = math.inf
            elif time.monotonic() > min(contact_deadline, deadline):
                raise BackendUnavailableError(state.message)
            if remaining_s <= 0:
                raise WaitTimeoutError(
                    Message(
                        "There was no result within {timeout_s:g} s; the submission goes on.",
                        timeout_s=timeout_s,
                    )
                )

    def __await__(self) -> Generator[Any, None, JobResult]:
        return self._awaited().__await__()

    async def _awaited(self) -> JobResult:
        # Cancelling the waiter must not cancel the submission that others wait for too.
        await asyncio.shield(asyncio.wrap_future(self._notified))
        return self._future.result(0)

    def kill(self) -> None:
        """Ask for its end; it ends with the result ``killed`` once that is confirmed.

        One whose answers are still to come ends at once, refused.
        """
        if self._claim():
            self.refuse(UsageError(Message("It was stopped before its answers were read.")))
        with self._lock:
            if self.done or self.kill_requested:
                return
            self.kill_requested = True
            kill_job = self._kill_job
        if kill_job is not None:
            kill_job()
        self._observers.notify()

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback after each change, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)

    # ---- from the answers to the service ----------------------------------------------------

    def submit(
        self, read: Callable[[], Answers], *, debug: Debug = False, lang: str | None = None
    ) -> bool:
        """Take the answers, keep them in the history and send them; only the first call does.

        Args:
            read: Returns the answers; those given at the beginning prevail.
            debug: What is asked for besides a grade, where its maker asked for nothing.
            lang: The language of the feedback, where its maker left it open; default the session's.

        Returns:
            Whether this call was the first; any other does nothing.

        Raises:
            AnswerError: An answer is missing or cannot be right. As with the errors below, nothing
                was sent, and the submission is refused.
            UsageError: A shell is asked for, and the service cannot open one; or another student
                submits, and the service takes submissions of one person only.
            HistoryError: The answers cannot be kept.
            ServiceError: The session has ended.
        """
        if not self._claim():
            return False
        try:
            self._keep(read(), debug, lang)
        except InginiousError as error:
            self.refuse(error)
            raise
        except Exception as error:
            # A fault of ours must not leave a student waiting for ever.
            _log.exception("The answers of submission %s could not be read.", self.id)
            refusal = UsageError(Message("The answers could not be read; the log has the details."))
            self.refuse(refusal)
            raise refusal from error
        self._context.spawn(self._run())
        return True

    def refuse(self, error: InginiousError) -> None:
        """End it without a result; what it had got so far stays in the history."""
        with self._lock:
            if self.done:
                return
            self.error = error
            self._reach("refused", time.time())
            self._claimed = True
            self._future.set_exception(error)
        self._notify_end()

    def _claim(self) -> bool:
        """Claim to bring the answers; return whether the caller is the first, who alone may."""
        with self._lock:
            first = not (self._claimed or self.done)
            self._claimed = True
            return first

    def _keep(self, read: Answers, debug: Debug, lang: str | None) -> None:
        context = self._context
        answers = Answers(dict(self.given.values), dict(self.given.sources))
        answers.fill_from(read)
        service = self._take_service()
        self._debug = self._debug or debug
        service.check(self._debug)
        if service.knows_who and self.other_student:
            raise _only_who_signed_in(self.student, service)
        account = service.account
        if account is not None and self._account:
            account = replace(account, name=self._account)
        lang = self.lang or lang or context.language()
        state = context.task_state(self.task, self.student)
        # A refusal calls the problems as the person sees them.
        checked = self.task.translated(lang).check(answers.values)
        record, sent = context.history.add(
            submission_id=self.id,
            course_id=self.task.course_id,
            task_id=self.task.id,
            username=self.student.username,
            origin=self.origin,
            service=service.address,
            inputdata=inputdata(
                self.task, self.student, checked, lang=lang, state=state.left_state
            ),
            sources=tuple(answers.sources.values()),
            account=account,
            repeats=next(iter(self._repeats), None),
        )
        self._sent = sent
        self.record = record
        self.number = record.number
        self.answers = {key: value for key, value in sent.items() if not key.startswith("@")}
        self.sources = tuple(answers.sources.values())
        self._advance("saved", record.submitted_at)
        state.follow(self)

    def _take_service(self) -> Service:
        """Return the service that grades it now; from here on nobody leaves that as idle."""
        while True:
            service = self._service = self._context.service_for(self.task)
            if self._context.service_for(self.task) is service:
                return service  # else another one was chosen before that was noted

    # ---- on the session's loop --------------------------------------------------------------

    async def _run(self) -> None:
        """Send it and follow its job; returns when it has ended."""
        service = self._service
        if service is None:
            return
        try:
            job = await service.open_job(
                self.task,
                self._sent,
                job_id=self.id,
                launcher_name=self._launcher_name,
                debug=self._debug,
                repeats=self._repeats,
            )
            self._killable_by(job.kill)
            await self._follow(job)
        except LocalProtocolError as error:
            await self._give_up(ServiceError(why_unsent(error)))
        except InginiousError as error:
            await self._give_up(error)
        except asyncio.CancelledError:
            self.refuse(_session_ended())
            raise
        except Exception:  # noqa: BLE001 - see below
            # A fault of ours must not leave a student waiting for ever.
            _log.exception("Submission %s could not be sent or followed.", self.id)
            await self._give_up(_went_wrong())

    @property
    def _launcher_name(self) -> str:
        """Return who submits; of those who sign in, who was signed in when it was made."""
        account = self.record.account if self.record is not None else None
        return self.student.username if account is None else account

    async def _give_up(self, error: InginiousError) -> None:
        """Refuse what is in the history already; from now on it can be sent again."""
        await in_thread(self._context.history.keep_alive, [self.id], 0.0)
        self.refuse(error)

    async def _follow(self, job: Job) -> None:
        async for event in job:
            match event:
                case events.JobSent(at=at, sending=sending, username=username):
                    self.sendings = sending
                    await self._keep_account(username)
                    self._advance("sent", at)
                case events.JobHeld(reason=reason):
                    self._note_wait(reason)
                case events.JobAccepted(remote_id=remote_id):
                    await self._keep_remote_id(remote_id)
                case events.JobQueued(at=at, at_most_before=before):
                    self.at_most_before = before
                    self._advance("queued", at)
                case events.JobStarted(at=at):
                    self._advance("running", at)
                case events.JobSsh(host=host, port=port, user=user, password=password):
                    self._take_shell((host, port, user, password))
                case events.JobDone(at=at, result=result):
                    result = with_fault(result)
                    try:
                        await in_thread(self._context.history.finish, self.id, result, at)
                    except HistoryError:
                        _log.exception("A result could not be kept.")
                    self._finish(result, at)

    def _take_shell(self, ssh: Ssh) -> None:
        if can_be_pasted(ssh):
            self.ssh = ssh
            self._observers.notify()
        else:
            self._note_wait(
                Message(
                    "The grading service offers a shell at an address that is none, so it is not "
                    "shown; tell your instructor."
                )
            )

    def _note_wait(self, reason: str) -> None:
        if self.note != reason:
            self.note = reason
            self._observers.notify()

    async def _keep_account(self, username: str) -> None:
        if self.record is not None and username and self.record.account != username:
            self.record = replace(self.record, account=username)
            await in_thread(self._context.history.note_account, self.id, username)

    async def _keep_remote_id(self, remote_id: str) -> None:
        if self.record is not None:
            self.record = replace(self.record, remote_id=remote_id)
        note = self._context.history.note_remote_id
        if await in_thread(note, self.id, remote_id):
            self._context.task_state(self.task, self.student).read_again()

    def _advance(self, phase: Phase, at: float) -> None:
        """Reach a phase: the next one, or ``sent`` again after the service lost the job."""
        with self._lock:
            if self.done:
                return
            if phase != "queued":
                self.at_most_before = None
            self.note = ""
            # A backend's clock may be another one, and it tells whole seconds only.
            at = max(at, *self.times.values())
            self._reach(phase, at)
        self._observers.notify()

    def _reach(self, phase: Phase, at: float) -> None:
        """Note a phase and when it was reached, for readers that take no lock.

        They may be in the middle of the times, and whoever sees the phase finds its time.
        """
        self.times = {**self.times, phase: at}
        self.phase = phase

    def _killable_by(self, kill_job: Callable[[], object]) -> None:
        """Have kill_job end the job from now on; at once if its end was asked for already."""
        with self._lock:
            self._kill_job = kill_job
            asked = self.kill_requested
        if asked:
            kill_job()

    def _finish(self, result: JobResult, at: float) -> None:
        """End it with its result; anything after the first is ignored."""
        with self._lock:
            if self.done:
                return
            self._reach("done", at)
            self.result = result
            self.ssh = None
            if self.record is not None:
                self.record = self.record.with_result(result, at)
            self._future.set_result(result)
        self._notify_end()

    def _notify_end(self) -> None:
        """Notify subscribers, then who waits: that one looks at the task, and submits the next."""
        self._notifying_thread = threading.get_ident()
        try:
            self._observers.notify()
        finally:  # whatever interrupts it
            self._notifying_thread = None
            self._notified.set_result(None)


def _session_ended() -> ServiceError:
    return ServiceError(
        Message(
            "The session ended before the result came; %inginious resubmit sends the same answers "
            "again."
        )
    )


def _went_wrong() -> ServiceError:
    return ServiceError(
        Message(
            "Something went wrong on the way to the grading service; the log has the details. Your "
            "answers are kept: %inginious resubmit sends them again."
        )
    )


def _only_who_signed_in(student: Student, service: Service) -> UsageError:
    return UsageError(
        Message(
            "{service} takes submissions only of the person who signed in, not of {student}; "
            "%inginious connect embedded grades them on this machine.",
            service=service.address,
            student=student.username,
        )
    )
