"""Answers from words and cells, and where they say they were read."""

from __future__ import annotations

import os

import pytest

from inginious_nb.course import CourseLibrary
from inginious_nb.errors import AnswerError
from inginious_nb.notebook.answers import (
    ReadCell,
    from_arguments,
    from_cells,
    from_read_cells,
)
from inginious_nb.notebook.cells import Cell
from inginious_nb.notebook.executed_cells import with_executed
from inginious_nb.notebook.references import task_name

TASK = """
name: Mixed
environment_type: docker
environment_id: default
environment_parameters: {limits: {time: 5, memory: 64}}
problems:
  code: {type: code, language: python}
  data: {type: file, allowed_exts: [.csv, .txt], max_size: 200}
"""


@pytest.fixture
def task(tmp_path):
    folder = tmp_path / "courses" / "c" / "t"
    folder.mkdir(parents=True)
    (folder / "task.yaml").write_text(TASK)
    (folder.parent / "course.yaml").write_text("name: C")
    return CourseLibrary([tmp_path / "courses"]).task("c/t")


def test_a_path_given_to_a_file_problem_is_read_from_disk(task, tmp_path):
    path = tmp_path / "days.csv"
    path.write_bytes(b"a,b\n")
    answers = from_arguments(task, {"data": str(path), "code": "x=1"})
    assert answers.values == {"data": {"filename": "days.csv", "value": b"a,b\n"}, "code": "x=1"}
    assert answers.sources["data"].kind == "file"
    assert answers.missing(task) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("nowhere.csv", None, "cannot be read"),
        ("days.exe", b"", r"must end with \.csv"),
        ("days.csv", b"x" * 201, "more than"),
    ],
)
def test_a_file_that_cannot_be_submitted_says_why(task, tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AnswerError, match=reason) as caught:
        from_arguments(task, {"data": str(path)})
    assert caught.value.problem_id == "data"


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_refused_instead_of_read_for_ever(task, tmp_path, make):
    path = tmp_path / "endless.csv"
    make(path)
    with pytest.raises(AnswerError, match="ordinary file"):
        from_arguments(task, {"data": str(path)})


def test_a_word_for_a_problem_that_is_not_there_names_the_nearest(task):
    with pytest.raises(AnswerError, match="code"):
        from_arguments(task, {"cod": "x"})


def test_what_was_run_takes_the_place_of_what_was_saved(task):
    saved = [
        ReadCell(Cell("a", "code", "old", ("inginious:code",), 1), "notebook-file", 5.0),
        ReadCell(Cell("b", "code", "helper", ("inginious:code",), 2), "notebook-file", 5.0),
    ]
    cell = Cell("a", "code", "%%inginious answer code\nnew", execution_count=8)
    run = [ReadCell(cell, "captured", 9.0)]
    answers = from_read_cells(task, with_executed(task_name(task), saved, run))
    assert answers.values["code"] == "new\n\nhelper"
    assert answers.sources["code"].kind == "notebook-file"
    assert answers.sources["code"].label == "cells [8], [2]: new"


def test_without_ids_the_only_cell_with_that_line_is_the_one_that_was_run(task):
    line = "%%inginious answer code\n"
    saved = [ReadCell(Cell("a", "code", f"{line}old", (), 1), "notebook-file", 5.0)]
    run = [ReadCell(Cell("", "code", f"{line}new"), "captured", 9.0)]
    answers = from_read_cells(task, with_executed(task_name(task), saved, run))
    assert answers.values["code"] == "new"
    assert answers.sources["code"].kind == "captured"
    # Two such cells: nobody can tell which one was run.
    saved.append(ReadCell(Cell("b", "code", f"{line}second", (), 2), "notebook-file", 5.0))
    assert (
        from_read_cells(task, with_executed(task_name(task), saved, run)).values["code"]
        == "old\n\nsecond"
    )


@pytest.mark.parametrize(
    ("saved_id", "told_id"),
    [
        ("", "vscode-notebook-cell:/home/me/answers.ipynb#W0sZmlsZQ%3D%3D"),
        ("f3a9", "vscode-notebook-cell:/home/me/answers.ipynb#W0sZmlsZQ%3D%3D"),
        ("", "f3a9"),  # nbformat 4.4 has no ids, JupyterLab tells those that it makes up
        ("", ""),
    ],
)
@pytest.mark.parametrize("line", ["", "%%inginious answer code\n", "%%inginious answer c/t/code\n"])
def test_an_id_that_the_notebook_has_not_makes_no_second_answer(task, saved_id, told_id, line):
    tags = () if line else ("inginious:code",)
    saved = [ReadCell(Cell(saved_id, "code", f"{line}3", tags, 1), "notebook-file", 5.0)]
    for text in ("3", "4"):
        source = f"%%inginious answer code\n{text}"
        run = [ReadCell(Cell(told_id, "code", source), "captured", 9.0)]
        answers = from_read_cells(task, with_executed(task_name(task), saved, run))
        assert answers.values["code"] == text
        assert answers.sources["code"].kind == "captured"


def test_of_several_cells_without_believable_ids_those_that_say_the_same_are_the_same(task):
    line = "%%inginious answer code\n"

    def cells(kind, *texts, prefix=""):
        return [
            ReadCell(Cell(f"{prefix}{n}" if prefix else "", "code", f"{line}{text}"), kind, 5.0)
            for n, text in enumerate(texts)
        ]

    def sent(saved, run):
        return from_read_cells(task, with_executed(task_name(task), saved, run)).values["code"]

    saved = cells("notebook-file", "a = 1", "b = 2")
    assert sent(saved, cells("captured", "a = 1", "b = 2", prefix="uri:")) == "a = 1\n\nb = 2"
    assert sent(saved, cells("captured", "b = 2", "a = 5", prefix="uri:")) == "a = 5\n\nb = 2"
    # Nobody can tell which of two changed cells is which.
    assert sent(saved, cells("captured", "a = 5", "b = 6", prefix="uri:")) == "a = 1\n\nb = 2"


@pytest.mark.parametrize("saved", [[], ["%%inginious answer code\n1"]])
def test_an_answer_line_that_was_rewritten_makes_no_second_answer(task, saved):
    known = [ReadCell(Cell("", "code", source), "notebook-file", 5.0) for source in saved]
    run = [
        ReadCell(Cell("", "code", f"%%inginious answer {name}\n{text}"), "captured", 9.0)
        for name, text in [("code", "2"), ("c/t/code", "3")]
    ]
    answers = from_read_cells(task, with_executed(task_name(task), known, run))
    assert answers.values["code"] == "3"


@pytest.mark.parametrize(
    "others",
    [
        ["code", "print(1)"],  # below the answer, with its id
        ["code", "%%inginious answer data\na.csv"],
    ],
)
def test_an_id_that_the_notebook_has_twice_tells_nothing(task, others):
    line = "%%inginious answer code\n"
    cells = [Cell("x", "code", f"{line}3"), Cell("x", *others)]
    saved = [ReadCell(cell, "notebook-file", 5.0) for cell in cells]
    run = [ReadCell(Cell("x", "code", f"{line}4"), "captured", 9.0)]
    merged = with_executed(task_name(task), saved, run)
    assert [read.cell.source for read in merged] == [f"{line}4", others[1]]


def test_a_text_cell_that_became_an_answer_counts_as_it_was_run(task):
    saved = [ReadCell(Cell("a", "markdown", "later"), "notebook-file", 5.0)]
    run = [ReadCell(Cell("a", "code", "%%inginious answer code\n4"), "captured", 9.0)]
    answers = from_read_cells(task, with_executed(task_name(task), saved, run))
    assert answers.values["code"] == "4"


def test_a_cell_that_was_never_saved_counts_too(task):
    run = [ReadCell(Cell("new", "code", "%%inginious answer code\nx"), "captured", 9.0)]
    answers = from_read_cells(task, with_executed(task_name(task), [], run))
    assert answers.values["code"] == "x"
    assert answers.sources["code"].label == "cell [ ]: x"


def test_paths_are_relative_to_the_folder_that_is_said(task, tmp_path):
    (tmp_path / "days.csv").write_bytes(b"a")
    answers = from_arguments(task, {"data": "days.csv"}, directory=tmp_path)
    assert answers.values["data"]["value"] == b"a"


def test_cells_say_where_they_are_and_when_they_were_read(task):
    cell = Cell("id7", "code", "x = 1", ("inginious:code",), 7)
    answers = from_cells(task, [cell], "notebook-file", read_at=5.0)
    source = answers.sources["code"]
    assert (source.label, source.cell_ids, source.read_at) == ("cell [7]: x = 1", ("id7",), 5.0)
    assert answers.missing(task) == ["data"]


def test_what_is_given_directly_prevails_over_cells(task):
    given = from_arguments(task, {"code": "given"})
    given.fill_from(from_cells(task, [Cell("", "code", "cell", ("inginious:code",), 1)], "cell"))
    assert given.values["code"] == "given"
    assert given.sources["code"].kind == "argument"
