"""Answers from words and cells, and where they say they were read."""

from __future__ import annotations

import pytest

from inginious_nb.answers import answer_from_text, from_cells, from_words
from inginious_nb.cells import Cell
from inginious_nb.course import CourseLibrary
from inginious_nb.errors import AnswerError

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
    answers = from_words(task, {"data": str(path), "code": "x=1"})
    assert answers.values == {"data": {"filename": "days.csv", "value": b"a,b\n"}, "code": "x=1"}
    assert answers.sources["data"].kind == "file"
    assert answers.missing(task) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("nowhere.csv", None, "cannot be read"),
        ("days.exe", b"", r"must end with \.csv"),
        ("days.csv", b"x" * 201, "201 bytes"),
    ],
)
def test_a_file_that_cannot_be_submitted_says_why(task, tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AnswerError, match=reason) as caught:
        from_words(task, {"data": str(path)})
    assert caught.value.problem_id == "data"


def test_a_word_for_a_problem_that_is_not_there_names_the_nearest(task):
    with pytest.raises(AnswerError, match="code"):
        from_words(task, {"cod": "x"})


def test_the_text_of_a_cell_is_the_content_of_a_file(task):
    answer = answer_from_text(task.problems["data"], "a,b\n")
    assert answer == {"filename": "data.csv", "value": b"a,b\n"}


def test_cells_say_where_they_are_and_when_they_were_read(task):
    cell = Cell("id7", "code", "x = 1", ("inginious:code",), 7)
    answers = from_cells(task, [cell], "notebook-file", read_at=5.0)
    source = answers.sources["code"]
    assert (source.label, source.cell_ids, source.read_at) == ("cell 7: x = 1", ("id7",), 5.0)
    assert answers.missing(task) == ["data"]


def test_what_is_given_directly_prevails_over_cells(task):
    given = from_words(task, {"code": "given"})
    given.fill_from(from_cells(task, [Cell("", "code", "cell", ("inginious:code",), 1)], "cell"))
    assert given.values["code"] == "given"
    assert given.sources["code"].kind == "argument"
