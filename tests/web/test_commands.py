"""The command line and the magics at the real web application."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest

from tests.support.web_site import browser_session

_SCRIPT = """
import getpass
from IPython.testing.globalipapp import start_ipython
shell = start_ipython()
import builtins
asked = []
builtins.input = lambda text: asked.append(text) or "alice"
import inginious_nb.magics.commands.service as service
service.getpass = lambda text: asked.append(text) or "alice-password"
shell.run_line_magic("load_ext", "inginious_nb")
shell.run_line_magic("inginious", "connect {address}")
shell.run_line_magic("inginious", "connect {address}")
assert len(asked) == 2, asked
shell.run_line_magic("inginious", "disconnect")
try:
    shell.run_line_magic("inginious", "connect --user bob")
except Exception as error:
    print(error)
assert len(asked) == 3, asked
service.getpass = lambda text: "{cookie}"
shell.run_line_magic("inginious", "connect --cookie")
"""


def _run(*command, folder, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if "INGINIOUS_SITE" not in name},
            "INGINIOUS_HISTORY": str(folder / "history.db"),
            "INGINIOUS_LANGUAGE": "en",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("has_folder", [False, True])
def test_the_command_line_submits_a_notebook_to_the_site(
    web_site, browser_of, tmp_path, has_folder
):
    page = browser_of("alice")
    listed = re.compile(r"<li[^>]*data-submission-id")
    before = listed.findall(page.get("/course/probe/quiz").text)
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_raw_cell(text, metadata={"tags": [f"inginious:{problem}"]})
        for problem, text in {"loop": "ten", "keys": "a\nb", "word": "noël"}.items()
    ]
    notebook.cells.append(nbformat.v4.new_code_cell("%inginious submit probe/quiz"))
    nbformat.write(notebook, tmp_path / "answers.ipynb")
    command = [
        *("-m", "inginious_nb.cli", "submit", "answers.ipynb", "--json"),
        *("--backend", web_site.address),
        *(("--courses", str(web_site.tasks / "probe")) if has_folder else ()),
    ]
    done = _run(
        *command,
        folder=tmp_path,
        INGINIOUS_SITE_USER="alice",
        INGINIOUS_SITE_PASSWORD="alice-password",
    )
    assert "Traceback" not in done.stderr
    assert '"success"' in json.dumps(json.loads(done.stdout)), done.stdout
    after = page.get("/course/probe/quiz").text
    assert len(listed.findall(after)) == len(before) + 1
    assert "list-group-item-success" in after
    assert "alice-password" not in (tmp_path / "history.db").read_bytes().decode("latin-1")


def test_connect_asks_once_for_name_and_password(web_site, tmp_path):
    cookie = browser_session(web_site, "alice")
    done = _run("-c", _SCRIPT.format(address=web_site.address, cookie=cookie), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert said.count(f"The site {web_site.address} is ready.") == 3
    assert "You are signed out" in said
    # The password of alice is wrong for bob.
    assert "does not accept this name and password" in said
    for secret in ("alice-password", cookie):
        assert secret not in done.stdout + done.stderr
        assert secret not in (tmp_path / "history.db").read_bytes().decode("latin-1")


def test_the_command_line_lists_the_courses_of_the_site(web_site, tmp_path):
    command = ("-m", "inginious_nb.cli", "courses", "--backend", web_site.address)
    who = {"INGINIOUS_SITE_USER": "alice", "INGINIOUS_SITE_PASSWORD": "alice-password"}
    done = _run(*command, folder=tmp_path, **who, COLUMNS="120")
    assert "Probe" in done.stdout
    assert "probe/mixed" in done.stdout
    assert web_site.address in done.stdout
    done = _run(*command, folder=tmp_path)
    assert done.returncode != 0
    assert "cannot be listed: " in " ".join(done.stderr.split())
