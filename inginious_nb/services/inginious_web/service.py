"""A site as a grading service: who is signed in there, and whose submissions wait for that."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import InginiousError, UsageError
from inginious_nb.i18n import Message
from inginious_nb.services.service import (
    Recalled,
    ServiceState,
    ServiceWithAccounts,
    connected_state,
)

from . import answers, kept_passwords
from .client import WebClient
from .courses import SiteCourses
from .failures import InBetweenError, PassingError, SignInError
from .feedback import readable
from .form import MARK
from .pace import Pace
from .pictures import inlined
from .sign_in import Credentials, SessionCookie
from .site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from inginious_nb.client.job import Job
    from inginious_nb.course import Task
    from inginious_nb.course.library import CourseSource
    from inginious_nb.services.service import Debug
    from inginious_nb.settings import Inginious

    from .courses import Telling
    from .sign_in import SignIn

_log = logging.getLogger(__name__)

_MIN_RETRY_S = 0.25


@dataclass(frozen=True)
class _Account:
    """One person at the site."""

    site: Site
    client: WebClient


class InginiousWebService(ServiceWithAccounts):
    """An INGInious web application, reached by the address that a browser opens.

    Several people may have signed in one after the other: what is under way goes on under the
    name that it was submitted under, and waits for that one to sign in again where need be.

    Args:
        settings: The limits, and the language that the site is asked to speak.
        address: As `address.checked_site` returns it.
        run: Runs a coroutine on the session's loop.
        opened: Called with a task of the site whenever its page was fetched, on the loop.
        attended: Returns whether a person is there who may sign in, which submissions wait for.
        telling: As `SiteCourses` has it.
    """

    def __init__(
        self,
        settings: Inginious,
        address: str,
        run: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
        *,
        opened: Callable[[Task], object] = lambda _task: None,
        attended: Callable[[], bool] = lambda: False,
        telling: Callable[[], Telling | None] = lambda: None,
    ) -> None:
        super().__init__(address)
        self._site_courses = SiteCourses(
            address,
            self._site,
            run,
            changed=self._observers.notify,
            opened=opened,
            telling=telling,
        )
        self._settings = settings
        self._attended = attended
        self._accounts: list[_Account] = []
        self._to_keep: Credentials | None = None
        self._left = False
        self._retrying: dict[Site, asyncio.Task[None]] = {}
        self._failure: InginiousError | None = None
        self._closed = False

    @property
    def _account(self) -> _Account | None:
        return self._accounts[-1] if self._accounts else None

    @property
    def state(self) -> ServiceState:
        """Return where the conversation of whoever signed in last stands now."""
        return self.state_of("")

    def state_of(self, username: str) -> ServiceState:
        """Return where the conversation of a user stands; "" is whoever signed in last."""
        account = self._account_of(username) or self._account
        if account is not None and not self._closed and account.site.needs_sign_in is not None:
            return self._signed_out(account.site.needs_sign_in)
        return connected_state(
            "remote",
            self.address,
            Message("The site {address}", address=self.address),
            connection=account.client.connection if account is not None else None,
            starting=False,
            failure=self._failure,
            closed=self._closed,
        )

    def _signed_out(self, reason: SignInError) -> ServiceState:
        return ServiceState(
            kind="remote",
            address=self.address,
            state="signed_out",
            silent_s=0.0,
            message=reason.text,
            # Saved with a notebook, so without the address.
            short_message=Message(
                "Sign in at the site: run %inginious connect, or JupyterLab's command “Sign in at "
                "the site”. What you submit is kept, and sent then."
            ),
        )

    # ---- who is signed in -------------------------------------------------------------------

    @property
    def courses(self) -> CourseSource:
        """Return the courses that the person is enrolled in there."""
        return self._site_courses

    @property
    def username(self) -> str:
        """Return the name of who signed in last."""
        return self._account.site.username if self._account is not None else ""

    @property
    def refusal(self) -> str:
        """Return why whoever tried last is not signed in; empty if they are, or may be soon."""
        refusal = self._account.site.refusal if self._account is not None else None
        reason = refusal or self._failure
        return "" if reason is None else reason.text

    def check_keeping(self, *, cookie: bool) -> None:
        """See that a password could be kept; a session cookie is not worth it."""
        if cookie:
            raise UsageError(
                Message("--keep is for passwords: the session of a cookie is soon over.")
            )
        kept_passwords.check_keyring()

    def asks_who(self, username: str = "") -> bool:
        """Return whether only a person can tell how that user signs in; "" is any user.

        Looks into the keyring, which may take its time: not for the loop.
        """
        return not self._is_signed_in(username) and self._found(username) is None

    async def sign_in(
        self, username: str = "", secret: str | None = None, *, cookie: bool = False, keep: bool
    ) -> None:
        """Sign in as a user; a site that does not answer is tried again in the background.

        Args:
            username: The name at the site; "" for whoever is signed in or can be found.
            secret: The password, or a pasted session cookie; None for what can be found.
            cookie: Whether it is a cookie.
            keep: Whether the password goes into the system's keyring once the site has taken it.

        Raises:
            UsageError: The cookie is none, or the password cannot be kept.
            SignInError: The site refuses, or a person has to be asked.
            SiteError: The site is none.
        """
        way: SignIn | None
        if secret is not None:
            way = SessionCookie.pasted(secret) if cookie else Credentials(username, secret)
        elif self._is_signed_in(username):
            way = None
        else:
            way = await asyncio.to_thread(self._found, username)
        self._left = False
        if way is not None:
            self._use(way)
        if keep and isinstance(way, Credentials):
            self._to_keep = way
        await self._enter(self._current())
        if not self._current().site.is_open:
            self._site_courses.refresh()  # so that the list says why it is not there yet

    async def sign_out(self) -> None:
        """End the sessions and forget passwords, those in the keyring too.

        What is under way waits until its user signs in again.
        """
        self._left = True
        self._to_keep = None
        self._failure = None
        self._site_courses.forget()
        names = {account.site.username for account in self._accounts}
        for account in self._accounts:
            await account.site.sign_out()
        self._site_courses.forget()  # what a look has fetched while somebody was still signed in
        for name in filter(None, names):
            await asyncio.to_thread(kept_passwords.forget, self.address, name)

    def _is_signed_in(self, username: str) -> bool:
        account = self._account
        return (
            account is not None
            and account.site.needs_sign_in is None
            and username in {"", account.site.username}
        )

    def _found(self, username: str) -> SignIn | None:
        """Return how a user signs in without being asked."""
        given = Credentials.from_environment()
        if given is not None and username in {"", given.username}:
            return given
        return kept_passwords.kept(self.address, username)

    def _use(self, way: SignIn) -> None:
        """Let the user of a way be the one who submits from now on."""
        account = self._account
        if account is not None and way.username and account.site.username in {"", way.username}:
            account.site.use(way)
        else:
            self._site_courses.forget()
            self._add(way)

    def _account_of(self, username: str) -> _Account | None:
        """Return the account of that name that signed in last, None if none has."""
        for account in reversed(self._accounts):
            if username and account.site.username == username:
                return account
        return None

    def _current(self) -> _Account:
        return self._account or self._add(None)

    def _add(self, way: SignIn | None) -> _Account:
        site = Site(
            self.address,
            way,
            lang=self._settings.language or "en",
            changed=self._observers.notify,
        )
        client = WebClient(
            site,
            asyncio.get_running_loop(),
            pace=Pace(give_up_s=self._settings.give_up_after_s),
            changed=self._observers.notify,
            ended=self._site_courses.look_again,
            attended=self._attended,
        )
        account = _Account(site, client)
        self._accounts.append(account)
        self._observers.notify()
        return account

    async def _enter(self, account: _Account) -> None:
        """Sign in; where the site does not answer, leave that to the background."""
        session = account.site.session
        try:
            await account.site.sign_in()
        except PassingError as error:
            if isinstance(error, InBetweenError) and not session:
                # Who has never been there may have another address in mind.
                self._failure = error
                self._observers.notify()
                raise
            _log.info("%s", error)
            self._failure = None  # that of an earlier try is none any more
            self._begin_to_retry(account, error.retry_after_s)
        except SignInError:
            await self._forget_refused(account)
            raise
        except InginiousError as error:
            self._failure = error
            self._observers.notify()
            raise
        else:
            self._failure = None
            if account.site.session != session:
                await self._entered(account)

    def _begin_to_retry(self, account: _Account, wait_s: float) -> None:
        """Sign in again and again in the background, unless that is done already."""
        retrying = self._retrying.get(account.site)
        if retrying is None or retrying.done():
            self._retrying[account.site] = asyncio.create_task(self._retry(account, wait_s))

    async def _retry(self, account: _Account, wait_s: float) -> None:
        while not account.site.is_open:
            await asyncio.sleep(max(wait_s, _MIN_RETRY_S))
            try:
                await account.site.sign_in()
            except PassingError as error:
                wait_s = error.retry_after_s
            except InginiousError as error:
                _log.warning("%s", error)
                if not isinstance(error, SignInError):
                    self._failure = error
                    self._observers.notify()
                return
        try:
            await self._entered(account)
        except InginiousError as error:
            _log.warning("%s", error)

    async def _entered(self, account: _Account) -> None:
        """Let others of the same user go on, and keep what was to be kept."""
        site = account.site
        self._site_courses.refresh_for_person()
        for other in self._accounts:
            waits = other is not account and other.site.needs_sign_in is not None
            if waits and site.way is not None and other.site.username in {"", site.username}:
                other.site.use(site.way)
        to_keep = self._to_keep
        if to_keep is not None and to_keep is site.way:
            self._to_keep = None
            await asyncio.to_thread(kept_passwords.keep, self.address, to_keep)

    async def _forget_refused(self, account: _Account) -> None:
        """Forget a kept password that the site does not take any more: it may lock the account."""
        refused = account.site.way
        if not isinstance(refused, Credentials):
            return
        if self._to_keep is refused:
            self._to_keep = None
        kept = await asyncio.to_thread(kept_passwords.kept, self.address, refused.username)
        if kept == refused:
            await asyncio.to_thread(kept_passwords.forget, self.address, refused.username)

    async def _look_for_sign_in(self) -> _Account:
        """Return the current account, signed in by what the environment or the keyring has."""
        account = self._current()
        if account.site.needs_sign_in is not None and not account.site.username and not self._left:
            found = await asyncio.to_thread(self._found, "")
            if found is not None and account.site.needs_sign_in is not None:
                account.site.use(found)
        return account

    # ---- the service ------------------------------------------------------------------------

    def check(self, debug: Debug) -> None:
        """Refuse nothing: what a person may do there, the site decides."""

    async def add_course_path(self, path: Path) -> None:
        """Do nothing: a site has courses of its own."""

    def stop(self) -> None:
        """Do nothing: a site is not ours to end."""

    async def client(self) -> WebClient:
        """Return the client of the site, signed in unless the site does not answer now.

        Raises:
            SignInError: There is no name and password, or the site refuses them.
            SiteError: The site is none.
        """
        account = await self._look_for_sign_in()
        await self._enter(account)
        return account.client

    async def open_job(
        self,
        task: Task,
        inputdata: Mapping[str, object],
        *,
        job_id: str,
        launcher_name: str,
        debug: Debug,
        repeats: Sequence[str] = (),
    ) -> Job:
        """Submit at the site and return the job that follows it; see `Service.open_job`."""
        account = self._account_of(launcher_name) or await self._look_for_sign_in()
        try:
            await self._enter(account)
        except (SignInError, InBetweenError):
            # Where a person may still sign in, there or to the network, it waits for that.
            if not self._attended():
                raise
        return account.client.open_job(
            task,
            inputdata,
            job_id=job_id,
            debug=debug,
            username=launcher_name,
            repeats=repeats,
        )

    async def recall(self, task: Task, remote_id: str) -> Recalled:
        """Return the answers and the result of an earlier submission; see `Service.recall`."""
        site = await self._site()
        told = await site.act_again(
            task.course_id, task.id, "load_submission_input", {"submissionid": remote_id}
        )
        result = await inlined(site, task.course_id, task.id, answers.read_loaded(told))
        result = readable(result, is_html=task.response_is_html)
        inputdata: dict[str, object] = answers.read_input(told)
        for name, answer in inputdata.items():
            if isinstance(answer, dict):
                # As text it is damaged there.
                content = await site.file(task.course_id, task.id, remote_id, name)
                inputdata[name] = {"filename": str(answer.get("filename", "")), "value": content}
        return Recalled(inputdata, result, str(inputdata.get(MARK, "")))

    async def _site(self) -> Site:
        """Return the signed-in conversation."""
        account = await self._look_for_sign_in()
        await self._enter(account)
        await account.site.sign_in()  # says so where the site does not answer
        return account.site

    async def disconnect(self) -> None:
        """End the conversation; pending jobs get their last answer, the site grades on."""
        self._closed = True
        self._site_courses.close()
        for retrying in self._retrying.values():
            retrying.cancel()
        for account in self._accounts:
            account.client.close()
        for account in self._accounts:
            await account.site.close()
        self._observers.notify()
