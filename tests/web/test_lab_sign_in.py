"""Signing in at the real site from JupyterLab, by its dialog."""

from __future__ import annotations

import asyncio
import re
import threading

import httpx
import pytest
from playwright.sync_api import expect

from inginious_nb.services.account import Account
from inginious_nb.services.last_site import LastSite
from tests.browser.conftest import AXE, chromium, page  # noqa: F401 - fixtures
from tests.browser.lab_page import START_LIMIT_MS
from tests.browser.server import TOKEN, JupyterServer
from tests.browser.test_language import FRENCH
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.web_site import browser_session

pytestmark = pytest.mark.browser


@pytest.fixture(params=["by the settings", "by a notebook"])
def server(request, web_site, tmp_path, monkeypatch):
    for name in ("INGINIOUS_SITE_USER", "INGINIOUS_SITE_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    environ = {"INGINIOUS_BACKEND": web_site.address}
    if request.param == "by a notebook":
        environ = {"INGINIOUS_HISTORY": str(tmp_path / "history.db"), "INGINIOUS_COURSES": ""}
        LastSite(tmp_path / "last-site.json").remember(Account(web_site.address, "alice"))
    server = JupyterServer.start(tmp_path / "server", plugins=True, environ=environ)
    server.offer = request.param
    yield server
    server.stop()


@pytest.fixture
def dark_french_server(web_site, tmp_path, monkeypatch):
    for name in ("INGINIOUS_SITE_USER", "INGINIOUS_SITE_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    server = JupyterServer.start(
        tmp_path / "server",
        plugins=True,
        settings=FRENCH | {"@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"}},
        environ={"INGINIOUS_BACKEND": web_site.address, "INGINIOUS_LANGUAGE": ""},
    )
    yield server
    server.stop()


def open_courses(server, page):  # noqa: F811
    """Open the courses in the sidebar, once JupyterLab has laid out what it opens by itself."""
    page.goto(f"{server.url}/lab?reset&token={TOKEN}")
    page.locator(".jp-Launcher").first.wait_for(timeout=START_LIMIT_MS)
    page.get_by_role("tab", name="INGInious").click()


def test_by_keyboard_in_the_dark_in_french_on_a_small_page(dark_french_server, web_site, page):  # noqa: F811
    page.add_init_script(path=AXE)
    open_courses(dark_french_server, page)
    offered = page.locator(".inginious-courses-panel").get_by_role("button", name="Se connecter")
    expect(offered).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 700})
    offered.press("Enter")
    dialog = page.get_by_role("dialog")
    name, password = (
        dialog.get_by_label(label, exact=True) for label in ("Nom d’utilisateur", "Mot de passe")
    )
    expect(name).to_be_focused()
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    expect(password).to_be_focused()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("n’accepte pas")
    expect(password).to_be_focused()
    expect(password).to_have_accessible_description(re.compile("n’accepte pas"))
    found = page.evaluate(
        "async () => (await axe.run('.jp-Dialog .inginious-sign-in')).violations.map((v) => v.id)"
    )
    assert found == []
    assert dialog.locator(".inginious-sign-in").evaluate(
        "form => form.scrollWidth <= form.clientWidth + 1 "
        "&& form.getBoundingClientRect().right <= innerWidth"
    )
    page.keyboard.type("alice-password")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator(".inginious-courses-panel")).to_contain_text("Probe")


def test_the_dialog_signs_in_and_keeps_nothing(server, web_site, page):  # noqa: F811
    open_courses(server, page)
    panel = page.locator(".inginious-courses-panel")
    if server.offer == "by the settings":
        offered = panel.get_by_role("button", name="Sign in", exact=True)
        expect(offered).to_be_visible()
        expect(panel).not_to_contain_text("%inginious")
        offered.click()
    else:
        panel.get_by_role("button", name="Sign in at the site").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Sign in at {web_site.address}")
    if server.offer == "by a notebook":
        expect(dialog.get_by_label("User name")).to_have_value("alice")
        expect(dialog.get_by_label("Password", exact=True)).to_be_focused()
    dialog.get_by_label("User name").fill("alice")
    password = dialog.get_by_label("Password", exact=True)
    expect(password).to_have_attribute("type", "password")
    password.fill("wrong")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("does not accept this name and password")
    expect(dialog.get_by_label("User name")).to_have_value("alice")
    dialog.get_by_label("session cookie instead").check()
    expect(dialog.get_by_label("User name")).to_be_hidden()
    dialog.get_by_label("session cookie instead").uncheck()
    password = dialog.get_by_label("Password", exact=True)
    password.fill("alice-password")
    password.press("Enter")
    expect(dialog).to_be_hidden()
    expect(panel).to_contain_text("Probe")
    files = server.files()
    assert files
    for secret in (b"alice-password", b"inginious_session_id"):
        assert [path for path, content in files.items() if secret in content] == []


@pytest.fixture
def proxied(web_site):
    """The site behind a proxy that runs on a loop of its own."""
    loop, proxy = asyncio.new_event_loop(), FaultProxy(web_site.port)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result()
    proxy.address = f"http://127.0.0.1:{proxy.port}"
    yield proxy
    asyncio.run_coroutine_threadsafe(proxy.__aexit__(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def server_of_a_proxy(proxied, tmp_path, monkeypatch):
    for name in ("INGINIOUS_SITE_USER", "INGINIOUS_SITE_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    environ = {"INGINIOUS_BACKEND": proxied.address, "INGINIOUS_COURSES": ""}
    server = JupyterServer.start(tmp_path / "server", plugins=True, environ=environ)
    yield server
    server.stop()


def test_the_panel_of_a_task_signs_in_while_the_site_goes_down_and_comes_back(
    server_of_a_proxy,
    proxied,
    web_site,
    new_student,
    page,  # noqa: F811
):
    name = new_student()
    cookie = browser_session(web_site, name)
    open_courses(server_of_a_proxy, page)
    courses = page.locator(".inginious-courses-panel")
    courses.get_by_role("button", name="Sign in", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("session cookie instead").check()
    dialog.get_by_label("Value of the cookie").fill(cookie)
    dialog.get_by_role("button", name="Sign in").click()
    courses.locator(".inginious-task").filter(has_text="Random").click()
    panel = page.locator(".inginious-task-document .inginious")
    for label in ("ten", "a", "b"):
        panel.get_by_label(label, exact=True).check()
    word = panel.get_by_role("textbox", name="Word")
    word.fill("noël")
    cookies = {"inginious_session_id": cookie}
    httpx.get(f"{web_site.address}/logout", cookies=cookies, trust_env=False)
    panel.get_by_role("button", name="Submit").first.click()
    expect(panel).to_contain_text("kept, waits until you sign in")
    panel.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_label("User name")).to_have_value(name)
    password = dialog.get_by_label("Password", exact=True)
    password.fill("wrong")
    password.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("does not accept this name and password")
    proxied.faults.append(Fault(b"", times=10**6))  # from now on it is down
    password.fill(f"{name}-password")
    password.press("Enter")
    told = page.locator(".Toastify__toast")
    expect(told.filter(has_text="does not answer now. It is tried again by itself")).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(panel).to_contain_text("does not answer now. Your job may still be running")
    sentence = panel.locator(".inginious-line-rest").filter(has_text="may still be running")
    assert sentence.evaluate("line => line.scrollWidth <= line.clientWidth + 1")  # nothing is cut
    expect(word).to_have_value("noël")
    proxied.faults.clear()
    done = f"You are signed in at {proxied.address} as {name}."
    expect(told.filter(has_text=done)).to_be_visible()
    expect(told.filter(has_text="does not answer now")).to_have_count(0)
    expect(panel).to_contain_text("100 %")
    expect(word).to_have_value("noël")
