"""Absurd answers of a site: each ends in time, with a sentence. No INGInious is needed for them."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import re
from email.utils import formatdate

import pytest

from inginious_nb.services.inginious_web import exchange
from inginious_nb.services.inginious_web.failures import PassingError, SiteError
from inginious_nb.services.inginious_web.pace import Pace
from inginious_nb.services.inginious_web.pages import is_sign_in_page, read_task_page
from inginious_nb.services.inginious_web.pictures import inlined_texts
from inginious_nb.services.inginious_web.sign_in import Credentials
from inginious_nb.services.inginious_web.site import Site
from inginious_nb.services.inginious_web.site_job import NewJob, SiteJob
from tests.support.effort import watchdog
from tests.support.fault_proxy import http
from tests.support.scripted_site import ScriptedSite
from tests.support.waiting import until

TASK = "/course/c/t"
HUGE = 64 << 20


@pytest.fixture
async def absurd():
    async with ScriptedSite() as absurd:
        yield absurd


@pytest.fixture
async def site(absurd):
    site = Site(absurd.address, Credentials("ada", "a-password"))
    await site.sign_in()
    yield site
    await site.close()


def endless(head, piece):
    yield head
    while True:
        yield piece


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("-5", 0),
        ("-1e999", 0),
        ("0", 0),
        ("7", 7),
        ("9" * 5000, 600),
        ("1e300", 0),
        ("inf", 0),
        ("nan", 0),
        ("soon", 0),
        ("", 0),
        (formatdate(0, usegmt=True), 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 600),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0),
        ("Fri, 99 Foo 99999 99:99:99 +9999", 0),
        ("Wed, 21 Oct 2015 " + "07:" * 9000, 0),
    ],
)
async def test_retry_after_is_a_time_to_wait_or_none(absurd, site, value, wait_s):
    absurd.answers[TASK] = http(503, Retry_After=value)
    with pytest.raises(PassingError) as failed:
        await site.task_page("c", "t")
    assert failed.value.retry_after_s == pytest.approx(wait_s, abs=2)


async def test_a_date_to_wait_for_is_one_of_the_sites_clock(absurd, site):
    slow = {"Date": formatdate(3600, usegmt=True), "Retry_After": formatdate(3607, usegmt=True)}
    absurd.answers[TASK] = http(429, **slow)
    with pytest.raises(PassingError) as failed:
        await site.task_page("c", "t")
    assert failed.value.retry_after_s == pytest.approx(7, abs=2)


async def test_a_shorter_wait_does_not_end_a_longer_one(absurd, site):
    absurd.answers[TASK] = http(503, Retry_After=100)
    absurd.answers["/course/c/late"] = [b"", *[b""] * 20, http(503)]
    later = asyncio.ensure_future(site.task_page("c", "late"))
    await until(lambda: len(absurd.requests) > 1)
    for _ in range(2):
        with pytest.raises(PassingError) as failed:
            await site.task_page("c", "t")
        await asyncio.wait([later])
        assert failed.value.retry_after_s > 90
    assert isinstance(later.exception(), PassingError)


SLOW = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (endless(SLOW, b"x"), "does not answer in time"),
        (endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), "does not answer"),
        (endless(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"), "in time"),
        (endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 500_000), "larger than 2 MB"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(3 << 20), "larger than 2 MB"),
        (http(200, gzip.compress(bytes(HUGE)), Content_Encoding="gzip"), "larger than 2 MB"),
        (http(200, gzip.compress(b"x" * 999)[:-9], Content_Encoding="gzip"), "does not answer"),
        (http(200, b"not gzip", Content_Encoding="gzip"), "does not answer"),
        (http(200, b"", Content_Encoding="br"), "does not answer"),
        (b"HTTP/1.1 200 OK\r\nSet-Cookie: a=" + b"b" * 200_000 + b"\r\n\r\n", "does not answer"),
        (b"HTTP/9.9 200 OK\r\n\r\n", "no INGInious"),
        (b"nonsense\r\n\r\n", "does not answer"),
        (http(302, Location=TASK), "sends everybody on"),
        (http(301, Location="http://elsewhere.example/"), "on to http://elsewhere.example/"),
        (http(307, Location="https://ada:pw@[x"), "sends everybody on"),
        (http(308, Location="//elsewhere.example" + "/a" * 20_000), "sends everybody on"),
        (http(302), "sends everybody on"),
        (http(304), "sends everybody on"),
        (http(418), "HTTP 418"),
        (http(999), "HTTP 999"),
        (http(200, "<div class=alert>Accès fermé".encode("latin-1")), "Acc.s ferm"),
        (
            http(200, "<div class=alert>Accès fermé".encode("latin-1")).replace(
                b"text/html", b'text/html; Charset="ISO-8859-1"'
            ),
            "Accès fermé",
        ),
        (http(200, b"<p>x").replace(b"text/html", b"text/html; charset=zlib"), "no INGInious"),
        (http(200, b"<![foo"), "no INGInious"),
        (http(200, b"<div>" * 3_000), "no INGInious"),
        (http(200, b""), "no INGInious"),
    ],
)
async def test_each_answer_to_a_page_ends_with_a_sentence(
    absurd, site, answer, sentence, monkeypatch
):
    monkeypatch.setattr(exchange, "_MAX_REQUEST_S", 0.3 if not isinstance(answer, bytes) else 20)
    if sentence == "larger than 2 MB":
        monkeypatch.setattr(exchange, "_MAX_REQUEST_S", 20)
    absurd.answers[TASK] = answer
    with pytest.raises(SiteError, match=sentence) as failed:
        await site.task_page("c", "t")
    assert "ada:pw" not in str(failed.value)
    assert "\n" not in str(failed.value)
    assert len(str(failed.value)) < 800
    assert sum(TASK.encode() in head for head in absurd.requests) == 1


async def test_cookies_that_no_request_could_carry_are_forgotten_and_the_session_is_not(
    absurd, site
):
    many = b"".join(b"Set-Cookie: c%d=%s; Path=/\r\n" % (n, b"x" * 1000) for n in range(40))
    cookie = b"Set-Cookie: inginious_session_id=here; Path=/; Expires=Mon, 99-Foo-99999\r\n"
    absurd.answers[TASK] = http(404).replace(b"\r\n\r\n", b"\r\n" + cookie + many + b"\r\n", 1)
    for _ in range(2):
        with pytest.raises(SiteError):
            await site.task_page("c", "t")
    sent = re.search(rb"(?im)^cookie: (.*)\r$", absurd.requests[-1])[1]
    assert b"inginious_session_id=here" in sent
    assert len(sent) < 10_000


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", "</", "<![CDATA[ > ", "<!-- > ", '<a b="', "<?x", "<![if ]>"]
)
@pytest.mark.parametrize("read", [is_sign_in_page, read_task_page])
def test_no_page_takes_minutes_to_read(piece, read):
    with watchdog(), contextlib.suppress(SiteError):
        assert not read("password" + piece * 100_000)


@pytest.mark.parametrize(
    "address",
    [
        "http://exa mple.org",
        "http://exam\u0000ple.org",
        "http://" + "a" * 300 + ".example",
        "http://a..example",
        "http://xn--\u00e9.example",
        "http://host.example:99999",
    ],
)
async def test_an_address_that_is_none_is_a_sentence(address):
    site = Site(address, Credentials("ada", "a-password"))
    with pytest.raises(SiteError) as failed:
        await site.sign_in()
    assert len(str(failed.value)) < 800
    await site.close()


@pytest.mark.parametrize(
    "answer",
    [
        http(302, Location="http://169.254.169.254/latest"),
        http(302, Location="/course/c/t/other.png"),
        http(200, gzip.compress(b"\x89PNG\r\n\x1a\n" + bytes(HUGE)), Content_Encoding="gzip"),
        http(200, b"<html>no picture</html>"),
        endless(b"HTTP/1.1 200 OK\r\n\r\n", b"\x89PNG\r\n\x1a\n" * 9000),
    ],
)
async def test_a_picture_that_cannot_be_had_is_left_alone(absurd, site, answer):
    absurd.answers[f"{TASK}/a.png"] = answer
    text = '<img src="a.png" alt="A plot">'
    absurd.answers["/course/c/a.png"] = answer
    wanted = text.replace("a.png", "/course/c/t/a.png")
    assert await inlined_texts(site, "c", "t", [wanted]) == [wanted]
    assert len(absurd.requests) == 2


async def test_a_page_that_takes_minutes_does_not_hold_up_a_kill(absurd, site):
    absurd.answers[TASK] = endless(SLOW, b" ")
    job = SiteJob(
        site,
        NewJob("job", "c", "t", {}),
        lambda _event: None,
        pace=Pace(),
        heard=lambda _answered: None,
        attended=lambda: False,
        turn=asyncio.Lock(),
    )
    running = asyncio.ensure_future(job.run())
    await until(lambda: len(absurd.requests) > 1)
    job.kill()
    assert (await asyncio.wait_for(running, 5)).result.result[0] == "killed"


async def test_what_is_asked_for_ends_with_the_conversation(absurd, site):
    absurd.answers[TASK] = endless(SLOW, b" ")
    asking = asyncio.ensure_future(site.task_page("c", "t"))
    await until(lambda: len(absurd.requests) > 1)
    await site.close()
    await asyncio.wait([asking])
    assert asking.cancelled()
