"""Several documents on one kernel: what was run or opened in one never counts in another."""

from __future__ import annotations

import json

import pytest

from inginious_nb.notebook.saved_notebook import find_notebook
from tests.support.courses import write_course
from tests.support.kernel import running_kernel

ANSWER = "%%inginious answer lab/echo/text\n"
SUBMIT = "%inginious submit lab/echo --wait"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel that was started for `a.ipynb`; `b.ipynb` and its copy run cells in it, too."""
    folder = tmp_path_factory.mktemp("notebook")
    write_course(folder / "courses")
    save(folder / "a.ipynb", load="%load_ext inginious_nb", a1=f"{ANSWER}saved in a", a2=SUBMIT)
    save(folder / "b.ipynb", load="%load_ext inginious_nb", b1=f"{ANSWER}saved in b", b2=SUBMIT)
    options = {"JPY_SESSION_NAME": "a.ipynb", "INGINIOUS_HISTORY": folder / "history.sqlite"}
    with running_kernel(folder, **options) as kernel:
        for page in "ab":
            kernel.run("%load_ext inginious_nb", cell_id="load", page=page)
        yield kernel


def save(path, **cells):
    cells = [
        {"cell_type": "code", "id": name, "source": source, "metadata": {}}
        for name, source in cells.items()
    ]
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    return path


def test_the_saved_notebook_is_that_of_the_page_that_submits(kernel):
    assert "saved in a" in kernel.run(SUBMIT, cell_id="a2", page="a").text
    assert "saved in b" in kernel.run(SUBMIT, cell_id="b2", page="b").text


def test_cells_that_were_run_in_one_page_do_not_answer_in_another(kernel):
    kernel.run(f"{ANSWER}'run in b'", cell_id="b1", page="b")
    # A copy of the notebook in another tab has the same ids.
    kernel.run(f"{ANSWER}'run in another tab'", cell_id="a1", page="tab")
    assert "saved in a" in kernel.run(SUBMIT, cell_id="a2", page="a").text
    assert "run in b" in kernel.run(SUBMIT, cell_id="b2", page="b").text


def test_a_task_opened_in_one_page_is_not_meant_in_another(kernel):
    submit = "%inginious submit colour=0 word=rose --wait"
    kernel.run("%inginious open lab/choice", cell_id="a0", page="a")
    assert "Say which task" in kernel.run(submit, cell_id="c0", page="c").text
    kernel.run("%inginious open lab/echo", cell_id="c0", page="c")
    assert "100 %" in kernel.run(submit, cell_id="a3", page="a").text
    # A page that was reloaded is another client with the same cells.
    assert "100 %" in kernel.run(submit, cell_id="a3", page="a reloaded").text
    assert "100 %" in kernel.run(submit, cell_id="a new cell", page="a reloaded").text


@pytest.mark.parametrize(
    ("sources", "cell_ids", "found"),
    [
        (["load"], ["a1"], "a.ipynb"),
        (["load"], ["b1"], "b.ipynb"),
        # A cell that is not saved yet; the line that all have tells nothing.
        (["load"], ["new"], None),
        # The same ids in both, as in a copy: the texts tell, or nobody can.
        (["load", "in b"], ["load"], "b.ipynb"),
        (["load"], ["load"], None),
    ],
)
def test_the_notebook_of_one_of_several_is_found_by_its_cells(tmp_path, sources, cell_ids, found):
    save(tmp_path / "a.ipynb", load="load", a1="in a")
    save(tmp_path / "b.ipynb", load="load", b1="in b")
    notebook = find_notebook(
        sources,
        {},
        directory=tmp_path,
        environ={"JPY_SESSION_NAME": "a.ipynb"},
        cell_ids=cell_ids,
        alone=False,
    )
    assert (notebook and notebook.path.name) == found
