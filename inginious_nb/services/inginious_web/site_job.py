"""One job at a site: sent once, followed at a pace, and always ended.

A lost answer is looked for in the site's own list before anything is sent again, so that a
student's attempt is never spent twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from inginious_nb.client.events import (
    JobAccepted,
    JobDone,
    JobHeld,
    JobQueued,
    JobSent,
    JobSsh,
    JobStarted,
)
from inginious_nb.client.results import JobResult
from inginious_nb.i18n import Message

from . import answers, failure_texts
from .failures import (
    BrokenAnswerError,
    InBetweenError,
    PassingError,
    RefusedError,
    SignedOutError,
    SignInError,
    SiteError,
)
from .form import MARK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from inginious_nb.client.events import JobEvent

    from .exchange import File
    from .pace import Pace
    from .pages import TaskPage
    from .site import Site

_T = TypeVar("_T")

_MAX_REFRESHES = 5
"""How often a task's new random values are fetched before its page is believed to be at fault."""
_MAX_BROKEN_CHECKS = 5
_MAX_SENDINGS = 4
_MAX_LOOKED_AT = 10
"""How many submissions of the site's list are opened to find ours, the newest."""


_ONE_AT_A_TIME = Message(
    "It waits here, kept: the site grades one submission to a task at a time, and yours before it "
    "has no result yet."
)
_ANOTHER_IS_PENDING = Message(
    "It waits here, kept: the site grades one submission to a task at a time, and one that you "
    "made elsewhere has no result yet."
)


@dataclass(frozen=True)
class NewJob:
    """A submission that is to be made.

    Attributes:
        job_id: Our id, by which a submission of ours is recognised in the site's list.
        course_id: The course at the site.
        task_id: The task there.
        fields: The answers that are texts or choices.
        files: The answers that are files.
        debug_mode: The site's ``@debug-mode``, for its administrators only.
        username: Who alone may submit it, empty for whoever is signed in.
        repeats: Our ids of the same submission that it repeats: their kernels died, so it is not
            known whether they have arrived.
    """

    job_id: str
    course_id: str
    task_id: str
    fields: Mapping[str, str | Sequence[str]]
    files: Sequence[File] = ()
    debug_mode: str = ""
    username: str = ""
    repeats: tuple[str, ...] = ()


class _KilledError(Exception):
    """It was killed before it was sent."""


class SiteJob:
    """A submission to a site, from its first sending to its end.

    Args:
        site: A signed-in site.
        new: What is submitted.
        tell: Called with its events; `run` returns the last one.
        pace: How often the site is asked.
        heard: Called with True after an answer, with False where one did not come.
        attended: Returns whether a person is there who may sign in (again), which is waited for.
        turn: Held while the submission is under way: a site takes one a task.
    """

    def __init__(
        self,
        site: Site,
        new: NewJob,
        tell: Callable[[JobEvent], object],
        *,
        pace: Pace,
        heard: Callable[[bool], object],
        attended: Callable[[], bool],
        turn: asyncio.Lock,
    ) -> None:
        self._site = site
        self._new = new
        self._tell = tell
        self._pace = pace
        self._heard = heard
        self._attended = attended
        self._turn = turn
        self._waits = pace.waits()
        self._last_answer = time.monotonic()
        self._session = site.session
        self._sendings = 0
        self._refreshes = 0
        self._may_be_there = bool(new.repeats)
        self._is_between = False
        self._unsent: PassingError | None = None
        self._known: frozenset[str] = frozenset()
        self._killing = asyncio.Event()

    def kill(self) -> None:
        """End it: nothing is sent any more, or the site is asked to kill it."""
        self._killing.set()

    async def run(self) -> JobDone:
        """Submit, follow, and return the end; a failure is an end too."""
        try:
            if self._turn.locked():
                self._tell(JobHeld(time.time(), _ONE_AT_A_TIME))
            async with self._own_turn():
                self._last_answer = time.monotonic()
                submission_id = await self._submit()
                self._tell(JobAccepted(time.time(), submission_id))
                result = await self._follow(submission_id)
        except _KilledError:
            result = JobResult(("killed", ""))
        except SiteError as error:
            result = JobResult(("crash", error.fault(error.text)))
        return JobDone(time.time(), result)

    @contextlib.asynccontextmanager
    async def _own_turn(self) -> AsyncIterator[None]:
        """Wait for the turn, unless it is killed before."""
        turn = asyncio.ensure_future(self._turn.acquire())
        await self._until(turn)
        if not turn.done():
            raise _KilledError
        try:
            yield
        finally:
            self._turn.release()

    # ---- sending ----------------------------------------------------------------------------

    async def _submit(self) -> str:
        """Return the site's id of the submission.

        Raises:
            _KilledError: It was killed before the site had it.
        """
        page = await self._until_answered(self._open)
        if not self._may_be_there:
            self._known = frozenset(page.submissions)
        while not self._killing.is_set():
            found = await self._found(page) or await self._send_once(page)
            if found is not None:
                return found
            page = await self._until_answered(self._open)
        found = await self._found(page)
        if found is None:
            raise _KilledError
        return found

    async def _send_once(self, page: TaskPage) -> str | None:
        """Send it if the site takes it now.

        Returns:
            The site's id of it; None, after a pause, if it is to be tried again.
        """
        if page.pending is not None:
            self._tell(JobHeld(time.time(), _ANOTHER_IS_PENDING))
            self._refreshes = 0
            await self._pause(self._pace.max_s)
            return None
        self._check_sending(page)
        self._sendings += 1
        self._tell(JobSent(time.time(), self._sendings, self._site.username))
        wait_s = 0.0
        try:
            answer = await self._send(page)
        except (SignedOutError, SignInError):
            # Nothing was done: neither a sending nor an answer is lost.
            self._sendings -= 1
            await self._until_answered(self._sign_in_again)
            self._count_refresh()
        except PassingError as error:
            self._heard(False)
            self._tell_in_between(error)
            self._may_be_there, wait_s = True, error.retry_after_s
            self._unsent = error
        except SiteError as error:
            # It may have been stored all the same, and is not sent again.
            if (found := await self._stored()) is not None:
                return found
            raise error from None
        else:
            self._heard(True)
            if isinstance(answer, answers.Accepted):
                return answer.submission_id
            await self._check_refusal(answer)
        await self._pause(wait_s)
        return None

    def _check_sending(self, page: TaskPage) -> None:
        """Raise why it is not sent, if it must not be."""
        if self._new.username not in ("", self._site.username):
            raise _of_another(self._new.username)
        if not page.may_submit:
            raise _not_offered(page)
        if self._sendings == _MAX_SENDINGS:
            # What lets the page through and not the answers, such as a filter, says more.
            is_kept_back = isinstance(self._unsent, InBetweenError)
            raise (is_kept_back and self._unsent) or _given_up(self._site.address)

    async def _check_refusal(self, refused: answers.Refused) -> None:
        """Raise why the site refused it, unless it may take it the next time."""
        if refused.is_outdated:
            self._count_refresh()
        elif refused.is_pending:
            self._tell(JobHeld(time.time(), _ANOTHER_IS_PENDING))
        else:
            raise await self._reason(refused)

    def _count_refresh(self) -> None:
        self._refreshes += 1
        if self._refreshes > _MAX_REFRESHES:
            raise _given_up(self._site.address)

    async def _found(self, page: TaskPage) -> str | None:
        """Return the site's id of it if it may have arrived unnoticed, and has."""
        return await self._find(page) if self._may_be_there else None

    async def _stored(self) -> str | None:
        """Return the site's id of what was answered strangely, None if it is not there."""
        with contextlib.suppress(SiteError):
            return await self._find(await self._until_answered(self._open))
        return None

    async def _send(self, page: TaskPage) -> answers.Accepted | answers.Refused:
        new = self._new
        self._session = self._site.session
        fields: dict[str, str | Sequence[str]] = {
            **new.fields,
            **page.random_values,
            MARK: new.job_id,
        }
        if new.debug_mode:
            fields["@debug-mode"] = new.debug_mode
        return answers.read_submit(
            await self._site.act(new.course_id, new.task_id, "submit", fields, new.files)
        )

    async def _sign_in_again(self) -> None:
        await self._site.sign_in_again(self._session)

    async def _find(self, page: TaskPage) -> str | None:
        """Look among the site's new submissions for ours."""
        listed = (page.pending, *page.submissions)
        new = [item for item in listed if item and item not in self._known]
        for submission_id in list(dict.fromkeys(new))[:_MAX_LOOKED_AT]:
            told = await self._asked("load_submission_input", submission_id)
            if answers.read_input(told).get(MARK) in (self._new.job_id, *self._new.repeats):
                return submission_id
        return None

    async def _reason(self, refused: answers.Refused) -> SiteError:
        """Return why the site refused; its page knows better than its answer."""
        page = await self._until_answered(self._open)
        if not page.may_submit:
            return _not_offered(page)
        return failure_texts.of_note(refused.text)

    # ---- following --------------------------------------------------------------------------

    async def _follow(self, submission_id: str) -> JobResult:
        """Check a submission until it is graded."""
        self._waits.reset()
        told: object = None
        kill_sent = False
        while True:
            await self._pause()
            if self._killing.is_set() and not kill_sent:
                # The site always says done; only the next check tells.
                await self._asked("kill", submission_id)
                kill_sent = True
                self._waits.reset()
                continue
            state = answers.read_check(await self._checked(submission_id))
            if isinstance(state, JobResult):
                return state
            if state != told:
                self._tell_waiting(state)
                told = state

    async def _checked(self, submission_id: str) -> dict[str, Any]:
        """Return the answer to one check; that of a site with a fault is asked for a few times."""
        broken = 0
        while True:
            try:
                return await self._asked("check", submission_id)
            except (BrokenAnswerError, SignedOutError):  # signed in again, and still out
                broken += 1
                if broken == _MAX_BROKEN_CHECKS:
                    raise
            await self._pause(self._pace.max_s)

    def _tell_waiting(self, state: answers.Waiting) -> None:
        now = time.time()
        if state.ssh is not None:
            self._tell(JobSsh(now, *state.ssh))
        elif state.is_running:
            self._tell(JobStarted(now))
        elif state.before is not None:
            self._tell(JobQueued(now, state.before))

    # ---- both -------------------------------------------------------------------------------

    async def _open(self) -> TaskPage:
        return await self._site.task_page(self._new.course_id, self._new.task_id)

    async def _asked(self, action: str, submission_id: str) -> dict[str, Any]:
        """Return the answer to what may be asked twice."""
        new = self._new
        return await self._until_answered(
            lambda: self._site.act_again(
                new.course_id, new.task_id, action, {"submissionid": submission_id}
            )
        )

    async def _until_answered(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """Ask until the site answers, for as long as a submission may wait.

        A person who has to sign in may take any time; nothing is asked meanwhile.
        """
        while True:
            if self._killing.is_set() and not self._sendings:
                raise _KilledError
            try:
                answer = await self._unless_killed(ask())
            except SignInError:
                if not self._attended():
                    raise
                self._tell(JobHeld(time.time(), _sign_in(self._site.username)))
                await self._until(self._site.person())
                self._tell(JobHeld(time.time(), ""))
                self._last_answer = time.monotonic()
            except PassingError as error:
                self._heard(False)
                self._tell_in_between(error)
                if time.monotonic() - self._last_answer > self._pace.give_up_s:
                    raise
                await self._pause(error.retry_after_s)
            else:
                self._last_answer = time.monotonic()
                self._heard(True)
                self._tell_in_between(None)
                return answer

    def _tell_in_between(self, error: PassingError | None) -> None:
        """Say what answers in the place of the site, as long as something does."""
        if isinstance(error, InBetweenError):
            self._tell(JobHeld(time.time(), _in_between(error)))
            self._is_between = True
        elif self._is_between:
            self._tell(JobHeld(time.time(), ""))
            self._is_between = False

    async def _unless_killed(self, asked: Awaitable[_T]) -> _T:
        """Return an answer, which may take minutes; a kill before anything was sent ends that."""
        answer = asyncio.ensure_future(asked)
        await self._until(answer)
        if not answer.done():
            raise _KilledError
        return answer.result()

    async def _pause(self, at_least_s: float = 0.0) -> None:
        """Wait for the next request; a kill ends the wait, once."""
        wait_s = self._waits.next(at_least_s)
        if self._killing.is_set():
            await asyncio.sleep(wait_s)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._killing.wait(), wait_s)

    async def _until(self, news: Awaitable[object]) -> None:
        """Wait for news, or for a kill if nothing was sent yet."""
        waits = [asyncio.ensure_future(news)]
        if not self._sendings:
            waits.append(asyncio.ensure_future(self._killing.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _sign_in(username: str) -> Message:
    # Saved with a notebook, so without the site's address.
    if not username:
        return Message("It waits until you sign in: run %inginious connect.")
    return Message(
        "It waits until {username} signs in again: run %inginious connect.", username=username
    )


def _in_between(error: InBetweenError) -> Message:
    # Saved with a notebook, so without the site's address.
    return Message(
        "It waits here, kept: what answers is not the site, but {what}. It goes on when the site "
        "answers again.",
        what=error.what,
    )


def _of_another(username: str) -> SiteError:
    return SiteError(
        Message(
            "It was not sent, for it is a submission of {username}: sign in as {username}, then "
            "%inginious resubmit sends it.",
            username=username,
        )
    )


def _not_offered(page: TaskPage) -> SiteError:
    if page.refusal:
        note = failure_texts.as_sentence(page.refusal)
        return RefusedError(Message("The site takes no submission: {note}", note=note))
    return RefusedError(
        Message("The site takes no submission to this task now; open its page there.")
    )


def _given_up(address: str) -> SiteError:
    return SiteError(
        Message(
            "{site} did not take the submission after several tries; look at the task's page "
            "there before you submit again.",
            site=address,
        )
    )
