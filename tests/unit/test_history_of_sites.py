"""What a site has of a person, in the history: whose it is, in what order, and only once."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest

from inginious_nb.client.results import JobResult
from inginious_nb.course import SiteSubmission
from inginious_nb.i18n import Message
from inginious_nb.services.account import Account
from inginious_nb.services.inginious_web.failures import SiteError
from inginious_nb.submissions.history import History
from inginious_nb.submissions.site_submissions import SiteSubmissions
from tests.support.histories import add, ids, opened, result

ALICE = Account("https://x", "alice")


def take(history, *listed):
    return history.take_from_site("demo", "fib", "ada", account=ALICE, submissions=listed)


def add_at_site(history, submission_id="s1", account=ALICE, **more):
    return add(history, submission_id, service=account.site, account=account, **more)


def at_site(history, account=ALICE):
    return history.of_task("demo", "fib", "ada", account)


def test_accounts_of_one_user_share_no_submission(tmp_path):
    signed_in = []
    history = History(tmp_path / "h.sqlite", signed_in=lambda: tuple(signed_in))
    nobody, bob = Account("https://x", ""), Account("https://x", "bob")
    for name, account in {"a": ALICE, "b": bob, "n": nobody}.items():
        add_at_site(history, name, account)
    add(history, "here")
    add_at_site(history, "elsewhere", Account("https://y", "alice"))
    assert ids(at_site(history)) == ["n", "a"]
    assert ids(at_site(history, bob)) == ["n", "b"]
    assert ids(at_site(history, nobody)) == ["n"]
    assert ids(history.of_task("demo", "fib", "ada")) == ["here"]
    assert [history.get(each).number for each in ("a", "b", "here")] == [1, 1, 1]
    assert set(ids(history.recent("ada"))) == {"a", "b", "n", "here", "elsewhere"}
    signed_in[:] = [nobody]
    assert len(history.recent("ada")) == 5
    signed_in[:] = [bob, Account("https://z", "eve")]
    assert set(ids(history.recent("ada"))) == {"b", "n", "here", "elsewhere"}
    assert history.beginning("ada", "a") == []
    with opened(history.path) as file:
        file.execute("UPDATE submission SET alive_at = 0")
    assert set(ids(history.orphaned("ada"))) == {"b", "n", "here", "elsewhere"}
    history.note_account("n", "alice")
    assert "n" not in ids(history.recent("ada"))
    history.close()


def test_what_was_kept_without_an_account_is_of_whom_the_site_says(tmp_path):
    path = tmp_path / "h.sqlite"
    history = History(path)
    add_at_site(history)
    history.note_remote_id("s1", "b")
    history.close()
    with opened(path) as file:
        file.executescript("ALTER TABLE submission DROP COLUMN account; PRAGMA user_version = 3")
    history = History(path)
    assert at_site(history) == []
    assert take(history, SiteSubmission("b", 1.0, "success", 100.0)) == []
    assert ids(at_site(history)) == ["s1"]
    history.close()


def test_what_a_site_lists_is_taken_once_and_numbered_by_time(history):
    ours = add_at_site(history)
    history.note_remote_id("s1", "b")
    at = ours.submitted_at
    listed = [
        SiteSubmission("d", at + 200.0),  # not graded yet
        SiteSubmission("c", at + 100.0, "failed", 20.0),
        SiteSubmission("b", at + 1.0, "success", 100.0),
        SiteSubmission("a", at - 100.0, "failed", 0.0),
    ]
    assert take(history, *listed) == ["a", "c"]
    assert take(history, *listed) == []
    rows = at_site(history)
    assert [(row.id, row.number, row.origin) for row in rows] == [
        ("c", 3, "site"),
        ("s1", 2, "api"),
        ("a", 1, "site"),
    ]
    assert add_at_site(history, "s2").number == 4


def test_a_site_in_another_time_zone_gives_the_same_order(history):
    ours = add_at_site(history)
    history.note_remote_id("s1", "b")
    hours = 5 * 3600.0
    take(
        history,
        SiteSubmission("b", ours.submitted_at - hours + 1.0, "success", 100.0),
        SiteSubmission("a", ours.submitted_at - hours - 60.0, "failed", 0.0),
    )
    assert ids(at_site(history)) == ["s1", "a"]
    assert history.get("a").submitted_at == ours.submitted_at - 60.0


@pytest.mark.parametrize(
    ("ahead_s", "waited_s"),
    [(0, 0), (5 * 3600, 2), (-3.5 * 3600, 2), (420, 1), (-420, 1), (0, 7200), (3600, 7200)],
)
def test_a_clock_that_is_off_and_a_long_wait_change_no_order(history, ahead_s, waited_s):
    made = add_at_site(history).submitted_at
    history.note_remote_id("s1", "b")
    history.finish("s1", result())
    sent = made + waited_s
    with opened(history.path) as file:
        file.execute("UPDATE submission SET finished_at = ?", (sent + 5,))
    take(
        history,
        SiteSubmission("c", sent + ahead_s + 600, "failed", 0.0),
        SiteSubmission("b", sent + ahead_s, "success", 100.0),
        SiteSubmission("a", made + ahead_s - 600, "failed", 0.0),
    )
    assert ids(at_site(history)) == ["c", "s1", "a"]
    assert abs(history.get("a").submitted_at - (made - 600)) <= 5


def test_within_one_second_the_list_of_the_site_has_the_order(history):
    second = float(int(time.time()))  # a site tells no more
    listed = [SiteSubmission(each, second, "failed", 0.0) for each in ("e", "c", "a")]
    for name, at in (("b", second + 0.4), ("d", second + 0.8)):
        add_at_site(history, name)
        history.note_remote_id(name, f"site-{name}")
        with opened(history.path) as file:
            file.execute("UPDATE submission SET submitted_at = ? WHERE id = ?", (at, name))
    listed.insert(1, SiteSubmission("site-d", second, "success", 100.0))
    listed.insert(3, SiteSubmission("site-b", second, "success", 100.0))
    take(history, *listed)
    assert ids(at_site(history)) == ["e", "d", "c", "b", "a"]


def place(history, job_id, remote_id, account=ALICE):
    return history.place(
        "demo", "fib", job_id=job_id, account=account, remote_id=remote_id, result=result()
    )


def test_what_arrived_while_its_kernel_died_is_one_submission(history):
    for each in ("s1", "s2"):  # the same answers twice, on purpose
        add_at_site(history, each)
    add(history, "here")
    listed = [SiteSubmission(each, 1.0, "success", 100.0) for each in ("c", "b", "a")]

    def unplaced():
        return history.unplaced("demo", "fib", "ada", account=ALICE, submissions=listed)

    assert unplaced() == ["c", "b", "a"]
    take(history, *listed)  # by another kernel, before it was known whose they are
    assert place(history, "s1", "a")
    assert unplaced() == ["c", "b"]
    history.note_remote_id("s2", "b")
    history.finish("s2", result())
    assert unplaced() == []
    take(history, *listed)
    rows = at_site(history)
    assert {row.id: row.remote_id for row in rows} == {"s1": "a", "s2": "b", "c": "c"}
    assert sorted(row.number for row in rows) == [1, 2, 3]
    assert (history.get("s1").code, history.result("s1").grade) == ("success", 100.0)


def test_a_result_that_was_not_heard_is_taken_when_the_site_lists_it(history):
    ends = {
        "ours": JobResult(("crash", Message("The site does not answer.")), 0.0),
        "the site's": JobResult(("crash", "The grader fell over."), 0.0),
        "heard": result(),
        "none": None,
    }
    for name, end in ends.items():
        add_at_site(history, name)
        history.note_remote_id(name, f"at {name}")
        if end is not None:
            history.finish(name, end)
    listed = [SiteSubmission(f"at {name}", 1.0, "success", 100.0) for name in ends]
    unheard = history.unplaced("demo", "fib", "ada", account=ALICE, submissions=listed)
    assert unheard == ["at ours", "at none"]
    assert place(history, "ours", "at ours")
    assert history.get("ours").code == "success"


def test_a_site_places_nothing_but_what_was_sent_to_it(history):
    add(history, "here")
    add_at_site(history, "bobs", Account("https://x", "bob"))
    add_at_site(history, "of another task", task_id="other")
    add_at_site(history, "placed")
    assert place(history, "placed", "a")
    for job_id in ("here", "bobs", "of another task", "placed", "a", "", "nowhere"):
        assert not place(history, job_id, "b")
    assert history.get("here").code is None


def test_what_arrived_before_it_was_repeated_is_the_one_that_repeats(history):
    add_at_site(history, "s1")
    for before, after in (("s1", "s2"), ("s2", "s3")):
        add_at_site(history, after, repeats=before)
    assert history.same("s3") == ("s3", "s2", "s1")
    assert place(history, "s1", "a")
    assert [row.id for row in at_site(history) if row.remote_id] == ["s3"]


def test_the_answers_that_a_site_has_are_kept(history):
    take(history, SiteSubmission("a", 1.0, "failed", 0.0))
    assert history.result("a") is None
    sent = {"fib": {"filename": "x", "value": b"\xff"}, "@lang": "en"}
    history.keep_recalled("a", sent, result("timeout", 0.0))
    assert history.answers("a") == {"fib": sent["fib"]}
    assert (history.result("a").result[0], history.get("a").code) == ("timeout", "timeout")


async def test_of_two_pages_of_a_task_the_later_stays():
    asked, may_come, taken = asyncio.Event(), asyncio.Event(), []

    async def recall(_task, _remote_id):
        asked.set()
        await may_come.wait()
        raise SiteError

    def page(attempts):
        told = SimpleNamespace(username="alice", submissions=[attempts])
        return SimpleNamespace(course_id="demo", id="fib", site=ALICE.site, standing=told)

    def unplaced(*_, submissions, **_more):
        return ["s1"] if submissions == [1] else []

    def renew(task, _person):
        taken.append(task.standing.submissions)
        return []

    context = SimpleNamespace(
        person=SimpleNamespace(username="ada"),
        history=SimpleNamespace(unplaced=unplaced),
        service_for=lambda _task: SimpleNamespace(account=ALICE, recall=recall),
    )
    submissions = SiteSubmissions(context, None, run=None, renew=renew)
    takes = [asyncio.ensure_future(submissions.take(page(1)))]
    await asked.wait()
    takes.append(asyncio.ensure_future(submissions.take(page(2))))
    await asyncio.wait(takes, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
    may_come.set()
    await asyncio.gather(*takes)
    assert taken == [[1], [2]]
