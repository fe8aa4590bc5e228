"""A student whose JupyterLab is in French reads French, whoever it is that speaks."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from .notebook import code, load
from .server import JupyterServer

FRENCH = {"@jupyterlab/translation-extension:plugin": {"locale": "fr_FR"}}


@pytest.fixture(scope="module")
def french_lab(tmp_path_factory):
    """A JupyterLab set to French on a system that is not."""
    folder = tmp_path_factory.mktemp("french") / "server"
    server = JupyterServer.start(folder, settings=FRENCH, environ={"INGINIOUS_LANGUAGE": ""})
    yield server
    server.stop()


def test_widget_refusals_commands_and_snapshot_are_french(open_notebook, french_lab):
    notebook = open_notebook(
        load(),
        code("%inginious open demo/division"),
        code("3", "inginious:quotient"),
        code("%inginious history"),
        code("%inginious open demo/nowhere"),
        server=french_lab,
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
