"""Signing in at the real web application: ways, accounts, what is over, and what stays secret."""

from __future__ import annotations

import asyncio
import itertools
import logging

import httpx
import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from inginious_nb.client.events import JobHeld, JobSent
from inginious_nb.errors import UsageError
from inginious_nb.services.inginious_web.failures import SignInError
from inginious_nb.services.inginious_web.pages import read_task_page
from inginious_nb.services.inginious_web.service import InginiousWebService
from inginious_nb.services.inginious_web.sign_in import Credentials, SessionCookie
from inginious_nb.settings import load_settings
from tests.support.fault_proxy import Fault, http
from tests.support.waiting import until
from tests.support.web_site import browser_session

RIGHT = {"loop": "0", "keys": ["0", "1"], "word": "noël"}
AUTHENTICATION = b"POST /api/v0/authentication"
SUBMIT = b"=submit"
_numbers = itertools.count()


class Keyring(KeyringBackend):
    """A keyring in memory."""

    priority = 5

    def __init__(self):
        super().__init__()
        self.entries = {}

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password

    def delete_password(self, service, username):
        del self.entries[service, username]


@pytest.fixture
def kept():
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield keyring.get_keyring().entries
    keyring.set_keyring(before)


@pytest.fixture
async def service(proxy, monkeypatch, kept):
    """A service at the site that nobody is signed in at, with a person in front of it."""
    for name in ("INGINIOUS_SITE_USER", "INGINIOUS_SITE_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    made = []
    loop = asyncio.get_running_loop()

    def run(work):
        return asyncio.run_coroutine_threadsafe(work, loop)

    def make(attended=True):
        address = f"http://127.0.0.1:{proxy.port}"
        made.append(InginiousWebService(load_settings(), address, run, attended=lambda: attended))
        return made[-1]

    yield make
    for service in made:
        await service.disconnect()


def submit(service, task):
    job_id = f"job{next(_numbers)}"
    return service.open_job(task, RIGHT, job_id=job_id, launcher_name="", debug=False)


def submissions(web_site, name, task_id):
    """How many submissions somebody has, as the site's own page tells."""
    with httpx.Client(base_url=web_site.address, trust_env=False) as browser:
        browser.post("/signin", data={"login": name, "password": f"{name}-password"})
        return len(read_task_page(browser.get(f"/course/probe/{task_id}").text).submissions)


def end_session(web_site, cookie):
    httpx.get(
        web_site.address + "/logout", cookies={"inginious_session_id": cookie}, trust_env=False
    )


@pytest.mark.parametrize("before", ["", "inginious_session_id=", "a=1; inginious_session_id="])
async def test_a_pasted_cookie_signs_in(sign_in, task, web_site, proxy, before):
    client = await sign_in(way=SessionCookie.pasted(before + browser_session(web_site, "bob")))
    assert client.site.username == "bob"
    assert (await client.open_job(task("quiz"), RIGHT)).result[0] == "success"
    assert proxy.count(AUTHENTICATION) == 0


@pytest.mark.parametrize("text", ["", "two words", "a=b", "x\r\nEvil: y", "é", "x" * 5000])
def test_what_is_no_cookie_is_refused(text):
    with pytest.raises(UsageError, match="inginious_session_id"):
        SessionCookie.pasted(text)


async def test_a_session_that_was_over_before_is_refused(sign_in, web_site):
    cookie = browser_session(web_site, "bob")
    end_session(web_site, cookie)
    with pytest.raises(SignInError, match="is over") as refused:
        await sign_in(way=SessionCookie.pasted(cookie))
    assert cookie not in str(refused.value)


@pytest.mark.parametrize("when", [b"GET /course/probe/quiz", SUBMIT, b"=check"])
async def test_a_submission_waits_for_its_person_and_goes_on(service, task, proxy, web_site, when):
    service = service()
    cookie = browser_session(web_site, "bob")
    await service.sign_in(secret=cookie, cookie=True, keep=False)
    before = {name: submissions(web_site, name, "quiz") for name in ("alice", "bob")}
    # The request at which the session is over is held up until it is.
    proxy.faults.append(Fault(when, answer=http(503), times=2))
    job = await submit(service, task("quiz"))
    await until(lambda: proxy.count(when))
    end_session(web_site, cookie)
    await until(lambda: service.state.state == "signed_out")
    assert "connect" in service.state.message
    assert "127.0.0.1" not in service.state.short_message
    # Somebody else's session is not the one that it waits for.
    await service.sign_in("alice", "alice-password", keep=False)
    assert service.state.state == "connected"
    assert service.state_of("bob").state == "signed_out"
    await service.sign_in("bob", "bob-password", keep=False)
    assert (await job).result[0] == "success"
    assert submissions(web_site, "bob", "quiz") == before["bob"] + 1
    assert submissions(web_site, "alice", "quiz") == before["alice"]


async def test_without_a_person_it_ends_with_what_to_do(service, task, web_site):
    service = service(attended=False)
    with pytest.raises(SignInError, match="INGINIOUS_SITE_USER"):
        await submit(service, task("quiz"))


async def test_a_submission_that_waits_for_a_person_can_be_killed(service, task, proxy):
    service = service()
    job, next_one = [await submit(service, task("quiz")) for _ in range(2)]
    await until(lambda: job.events and next_one.events)
    next_one.kill()
    assert (await next_one).result[0] == "killed"
    job.kill()
    assert (await job).result[0] == "killed"
    assert [event.reason for event in job.events if isinstance(event, JobHeld)]
    assert not any(isinstance(event, JobSent) for event in job.events)


async def test_a_refused_password_is_tried_once(service, task, proxy):
    service = service()
    with pytest.raises(SignInError):
        await service.sign_in("bob", "wrong", keep=False)
    jobs = [await submit(service, task(name)) for name in ("quiz", "random")]
    assert service.asks_who()
    assert proxy.count(AUTHENTICATION) == 1
    await service.sign_in("bob", "bob-password", keep=False)
    assert [(await job).result[0] for job in jobs] == ["success"] * 2


async def test_a_password_is_kept_if_the_person_says_so(service, kept, task, proxy):
    first = service()
    await first.sign_in("bob", "bob-password", keep=False)
    assert not kept
    await first.sign_in("bob", "bob-password", keep=True)
    assert "bob-password" in kept.values()
    second = service()
    assert not second.asks_who("bob")
    assert (await (await submit(second, task("quiz")))).result[0] == "success"
    await second.sign_out()
    assert not kept
    assert second.state.state == "signed_out"
    assert second.asks_who()
    third = service()
    assert third.asks_who()


async def test_only_a_kept_password_that_is_refused_is_forgotten(service, kept, web_site):
    first = service()
    await first.sign_in("bob", "bob-password", keep=True)
    before = dict(kept)
    with pytest.raises(SignInError):
        await first.sign_in("bob", "mistyped", keep=True)
    cookie = browser_session(web_site, "bob")
    end_session(web_site, cookie)
    with pytest.raises(SignInError):
        await first.sign_in(secret=cookie, cookie=True, keep=False)
    assert kept == before
    # Changed at the site meanwhile.
    kept.update({entry: "old" for entry, value in kept.items() if value == "bob-password"})
    with pytest.raises(SignInError):
        await service().client()
    assert not kept


@pytest.mark.parametrize("backend", [fail.Keyring(), None])
async def test_a_machine_without_a_keyring_says_so(service, backend, monkeypatch):
    service = service()
    if backend is None:
        monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    else:
        keyring.set_keyring(backend)
    with pytest.raises(UsageError, match=r"no keyring|inginious_nb\[keyring\]"):
        service.check_keeping(cookie=False)
    assert service.asks_who("bob")
    await service.sign_in("bob", "bob-password", keep=False)


async def test_a_site_that_is_down_is_waited_for(service, task, proxy):
    service = service()
    proxy.faults.append(Fault(AUTHENTICATION, answer=None))
    proxy.faults.append(Fault(AUTHENTICATION, answer=http(503, Retry_After=1)))
    await service.sign_in("bob", "bob-password", keep=False)
    assert service.state.state == "connecting"
    assert "does not answer yet" in service.state.message
    jobs = [await submit(service, task(name)) for name in ("quiz", "random")]
    assert [(await job).result[0] for job in jobs] == ["success"] * 2
    # All that waits for the site asks once.
    assert proxy.count(AUTHENTICATION) == 3


async def test_a_site_that_comes_back_and_refuses_says_so(service, proxy):
    service = service()
    proxy.faults.append(Fault(AUTHENTICATION, answer=None))
    await service.sign_in("bob", "wrong", keep=False)
    assert service.refusal == ""
    await until(lambda: service.state.state == "signed_out")
    assert "does not accept" in service.refusal
    await service.sign_in("bob", "bob-password", keep=False)
    assert service.refusal == ""


async def test_each_person_is_signed_in_once_the_site_is_back(service, kept, proxy):
    service = service()
    proxy.faults.append(Fault(AUTHENTICATION, times=2))
    await service.sign_in("bob", "wrong", keep=False)
    await service.sign_in("alice", "alice-password", keep=True)
    await until(lambda: service.state.state == "connected" and "alice-password" in kept.values())
    await until(lambda: service.state_of("bob").state == "signed_out")


async def test_no_log_has_a_password_or_a_cookie(service, task, web_site, caplog):
    service, cookie = service(), browser_session(web_site, "alice")
    caplog.set_level(logging.DEBUG)
    await service.sign_in("bob", "bob-password", keep=False)
    await service.sign_in(secret=cookie, cookie=True, keep=False)
    await (await submit(service, task("quiz")))
    assert "/api/v0/authentication" in caplog.text  # it does log
    for secret in ("bob-password", "inginious_session_id", cookie):
        assert secret not in caplog.text
    assert "bob-password" not in repr(Credentials("bob", "bob-password"))
    assert cookie not in repr(SessionCookie.pasted(cookie))
