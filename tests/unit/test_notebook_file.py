"""Finding the notebook of a kernel that was not told which one it is."""

from __future__ import annotations

import json
import os

import pytest

from inginious_nb.notebook.saved_notebook import find_notebook, read_notebook


def save(path, *sources):
    cells = [
        {"cell_type": "code", "id": f"c{i}", "source": s, "metadata": {}}
        for i, s in enumerate(sources)
    ]
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    return path


def found(executed, directory, namespace=None, environ=None):
    notebook = find_notebook(executed, namespace or {}, directory=directory, environ=environ or {})
    return notebook and notebook.path


def test_the_server_tells_by_an_environment_variable(tmp_path):
    path = save(tmp_path / "a.ipynb", "1")
    save(tmp_path / "b.ipynb", "2")
    assert found([], tmp_path, environ={"JPY_SESSION_NAME": "sub/folder/a.ipynb"}) == path


def test_vs_code_tells_by_a_variable(tmp_path):
    path = save(tmp_path / "a.ipynb", "1")
    assert found(["1"], tmp_path, {"__vsc_ipynb_file__": str(path)}) == path


def test_a_notebook_that_has_got_the_name_of_a_renamed_one_is_not_taken_for_it(tmp_path):
    path = save(tmp_path / "mine.ipynb", "my cell")
    save(tmp_path / "Untitled.ipynb", "another")
    told = {"JPY_SESSION_NAME": "Untitled.ipynb"}
    assert found(["my cell"], tmp_path, environ=told) == path


def test_elsewhere_it_is_the_notebook_with_the_cells_that_were_run(tmp_path):
    path = save(tmp_path / "a.ipynb", "x = 1\n", "y = 2")
    save(tmp_path / "b.ipynb", "x = 1")
    assert found(["x = 1", "y = 2"], tmp_path) == path


@pytest.mark.parametrize("executed", [[], ["z"], ["x = 1"]])
def test_no_notebook_is_better_than_a_wrong_one(tmp_path, executed):
    save(tmp_path / "a.ipynb", "x = 1")
    save(tmp_path / "other.ipynb", "x = 1", "y = 2")
    (tmp_path / "broken.ipynb").write_text("{")
    assert found(executed, tmp_path) is None


def test_copies_that_say_the_same_are_as_good_as_one_another(tmp_path):
    save(tmp_path / "a.ipynb", "x = 1")
    save(tmp_path / "out.ipynb", "x = 1")
    assert found(["x = 1"], tmp_path) is not None


def test_it_says_how_old_it_is(tmp_path):
    path = save(tmp_path / "a.ipynb", "1")
    os.utime(path, (1000, 1000))
    assert read_notebook(path).saved_at == 1000


@pytest.mark.parametrize("text", ["{}", "[]", '{"cells": [1]}'])
def test_a_file_that_is_no_notebook_is_refused(tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    with pytest.raises(ValueError, match="not a notebook"):
        read_notebook(path)


def test_odd_notebooks_beside_the_one_that_is_meant_do_no_harm(tmp_path):
    save(tmp_path / "mine.ipynb", "x = 1")
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "round.ipynb").symlink_to("round.ipynb")
    (tmp_path / "gone.ipynb").symlink_to("nowhere")
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "deep.ipynb").write_text("[" * 200_000)
    (tmp_path / "empty.ipynb").write_text("")
    found = find_notebook(["x = 1"], {}, directory=tmp_path, environ={})
    assert found is not None
    assert found.path.name == "mine.ipynb"
