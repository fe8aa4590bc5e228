"""The courses of a site: fetched in the background, kept, and fetched again after a while.

Whoever looks at a list gets what is known now; a site that is slow or gone is told in words. A
task's page is fetched when the task is opened and never before, for opening it has effects at the
site: a task may get new random values by it.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent import futures
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from inginious_nb.course import Course, SiteStanding, Task
from inginious_nb.course.ids import is_valid_id, suggestion
from inginious_nb.errors import CourseError, InginiousError, TaskNotFoundError
from inginious_nb.i18n import Message

from .task_reader import NO_FOLDER, listed_task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future

    from .pages import Listed
    from .site import Site

    Telling = Callable[[Message], object]

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

FRESH_S = 300.0
"""A list that somebody looks at is fetched again when it is older."""
RETRY_S = 30.0
"""After a failure nobody waits, and nothing is asked, for so long."""
WAIT_S = 8.0
"""Who asks for what is not there yet waits for so long at most; after a wait in vain nobody does
for `RETRY_S`."""
LONG_WAIT_S = 60.0
"""The same where nothing else can be done meanwhile: longer than any one request takes."""
TOLD_AFTER_S = 2.0
"""Then whoever waits so long is told what for."""
MAX_COURSES = 100
"""Courses whose tasks are listed."""


@dataclass
class _Kept:
    """One course, as far as it is known; replaced, never changed in place, where others read it."""

    listed: Listed
    username: str = ""
    tasks: dict[str, Listed] = field(default_factory=dict)
    error: CourseError | None = None
    pages: dict[str, Task] = field(default_factory=dict)
    refusals: dict[str, tuple[float, CourseError]] = field(default_factory=dict)


class SiteCourse(Course):
    """A course of a site. Its tasks are listed at once; each is complete once it was opened.

    Attributes:
        id: Its id at the site.
    """

    def __init__(self, courses: SiteCourses, kept: _Kept) -> None:
        super().__init__(NO_FOLDER / kept.listed.id)
        self._courses = courses
        self._kept = kept

    def __repr__(self) -> str:
        return f"SiteCourse({self.id!r}, {self.place!r})"

    @property
    def error(self) -> CourseError | None:
        """Return why its tasks cannot be listed, None if they can."""
        return self._kept.error

    @property
    def name(self) -> str:
        """Return its title; its id if it has none."""
        return self._kept.listed.name or self.id

    @property
    def site(self) -> str:
        """Return the address of its site."""
        return self._courses.address

    @property
    def place(self) -> str:
        """Return where it comes from, for a person: the address of its site."""
        return self._courses.address

    @property
    def tasks(self) -> dict[str, Task]:
        """Return its tasks by id in the site's order, those not opened as the site lists them."""
        return {
            task_id: self._kept.pages.get(task_id) or self._listed(listed)
            for task_id, listed in list(self._kept.tasks.items())
        }

    @property
    def broken(self) -> dict[str, CourseError]:
        """Return what is wrong with each of its tasks that cannot be used."""
        return {
            task_id: error
            for task_id, (_at, error) in list(self._kept.refusals.items())
            if task_id in self._kept.tasks and task_id not in self._kept.pages
        }

    def task(self, task_id: str) -> Task:
        """Return one task, fetched from its page if it was not yet.

        Raises:
            TaskNotFoundError: The site lists none of that id.
            CourseError: It cannot be fetched now, or only its page can ask it.
        """
        if not self.has_task(task_id):
            raise TaskNotFoundError(
                Message(
                    "The course {course} has no task {task}.{hint}",
                    course=self.id,
                    task=task_id,
                    hint=suggestion(task_id, self._kept.tasks),
                )
            )
        return self._kept.pages.get(task_id) or self._courses.wait_for_task(self.id, task_id)

    def has_task(self, task_id: str) -> bool:
        """Return whether the site lists a task of that id."""
        return task_id in self._kept.tasks

    def _listed(self, listed: Listed) -> Task:
        return listed_task(
            self.id,
            listed.id,
            listed.name,
            self._courses.address,
            is_open=listed.open,
            standing=SiteStanding(
                grade=listed.grade,
                code="success" if listed.passed else "failed" if listed.grade else None,
                username=self._kept.username,
            ),
        )


class SiteCourses:
    """The courses that a person is enrolled in at a site.

    Its methods that wait are for threads other than the loop's; on the loop they refuse.

    Args:
        address: The site.
        site: Returns the signed-in conversation.
        run: Runs a coroutine on the loop of that conversation, from any thread.
        changed: Called when something is known that was not, on the loop.
        opened: Called with each task whose page was fetched, on the loop.
        telling: Returns what tells a person what is waited for, where they can do nothing else
            meanwhile; None where they can.
    """

    def __init__(
        self,
        address: str,
        site: Callable[[], Awaitable[Site]],
        run: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
        *,
        changed: Callable[[], object],
        opened: Callable[[Task], object],
        telling: Callable[[], Telling | None] = lambda: None,
    ) -> None:
        self.address = address
        self._site = site
        self._run = run
        self._changed = changed
        self._opened = opened
        self._telling = telling
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._to_open: set[tuple[str, str]] = set()
        self._forgotten = 0
        self._is_outdated = False
        self._courses: dict[str, SiteCourse] = {}
        self._refreshing: Future[None] | None = None
        self._pages: dict[tuple[str, str], Future[Task]] = {}
        self._listed_at: float | None = None
        self._failed_at: float | None = None
        self._failure: InginiousError | None = None
        self._waited_at: float | None = None
        self._closed = False
        self._loop_thread: int | None = None

    @property
    def courses(self) -> dict[str, SiteCourse]:
        """Return those that are known now; they are fetched again if that was long ago."""
        if _age_s(self._listed_at) > FRESH_S and self._may_ask:
            self.refresh()
        return self._courses

    @property
    def note(self) -> Message | None:
        """Return why the courses are not those of this moment, None if they are."""
        if self._failure is not None and self._courses:
            return Message(
                "The courses of {site} are shown as they were: {reason}",
                site=self.address,
                reason=self._failure.text,
            )
        if self._failure is not None:
            return Message(
                "The courses of {site} cannot be listed: {reason}",
                site=self.address,
                reason=self._failure.text,
            )
        if self._listed_at is None:
            return Message(
                "The courses of {site} are being fetched; look again in a moment.",
                site=self.address,
            )
        return None

    def refresh(self) -> Future[None]:
        """Fetch the lists again in the background, unless that is under way."""
        with self._lock:
            if self._refreshing is None or self._refreshing.done():
                self._refreshing = self._run(self._refresh())
            return self._refreshing

    def refresh_for_person(self) -> None:
        """Fetch the lists for who has signed in, whatever has failed before that."""
        with self._lock:
            self._failed_at = self._waited_at = None
            self._is_outdated = True
        self.refresh()

    def wait(self) -> None:
        """Wait a moment for the list of courses, if there is none yet.

        Raises:
            CourseError: It does not come; the text says why.
        """
        if self._listed_at is not None:
            return
        if self._may_ask:
            what = Message("Waiting for the courses of {site}; Ctrl-C stops it.", site=self.address)
            self._wait_for(self.refresh(), what)
        if self._listed_at is None:
            raise CourseError(self.note or "")

    def wait_for_task(self, course_id: str, task_id: str) -> Task:
        """Return a task that is fetched if need be.

        Raises:
            CourseError: It does not come; the text says why.
        """
        refusal = self._refusal(course_id, task_id)
        if refusal is not None:
            raise refusal
        what = Message(
            "Waiting for the page of the task {task} of {site}; Ctrl-C stops it.",
            task=f"{course_id}/{task_id}",
            site=self.address,
        )
        task = self._wait_for(self.fetch(course_id, task_id), what)
        if task is None:
            refusal = self._refusal(course_id, task_id)
            raise refusal or CourseError(
                Message(
                    "The page of the task {task} has not come from {site} yet; it is still being "
                    "fetched. Try again in a moment.",
                    task=f"{course_id}/{task_id}",
                    site=self.address,
                )
            )
        return task

    def fetch(self, course_id: str, task_id: str) -> Future[Task]:
        """Fetch the page of a task in the background, unless that is under way."""
        with self._lock:
            key = (course_id, task_id)
            fetching = self._pages.get(key)
            if fetching is None or fetching.done():
                self._pages[key] = fetching = self._run(self._fetch(course_id, task_id))
            return fetching

    def look_again(self, course_id: str, task_id: str) -> None:
        """Fetch the page of a task anew if it was opened: its grade and attempts have changed."""
        kept = self._kept.get(course_id)
        if kept is None or task_id not in kept.pages:
            return
        under_way = self._pages.get((course_id, task_id))
        if under_way is None:
            self._fetch_again(course_id, task_id)
        else:  # it may be the page as it was before
            under_way.add_done_callback(lambda _page: self._fetch_again(course_id, task_id))

    def _fetch_again(self, course_id: str, task_id: str) -> None:
        if not self._closed:
            self.fetch(course_id, task_id)

    def forget(self) -> None:
        """Forget what is known: somebody else signed in, who has other courses and grades."""
        with self._lock:
            self._forgotten += 1
            self._to_open.update(
                (course, task) for course, kept in self._kept.items() for task in kept.pages
            )
            self._to_open.update(key for key, page in self._pages.items() if not page.done())
            self._kept, self._courses, self._pages = {}, {}, {}
            self._listed_at = self._failed_at = self._waited_at = self._failure = None

    def close(self) -> None:
        """Fetch nothing any more."""
        self._closed = True

    @property
    def _may_ask(self) -> bool:
        return not self._closed and _age_s(self._failed_at) > RETRY_S

    # ---- on the loop ------------------------------------------------------------------------

    async def _refresh(self) -> None:
        self._loop_thread = threading.get_ident()
        while not await self._is_listed():
            pass

    async def _is_listed(self) -> bool:
        """Fetch the lists once; return whether they are those of who is signed in now."""
        before, forgotten, found = self._kept, self._forgotten, {}
        failure, self._is_outdated = None, False
        try:
            site = await self._site()
            self._is_outdated = False  # by having signed in for this
            listed = [course for course in await site.courses() if is_valid_id(course.id)]
            for course in listed[:MAX_COURSES]:
                found[course.id] = kept = before.get(course.id) or _Kept(course)
                kept.listed, kept.username = course, site.username
                await self._list_tasks(site, kept)
        except InginiousError as error:
            _log.info("The courses of %s cannot be listed: %s", self.address, error)
            failure = error
        with self._lock:
            if self._forgotten != forgotten or (failure is not None and self._is_outdated):
                return False  # somebody has signed in meanwhile
            self._failure = failure
            if failure is None:
                self._kept = found
                self._courses = {
                    name: self._courses.get(name) or SiteCourse(self, kept)
                    for name, kept in found.items()
                }
                self._listed_at, self._waited_at = time.monotonic(), None
            else:
                self._failed_at = time.monotonic()
            to_open: set[tuple[str, str]] = set()
            if failure is None:
                to_open, self._to_open = self._to_open, to_open
        self._changed()
        for course_id, task_id in to_open:
            if course_id in found and task_id in found[course_id].tasks:
                self.fetch(course_id, task_id)
        return True

    async def _list_tasks(self, site: Site, kept: _Kept) -> None:
        from .failures import PassingError, SignInError  # noqa: PLC0415

        try:
            tasks = await site.tasks(kept.listed.id)
        except (PassingError, SignInError):
            raise
        except InginiousError as error:  # one closed course must not take the others with it
            kept.tasks, kept.error = {}, CourseError(error.text)
        else:
            kept.tasks = {task.id: task for task in tasks if is_valid_id(task.id)}
            kept.error = None

    async def _fetch(self, course_id: str, task_id: str) -> Task:
        kept, forgotten = self._kept.get(course_id), self._forgotten
        try:
            site = await self._site()
            task = await site.task(course_id, task_id)
        except InginiousError as error:
            refusal = error if isinstance(error, CourseError) else CourseError(error.text)
            if kept is not None:
                kept.refusals[task_id] = (time.monotonic(), refusal)
            self._changed()
            raise refusal from error
        if self._forgotten != forgotten:
            return task  # as somebody has it who is not signed in any more
        if kept is not None:
            kept.pages = {**kept.pages, task_id: task}
            kept.refusals.pop(task_id, None)
        self._opened(task)
        self._changed()
        return task

    # ---- waiting ----------------------------------------------------------------------------

    def _refusal(self, course_id: str, task_id: str) -> CourseError | None:
        kept = self._kept.get(course_id)
        at, error = (None, None) if kept is None else kept.refusals.get(task_id, (None, None))
        return error if _age_s(at) < RETRY_S else None

    def _wait_for(self, coming: Future[_T], what: Message) -> _T | None:
        """Return what comes within a moment, None if nothing does."""
        # A kernel runs its cells on a loop of its own, which may wait; ours would for itself.
        is_ours = threading.get_ident() == self._loop_thread
        waits = not is_ours and _age_s(self._waited_at) > RETRY_S
        try:
            return self._result_of(coming, what) if waits else coming.result(0.0)
        except TimeoutError:
            if waits:
                self._waited_at = time.monotonic()
            return None
        except (InginiousError, futures.CancelledError):  # the latter as the session ends
            return None

    def _result_of(self, coming: Future[_T], what: Message) -> _T:
        """Return what comes.

        Raises:
            TimeoutError: It does not come within `WAIT_S`, or `LONG_WAIT_S` where that is told.
            InginiousError: It cannot come.
        """
        tell = self._telling()
        if tell is None:
            return coming.result(WAIT_S)
        done, _ = futures.wait([coming], TOLD_AFTER_S)
        if not done:
            tell(what)
        return coming.result(LONG_WAIT_S)


def _age_s(at: float | None) -> float:
    """Return how long ago something was, infinite for what never was."""
    return float("inf") if at is None else time.monotonic() - at
