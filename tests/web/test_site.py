"""Submitting through the task page of the real web application, also when the way there fails."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import re
import time

import httpx
import pytest

from inginious_nb.client.events import JobHeld, JobSent
from inginious_nb.services.inginious_web import site
from inginious_nb.services.inginious_web.failures import (
    InBetweenError,
    PassingError,
    SignInError,
    SiteError,
)
from inginious_nb.services.inginious_web.form import MARK
from inginious_nb.services.inginious_web.pace import Pace
from inginious_nb.services.inginious_web.sign_in import Credentials
from inginious_nb.services.inginious_web.site_job import SiteJob
from inginious_nb.submissions.database import pack_result, unpack_result
from tests.support.fault_proxy import MARK_OF_SITE, NOTHING, Fault, http
from tests.support.waiting import until
from tests.support.web_site import DOT

RIGHT = {"loop": "0", "keys": ["0", "1"], "word": "noël"}
WRONG = {"loop": "1", "keys": ["2"], "word": "no"}
SUBMIT = b"=submit"
CHECK = b"=check"
BOMB = gzip.compress(bytes(40 << 20))


async def test_answers_are_graded_by_the_site(sign_in, task, proxy):
    client = await sign_in()
    right = await client.open_job(task("quiz"), RIGHT)
    wrong = await client.open_job(task("quiz"), WRONG)
    assert (right.result[0], right.grade) == ("success", 100.0)
    assert (wrong.result[0], wrong.grade) == ("failed", 0.0)
    # The course writes reStructuredText, the site HTML.
    assert right.problems["loop"][1].startswith(".. raw:: html")
    assert "Yes <em>ten</em>." in right.problems["loop"][1]
    assert proxy.at_once == 1


async def test_the_documented_call_back_gets_the_sites_html(sign_in, task):
    client = await sign_in()
    told = asyncio.get_running_loop().create_future()
    assert client.new_job(task("quiz"), RIGHT, lambda *values: told.set_result(values))
    result, grade, problems, *_ = await told
    assert (result[0], grade, problems["word"]) == (
        "success",
        100.0,
        ("success", "<p>Correct answer</p>\n"),
    )
    assert client.get_available_environments() == {}
    assert client.get_job_queue_snapshot() == (None, None)


async def test_random_values_of_the_page_are_sent_back(sign_in, task, proxy):
    client = await sign_in()
    result = await client.open_job(task("random"), RIGHT)
    assert result.result[0] == "success"
    assert proxy.count(b"random_1=0.") == 1


async def test_courses_and_tasks_are_listed(sign_in):
    client = await sign_in()
    assert [course.id for course in await client.site.courses()] == ["probe"]
    tasks = await client.site.tasks("probe")
    assert [(task.id, task.name, task.open) for task in tasks] == [
        ("quiz", "A quiz", True),
        ("random", "Random", True),
        ("late", "Late", False),
        ("nowhere", "A quiz", True),
        ("mixed", "Mixed & <all>", True),
    ]
    with pytest.raises(SiteError, match="This course is closed"):
        await client.site.tasks("closed")
    with pytest.raises(SiteError, match="no such course or task"):
        await client.site.tasks("missing")


@pytest.mark.parametrize(
    ("name", "task_id", "code", "text"),
    [
        ("alice", "late", "crash", "you cannot submit anymore. This is why nothing was graded"),
        ("alice", "nowhere", "crash", "Environment not available"),
        ("carol", "quiz", "crash", "/register/probe"),
    ],
)
async def test_what_the_site_refuses_ends_with_its_reason(sign_in, task, name, task_id, code, text):
    client = await sign_in(name)
    result = await client.open_job(task(task_id), RIGHT)
    assert result.result[0] == code
    assert text in result.result[1]
    assert result.grade == 0.0


async def test_a_wrong_password_is_refused_and_nowhere_shown(sign_in):
    with pytest.raises(SignInError, match="does not accept this name and password") as refused:
        await sign_in("alice", "secret-but-wrong")
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(Credentials("alice", "secret-but-wrong"))


async def test_a_lost_answer_to_the_submission_spends_no_second_attempt(sign_in, task, proxy):
    client = await sign_in("bob")
    before = (await client.site.task_page("probe", "quiz")).submissions
    proxy.faults.append(Fault(SUBMIT, answer=None, forward=True))
    result = await client.open_job(task("quiz"), RIGHT)
    assert result.result[0] == "success"
    assert proxy.count(SUBMIT) == 1
    after = (await client.site.task_page("probe", "quiz")).submissions
    assert len(after) == len(before) + 1


@pytest.mark.parametrize(
    ("answer", "sendings"),
    [
        pytest.param(None, 2, id="cut"),
        pytest.param(http(503), 2, id="restarting"),
        pytest.param(http(429, Retry_After=0), 2, id="too many"),
        pytest.param(http(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), 2, id="by date"),
        pytest.param(http(503, Retry_After="soon"), 2, id="by no number"),
    ],
)
async def test_a_submission_that_did_not_arrive_is_sent_again(
    sign_in, task, proxy, answer, sendings
):
    client = await sign_in("bob")
    proxy.faults.append(Fault(SUBMIT, answer=answer))
    job = client.open_job(task("quiz"), RIGHT)
    assert (await job).result[0] == "success"
    assert [e.sending for e in job.events if isinstance(e, JobSent)][-1] == sendings


@pytest.mark.parametrize(
    ("when", "answer", "text"),
    [
        pytest.param(SUBMIT, http(413), "larger than", id="too large"),
        pytest.param(SUBMIT, http(500), "HTTP 500", id="fault"),
        pytest.param(SUBMIT, http(200, **MARK_OF_SITE), "no INGInious gives", id="a page"),
        pytest.param(SUBMIT, http(200, b"[1]", **MARK_OF_SITE), "no INGInious gives", id="a list"),
        pytest.param(
            SUBMIT,
            http(200, b'{"status": "ok"}', **MARK_OF_SITE),
            "no INGInious gives",
            id="no id",
        ),
        pytest.param(
            b"GET /course", http(302, Location="https://u:p@evil/x"), "https://evil/x", id="away"
        ),
        pytest.param(CHECK, http(404, **MARK_OF_SITE), "no such course", id="gone"),
        pytest.param(CHECK, http(500), "HTTP 500", id="restarted without its memory"),
        pytest.param(CHECK, http(200), "is not INGInious", id="a page instead of a check"),
        pytest.param(CHECK, http(200, b"[" * 100_000), "is not INGInious", id="deep"),
        pytest.param(
            CHECK,
            http(200, b"no gzip at all", Content_Encoding="gzip"),
            "does not answer",
            id="no gzip",
        ),
        pytest.param(
            SUBMIT, http(302, Location="/register/probe"), "/register/probe", id="left, on main"
        ),
        pytest.param(CHECK, http(200, b'{"status": "done"}'), "no INGInious gives", id="half"),
        pytest.param(b"GET /course", http(418), "HTTP 418", id="odd"),
        pytest.param(
            CHECK, http(200, BOMB, Content_Encoding="gzip"), "larger than 20 MB", id="gzip bomb"
        ),
        pytest.param(b"GET /course", http(200, bytes(3 << 20)), "than 2 MB", id="a large page"),
        pytest.param(
            b"GET /course", http(302, Location="/course/probe/quiz"), "everybody on", id="loop"
        ),
        pytest.param(
            b"GET /course", http(511, b"<h1>Pay for the hotel</h1>"), "HTTP 511", id="portal"
        ),
        pytest.param(b"GET /course", http(200), "is not INGInious", id="another site"),
    ],
)
async def test_what_a_site_should_not_answer_ends_with_one_sentence(
    sign_in, task, proxy, when, answer, text
):
    client = await sign_in("bob", pace=Pace(first_s=0.02, max_s=0.1, give_up_s=0.3))
    proxy.faults.append(Fault(when, times=99, answer=answer))
    result = await client.open_job(task("quiz"), RIGHT)
    assert result.result[0] == "crash"
    assert text in result.result[1]
    assert "u:p" not in result.result[1]
    assert proxy.count(SUBMIT) <= 1


PORTAL = (
    b"<title>Hotel  &lt;Lobby&gt;</title><div class='alert'>Pay first.</div>"
    b"<form><input name='login'><input name='password'></form>"
)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        pytest.param(http(200, PORTAL), "the page “Hotel <Lobby>” (HTTP 200)", id="portal"),
        pytest.param(http(404, PORTAL), "the page “Hotel <Lobby>” (HTTP 404)", id="filter"),
        pytest.param(http(511), "a network that wants you to sign in to it", id="network"),
        pytest.param(
            http(302, Location="https://u:p@portal.example/register/me?mac=1"),
            "a redirect to portal.example.",
            id="redirect",
        ),
        pytest.param(
            http(200, b'{"status": "error", "text": "Blocked."}'), "is none of the site", id="json"
        ),
    ],
)
async def test_what_answers_in_the_place_of_the_site_is_waited_for_at_every_request(
    sign_in, task, proxy, answer, what
):
    client = await sign_in("bob", pace=Pace(first_s=0.01, max_s=0.02, give_up_s=20))
    client.site._sign_in_wait_s = 0.01
    listed = await client.site.tasks("probe")
    over = http(200, b'<input name="password">', **MARK_OF_SITE)
    proxy.faults += [
        *(Fault(when, answer=answer) for when in (b"GET /course/probe/", SUBMIT)),
        # The session ends, too, while something else answers.
        Fault(CHECK, answer=over),
        *(Fault(when, answer=answer) for when in (b"POST /api", CHECK)),
    ]
    job = client.open_job(task("quiz"), RIGHT)
    assert (await job).result[0] == "success"
    assert proxy.count(SUBMIT) == 2
    told = [str(event.reason) for event in job.events if isinstance(event, JobHeld)]
    assert any(what in reason and "It waits here, kept" in reason for reason in told)
    assert told[-1] == ""
    assert "mac=1" not in "".join(told)
    # It says nothing about what is at the site.
    for ask, path in (
        (client.site.courses(), b"GET /mycourses"),
        (client.site.tasks("probe"), b"GET /course/probe "),
        (client.site.file("probe", "quiz", "6" * 24, "f"), b"questionid"),
    ):
        proxy.faults.append(Fault(path, answer=answer))
        with pytest.raises(InBetweenError):
            await ask
    assert await client.site.tasks("probe") == listed


async def test_what_lets_the_page_through_and_not_the_answers_is_named(sign_in, task, proxy):
    client = await sign_in("bob", pace=Pace(first_s=0.01, max_s=0.02, give_up_s=20))
    proxy.faults.append(Fault(SUBMIT, times=99, answer=http(200, PORTAL)))
    code, text = (await client.open_job(task("quiz"), RIGHT)).result
    assert code == "crash"
    assert "Hotel <Lobby>" in text
    assert "Neither your answer nor the task is at fault." in text
    assert proxy.count(SUBMIT) == 4


CUT = http(200, b'{"status": "ok", "submissionid": "0123456789ab')
WITHOUT_LENGTH = CUT.replace(b"Content-Length", b"X-Length")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 2", id="in the status"),
        pytest.param(CUT[:60], id="in the headers"),
        pytest.param(CUT[: CUT.index(b"{")], id="before the body"),
        pytest.param(CUT[:-5], id="in the body"),
        pytest.param(WITHOUT_LENGTH, id="in a body without length"),
        pytest.param(WITHOUT_LENGTH.partition(b"{")[0], id="before a body without length"),
        pytest.param(CUT, id="in the middle of the JSON"),
        pytest.param(http(200, b"\x1f\x8b\x08", Content_Encoding="gzip"), id="in gzip"),
        pytest.param(http(200, b"?", Content_Encoding="br"), id="in another encoding"),
        pytest.param(http(500), id="fault"),
        pytest.param(http(502), id="proxy"),
        pytest.param(http(413), id="a proxy's limit"),
        pytest.param(http(302, Location="https://portal.example/"), id="portal"),
        pytest.param(http(302, Location="http://["), id="no address"),
        pytest.param(http(200, b'{"status": "ok", "submissionid": "x"}'), id="no id"),
    ],
)
async def test_an_answer_cut_anywhere_spends_one_attempt_and_loses_no_result(
    sign_in, task, proxy, answer
):
    client = await sign_in("bob", pace=Pace(first_s=0.02, max_s=0.1, give_up_s=20))
    proxy.faults.append(Fault(SUBMIT, answer=answer, forward=True))
    assert (await client.open_job(task("quiz"), RIGHT)).result[0] == "success"
    assert proxy.count(SUBMIT) == 1


@pytest.mark.parametrize(
    "answer",
    [None, http(502), http(500), http(200), http(302, Location="https://portal.example/")],
)
async def test_checks_that_fail_for_a_while_lose_no_result(sign_in, task, proxy, answer):
    client = await sign_in("bob", pace=Pace(first_s=0.02, max_s=0.1, give_up_s=20))
    proxy.faults.append(Fault(CHECK, times=3, answer=answer))
    assert (await client.open_job(task("quiz"), RIGHT)).result[0] == "success"


@pytest.mark.parametrize(
    ("when", "times"), [(SUBMIT, 1), (CHECK, 1), (CHECK, 2), (b"GET /course/probe/quiz", 1)]
)
async def test_a_session_that_ends_in_the_middle_is_opened_again(sign_in, task, proxy, when, times):
    client = await sign_in("bob")
    page = b'<form><input name="login"><input name="password"></form>'
    proxy.faults.append(Fault(when, times=times, answer=http(200, page, **MARK_OF_SITE)))
    assert (await client.open_job(task("quiz"), RIGHT)).result[0] == "success"
    assert proxy.count(b"POST /api/v0/authentication") == 2


async def test_a_site_that_is_gone_ends_the_wait(sign_in, task, proxy):
    client = await sign_in("bob", pace=Pace(first_s=0.05, max_s=0.2, give_up_s=1.0))
    proxy.faults.append(Fault(CHECK, times=999, answer=None))
    result = await client.open_job(task("quiz"), RIGHT)
    assert result.result[0] == "crash"
    assert "does not answer" in result.result[1]
    assert client.connection.state == "silent"


async def test_a_slow_answer_counts_as_none_and_spends_no_second_attempt(sign_in, task, proxy):
    client = await sign_in("bob", pace=Pace(first_s=0.05, max_s=0.2, give_up_s=60))
    before = (await client.site.task_page("probe", "quiz")).submissions
    client.site._http.timeout = httpx.Timeout(2.0)  # of 30 s
    proxy.faults.append(Fault(SUBMIT, answer=NOTHING, forward=True))
    assert (await client.open_job(task("quiz"), RIGHT)).result[0] == "success"
    assert proxy.count(SUBMIT) == 1
    after = (await client.site.task_page("probe", "quiz")).submissions
    assert len(after) == len(before) + 1


async def test_what_one_submission_is_asked_to_wait_for_holds_for_all(
    sign_in, task, proxy, monkeypatch, new_student
):
    client = await sign_in(new_student(), pace=Pace(first_s=0.05, max_s=0.1, give_up_s=9e9))
    told, over, late_s = [], asyncio.Event(), 0
    pause = SiteJob._pause

    async def noted(job, at_least_s=0.0):
        if at_least_s:
            told.append(at_least_s)
            await over.wait()
        else:
            await pause(job)

    monkeypatch.setattr(SiteJob, "_pause", noted)
    monkeypatch.setattr(site, "monotonic", lambda: time.monotonic() + late_s)
    proxy.faults.append(Fault(CHECK, answer=http(429, Retry_After=600)))
    jobs = [client.open_job(task("quiz"), RIGHT)]
    await until(lambda: len(told) == 1)
    heard = len(proxy.requests)
    jobs.append(client.open_job(task("random"), RIGHT))
    await until(lambda: len(told) == 2)
    assert min(told) > 500
    assert len(proxy.requests) == heard
    late_s = 600
    over.set()
    assert [(await job).result[0] for job in jobs] == ["success"] * 2


async def test_a_job_killed_before_it_is_sent_is_never_sent(sign_in, task, proxy):
    client = await sign_in("bob")
    job = client.open_job(task("quiz"), RIGHT)
    job.kill()
    assert (await job).result[0] == "killed"
    assert proxy.count(SUBMIT) == 0


async def test_one_submission_a_task_is_under_way(sign_in, task, proxy):
    client = await sign_in("bob")
    jobs = [client.open_job(task("quiz"), RIGHT) for _ in range(3)]
    assert [(await job).result[0] for job in jobs] == ["success"] * 3
    assert proxy.count(MARK.lstrip("@").encode()) == 3


async def test_a_sign_in_that_gets_no_answer_may_pass(sign_in, proxy):
    proxy.faults.append(Fault(b"POST /api", answer=None))
    with pytest.raises(PassingError, match="does not answer"):
        await sign_in()


PICTURES = [
    ("quiz/dot.png", True),
    ("/course/probe/quiz/dot.png", True),
    ("{site}/course/probe/quiz/dot.png", True),
    ("quiz/page.png", False),
    ("/course/probe/late/dot.png", False),
    ("quiz/../../../logout", False),
    ("quiz/%2e%2e/%2e%2e/%2e%2e/logout", False),
    ("/logout", False),
    ("/course/probe/quiz?x=dot.png", False),
    ("//evil.example/dot.png", False),
    ("https://evil.example/course/probe/quiz/dot.png", False),
    ("javascript:alert(1)", False),
]


async def test_pictures_of_the_task_are_fetched_and_nothing_else(sign_in, task, proxy):
    client = await sign_in("bob")
    told = "".join(
        f"<img alt='{number}' src=\"{address.format(site=client.site.address)}\">"
        for number, (address, _shown) in enumerate(PICTURES)
    )
    done = {"status": "done", "result": "success", "grade": "100", "text": told, "tests": {}}
    done["problems"] = {"loop": ["success", told]}
    proxy.faults.append(Fault(CHECK, times=99, answer=http(200, json.dumps(done).encode())))
    result = await client.open_job(task("quiz"), RIGHT)
    for text in (result.result[1], result.problems["loop"][1]):
        tags = re.findall("<img[^>]*>", text)
        assert [
            f'src="data:image/png;base64,{base64.b64encode(DOT).decode()}"' in t for t in tags
        ] == [shown for _address, shown in PICTURES]
    # Each of its addresses once, for both texts.
    assert proxy.count(b"/dot.png HTTP") == 3
    assert proxy.count(b"logout") == 0
    assert client.site.is_open


async def test_pictures_that_do_not_come_hold_no_result_up(sign_in, task, proxy):
    client = await sign_in("bob")
    told = '<img src="quiz/dot.png">' * 50 + '<img src="quiz/page.png">'
    done = {"status": "done", "result": "success", "grade": "100", "text": told}
    proxy.faults.append(Fault(CHECK, times=99, answer=http(200, json.dumps(done).encode())))
    proxy.faults.append(Fault(b"/dot.png", answer=http(200, b"\x89PNG\r\n\x1a\n" + bytes(3 << 20))))
    proxy.faults.append(Fault(b"/page.png", answer=http(503)))
    result = await client.open_job(task("quiz"), RIGHT)
    assert result.result[0] == "success"
    assert "data:" not in result.result[1]


async def test_cookies_for_others_are_sent_to_nobody(sign_in, task, proxy):
    client = await sign_in("bob")
    for cookie in ("odd=1; Domain=evil.example", "odd=1; Path=/x", "=; ;Max-Age=never"):
        proxy.faults.append(Fault(CHECK, answer=http(503, Set_Cookie=cookie)))
    assert (await client.open_job(task("quiz"), RIGHT)).result[0] == "success"
    assert proxy.count(b"odd") == 0
    assert client.site.is_open


async def test_values_that_nobody_can_keep_are_kept_as_texts(sign_in, task, proxy):
    client = await sign_in("bob")
    tests = b'{"big": 1%s, "half": "\\ud800", "nan": NaN, "ok": true}' % (b"0" * 400)
    told = b'{"status": "done", "result": "success", "grade": 1%s, "text": "\\udfff", "tests": %s}'
    proxy.faults.append(Fault(CHECK, times=9, answer=http(200, told % (b"0" * 400, tests))))
    result = await client.open_job(task("quiz"), RIGHT)
    assert result.result[0] == "success"
    assert unpack_result(pack_result(result)).tests["ok"] is True


async def test_each_call_back_of_the_documented_client_is_called_once(sign_in, task, proxy):
    client = await sign_in("bob")
    calls, shells = [], []

    def submit(inputdata, **more):
        return client.new_job(task("quiz"), inputdata, lambda *told: calls.append(told), **more)

    job_id = submit(RIGHT, debug="ssh", ssh_callback=lambda *told: shells.append(told))
    await until(lambda: len(calls) == 1 and shells)
    assert shells == [(None, None, None, None)]  # the site opens none for a student
    assert client.get_job_queue_info(job_id) is None
    assert client.get_job_queue_info("nowhere") is None
    client.kill_job(job_id)
    client.kill_job("nowhere")
    proxy.faults.append(Fault(CHECK, times=99, answer=http(503)))
    assert submit(RIGHT)
    await until(lambda: proxy.count(SUBMIT) == 2)
    client.close()
    await until(lambda: len(calls) == 2)
    submit(RIGHT)
    await until(lambda: len(calls) == 3)
    assert [result[0] for result, *_ in calls] == ["success", "crash", "crash"]
    assert proxy.count(SUBMIT) == 2
