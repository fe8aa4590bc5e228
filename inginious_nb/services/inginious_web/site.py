"""The signed-in conversation with one site: the session, and what may be asked in it.

Everything runs on one loop. How a request is sent is in `exchange`, how a failure is worded in
`failure_texts`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from msgspec.structs import replace

from . import answers, failure_texts, pages, pictures, task_reader
from .exchange import MAX_ANSWER_BYTES, MAX_PAGE_BYTES, http_client, send
from .failures import PassingError, SignedOutError, SignInError, SiteError
from .sign_in import SESSION_COOKIE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inginious_nb.course import Task

    from .exchange import Answer, File
    from .pages import Listed, TaskPage
    from .sign_in import SignIn

_log = logging.getLogger(__name__)

_MAX_READ_AT_ONCE_BYTES = 100_000
_FIRST_SIGN_IN_WAIT_S = 0.25
_MAX_SIGN_IN_WAIT_S = 10.0
"""Waits between two tries to sign in at a site that does not answer, however many wait for it."""
_MAX_SIGN_OUT_WAIT_S = 5.0
"""Who signs out waits so long at most for the answers that still come."""


class Site:
    """A conversation with one site, as one person.

    It signs in with the first request, and again when the session is over. Where a person has to
    sign in (`needs_sign_in`), each request says so until `use` gives another way.

    Args:
        address: As `address.checked_site` returns it.
        sign_in: How the person signs in, None where that is still to be asked.
        lang: The language in which the site is asked to speak.
        changed: Called on the loop when somebody has signed in, or has to.

    Attributes:
        username: The name at the site, empty until it is known.

    Raises:
        SiteError: Every coroutine raises one; its class says whether a repetition may help.
    """

    def __init__(
        self,
        address: str,
        sign_in: SignIn | None = None,
        *,
        lang: str = "en",
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self.address = address
        self.username = "" if sign_in is None else sign_in.username
        self._sign_in = sign_in
        self._changed = changed
        self._refusal: SignInError | None = None
        self._signing_in = asyncio.Lock()
        self._news = asyncio.Event()
        self._session = 0
        self._is_open = False
        self._marks: frozenset[str] = frozenset()
        self._sign_in_wait_s = _FIRST_SIGN_IN_WAIT_S
        self._not_before = 0.0
        self._busy: PassingError | None = None
        self._asking: set[asyncio.Task[Any] | None] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._http = http_client(address, lang)

    async def close(self) -> None:
        """End the conversation, and what is asked for now."""
        # Before the loop ends: it would also cancel what connects within a request, and the
        # library leaves a socket behind then.
        while self._asking:
            for task in filter(None, self._asking):
                task.cancel()
            await self._quiet.wait()
        await self._http.aclose()

    # ---- the session ------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Return whether a session is open, as far as the site has told."""
        return self._is_open

    @property
    def needs_sign_in(self) -> SignInError | None:
        """Return why a person has to sign in, None if nobody has to."""
        if self._refusal is None and self._sign_in is None:
            return failure_texts.sign_in_first(self.address)
        return self._refusal

    @property
    def refusal(self) -> SignInError | None:
        """Return why the site does not take the person, None if it has not refused."""
        return self._refusal

    @property
    def way(self) -> SignIn | None:
        """Return how the person signs in, None where that is still to be asked."""
        return self._sign_in

    def use(self, sign_in: SignIn) -> None:
        """Sign in in this way from now on; what waits for it goes on."""
        self._sign_in = sign_in
        self._refusal = None
        self._is_open = False
        self._not_before = 0.0
        self.username = sign_in.username or self.username
        self._news.set()
        self._news = asyncio.Event()
        self._changed()

    async def person(self) -> None:
        """Wait until somebody gives another way to sign in."""
        await self._news.wait()

    async def sign_in(self) -> None:
        """Open a session, unless one is open.

        Raises:
            SignInError: A person has to sign in, or has to do so in another way.
        """
        async with self._signing_in:
            if not self._is_open:
                await self._open()

    @property
    def session(self) -> int:
        """Return the number of the session, for `sign_in_again`."""
        return self._session

    async def sign_in_again(self, session: int) -> None:
        """Sign in unless somebody else has done so since the session of that number."""
        async with self._signing_in:
            if self._session == session:
                _log.info("The session at %s is over; signing in again.", self.address)
                self._is_open = False
                await self._open()

    async def sign_out(self) -> None:
        """End the session at the site, if it answers, and forget how to sign in.

        INGInious stores the session again with each answer, so that one which comes after the end
        would open it anew: this request is the last.
        """
        was_open, self._is_open = self._is_open, False
        session = self._session
        self._sign_in, self._refusal = None, None
        async with self._signing_in:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_MAX_SIGN_OUT_WAIT_S):
                    await self._quiet.wait()
            try:
                if was_open or self._session != session:
                    await self._request("GET", "/logout")
            except SiteError as error:  # a redirect is the answer that is expected
                _log.debug("Signed out: %s", error)
            self._http.cookies.clear()
        self._changed()

    async def ask(
        self, method: str, path: str, fields: Mapping[str, str] | None = None
    ) -> tuple[bool, dict[str, Any]]:
        """Send a request that signs in; see `sign_in.Conversation`."""
        answer = await self._request(method, path, data=fields, allowed={HTTPStatus.FORBIDDEN})
        allowed, told = answer.status == HTTPStatus.OK, answers.read_object(answer.body)
        if told is None and pages.read_title(answer.text):
            raise failure_texts.of_another(self.address, answer.text, answer.status)
        if not allowed and not answer.is_own:
            return False, {}  # whoever refuses does not know the password
        if allowed and told:
            self._marks = _marks(answer)
        return allowed, told or {}

    def carry_cookie(self, name: str, value: str) -> None:
        """Send a cookie with every request from now on."""
        host = urlsplit(self.address).hostname or ""
        # As the library that keeps cookies calls a host without a dot.
        domain = host if "." in host or ":" in host else f"{host}.local"
        self._http.cookies.set(name, value, domain=domain)

    async def _open(self) -> None:
        way = self._sign_in
        if way is None or self._refusal is not None:
            raise self._refusal or failure_texts.sign_in_first(self.address)
        self._refuse_while_waiting()
        self._http.cookies.clear()
        try:
            username = await way.open(self)
        except SignInError as error:
            if way is self._sign_in:
                self._refusal = error
                self._changed()
            raise
        except PassingError as error:
            self._wait(error, max(error.retry_after_s, self._sign_in_wait_s))
            self._sign_in_wait_s = min(2 * self._sign_in_wait_s, _MAX_SIGN_IN_WAIT_S)
            raise
        self._sign_in_wait_s = _FIRST_SIGN_IN_WAIT_S
        self._session += 1
        self._is_open = way is self._sign_in
        self.username = username
        self._changed()

    # ---- courses, tasks, submissions --------------------------------------------------------

    async def courses(self) -> tuple[Listed, ...]:
        """Return the courses that this person is enrolled in."""
        page = await self._get("/mycourses", MAX_PAGE_BYTES)
        courses = await asyncio.to_thread(pages.read_courses, page.text)
        if not courses and not page.is_own:
            raise await self._of_page(page)
        return courses

    async def tasks(self, course_id: str) -> tuple[Listed, ...]:
        """Return the tasks that the page of a course shows, in its order."""
        page = await self._get(f"/course/{quote(course_id, safe='')}", MAX_PAGE_BYTES)
        tasks = await asyncio.to_thread(pages.read_tasks, page.text, course_id)
        if not tasks and not page.is_own:
            raise await self._of_page(page)
        if not tasks and (note := await asyncio.to_thread(pages.read_note, page.text)):
            raise failure_texts.of_note(note)
        return tasks

    async def task_page(self, course_id: str, task_id: str) -> TaskPage:
        """Open a task's page, which a submission needs first: random values are fixed there."""
        answer = await self._get(_path(course_id, task_id), MAX_PAGE_BYTES)
        page = await asyncio.to_thread(pages.read_task_page, answer.text)
        if page is None:
            raise await self._of_page(answer)
        return page

    async def task(self, course_id: str, task_id: str) -> Task:
        """Open a task's page and return all that it tells of the task.

        Raises:
            CourseError: The task has a problem that only its page can ask.
        """
        answer = await self._get(_path(course_id, task_id), MAX_PAGE_BYTES)
        html = answer.text
        read = task_reader.read_task
        task = await asyncio.to_thread(read, html, course_id, task_id, self.address)
        if task is None:
            raise await self._of_page(answer)
        standing = replace(task.standing, username=self.username)
        if "<img" not in task_reader.texts(task):
            return replace(task, standing=standing)
        # Only what the task itself shows: the page has pictures of its own around it.
        around, mark, shown = html.partition(task_reader.BEGINNING)
        (shown,) = await pictures.inlined_texts(self, course_id, task_id, [shown])
        page = around + mark + shown
        task = await asyncio.to_thread(read, page, course_id, task_id, self.address) or task
        return replace(task, standing=standing)

    async def file(self, course_id: str, task_id: str, submission_id: str, problem: str) -> bytes:
        """Return the file that answered a problem in a submission."""
        query = urlencode({"submissionid": submission_id, "questionid": problem})
        answer = await self._get(f"{_path(course_id, task_id)}?{query}")
        if not answer.is_own and "content-disposition" not in answer.headers:
            raise await self._of_page(answer)
        return answer.body

    async def picture(self, path: str, limit_bytes: int) -> bytes:
        """Return what is at a path of the site, which may be anything."""
        await self.sign_in()
        return (await self._request("GET", path, limit_bytes=limit_bytes)).body

    async def act(
        self,
        course_id: str,
        task_id: str,
        action: str,
        fields: Mapping[str, str | Sequence[str]],
        files: Sequence[File] = (),
    ) -> dict[str, Any]:
        """Send the form of a task page once and return the JSON object that answers it.

        Raises:
            SignedOutError: The session is over and nothing was done; `sign_in_again` helps.
            PassingError: The answer is lost; what was asked may have been done.
        """
        await self.sign_in()
        answer = await self._request(
            "POST", _path(course_id, task_id), data={"@action": action, **fields}, files=files
        )
        told = await _read_object(answer.body)
        if told is None or not (answer.is_own or answers.is_of_form(told)):
            raise await self._of_page(answer)
        return told

    async def act_again(
        self, course_id: str, task_id: str, action: str, fields: Mapping[str, str]
    ) -> dict[str, Any]:
        """Send what may be sent twice (check, kill, load), signing in again where needed."""
        await self.sign_in()
        session = self._session
        try:
            return await self.act(course_id, task_id, action, fields)
        except SignedOutError:
            await self.sign_in_again(session)
            return await self.act(course_id, task_id, action, fields)

    # ---- requests ---------------------------------------------------------------------------

    async def _get(self, path: str, limit_bytes: int = MAX_ANSWER_BYTES) -> Answer:
        await self.sign_in()
        session = self._session
        answer = await self._request("GET", path, limit_bytes=limit_bytes)
        if await self._asks_to_sign_in(answer):
            await self.sign_in_again(session)
            answer = await self._request("GET", path, limit_bytes=limit_bytes)
            if await self._asks_to_sign_in(answer):
                raise failure_texts.forgets_session(self.address)
        return answer

    async def _asks_to_sign_in(self, answer: Answer) -> bool:
        # A page that asks is small; a file that is an answer may be large.
        is_page = answer.is_own and len(answer.body) <= MAX_PAGE_BYTES
        return is_page and await asyncio.to_thread(pages.is_sign_in_page, answer.text)

    async def _request(
        self,
        method: str,
        path: str,
        *,
        data: Mapping[str, Any] | None = None,
        files: Sequence[File] = (),
        allowed: set[int] | None = None,
        limit_bytes: int = MAX_ANSWER_BYTES,
    ) -> Answer:
        self._refuse_while_waiting()
        task = asyncio.current_task()
        self._asking.add(task)
        self._quiet.clear()
        try:
            answer = await send(
                self._http,
                self.address,
                method,
                path,
                data=data,
                files=files,
                limit_bytes=limit_bytes,
            )
        finally:
            self._asking.remove(task)
            if not self._asking:
                self._quiet.set()
        # INGInious sets the cookie of its session with each answer, whatever it says.
        is_own = not self._marks or not self._marks.isdisjoint(answer.cookies)
        if answer.status == HTTPStatus.OK or answer.status in (allowed or set()):
            return dataclasses.replace(answer, is_own=is_own)
        error = failure_texts.of_status(
            self.address, answer.status, answer.headers, answer.text, is_own=is_own
        )
        if isinstance(error, PassingError):
            self._wait(error, error.retry_after_s)
        raise error

    async def _of_page(self, answer: Answer) -> SiteError:
        """Return the error for a page that is not the one asked for."""
        if not answer.is_own:
            return failure_texts.of_another(self.address, answer.text)
        return await asyncio.to_thread(failure_texts.of_page, answer.text)  # not on the loop

    def _wait(self, error: PassingError, wait_s: float) -> None:
        """Send nothing for a while: whatever waits for the site waits together."""
        until = monotonic() + wait_s
        if until >= self._not_before:  # else another answer has asked for more
            self._busy, self._not_before = error, until

    def _refuse_while_waiting(self) -> None:
        if self._busy is not None and (left_s := self._not_before - monotonic()) > 0:
            raise self._busy.later(left_s)


async def _read_object(body: bytes) -> dict[str, Any] | None:
    """Return a JSON object, a large one read elsewhere than on the loop."""
    if len(body) <= _MAX_READ_AT_ONCE_BYTES:
        return answers.read_object(body)
    return await asyncio.to_thread(answers.read_object, body)


def _marks(answer: Answer) -> frozenset[str]:
    """Return the names of the cookies by one of which further answers are known as the site's."""
    own = frozenset({SESSION_COOKIE})
    return own & answer.cookies or answer.cookies


def _path(course_id: str, task_id: str) -> str:
    return f"/course/{quote(course_id, safe='')}/{quote(task_id, safe='')}"
