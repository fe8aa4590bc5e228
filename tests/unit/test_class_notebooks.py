"""Which notebook is whose."""

import pytest

from inginious_nb.classroom.notebooks import find_notebooks
from inginious_nb.errors import UsageError


@pytest.mark.parametrize(
    ("files", "pattern", "students"),
    [
        (["ada.ipynb", "bob.ipynb"], None, ["ada", "bob"]),
        (["ada/hw.ipynb", "bob/hw.ipynb", "bob/more/hw2.ipynb"], None, ["ada", "bob", "bob"]),
        (["submitted/ada/hw1/a.ipynb", "source/hw1/a.ipynb"], None, ["ada"]),
        (["ada.ipynb", ".ipynb_checkpoints/ada-checkpoint.ipynb", ".trash/x.ipynb"], None, ["ada"]),
        (["hw1_ada.ipynb", "hw1_bob.ipynb", "key.ipynb"], "hw1_{student}.ipynb", ["ada", "bob"]),
        (["1/ada/hw.ipynb", "2/bob/hw.ipynb"], "{student}/*.ipynb", ["ada", "bob"]),
        (["a+b (1).ipynb"], "{student} (*).ipynb", ["a+b"]),
    ],
)
def test_a_notebook_is_its_students_by_layout_or_pattern(tmp_path, files, pattern, students):
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [found.student for found in find_notebooks([tmp_path], pattern)] == students


@pytest.mark.parametrize("pattern", ["*.ipynb", "{student}_{student}.ipynb", "x_{student}.ipynb"])
def test_a_pattern_that_finds_nobody_says_how_one_looks(tmp_path, pattern):
    (tmp_path / "ada.ipynb").touch()
    with pytest.raises(UsageError, match=r"hw1_\{student\}\.ipynb"):
        find_notebooks([tmp_path], pattern)
