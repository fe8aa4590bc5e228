"""The real web application of INGInious 0.9.2, and the same behind a proxy that fails."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from inginious_nb.course import Task
from inginious_nb.services.inginious_web.address import Credentials
from inginious_nb.services.inginious_web.client import WebClient
from inginious_nb.services.inginious_web.delivery import Pace
from inginious_nb.services.inginious_web.site import Site
from tests.support.fault_proxy import FaultProxy
from tests.support.web_site import WebSite

PACE = Pace(first_s=0.05, max_s=0.2, give_up_s=1.0)


def pytest_collection_modifyitems(items):
    for item in items:
        if "web" in item.path.parts:
            item.add_marker(pytest.mark.interop)


@pytest.fixture(scope="session")
def web_site(tmp_path_factory):
    """A site on which alice and bob are enrolled in the course probe, and carol is not."""
    site = WebSite(tmp_path_factory.mktemp("site"))
    for name in ("alice", "bob"):
        with httpx.Client(base_url=site.address, trust_env=False) as browser:
            browser.post(
                "/api/v0/authentication", data={"login": name, "password": f"{name}-password"}
            )
            browser.post("/register/probe")
    yield site
    site.stop()


@pytest.fixture
async def proxy(web_site):
    async with FaultProxy(web_site.port) as proxy:
        yield proxy


@pytest.fixture
async def sign_in(proxy):
    """A function that signs a user in through the proxy and returns the client."""
    open_ones = []

    async def sign_in(name="alice", password=None, pace=PACE):
        site = Site(
            f"http://127.0.0.1:{proxy.port}", Credentials(name, password or f"{name}-password")
        )
        client = WebClient(site, asyncio.get_running_loop(), pace=pace)
        open_ones.append((client, site))
        await site.sign_in()
        client.site = site
        return client

    yield sign_in
    for client, site in open_ones:
        client.close()
        await site.close()


@pytest.fixture
def task(web_site):
    """A function that reads a task of the course probe as its folder has it."""
    return lambda task_id: Task.load(web_site.tasks / "probe" / task_id, "probe")
