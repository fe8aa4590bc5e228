"""What the real web application has of a person's submissions, in the history here."""

from __future__ import annotations

import asyncio
import re

import pytest

from inginious_nb.frontend.serialize import standing
from inginious_nb.services.inginious_web.pages import read_task_page
from inginious_nb.submissions.submissions import UsageError
from tests.support.fault_proxy import NOTHING, Fault, Late
from tests.support.waiting import until

RIGHT = {"loop": "ten", "keys": ["a", "b"], "word": "noël"}
IN_THE_BROWSER = {"@action": "submit", "loop": "1", "keys": ["0", "2"], "word": "nô"}


def submitted_in(browser, task_id, **fields):
    """Submit as a task's page does, wait for the grade, and return the site's id."""
    page = f"/course/probe/{task_id}"
    told = browser.post(page, data={**IN_THE_BROWSER, **fields}).json()
    check = {"@action": "check", "submissionid": told["submissionid"]}
    while browser.post(page, data=check).json()["status"] == "waiting":
        pass
    return told["submissionid"]


def dates_of(site_id, instructor):
    """When the site lists a submission as made, and as replayed if it was."""
    (row,) = (
        row
        for row in instructor.get("/admin/probe/submissions").text.split("<tr")
        if f'data-submissionid="{site_id}"' in row
    )
    return re.findall(r"\d\d:\d\d:\d\d", row)


async def test_what_was_submitted_in_the_browser_is_in_the_history(
    session_of, browser_of, new_student
):
    name = new_student()
    browser = browser_of(name)
    first = await asyncio.to_thread(submitted_in, browser, "quiz")
    session = await session_of(name)
    task = await asyncio.to_thread(session.open, "probe/quiz")
    state = session.task_state(task)
    await until(lambda: state.records and session.history.answers(first))
    (record,) = state.records
    assert (record.id, record.origin, record.code, record.number) == (first, "site", "failed", 1)
    assert session.history.answers(first) == {"loop": "1", "keys": ["0", "2"], "word": "nô"}
    assert "No, ten." in session.history.result(first).problems["loop"][1]
    assert session.history.recent(session.people.student.username)[0].id == first

    assert (await session.submit(task, RIGHT)).result[0] == "success"
    await until(lambda: state.attempts == 2)
    assert [record.origin for record in state.records] == ["api", "site"]
    assert (state.grade, standing(state)["attempts"]) == (100.0, 2)

    # Between two of ours, and read when it is looked at.
    second = await asyncio.to_thread(submitted_in, browser, "quiz", word="noël")
    third = session.submissions.resubmit(first)
    assert (await third).result[0] == "failed"
    await until(lambda: len(state.records) == 4)
    assert [record.id for record in state.records][:2] == [third.id, second]
    assert [record.number for record in state.records] == [4, 3, 2, 1]
    await asyncio.to_thread(session.site_submissions.recall, session.history.get(second))
    assert session.history.answers(second)["word"] == "noël"


async def test_a_page_that_was_answered_before_a_result_is_fetched_again(
    session_of, proxy, new_student
):
    session = await session_of(new_student())
    task = await asyncio.to_thread(session.open, "probe/quiz")
    state, late = session.task_state(task), Late(b"GET /course/probe/quiz")
    proxy.faults.append(late)
    session.services.courses.fetch("probe", "quiz")
    await late.is_answered.wait()
    assert (await session.submit(task, RIGHT)).result[0] == "success"
    late.may_come.set()
    await until(lambda: state.attempts == 1)


@pytest.mark.parametrize("task_id", ["quiz", "random"])
async def test_an_instructor_who_replays_a_submission_gets_the_same_grade(
    session_of, browser_of, new_student, task_id
):
    name = new_student()
    student, instructor = browser_of(name), browser_of("superadmin")
    session = await session_of(name)
    task = await asyncio.to_thread(session.open, f"probe/{task_id}")
    submission = session.submit(task, {**RIGHT, "word": "tulip"})
    grade = (await submission).grade
    assert 0 < grade < 100
    site_id = session.history.get(submission.id).remote_id
    page, check = f"/course/probe/{task_id}", {"@action": "check", "submissionid": site_id}
    instructor.post(f"/submission/{site_id}", data={"replay": ""})
    await until(lambda: len(dates_of(site_id, instructor)) == 2)  # it has begun
    await until(lambda: student.post(page, data=check).json()["status"] == "done")
    replayed = student.post(page, data=check).json()
    assert float(replayed["grade"]) == grade


async def test_another_kernel_takes_no_submission_twice(session_of, new_student):
    name = new_student()
    one = await session_of(name)
    task = await asyncio.to_thread(one.open, "probe/quiz")
    await one.submit(task, RIGHT)
    other = await session_of(name)
    opened = await asyncio.to_thread(other.open, "probe/quiz")
    await until(lambda: opened.standing.submissions)
    await until(lambda: other.task_state(opened).revision)
    assert [record.origin for record in other.task_state(opened).records] == ["api"]


async def test_a_submission_that_is_nowhere_is_refused(session_of):
    with pytest.raises(UsageError, match="no submission"):
        (await session_of()).submissions.resubmit("0" * 24)


async def test_accounts_that_share_a_history_see_and_send_their_own_only(session_of, new_student):
    alice, bob = new_student(), new_student()
    session = await session_of(alice)
    task = await asyncio.to_thread(session.open, "probe/random")
    state = session.task_state(task)
    of_alice = session.submit(task, RIGHT)
    assert (await of_alice).result[0] == "success"
    await until(lambda: state.attempts == 1)

    def connect(name):
        who = name, f"{name}-password"
        session.connect(None, lambda _site, _name: who, username=name)

    await asyncio.to_thread(connect, bob)
    assert (state.records, state.current, state.grade, state.best) == ([], None, None, None)
    assert session.history.recent(session.people.student.username) == []
    # The page of the task that is open comes anew, as bob has it.
    await until(lambda: state.task.standing.username == bob)
    assert state.attempts == 0
    with pytest.raises(UsageError, match="no submission"):
        session.submissions.resubmit(of_alice.id)
    of_bob = session.submit(task, {**RIGHT, "loop": "nine"})
    assert (await of_bob).result[0] == "failed"
    await until(lambda: state.attempts == 1)
    assert [(row.id, row.account, row.number) for row in state.records] == [(of_bob.id, bob, 1)]

    # Another kernel of bob sends his, and nobody else's.
    other = await session_of(bob, history=alice)
    await asyncio.to_thread(other.open, "probe/random")
    of_bob_again = other.submissions.resubmit(of_bob.id)
    assert (await of_bob_again).result[0] == "failed"
    await asyncio.to_thread(connect, alice)
    await until(lambda: state.task.standing.username == alice)
    assert [row.id for row in state.records] == [of_alice.id]
    assert state.grade == 100.0
    assert state.current is None


@pytest.mark.parametrize("again", ["opened", "submitted again"])
async def test_a_kernel_that_dies_once_the_site_has_it_spends_no_attempt_twice(
    session_of, proxy, browser_of, new_student, again
):
    name = new_student()
    browser = browser_of(name)
    one = await session_of(name)
    task = await asyncio.to_thread(one.open, "probe/random")
    before = len(read_task_page(browser.get("/course/probe/random").text).submissions)
    proxy.faults.append(Fault(b"=submit", answer=NOTHING, forward=True))
    lost = one.submit(task, RIGHT)
    await until(lambda: proxy.count(b"=submit"))
    await until(lambda: "list-group-item-success" in browser.get("/course/probe/random").text)
    await asyncio.to_thread(one.close)
    later = await session_of(name)
    assert [row.id for row in later.submissions.orphaned()] == [lost.id]
    if again == "submitted again":
        repeated = await asyncio.to_thread(later.submissions.resubmit)
        assert (await repeated).result[0] == "success"
    opened = await asyncio.to_thread(later.open, "probe/random")
    state = later.task_state(opened)

    def finished():
        return [row for row in state.records if row.finished]

    await until(lambda: not later.submissions.orphaned() and len(finished()) > before)
    rows = finished()
    assert len(rows) == len({row.remote_id for row in rows}) == before + 1
    (ours,) = [row for row in rows if row.origin != "site"]
    assert later.history.result(ours.id).result[0] == "success"
    assert later.history.answers(ours.id)["word"] == "noël"
    assert proxy.count(b"=submit") == 1
