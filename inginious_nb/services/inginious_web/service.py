"""A site as a grading service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import InginiousError
from inginious_nb.i18n import Message
from inginious_nb.services.service import Service, ServiceState, connected_state

from . import answers
from .address import Credentials
from .client import WebClient
from .courses import SiteCourses
from .delivery import Pace
from .failures import SignInError
from .feedback import readable
from .site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from inginious_nb.client.job import Job
    from inginious_nb.client.results import JobResult
    from inginious_nb.course import Task
    from inginious_nb.course.library import CourseSource
    from inginious_nb.services.service import Debug
    from inginious_nb.settings import Inginious


class InginiousWebService(Service):
    """An INGInious web application, reached by the address that a browser opens.

    Args:
        settings: The limits, and the language that the site is asked to speak.
        address: As `address.checked_site` returns it.
        run: Runs a coroutine on the session's loop.
        opened: Called with a task of the site whenever its page was fetched, on the loop.
    """

    def __init__(
        self,
        settings: Inginious,
        address: str,
        run: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
        opened: Callable[[Task], object] = lambda _task: None,
    ) -> None:
        super().__init__(address)
        self._site_courses = SiteCourses(
            address, self._site, run, changed=self._observers.notify, opened=opened
        )
        self._settings = settings
        self._credentials: Credentials | None = None
        self._sites: list[Site] = []
        self._clients: list[WebClient] = []
        self._starting: asyncio.Task[WebClient] | None = None
        self._failure: InginiousError | None = None
        self._closed = False

    @property
    def _client(self) -> WebClient | None:
        return self._clients[-1] if self._clients else None

    @property
    def state(self) -> ServiceState:
        """Return where the conversation stands now."""
        return connected_state(
            "remote",
            self.address,
            Message("The site {address}", address=self.address),
            connection=self._client.connection if self._client is not None else None,
            starting=self._starting is not None,
            failure=self._failure,
            closed=self._closed,
        )

    @property
    def courses(self) -> CourseSource:
        """Return the courses that the person is enrolled in there."""
        return self._site_courses

    @property
    def asks_who(self) -> bool:
        """Return whether the environment names nobody."""
        return Credentials.from_environment() is None

    @property
    def knows_who(self) -> bool:
        """Return that the site decides whose submissions they are."""
        return True

    def sign_in_as(self, username: str, password: str) -> None:
        """Use a name and password from the next submission on; they stay in memory.

        What is under way goes on under the name that it was submitted under.
        """
        credentials = Credentials(username, password)
        if credentials != self._credentials:
            self._credentials = credentials
            self._starting = None
            self._site_courses.forget()

    def check(self, debug: Debug) -> None:
        """Refuse nothing: what a person may do there, the site decides."""

    async def add_course_path(self, path: Path) -> None:
        """Do nothing: a site has courses of its own."""

    def stop(self) -> None:
        """Do nothing: a site is not ours to end."""

    async def client(self) -> WebClient:
        """Return the client of the site, signed in.

        Raises:
            SignInError: There is no name and password, or the site refuses them.
            SiteError: The site does not answer, or is none.
        """
        if self._starting is None:
            self._failure = None
            self._starting = asyncio.create_task(self._start())
            self._observers.notify()
        try:
            return await asyncio.shield(self._starting)
        except InginiousError as error:
            # The next submission tries again: what was missing may be there then.
            self._starting = None
            self._failure = error
            self._observers.notify()
            raise

    async def open_job(
        self,
        task: Task,
        inputdata: Mapping[str, object],
        *,
        job_id: str,
        launcher_name: str,  # noqa: ARG002 - the site knows who is signed in
        debug: Debug,
    ) -> Job:
        """Submit at the site and return the job that follows it; see `Service.open_job`."""
        client = await self.client()
        return client.open_job(task, inputdata, job_id=job_id, debug=debug)

    async def recall(self, task: Task, remote_id: str) -> tuple[dict[str, object], JobResult]:
        """Return the answers and the result of an earlier submission; see `Service.recall`."""
        site = await self._site()
        told = await site.act_again(
            task.course_id, task.id, "load_submission_input", {"submissionid": remote_id}
        )
        result = readable(answers.read_loaded(told), is_html=task.response_is_html)
        inputdata: dict[str, object] = answers.read_input(told)
        for name, answer in inputdata.items():
            if isinstance(answer, dict):
                # As text it is damaged there.
                content = await site.file(task.course_id, task.id, remote_id, name)
                inputdata[name] = {"filename": str(answer.get("filename", "")), "value": content}
        return inputdata, result

    async def _site(self) -> Site:
        """Return the signed-in conversation."""
        await self.client()
        return self._sites[-1]

    async def disconnect(self) -> None:
        """End the conversation; pending jobs get their last answer, the site grades on."""
        self._closed = True
        self._site_courses.close()
        if self._starting is not None:
            self._starting.cancel()
        for client in self._clients:
            client.close()
        for site in self._sites:
            await site.close()
        self._observers.notify()

    async def _start(self) -> WebClient:
        credentials = self._credentials or Credentials.from_environment()
        if credentials is None:
            raise SignInError(
                Message(
                    "Sign in first: run %inginious connect {site}, or set INGINIOUS_SITE_USER and "
                    "INGINIOUS_SITE_PASSWORD.",
                    site=self.address,
                )
            )
        site = Site(self.address, credentials, lang=self._settings.language or "en")
        try:
            await site.sign_in()
        except BaseException:
            await site.close()
            raise
        self._sites.append(site)
        client = WebClient(
            site,
            asyncio.get_running_loop(),
            pace=Pace(give_up_s=self._settings.give_up_after_s),
            changed=self._observers.notify,
            ended=self._site_courses.look_again,
        )
        self._clients.append(client)
        self._site_courses.refresh()
        self._observers.notify()
        return client
