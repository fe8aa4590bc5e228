"""What the main branch of INGInious answers otherwise than 0.9.2, imitated: no PyPI has it."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
from urllib.parse import parse_qs

import httpx
import pytest

from inginious_nb.client.events import JobQueued
from inginious_nb.services.inginious_web.service import InginiousWebService
from inginious_nb.settings import load_settings
from tests.support.fault_proxy import MARK_OF_SITE, http
from tests.support.scripted_site import ScriptedSite

S = "6b07251ed61befca3f97b971"
MOMENT = "2026-11-25T18:12:46.600000+00:00"
PAGE = f"""<body><a href="/course/c/t">T</a><table>
<tr><td>Deadline</td><td><time datetime="2030-01-01T10:30:00-05:00">1 January</time></td></tr>
<tr><td>Status</td><td id="task_status">?</td></tr>
<tr><td>Grade</td><td><span id="task_grade">40.0</span>%</td></tr>
<tr><td>Attempts</td><td id="task_tries">1</td></tr></table>
<ul id="submissions"><li class="submission list-group-item-danger" data-submission-id="{S}">
<span id="txt"><time datetime="{MOMENT}">x</time> - 40.0%</span></li></ul>
<div id="task_context"><p>Upload.</p></div>
<form id="task" action="/course/c/t"><div class="problem"><h5 class="card-header">Question 1:
Data</h5><div id="task_alert_f" class="task_alert_problem"></div>
<input type="file" name="f" data-max-size="1048576" data-allowed-exts='[".csv"]'></div>
<button id="task-submit">Submit</button></form>
<script>var problems_types = {{"f": "file"}}; init_task_page("best");</script></body>""".encode()
SIGN_IN_PAGE = b'<form><input name="login"><input type="password" name="password"></form>'
WAITING = {
    "status": "waiting",
    "result": "crash",
    "id": S,
    "submitted_on": MOMENT,
    "grade": "0.0",
    "replace": False,
    "title": "…",
    "text": "",
    "feedback_script": "",
    "problems": {},
    "tests": {},
}
DONE = {
    "status": "done",
    "result": "failed",
    "id": S,
    "submitted_on": MOMENT,
    "grade": "40.0",
    "replace": True,
    "text": "<p>No.</p>",
    "tests": {"t": True},
    "feedback_script": "",
    "title": f'Your score is 40.0%. <time datetime="{MOMENT}">x</time>',
    "problems": {"f": ["failed", "<p>Wrong</p>"]},
    "debug": {"input": "6b07251ed61befca3f97b999", "stdout": "out", "stderr": ""},
}
LOADED = {
    **DONE,
    "status": "ok",
    "replace": False,
    "input": {
        "f": {"filename": "a.csv", "value": ""},
        "@username": "ada",
        "@time": "2026-11-25 18:12:46.600000+00:00",
        "@random": [],
    },
}


class MainSite(ScriptedSite):
    """Answers as the main branch was seen to do."""

    def __init__(self):
        super().__init__()
        self.is_signed_in = False
        sessions = itertools.count(1)
        queued = {"status": "waiting", "text": "<b>You are next in the waiting queue!</b>"}
        checks = iter([WAITING, queued])
        told = {
            "submit": lambda: {"status": "ok", "submissionid": S, "remove": [], "text": "…"},
            "check": lambda: next(checks, DONE),
            "load_submission_input": lambda: LOADED,
        }

        def form(body):
            if not body:
                return self.page(PAGE)
            fields = parse_qs(body.decode("latin-1"))
            # What has a file goes as parts.
            action = fields["@action"][0] if "@action" in fields else "submit"
            return http(200, json.dumps(told[action]()).encode())

        def sign_in(_body):
            self.is_signed_in = True
            return http(
                200,
                b'{"status": "success", "username": "ada"}',
                Set_Cookie=f"inginious_session_id=a{next(sessions)}; Path=/",
            )

        def sign_out(_body):
            # A cookie is set all the same, and every link is relative.
            self.is_signed_in = False
            return http(302, Location="/courselist", Set_Cookie="inginious_session_id=b; Path=/")

        self.answers = {
            "/api/v0/authentication": sign_in,
            "/logout": sign_out,
            "/mycourses": lambda _body: self.page(b'<a href="/course/c">Course</a>'),
            "/course/c": lambda _body: self.page(
                b'<a class="list-group-item" href="/course/c/t">T</a>'
            ),
            "/course/c/t": form,
            f"/course/c/t?submissionid={S}&questionid=f": lambda _body: http(
                200, b"1,2\n\xff", **MARK_OF_SITE
            ),
            "/course/closed": http(302, Location="/register/closed"),
        }

    def page(self, page):
        return http(200, page if self.is_signed_in else SIGN_IN_PAGE, **MARK_OF_SITE)


@pytest.fixture
async def main():
    async with MainSite() as main:
        yield main


@pytest.fixture
async def service(main, monkeypatch):
    for name in ("INGINIOUS_SITE_USER", "INGINIOUS_SITE_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    loop = asyncio.get_running_loop()
    service = InginiousWebService(
        load_settings(),
        main.address,
        lambda work: asyncio.run_coroutine_threadsafe(work, loop),
        attended=lambda: False,
    )
    await service.sign_in("ada", "a-password", keep=False)
    yield service
    await service.disconnect()


async def test_a_submission_to_the_main_branch(main, service):
    client = await service.client()
    site = client._site
    assert [(one.id, one.name) for one in await site.courses()] == [("c", "Course")]
    assert [one.id for one in await site.tasks("c")] == ["t"]
    task = await site.task("c", "t")
    assert task.accessibility.deadline.astimezone() == dt.datetime.fromisoformat(
        "2030-01-01T10:30:00-05:00"
    )
    (listed,) = task.standing.submissions
    assert (listed.id, listed.code, listed.grade) == (S, "failed", 40.0)
    answer = {"f": {"filename": "a.csv", "value": b"1,2\n\xff"}}
    job = client.open_job(task, answer)
    result = await job
    assert (result.result[0], result.grade, result.tests) == ("failed", 40.0, {"t": True})
    assert "Wrong" in result.problems["f"][1]
    assert result.stdout == "out"
    # A result is none while it waits, whatever keys it has.
    assert [event.at_most_before for event in job.events if isinstance(event, JobQueued)] == [0]
    recalled = await service.recall(task, S)
    assert recalled.inputdata["f"] == answer["f"]
    assert recalled.result.grade == 40.0
    # What fails there is never asked for.
    assert not [head for head in main.requests if b"/api/v0/courses" in head]


async def test_signing_out_of_the_main_branch(main, service):
    client = await service.client()
    await service.sign_out()
    assert not main.is_signed_in
    await service.sign_in("ada", "a-password", keep=False)
    assert main.is_signed_in
    assert b"Cookie" not in next(
        head for head in main.requests[::-1] if b"POST /api/v0/authentication" in head
    )
    site = client._site
    main.is_signed_in = False  # the session is over
    assert [one.id for one in await site.tasks("c")] == ["t"]
    with pytest.raises(Exception, match="enrol at"):
        await site.tasks("closed")


async def test_the_end_of_a_session_is_its_last_request(main, service):
    """A site stores the session with each answer, so a later one would open it again."""
    site = (await service.client())._site
    asked, held, answered = asyncio.Event(), asyncio.Event(), []

    async def courses(_body):
        asked.set()
        await held.wait()
        answered.append("courses")
        return main.page(b'<a href="/course/c">Course</a>')

    def logout(_body):
        answered.append("logout")
        return http(302, Location="/courselist")

    main.answers |= {"/mycourses": courses, "/logout": logout, "/": lambda _body: main.page(b"")}
    listing = asyncio.create_task(site.courses())
    await asked.wait()
    leaving = asyncio.create_task(service.sign_out())
    async with httpx.AsyncClient(base_url=main.address, trust_env=False) as other:
        for _ in range(3):  # what was sent before these has arrived
            await other.get("/")
    held.set()
    await leaving
    assert [course.id for course in await listing] == ["c"]
    assert answered[-1] == "logout"
    assert answered.count("logout") == 1


async def test_a_late_answer_brings_no_session_back_that_is_over(main, service):
    site = (await service.client())._site
    asked, held = asyncio.Event(), asyncio.Event()

    async def late(_body):
        if asked.is_set():
            return main.answers["/course/c"](b"")
        asked.set()
        await held.wait()
        return http(200, SIGN_IN_PAGE, Set_Cookie="inginious_session_id=nobody; Path=/")

    main.answers["/course/late"] = late
    listing = asyncio.create_task(site.tasks("late"))
    await asked.wait()
    main.is_signed_in = False  # the session is over
    assert [one.id for one in await site.tasks("c")] == ["t"]
    held.set()
    assert await listing == ()
    assert b"inginious_session_id=a2\r" in main.requests[-1]
