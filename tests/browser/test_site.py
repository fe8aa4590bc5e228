"""The site that a university has: from the notebook and the sidebar to the site's own page."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.web_site import WebSite, browser_session

from .notebook import code, load
from .server import TOKEN, JupyterServer

START_LIMIT_MS = 40_000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The real web application, with alice enrolled in its course."""
    site = WebSite(tmp_path_factory.mktemp("site"))
    with httpx.Client(base_url=site.address, trust_env=False) as browser:
        browser.post(
            "/api/v0/authentication", data={"login": "alice", "password": "alice-password"}
        )
        browser.post("/register/probe")
    yield site
    site.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, site):
    """A JupyterLab with our plugins that uses the site."""
    server = JupyterServer.start(
        tmp_path_factory.mktemp("at-a-site") / "server",
        plugins=True,
        environ={
            "INGINIOUS_COURSES": "",
            "INGINIOUS_BACKEND": site.address,
            "INGINIOUS_SITE_USER": "alice",
            "INGINIOUS_SITE_PASSWORD": "alice-password",
        },
    )
    yield server
    server.stop()


def on_the_sites_page(page, site):
    """The task's page at the site, after signing in there in the same browser."""
    tab = page.context.new_page()
    tab.route(re.compile("cdnjs"), lambda route: route.abort())
    tab.goto(f"{site.address}/signin")
    tab.locator("#main-content input[name=login], input[name=login]").last.fill("alice")
    tab.locator("input[name=password]").last.fill("alice-password")
    with tab.expect_response(lambda answer: answer.request.method == "POST"):
        tab.locator("input[name=password]").last.press("Enter")
    tab.goto(f"{site.address}/course/probe/quiz")
    return tab


def test_a_cell_is_graded_by_the_site_that_one_connects_to(open_notebook, site, page):
    notebook = open_notebook(
        load(),
        code(f"%inginious connect {site.address}"),
        code("%inginious open probe/quiz"),
        code("%%inginious answer probe/quiz/word\nnoël"),
        code("%inginious submit probe/quiz loop=ten keys=0,1"),
    )
    notebook.run_to_end(1)
    notebook.run(2)
    for kind, typed in {"": "alice", "[type=password]": "alice-password"}.items():
        entry = notebook.output(2).locator(f"input.jp-Stdin-input{kind}")
        entry.fill(typed)
        entry.press("Enter")
    notebook.wait_for_cell(2)
    expect(notebook.output(2)).to_contain_text("is ready")
    expect(notebook.output(2)).not_to_contain_text("alice-password")
    notebook.run_to_end(3)
    widget = notebook.widget(3)
    expect(widget.get_by_role("heading", name="A quiz")).to_be_visible()
    expect(widget).to_contain_text(f"at {site.address.removeprefix('http://')}")
    expect(widget.get_by_role("radio")).to_have_count(2)
    notebook.run_to_end(4)
    notebook.run_to_end(5)
    expect(notebook.output(5)).to_contain_text("100", timeout=START_LIMIT_MS)
    expect(widget).to_contain_text("1 attempt")
    notebook.save()
    kept = notebook.server.files()
    assert {path.suffix for path in kept} >= {".ipynb", ".sqlite"}
    assert [path for path, content in kept.items() if b"alice-password" in content] == []

    tab = on_the_sites_page(page, site)
    expect(tab.locator("#submissions li.list-group-item-success")).to_have_count(1)
    expect(tab.locator("#task_grade")).to_have_text("100.0")


def test_a_card_signs_in_and_what_waited_goes_on(open_notebook, site):
    """In a host without our extension: the session is over between two submissions."""
    cookie = browser_session(site, "alice")
    notebook = open_notebook(
        load(),
        code(f"%inginious connect {site.address} --cookie"),
        code("%inginious open probe/random"),
    )
    notebook.run_to_end(1)
    notebook.run(2)
    entry = notebook.output(2).locator("input.jp-Stdin-input")
    entry.fill(cookie)
    entry.press("Enter")
    notebook.wait_for_cell(2)
    notebook.run_to_end(3)
    widget = notebook.widget(3)
    widget.get_by_label("ten").check()
    widget.get_by_label("a", exact=True).check()
    widget.get_by_label("b", exact=True).check()
    widget.get_by_role("textbox", name="Word").fill("noël")
    httpx.get(f"{site.address}/logout", cookies={"inginious_session_id": cookie}, trust_env=False)
    notebook.submit(3)
    expect(notebook.result(3)).to_contain_text("kept, waits until you sign in")
    widget.get_by_role("button", name="Sign in").press("Enter")
    form = widget.get_by_role("form", name=f"Sign in at {site.address}")
    expect(form.get_by_label("User name")).to_have_value("alice")
    password = form.get_by_label("Password", exact=True)
    keyboard = notebook.page.keyboard
    expect(password).to_be_focused()
    keyboard.type("wrong")
    keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("does not accept this name and password")
    expect(password).to_be_focused()
    expect(password).to_have_value("")
    keyboard.type("alice-password")
    keyboard.press("Enter")
    expect(notebook.result(3)).to_contain_text("100", timeout=START_LIMIT_MS)
    expect(form).to_have_count(0)
    notebook.save()
    kept = notebook.server.files()
    assert [path for path, content in kept.items() if b"alice-password" in content] == []


def test_the_sidebar_has_the_courses_of_the_site(server, page, site):
    page.goto(f"{server.url}/lab?reset&token={TOKEN}")
    page.locator(".jp-Launcher").first.wait_for(timeout=START_LIMIT_MS)
    page.locator(".jp-SideBar [data-id=inginious-courses]").click()
    sidebar = page.locator(".inginious-courses")
    expect(sidebar.get_by_role("heading", name="Probe")).to_contain_text(
        site.address.removeprefix("http://")
    )
    expect(sidebar.locator(".inginious-task")).to_have_count(5)
    sidebar.locator(".inginious-task").filter(has_text="Mixed").click()
    opened = page.locator(".inginious").filter(has=page.get_by_role("heading", name="Mixed"))
    expect(opened.get_by_text("Read this,")).to_be_visible()
    expect(opened.locator("img[src^='data:image/png']")).to_have_count(1)
