"""A student whose JupyterLab is in French reads French, whoever it is that speaks."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from inginious_nb.course.demo import COURSES, copy_demo

from .lab_page import START_LIMIT_MS, find_command
from .notebook import code, load
from .server import TOKEN, JupyterServer

FRENCH = {"@jupyterlab/translation-extension:plugin": {"locale": "fr_FR"}}


@pytest.fixture(scope="module")
def french_lab(tmp_path_factory):
    """A JupyterLab set to French on a system that is not."""
    folder = tmp_path_factory.mktemp("french") / "server"
    demo = folder / "root" / "inginious-demo"
    copy_demo(demo, "fr")
    server = JupyterServer.start(
        folder,
        plugins=True,
        settings=FRENCH,
        environ={"INGINIOUS_LANGUAGE": "", "INGINIOUS_COURSES": str(demo / COURSES)},
    )
    yield server
    server.stop()


def test_widget_refusals_commands_and_snapshot_are_french(open_notebook, french_lab, page):
    notebook = open_notebook(
        load(),
        code("%inginious open demo/division"),
        code("3", "inginious:quotient"),
        code("%inginious history"),
        code("%inginious open demo/nowhere"),
        server=french_lab,
        in_page=page,
    )
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    widget = notebook.widget(2)
    submit = widget.get_by_role("button", name="Soumettre")
    submit.click()
    refusal = "Question remainder (Un reste surprenant) : il n’y a pas encore de réponse"
    expect(widget.get_by_role("alert")).to_contain_text(refusal)
    widget.locator("summary", has_text="Ce qui sera envoyé").click()
    expect(widget.get_by_text("cellule [ ] : 3 · lue maintenant")).to_be_visible()
    widget.get_by_role("textbox", name="Un reste surprenant").fill("1")
    submit.click()
    expect(widget.get_by_role("region", name="Résultat")).to_contain_text("50 %")

    # The kernel speaks the language that JupyterLab has told.
    notebook.run_to_end(4)
    expect(notebook.output(4)).to_contain_text("Soumissions")
    notebook.run_to_end(5)
    expect(notebook.output(5)).to_contain_text("Le cours demo n’a pas de tâche nowhere.")

    notebook.save()
    (snapshot,) = [
        "".join(output["data"]["text/html"])
        for output in notebook.saved()["cells"][1]["outputs"]
        if "inginious-snapshot" in json.dumps(output)
    ]
    assert "lang=fr" in snapshot
    assert "Enregistré par student-" in snapshot
    assert "50\u00a0%" in snapshot


def test_jupyterlabs_own_interface_is_french(french_lab, page):
    page.goto(f"{french_lab.url}/lab?reset&token={TOKEN}")
    page.locator(".jp-LauncherCard").filter(has_text="Essayer la démonstration").click(
        timeout=START_LIMIT_MS
    )
    sidebar = page.get_by_role("region", name="Cours", exact=True)
    expect(sidebar.get_by_placeholder("Chercher une tâche")).to_be_visible()
    every = page.get_by_role("button", name="Tout soumettre")
    expect(every).to_be_visible()
    every.click()
    told = page.locator(".jp-toastContainer").get_by_role("alert")
    expect(told).to_contain_text(re.compile(r"Réussite\u00a0: \d sur 6"), timeout=START_LIMIT_MS)
    expect(told.get_by_role("button", name="Aller à la cellule")).to_be_visible()
    # The course and its tasks, too: it has French texts.
    expect(sidebar.get_by_role("heading")).to_have_text("Premiers pas en Python")
    sidebar.locator(".inginious-task").filter(has_text="Partager des pommes").click()
    statement = page.locator(".inginious-task-document")
    expect(statement).to_contain_text("Dix-sept pommes")
    expect(statement.get_by_role("button", name="Soumettre à nouveau")).to_be_visible()
    status = page.get_by_role("button", name="INGInious sur ce serveur\u00a0: prêt")
    expect(status).to_be_visible()
    expect(find_command(page, "Montrer la file d’attente")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+,")
    page.get_by_role("tab", name="INGInious", exact=True).click()
    expect(page.get_by_text("Là où les tentatives sont limitées")).to_be_attached()
