"""The courses and tasks of the real web application, as a session has them."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from inginious_nb.course import Task
from inginious_nb.errors import CourseError, TaskNotFoundError
from inginious_nb.frontend.overview import OverviewPublisher
from inginious_nb.frontend.serialize import task_info
from inginious_nb.magics.completion import completions
from inginious_nb.services.account import Account
from inginious_nb.services.inginious_web import courses as site_courses
from inginious_nb.services.inginious_web.failures import SignInError, SiteError
from tests.support.fault_proxy import NOTHING, Fault, Late, http
from tests.support.waiting import until

RIGHT = {"loop": "ten", "keys": ["a", "b"], "word": "noël"}


async def test_a_course_of_the_site_is_listed_without_opening_its_tasks(session_of, proxy):
    session = await session_of()
    await until(lambda: session.library.courses)
    course = session.library.courses["probe"]
    assert (course.name, course.place) == ("Probe", session.service.address)
    assert list(course.tasks) == ["quiz", "random", "late", "nowhere", "mixed"]
    assert [t.id for t in course.tasks.values() if t.accessibility.closed] == ["late"]
    assert session.library.note is None
    assert completions("%inginious open pro", session)[0] == "probe/quiz"
    # To open a page may give a task new random values, so nobody does it unasked.
    assert proxy.count(b"GET /course/probe/") == 0


async def test_a_task_of_the_site_is_as_its_folder_says(session_of, web_site):
    session = await session_of()
    task = await asyncio.to_thread(session.open, "probe/mixed")
    folder = Task.load(web_site.tasks / "probe" / "mixed", "probe")
    assert (task.name, task.author, task.site) == (
        folder.name,
        folder.author,
        session.service.address,
    )
    for name, problem in folder.problems.items():
        found = task.problems[name].as_dict()
        assert {**found, "header": ""} == {**problem.as_dict(), "header": ""}
    assert list(task.problems) == list(folder.problems)
    assert task.accessibility.deadline == dt.datetime(2040, 1, 2, 10)  # noqa: DTZ001 - as in a course
    assert task.evaluation_mode == "last"
    assert (task.settings.submission_limit.amount, task.settings.submission_limit.period_h) == (
        500,
        24,
    )
    keys = task.problems["keys"]
    assert sorted(choice["text"] for choice in keys.displayed_choices("x")) == ["a", "b", "c"]
    assert keys.check(["c", "a"]) == ["2", "0"]


async def test_what_the_site_writes_is_made_safe(session_of, proxy):
    session = await session_of()
    task = await asyncio.to_thread(session.open, "mixed")
    info = task_info(task, "en", "bob")
    assert "<p>Read <em>this</em>, <math" in info["context_html"]
    # The kernel has fetched the picture; a link leads to the site.
    assert 'src="data:image/png;base64,' in info["context_html"]
    assert f'href="{session.service.address}/course/probe/mixed/dot.png"' in info["context_html"]
    assert proxy.count(b"/static/") == 0
    assert "<b>raw</b>" in info["context_html"]
    assert "script" not in info["context_html"]
    assert info["problems"][0]["header_html"].strip() == "<p>Write <em>it</em></p>"
    assert {choice["html"] for choice in info["problems"][-3]["choices"]} == {"ten", "nine"}


async def test_a_task_of_the_site_is_submitted_to_it(session_of):
    session = await session_of()
    task = await asyncio.to_thread(session.open, "probe/quiz")
    result = await session.submit(task, RIGHT)
    assert (result.result[0], result.grade) == ("success", 100.0)
    session.connect("embedded")
    assert session.library.courses == {}
    # It is graded where it is from, wherever else one is connected now.
    result = await session.submit(task, {**RIGHT, "loop": "nine"})
    assert result.result[0] == "failed"


async def test_what_is_not_there_is_said(session_of):
    session = await session_of()
    with pytest.raises(TaskNotFoundError, match="Did you mean quiz"):
        await asyncio.to_thread(session.open, "probe/qiz")
    with pytest.raises(TaskNotFoundError, match="Did you mean quiz"):
        await asyncio.to_thread(session.open, "qiz")


@pytest.mark.parametrize("answer", [None, NOTHING], ids=["dead", "silent"])
async def test_a_site_that_does_not_answer_blocks_nobody(session_of, proxy, monkeypatch, answer):
    monkeypatch.setattr(site_courses, "WAIT_S", 0.2)
    # Before signing in, which begins to fetch them.
    proxy.faults.append(Fault(b"GET /mycourses", times=999, answer=answer))
    session = await session_of()
    assert session.library.courses == {}
    with pytest.raises(CourseError, match=r"being fetched|does not answer"):
        await asyncio.to_thread(session.open, "probe/quiz")
    assert "being fetched" in session.library.note or "does not answer" in session.library.note
    if answer is None:
        proxy.faults.clear()
        await until(lambda: session.library.courses)
        assert session.library.note is None


async def test_lists_that_were_known_stay_when_the_site_goes(session_of, proxy, monkeypatch):
    session = await session_of()
    await until(lambda: session.library.courses)
    proxy.faults.append(Fault(b"GET /", times=999, answer=None))
    monkeypatch.setattr(site_courses, "FRESH_S", 0.0)
    await until(lambda: session.library.courses and session.library.note)
    assert "are shown as they were" in session.library.note
    assert "quiz" in session.library.courses["probe"].tasks
    with pytest.raises(CourseError, match="does not answer"):
        await asyncio.to_thread(session.open, "probe/random")


async def test_the_list_is_that_of_who_signed_in_last(session_of, proxy, new_student, monkeypatch):
    names, former = [new_student(), new_student()], Late(b"GET /mycourses")

    async def connect():
        name = names.pop()
        who = name, f"{name}-password"
        await asyncio.to_thread(session.connect, None, lambda *_: who, username=name)

    proxy.faults.append(former)
    session = await session_of(names[0])
    await former.is_answered.wait()
    await connect()
    former.may_come.set()
    # Nobody has to look at it for that.
    await until(lambda: proxy.count(b"GET /mycourses") == 2)
    await until(lambda: session.library.courses)

    # What failed before somebody signed in is no reason not to wait afterwards.
    monkeypatch.setattr(site_courses, "RETRY_S", 30.0)
    await asyncio.to_thread(session.accounts.sign_out)
    await until(lambda: not session.library.courses and "Sign in first" in session.library.note)
    later = Late(b"GET /mycourses")
    proxy.faults.append(later)
    await connect()
    opening = asyncio.create_task(asyncio.to_thread(session.open, "probe/quiz"))
    await later.is_answered.wait()
    later.may_come.set()
    assert (await opening).id == "quiz"


async def test_notebook_and_sidebar_offer_each_other_the_site(session_of, proxy):
    sidebar = await session_of(history="both", backend="embedded")
    assert sidebar.accounts.offer_of_site is None
    notebook = await session_of("bob", history="both")
    seen = []
    sidebar.subscribe(lambda: seen.append(1))
    sidebar.look_at_history()
    assert seen
    site = notebook.service.address
    assert sidebar.accounts.last_site.account == Account(site, "bob")
    assert site in sidebar.accounts.offer_of_site
    with pytest.raises(SignInError, match="does not accept"):
        await asyncio.to_thread(
            sidebar.accounts.sign_in_beside, lambda *_: ("bob", "wrong"), always=True
        )
    state = {}
    overview = OverviewPublisher(sidebar, state.update)
    proxy.faults.append(Fault(b"POST /api", answer=http(200, b"<title>Hotel</title>")))
    with pytest.raises(SiteError, match="Hotel"):
        await asyncio.to_thread(
            sidebar.accounts.sign_in_beside, lambda *_: ("bob", "wrong"), always=True
        )
    # Who gives up there can try again later.
    await until(lambda: "Hotel" in state["account"]["refusal"])
    assert state["account"]["signed_in"] is False
    overview.close()
    secret = "bob-password"
    asked = []

    def ask(*what):
        asked.append(what)
        return "bob", secret

    await asyncio.to_thread(sidebar.accounts.sign_in_beside, ask, always=True)
    assert asked == [(site, "bob")]
    await until(lambda: "probe" in sidebar.library.courses)
    # What is of a folder is graded on this machine as before.
    assert sidebar.service.address == "embedded"
    task = await asyncio.to_thread(sidebar.task, "probe/quiz")
    assert (await sidebar.submit(task, RIGHT)).result[0] == "success"

    third = await session_of(history="both", backend="embedded")
    await asyncio.to_thread(third.connect, None, lambda *_: ("bob", secret))
    assert third.service.address == site
