"""The signed-in conversation with one site: requests, the session, and what an answer means.

Redirects are not followed, for they could lead a password elsewhere; an answer is read up to a
limit. Everything runs on one loop.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import monotonic, time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from inginious_nb.i18n import Message

from . import answers, pages, pictures, task_reader
from .address import is_loopback, without_secrets
from .failures import BrokenAnswerError, PassingError, SignedOutError, SignInError, SiteError
from .quiet_logs import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inginious_nb.course import Task

    from .pages import Listed, TaskPage
    from .sign_in import SignIn

_log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 20 << 20
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_MAX_CONNECTIONS = 8
_MAX_RETRY_AFTER_S = 600.0
_FIRST_SIGN_IN_WAIT_S = 0.25
_MAX_SIGN_IN_WAIT_S = 10.0
"""Waits between two tries to sign in at a site that does not answer, however many wait for it."""
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}

File = tuple[str, tuple[str, bytes]]
"""A problem id, and the name and content of the file that answers it."""


def _http(address: str, lang: str) -> httpx.AsyncClient:
    """Return a client for a site.

    Raises:
        SiteError: The environment names a proxy or certificates that cannot be used.
    """
    try:
        # Certificates named by the environment count on the way to this machine, too.
        certificates = httpx.create_ssl_context()
    except OSError as error:  # an SSLError is one
        raise SiteError(
            Message("SSL_CERT_FILE names no file of certificates; correct it or leave it out.")
        ) from error
    try:
        return httpx.AsyncClient(
            verify=certificates,
            timeout=_TIMEOUT,
            limits=httpx.Limits(max_connections=_MAX_CONNECTIONS),
            headers={"Accept-Language": lang, "User-Agent": "inginious_nb"},
            follow_redirects=False,
            # A proxy is never the way to this machine.
            trust_env=not is_loopback(urlsplit(address).hostname or ""),
        )
    except (ValueError, ImportError, httpx.InvalidURL):
        # The error may quote the address of a proxy, password and all.
        raise SiteError(
            Message("HTTPS_PROXY or HTTP_PROXY names no proxy that can be used; correct it.")
        ) from None


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


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
        self._sign_in_wait_s = _FIRST_SIGN_IN_WAIT_S
        self._not_before = 0.0
        self._busy: PassingError | None = None
        self._http = _http(address, lang)

    async def close(self) -> None:
        """End the conversation."""
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
            return _sign_in_first(self.address)
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
        """End the session at the site, if it answers, and forget how to sign in."""
        was_open, self._is_open = self._is_open, False
        self._sign_in, self._refusal = None, None
        try:
            if was_open:
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
        return answer.status == HTTPStatus.OK, answers.read_object(answer.body) or {}

    def carry_cookie(self, name: str, value: str) -> None:
        """Send a cookie with every request from now on."""
        host = urlsplit(self.address).hostname or ""
        # As the library that keeps cookies calls a host without a dot.
        domain = host if "." in host or ":" in host else f"{host}.local"
        self._http.cookies.set(name, value, domain=domain)

    async def _open(self) -> None:
        way = self._sign_in
        if way is None or self._refusal is not None:
            raise self._refusal or _sign_in_first(self.address)
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
        return pages.read_courses(await self._page("/mycourses"))

    async def tasks(self, course_id: str) -> tuple[Listed, ...]:
        """Return the tasks that the page of a course shows, in its order."""
        html = await self._page(f"/course/{quote(course_id, safe='')}")
        tasks = pages.read_tasks(html, course_id)
        if not tasks and (note := pages.read_note(html)):
            raise _says(note)
        return tasks

    async def task_page(self, course_id: str, task_id: str) -> TaskPage:
        """Open a task's page, which a submission needs first: random values are fixed there."""
        html = await self._page(_path(course_id, task_id))
        page = pages.read_task_page(html)
        if page is None:
            raise _says(pages.read_note(html)) if pages.read_note(html) else answers.strange(html)
        return page

    async def task(self, course_id: str, task_id: str) -> Task:
        """Open a task's page and return all that it tells of the task.

        Raises:
            CourseError: The task has a problem that only its page can ask.
        """
        html = await self._page(_path(course_id, task_id))
        task = task_reader.read_task(html, course_id, task_id, self.address)
        if task is None:
            raise _says(pages.read_note(html)) if pages.read_note(html) else answers.strange(html)
        if "<img" not in task_reader.texts(task):
            return task
        # Only what the task itself shows: the page has pictures of its own around it.
        around, mark, shown = html.partition(task_reader.BEGINNING)
        (shown,) = await pictures.inlined_texts(self, course_id, task_id, [shown])
        page = around + mark + shown
        return task_reader.read_task(page, course_id, task_id, self.address) or task

    async def file(self, course_id: str, task_id: str, submission_id: str, problem: str) -> bytes:
        """Return the file that answered a problem in a submission."""
        query = urlencode({"submissionid": submission_id, "questionid": problem})
        return (await self._get(f"{_path(course_id, task_id)}?{query}")).body

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
        told = answers.read_object(answer.body)
        if told is None:
            raise _not_json(answer)
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

    async def _page(self, path: str) -> str:
        return (await self._get(path)).text

    async def _get(self, path: str) -> _Answer:
        await self.sign_in()
        session = self._session
        answer = await self._request("GET", path)
        if pages.is_sign_in_page(answer.text):
            await self.sign_in_again(session)
            answer = await self._request("GET", path)
            if pages.is_sign_in_page(answer.text):
                raise _signs_out(self.address)
        return answer

    async def _request(
        self,
        method: str,
        path: str,
        *,
        data: Mapping[str, Any] | None = None,
        files: Sequence[File] = (),
        allowed: set[HTTPStatus] | None = None,
        limit_bytes: int = MAX_ANSWER_BYTES,
    ) -> _Answer:
        self._refuse_while_waiting()
        try:
            with quiet():
                async with self._http.stream(
                    method, self.address + path, data=data, files=list(files) or None
                ) as response:
                    body = await _body(response, limit_bytes)
                    answer = _Answer(response.status_code, response.headers, body)
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise _unreachable(self.address, error) from error
        if answer.status not in (allowed or set()):
            try:
                _check_status(self.address, answer)
            except PassingError as error:
                self._wait(error, error.retry_after_s)
                raise
        return answer

    def _wait(self, error: PassingError, wait_s: float) -> None:
        """Send nothing for a while: whatever waits for the site waits together."""
        self._busy, self._not_before = error, monotonic() + wait_s

    def _refuse_while_waiting(self) -> None:
        if self._busy is not None and (left_s := self._not_before - monotonic()) > 0:
            raise PassingError(self._busy.text, retry_after_s=left_s)


async def _body(response: httpx.Response, limit_bytes: int) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > limit_bytes:
            raise SiteError(
                Message(
                    "The site's answer is larger than {limit} MB; it is not read.",
                    limit=limit_bytes >> 20,
                )
            )
    return bytes(body)


def _check_status(address: str, answer: _Answer) -> None:
    status = answer.status
    if status == HTTPStatus.OK:
        return
    if status in _PASSING:
        raise PassingError(
            Message(
                "{site} is busy or being restarted (HTTP {status}).", site=address, status=status
            ),
            retry_after_s=_retry_after(answer.headers.get("retry-after", "")),
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise _redirected(address, answer.headers.get("location", ""))
    if status == HTTPStatus.NOT_FOUND:
        raise SiteError(Message("{site} has no such course or task; check its name.", site=address))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise SiteError(
            Message("These answers are larger than {site} takes; make them smaller.", site=address)
        )
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        raise BrokenAnswerError(
            Message(
                "{site} had an internal error (HTTP 500); try again, and tell your instructor if "
                "it goes on.",
                site=address,
            )
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise SiteError(
            Message("{site} does not allow this (HTTP {status}).", site=address, status=status)
        )
    raise SiteError(
        Message(
            "{site} answered with HTTP {status}, which nobody expected.",
            site=address,
            status=status,
        )
    )


def _redirected(address: str, location: str) -> SiteError:
    path = urlsplit(location).path
    if "/register/" in path:
        return SiteError(
            Message(
                "You are not enrolled in this course; enrol at {page}, then submit again.",
                page=f"{address}{path[path.index('/register/') :]}",
            )
        )
    return SiteError(
        Message(
            "{site} sends everybody on to {location}; if you trust that address, connect to it.",
            site=address,
            location=without_secrets(location),
        )
    )


def _not_json(answer: _Answer) -> SiteError:
    if pages.is_sign_in_page(answer.text):
        return SignedOutError(Message("The site asks to sign in again."))
    note = pages.read_note(answer.text)
    return _says(note) if note else answers.strange(answer.text)


def _says(note: str) -> SiteError:
    return SiteError(Message("The site says: {note}", note=note))


def _sign_in_first(address: str) -> SignInError:
    return SignInError(
        Message(
            "Sign in first: run %inginious connect {site}, or set INGINIOUS_SITE_USER and "
            "INGINIOUS_SITE_PASSWORD.",
            site=address,
        )
    )


def _signs_out(address: str) -> SiteError:
    return SiteError(
        Message(
            "{site} forgets that you are signed in; cookies may be limited to https there. Tell "
            "your instructor.",
            site=address,
        )
    )


def _unreachable(address: str, error: Exception) -> SiteError:
    reason = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return SiteError(
            Message(
                "The certificate of {site} cannot be trusted ({reason}), so nothing was sent. If "
                "your university has its own authority, name its file in SSL_CERT_FILE.",
                site=address,
                reason=reason,
            )
        )
    if isinstance(error, httpx.ProxyError):
        return SiteError(
            Message(
                "The proxy of this network does not let you through to {site} ({reason}); look at "
                "HTTPS_PROXY, or ask who runs the network.",
                site=address,
                reason=reason,
            )
        )
    return PassingError(Message("{site} does not answer ({reason}).", site=address, reason=reason))


def _retry_after(value: str) -> float:
    """Return the seconds of a Retry-After header, which has a number or a date."""
    try:
        wait = (
            float(value)
            if value.strip().isdecimal()
            else (parsedate_to_datetime(value).timestamp() - time())
        )
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(wait, 0.0), _MAX_RETRY_AFTER_S)


def _path(course_id: str, task_id: str) -> str:
    return f"/course/{quote(course_id, safe='')}/{quote(task_id, safe='')}"
