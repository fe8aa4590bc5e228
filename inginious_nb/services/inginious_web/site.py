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
from time import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from inginious_nb.i18n import Message

from . import answers, pages, task_reader
from .address import is_loopback, without_secrets
from .failures import BrokenAnswerError, PassingError, SignedOutError, SignInError, SiteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inginious_nb.course import Task

    from .address import Credentials
    from .pages import Listed, TaskPage

_log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 20 << 20
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_MAX_CONNECTIONS = 8
_MAX_RETRY_AFTER_S = 600.0
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}

File = tuple[str, tuple[str, bytes]]
"""A problem id, and the name and content of the file that answers it."""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Site:
    """A conversation with one site.

    Args:
        address: As `address.checked_site` returns it.
        credentials: Who signs in.
        lang: The language in which the site is asked to speak.

    Raises:
        SiteError: Every coroutine raises one; its class says whether a repetition may help.
    """

    def __init__(self, address: str, credentials: Credentials, *, lang: str = "en") -> None:
        self.address = address
        self._credentials = credentials
        self._signing_in = asyncio.Lock()
        self._session = 0
        self._http = httpx.AsyncClient(
            timeout=_TIMEOUT,
            limits=httpx.Limits(max_connections=_MAX_CONNECTIONS),
            headers={"Accept-Language": lang, "User-Agent": "inginious_nb"},
            follow_redirects=False,
            # A proxy is never the way to this machine.
            trust_env=not is_loopback(urlsplit(address).hostname or ""),
        )

    async def close(self) -> None:
        """End the conversation."""
        await self._http.aclose()

    async def sign_in(self) -> None:
        """Sign in by name and password.

        Raises:
            SignInError: They are refused.
        """
        answer = await self._request(
            "POST",
            "/api/v0/authentication",
            data={"login": self._credentials.username, "password": self._credentials.password},
            allowed={HTTPStatus.FORBIDDEN},
        )
        told = answers.read_object(answer.body) or {}
        if answer.status == HTTPStatus.FORBIDDEN and told.get("status") == "error":
            raise SignInError(
                Message(
                    "{site} does not accept this name and password; run %inginious connect {site} "
                    "and type them again. The name is the user name, not the e-mail address.",
                    site=self.address,
                )
            )
        if answer.status != HTTPStatus.OK or told.get("status") != "success":
            raise SignInError(
                Message(
                    "{site} does not answer as INGInious does when somebody signs in; check the "
                    "address.",
                    site=self.address,
                )
            )
        self._session += 1

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
        return task

    async def file(self, course_id: str, task_id: str, submission_id: str, problem: str) -> bytes:
        """Return the file that answered a problem in a submission."""
        query = urlencode({"submissionid": submission_id, "questionid": problem})
        return (await self._get(f"{_path(course_id, task_id)}?{query}")).body

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
        session = self._session
        try:
            return await self.act(course_id, task_id, action, fields)
        except SignedOutError:
            await self.sign_in_again(session)
            return await self.act(course_id, task_id, action, fields)

    @property
    def session(self) -> int:
        """Return the number of the session, for `sign_in_again`."""
        return self._session

    async def sign_in_again(self, session: int) -> None:
        """Sign in unless somebody else has done so since the session of that number."""
        async with self._signing_in:
            if self._session == session:
                _log.info("The session at %s is over; signing in again.", self.address)
                await self.sign_in()

    async def _page(self, path: str) -> str:
        return (await self._get(path)).text

    async def _get(self, path: str) -> _Answer:
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
    ) -> _Answer:
        try:
            async with self._http.stream(
                method, self.address + path, data=data, files=list(files) or None
            ) as response:
                answer = _Answer(response.status_code, response.headers, await _body(response))
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise _unreachable(self.address, error) from error
        if answer.status not in (allowed or set()):
            _check_status(self.address, answer)
        return answer


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise SiteError(
                Message(
                    "The site's answer is larger than {limit} MB; it is not read.",
                    limit=MAX_ANSWER_BYTES >> 20,
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


def _signs_out(address: str) -> SiteError:
    return SignInError(
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
