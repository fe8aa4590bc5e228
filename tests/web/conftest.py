"""The real web application of INGInious 0.9.2, and the same behind a proxy that fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from inginious_nb.course import Task
from inginious_nb.services.inginious_web import courses as site_courses
from inginious_nb.services.inginious_web.client import WebClient
from inginious_nb.services.inginious_web.pace import Pace
from inginious_nb.services.inginious_web.sign_in import Credentials
from inginious_nb.services.inginious_web.site import Site
from inginious_nb.session import Session
from inginious_nb.settings import load_settings
from tests.support.fault_proxy import FaultProxy
from tests.support.web_site import WebSite

PACE = Pace(first_s=0.05, max_s=0.2)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.interop)
    # Playwright's loop goes on until the last test: nothing that needs one of its own comes after.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def web_site(tmp_path_factory):
    """A site on which alice and bob are enrolled in the course probe, and carol is not."""
    site = WebSite(tmp_path_factory.mktemp("site"))
    for name in ("alice", "bob"):
        enrol(site, name)
    yield site
    site.stop()


def enrol(site, name):
    with httpx.Client(base_url=site.address, trust_env=False) as browser:
        browser.post("/api/v0/authentication", data={"login": name, "password": f"{name}-password"})
        browser.post("/register/probe")


@pytest.fixture(scope="session")
def unused_students(web_site):
    return iter(web_site.students)


@pytest.fixture
def new_student(web_site, unused_students):
    """A function that returns the name of a student of the course who has submitted nothing."""

    def new_student():
        name = next(unused_students)
        enrol(web_site, name)
        return name

    return new_student


@pytest.fixture
async def proxy(web_site):
    async with FaultProxy(web_site.port) as proxy:
        yield proxy


@pytest.fixture
async def sign_in(proxy):
    """A function that signs a user in through the proxy and returns the client."""
    open_ones = []

    async def sign_in(name="alice", password=None, pace=PACE, way=None, attended=False):
        way = way or Credentials(name, password or f"{name}-password")
        site = Site(f"http://127.0.0.1:{proxy.port}", way)
        client = WebClient(site, asyncio.get_running_loop(), pace=pace, attended=lambda: attended)
        open_ones.append((client, site))
        await site.sign_in()
        client.site = site
        return client

    yield sign_in
    for client, site in open_ones:
        client.close()
        await site.close()


@pytest.fixture
async def session_of(proxy, tmp_path, monkeypatch):
    """A function that opens the session of a user through the proxy."""
    monkeypatch.setattr(site_courses, "RETRY_S", 0.1)
    monkeypatch.setattr(site_courses, "WAIT_S", 5.0)
    sessions = []

    async def open_session(name="bob", history=None, backend=None):
        settings = load_settings()
        settings.backend = backend or f"http://127.0.0.1:{proxy.port}"
        settings.history = str(tmp_path / f"{history or name}.db")
        settings.language = "en"
        session = Session(settings, directory=tmp_path)
        sessions.append(session)
        if backend:
            return session
        # The proxy runs on this loop.
        who = name, f"{name}-password"
        await asyncio.to_thread(session.accounts.sign_in, lambda _site, _name: who, username=name)
        return session

    yield open_session
    for session in sessions:
        await asyncio.to_thread(session.close)


@pytest.fixture
def browser_of(web_site):
    """A function that returns what a signed-in user's browser does, without the pictures."""
    browsers = []

    def browser_of(name):
        browser = httpx.Client(base_url=web_site.address, trust_env=False)
        browsers.append(browser)
        browser.post("/api/v0/authentication", data={"login": name, "password": f"{name}-password"})
        browser.post("/register/probe")
        return browser

    yield browser_of
    for browser in browsers:
        browser.close()


@pytest.fixture
def task(web_site):
    """A function that reads a task of the course probe as its folder has it."""
    return lambda task_id: Task.load(web_site.tasks / "probe" / task_id, "probe")
