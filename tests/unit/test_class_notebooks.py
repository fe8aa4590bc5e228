"""Which notebook is whose, and that whatever was handed in has a row."""

import json
import os
from pathlib import Path

import pytest

from inginious_nb.classroom.grading import ClassGrading
from inginious_nb.classroom.notebooks import find_notebooks
from inginious_nb.errors import UsageError
from tests.support.histories import add, result
from tests.support.invented_class import RIGHT, notebook, write_notebook

JOSE_APART = "Jose\u0301"
"""As macOS and its archives write it."""
COURSES = Path(__file__).parents[2] / "notebooks" / "courses"


@pytest.mark.parametrize(
    ("files", "pattern", "students"),
    [
        (["ada.ipynb", "bob.ipynb"], "", ["ada", "bob"]),
        (["ada/hw.ipynb", "bob/hw.ipynb", "bob/more/hw2.ipynb"], "", ["ada", "bob", "bob"]),
        (["submitted/ada/hw1/a.ipynb", "source/hw1/a.ipynb"], "", ["ada"]),
        (["ada.ipynb", ".ipynb_checkpoints/ada-checkpoint.ipynb", ".trash/x.ipynb"], "", ["ada"]),
        (["hw1_ada.ipynb", "hw1_bob.ipynb", "key.ipynb"], "hw1_{student}.ipynb", ["ada", "bob"]),
        (["1/ada/hw.ipynb", "2/bob/hw.ipynb"], "{student}/*.ipynb", ["ada", "bob"]),
        (["ada.IPYNB", "bob.ipynb.txt", "c/hw.ipynb.json", "no.json"], "", ["ada", "bob", "c"]),
        (["a+b (1).ipynb"], "{student} (*).ipynb", ["a+b"]),
        ([f"{JOSE_APART}.ipynb", "josé.ipynb"], "", ["José", "josé"]),
        ([f"{JOSE_APART}/hw.ipynb", "ada/hw.ipynb"], "", ["ada", "José"]),
        ([f"José/e\u0301t\u00e9_{JOSE_APART}.ipynb"], "été_{student}.ipynb", ["José"]),
        (["José/\u00e9t\u00e9.ipynb"], "{student}/e\u0301te\u0301.ipynb", ["José"]),
    ],
)
def test_a_notebook_is_its_students_by_layout_or_pattern(tmp_path, files, pattern, students):
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [found.student for found in find_notebooks([tmp_path], pattern)] == students


@pytest.mark.parametrize("given", ["ada", "ada/hw1", "ada/hw1/a.ipynb"])
def test_a_part_of_nbgraders_folder_is_still_its_students(tmp_path, monkeypatch, given):
    work = tmp_path / "submitted" / "ada" / "hw1"
    work.mkdir(parents=True)
    (work / "a.ipynb").touch()
    (tmp_path / "gradebook.db").touch()
    monkeypatch.chdir(tmp_path / "submitted")
    assert [found.student for found in find_notebooks([Path(given)])] == ["ada"]
    (tmp_path / "gradebook.db").unlink()  # a teacher's own folder, which may be called so
    assert [found.student for found in find_notebooks([work])] == ["a"]


@pytest.mark.parametrize("pattern", ["*.ipynb", "{student}_{student}.ipynb", "x_{student}.ipynb"])
def test_a_pattern_that_finds_nobody_says_how_one_looks(tmp_path, pattern):
    (tmp_path / "ada.ipynb").touch()
    with pytest.raises(UsageError, match=r"hw1_\{student\}\.ipynb"):
        find_notebooks([tmp_path], pattern)


GOOD = json.dumps(notebook({"fib": RIGHT})).encode()
OTHER_FILES = {
    "a mark at the beginning": (
        lambda path: path.write_bytes(b"\xef\xbb\xbf" + GOOD),
        "waiting",
        "",
    ),
    "missing answer": (
        lambda path: path.write_text(json.dumps(notebook({}))),
        "missing",
        "No cell answers it",
    ),
    "empty file": (lambda path: path.write_text(""), "refused", "it is empty"),
    "half of it": (lambda path: path.write_bytes(GOOD[:200]), "refused", "it is not whole"),
    "version 3": (
        lambda path: path.write_text('{"nbformat": 3, "worksheets": [{"cells": []}]}'),
        "refused",
        "not a notebook of version 4",
    ),
    "no notebook": (lambda path: path.write_text("[]"), "refused", "not a notebook of version 4"),
    "deep": (
        lambda path: path.write_text('{"cells": ' + "[" * 200_000),
        "refused",
        "not a notebook of version 4",
    ),
    "UTF-16": (
        lambda path: path.write_bytes(GOOD.decode().encode("utf-16")),
        "refused",
        "not text in UTF-8",
    ),
    "huge": (lambda path: os.truncate(made(path), 300_000_000), "refused", "more than 256 MB"),
    "brackets": (
        lambda path: path.write_bytes(b"[" + b"[]," * 10_000_000),
        "refused",
        "more than 20,000,000 values",
    ),
    "folder": (lambda path: path.mkdir(), "refused", "it is no file"),
    "folders": (lambda path: (path / "x").mkdir(parents=True), "refused", "it is no file"),
    "pipe": (os.mkfifo, "refused", "it is no file"),
    "link to another's": (lambda path: path.symlink_to("ada.ipynb"), "refused", "it is a link"),
    "link to a solution": (lambda path: path.symlink_to("../own.ipynb"), "refused", "it is a link"),
    "link to nothing": (lambda path: path.symlink_to("nothing"), "refused", "it is a link"),
    "link to itself": (lambda path: path.symlink_to(path.name), "refused", "it is a link"),
    "link to no name": (lambda path: path.symlink_to("x" * 300), "refused", "it is a link"),
    "link to all of the machine": (
        lambda path: path.with_suffix("").symlink_to("/"),
        "refused",
        "it is a link",
    ),
    "link to a folder": (
        lambda path: path.with_suffix("").symlink_to("."),
        "refused",
        "it is a link",
    ),
}
"""How something else comes into the place of a notebook, and what its row says."""


def made(path):
    path.touch()
    return path


@pytest.mark.parametrize("kind", OTHER_FILES)
def test_whatever_is_handed_in_is_a_row(tmp_path, session, kind):
    make, state, said = OTHER_FILES[kind]
    folder = tmp_path / "class"
    folder.mkdir()
    (tmp_path / "own.ipynb").write_bytes(GOOD)
    (folder / "ada.ipynb").write_bytes(GOOD)
    make(folder / "bob.ipynb")
    session.add_courses(COURSES)
    grading = ClassGrading(session, find_notebooks([folder]))
    grading.fill(grading.queue(1, lambda _entry: None))
    rows = {entry.student: entry for entry in grading.state.entries}
    assert rows.keys() == {"ada", "bob"}
    assert rows["ada"].state == "waiting"
    assert rows["bob"].state == state
    assert said in rows["bob"].message
    assert rows["bob"].message.count("bob") <= 1


BESIDE = {
    "empty": ((), "missing", "There is nothing in"),
    "archive": (("hw.zip",), "refused", "only hw.zip"),
    "other": (("hw.py", "more/report.pdf"), "refused", "only hw.py, report.pdf"),
    "many": (("1.c", "2.c", "3.c", "4.c"), "refused", "only 1.c, 2.c, 3.c, …"),
    "hidden": ((".DS_Store", ".ipynb_checkpoints/hw-checkpoint.ipynb"), "missing", "nothing in"),
    "folders": (("a/b/.keep",), "missing", "nothing in"),
    "broken": ("gone", "refused", "it is a link"),
    "link": ("..", "refused", "it is a link"),
}
"""What a student's folder without a notebook has in it, or leads to, and what its row says."""


@pytest.mark.parametrize(
    ("pattern", "place"),
    [("", "{0}"), ("", "submitted/{0}/hw1"), ("x-{student}/*.ipynb", "group/x-{0}")],
)
def test_each_folder_beside_those_of_students_is_a_row(tmp_path, session, pattern, place):
    folder = tmp_path / "class"

    def make(student, name, content=b""):
        path = folder / place.format(student) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    make("ada", "hw.ipynb", GOOD)
    if not pattern:
        make("__MACOSX", "ada/._hw.ipynb", b"of macOS")
    for student, (what, _, _) in BESIDE.items():
        row = folder / place.format(student)
        if isinstance(what, str):
            row = row.parent if row.name == "hw1" else row
            row.parent.mkdir(exist_ok=True)
            row.symlink_to(what)
        else:
            row.mkdir(parents=True)
            for name in what:
                make(student, name)
    session.add_courses(COURSES)
    grading = ClassGrading(session, find_notebooks([folder], pattern))
    grading.fill(grading.queue(1, lambda _entry: None))
    rows = {entry.student: entry for entry in grading.state.entries}
    assert rows.pop("ada").state == "waiting"
    assert {one.student: one.state for one in rows.values()} == {
        student: state for student, (_, state, _) in BESIDE.items()
    }
    for student, (_, _, said) in BESIDE.items():
        assert said in rows[student].message


def test_a_folder_whose_notebook_is_called_otherwise_says_so(tmp_path, session):
    for name in ("ada/hw1.ipynb", "bob/hw2.ipynb"):
        (tmp_path / "class" / name).parent.mkdir(parents=True)
        (tmp_path / "class" / name).write_bytes(GOOD)
    session.add_courses(COURSES)
    found = find_notebooks([tmp_path / "class"], "{student}/hw1.ipynb")
    grading = ClassGrading(session, found)
    grading.fill(grading.queue(1, lambda _entry: None))
    assert "--student-from" in grading.state.entry("bob", "demo/fib").message


def test_a_name_in_two_forms_is_one_student_who_is_told_so(tmp_path, session):
    for name in ("José", JOSE_APART):
        write_notebook(tmp_path / "class" / name / "hw.ipynb", {"fib": RIGHT})
    write_notebook(tmp_path / "class" / "josé" / "hw.ipynb", {"fib": RIGHT})
    session.add_courses(COURSES)

    def graded(folder):
        grading = ClassGrading(session, find_notebooks([folder]))
        grading.fill(grading.queue(1, lambda _entry: None))
        return grading.state

    state = graded(tmp_path / "class")
    assert state.students == ["José", "josé"]
    twice = state.entry("José", "demo/fib")
    assert twice.state == "refused"
    assert "look the same" in twice.message
    # What was graded is known again after the folder went through another system.
    answers = state.entry("josé", "demo/fib").answers
    add(session.history, "1", username=JOSE_APART, inputdata=answers)
    session.history.finish("1", result())
    (tmp_path / "class" / "José" / "hw.ipynb").unlink()
    state = graded(tmp_path / "class")
    assert state.entry("José", "demo/fib").is_reused


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("name", ["bob.ipynb", "bob"])
def test_what_may_not_be_read_is_a_row(tmp_path, session, name):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(GOOD)
    closed = folder / name
    closed.write_bytes(GOOD) if closed.suffix else closed.mkdir()
    closed.chmod(0)
    session.add_courses(COURSES)
    grading = ClassGrading(session, find_notebooks([folder]))
    grading.fill(grading.queue(1, lambda _entry: None))
    closed.chmod(0o700)
    assert {entry.student for entry in grading.state.entries} == {"ada", "bob"}
