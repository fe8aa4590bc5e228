"""One submission while it lives: the handle a user holds and the state that widgets show.

It is a passive object: `session` moves it through its phases, anybody may read it, wait for it,
subscribe to it or ask for its end, from any thread.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from inginious_nb.errors import InginiousError, UsageError, WaitTimeoutError
from inginious_nb.i18n import Message
from inginious_nb.io.observers import Observers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from inginious_nb.client.results import JobResult
    from inginious_nb.course import Task
    from inginious_nb.notebook.review import Magics
    from inginious_nb.notebook.sources import AnswerSource

    from .history import Attempt

Phase = Literal["reading", "refused", "saved", "sent", "queued", "running", "done"]
"""reading: the answers are still to come from the notebook; saved: in the history, not yet sent;
refused: it was not graded, since the answers cannot be submitted or no grading service runs; the
rest as it says."""

Origin = Literal["widget", "magic", "cli", "api"]
Debug = bool | Literal["ssh"]
Ssh = tuple[str, int, str, str]
"""Host, port, user and password of a remote shell into a job."""


def way_in(ssh: Ssh) -> tuple[str, str]:
    """The command that a person types to get into a shell, and the password it asks for."""
    host, port, user, password = ssh
    # Each job has a host key of its own, and ports of this machine come again: ssh would refuse.
    option = "-o NoHostAuthenticationForLocalhost=yes " if host == "127.0.0.1" else ""
    return f"ssh {option}{user}@{host} -p {port}", password


@dataclass(frozen=True)
class Preset:
    """What is decided about a submission before its answers are read from the notebook.

    Attributes:
        answers: Raw answers by problem id that stand, whatever the cells say.
        sources: Where those were read.
        debug: False, True (return stdout and stderr) or "ssh" (a shell instead of a grade).
        lang: Language of the feedback, None for the one of the session.
        magics: What becomes of lines of an answer that only IPython runs.
    """

    answers: Mapping[str, object] = field(default_factory=dict)
    sources: tuple[AnswerSource, ...] = ()
    debug: Debug = False
    lang: str | None = None
    magics: Magics = "refuse"


class Submission:
    """A submission and what is known of it now.

    Args:
        submission_id: Its id, also that of its job on the wire.
        task: The task it is for.
        origin: The part of the user interface that made it.
        preset: What its maker decided before the answers were known.

    Attributes:
        number: 1-based attempt at this task, 0 until the answers are known.
        times: When each phase was reached, in seconds since the epoch.
        at_most_before: At most so many jobs are served before it; None when not known.
        sendings: How many times it was sent; more than 1 after the backend lost it.
        kill_requested: Its end was asked for and is not confirmed yet.
        limit_s: Wall seconds that the task may run, None when it does not say.
        error: Why it was not graded.
        ssh: (host, port, user, password) of a shell opened for it. Secret: never in a synced trait.
    """

    def __init__(
        self, submission_id: str, task: Task, origin: Origin, preset: Preset | None = None
    ) -> None:
        self.id = submission_id
        self.task = task
        self.origin = origin
        self.preset = preset or Preset()
        self.number = 0
        self.answers: Mapping[str, Any] = {}
        self.sources: tuple[AnswerSource, ...] = ()
        self.phase: Phase = "reading"
        self.times: dict[Phase, float] = {"reading": time.time()}
        self.at_most_before: int | None = None
        self.sendings = 0
        self.kill_requested = False
        limits = task.environment_parameters.get("limits", {})
        self.limit_s: float | None = limits.get("hard_time")
        self.ssh: Ssh | None = None
        self.error: InginiousError | None = None
        self.outcome: JobResult | None = None
        self._future: Future[JobResult] = Future()
        self._observers = Observers()
        self._lock = threading.Lock()
        self._killer: Callable[[], object] | None = None
        self._claimed = False

    def __repr__(self) -> str:
        task = f"{self.task.course_id}/{self.task.id}"
        return f"<Submission {self.number or ''} to {task}: {self.phase}>".replace("  ", " ")

    # ---- what a user does with it -----------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether nothing more will happen to it."""
        return self._future.done()

    def result(self, timeout_s: float | None = None) -> JobResult:
        """Wait for the result.

        Interrupting the wait (Ctrl-C, the kernel's stop button) leaves the submission running.

        Raises:
            WaitTimeoutError: There was none after timeout_s seconds; the submission goes on.
            InginiousError: It was not graded.
        """
        try:
            return self._future.result(timeout_s)
        except InginiousError:
            raise
        except TimeoutError:
            raise self.no_result(timeout_s) from None

    def no_result(self, timeout_s: float | None) -> WaitTimeoutError:
        """What is raised when there was no result within so many seconds."""
        return WaitTimeoutError(
            Message(
                "There was no result within {timeout_s:g} s; the submission goes on.",
                timeout_s=timeout_s,
            )
        )

    def __await__(self) -> Generator[Any, None, JobResult]:
        # Cancelling the waiter must not cancel the submission that others wait for too.
        return asyncio.shield(asyncio.wrap_future(self._future)).__await__()

    def kill(self) -> None:
        """Ask for its end; it ends with the result ``killed`` once that is confirmed.

        One whose answers are still to come ends at once, refused.
        """
        if self.claim():
            self.refuse(UsageError(Message("It was stopped before its answers were read.")))
        with self._lock:
            if self.done or self.kill_requested:
                return
            self.kill_requested = True
            killer = self._killer
        if killer is not None:
            killer()
        self._observers.notify()

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback after each change, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)

    # ---- what the session does with it ------------------------------------------------------

    def claim(self) -> bool:
        """Whether the caller is the first who brings the answers; all others must not."""
        with self._lock:
            first = not (self._claimed or self.done)
            self._claimed = True
            return first

    def save(self, attempt: Attempt) -> None:
        """Its answers are known and in the history."""
        self.number = attempt.number
        self.answers = attempt.answers
        self.sources = attempt.sources
        self.advance("saved", attempt.submitted_at)

    def advance(self, phase: Phase, at: float) -> None:
        """It reached a phase: the next one, or ``sent`` again after the backend lost it."""
        with self._lock:
            if self.done:
                return
            if phase != "queued":
                self.at_most_before = None
            # A backend's clock may be another one, and it tells whole seconds only.
            at = max(at, *self.times.values())
            self.phase = phase
            self.times[phase] = at
        self._observers.notify()

    def update(self, **changes: object) -> None:
        """Set attributes and tell the subscribers once."""
        for name, value in changes.items():
            setattr(self, name, value)
        self._observers.notify()

    def killable_by(self, killer: Callable[[], object]) -> None:
        """From now on killer ends the job; called at once if its end was asked for already."""
        with self._lock:
            self._killer = killer
            asked = self.kill_requested
        if asked:
            killer()

    def finish(self, outcome: JobResult, at: float) -> None:
        """Its result came; anything after the first is ignored."""
        with self._lock:
            if self.done:
                return
            self.outcome = outcome
            self.phase = "done"
            self.times["done"] = at
            self.ssh = None
            self._future.set_result(outcome)
        self._observers.notify()

    def refuse(self, error: InginiousError) -> None:
        """It will not be graded; what it had got so far stays in the history."""
        with self._lock:
            if self.done:
                return
            self.error = error
            self.phase = "refused"
            self.times["refused"] = time.time()
            self._future.set_exception(error)
        self._observers.notify()
