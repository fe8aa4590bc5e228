"""Which cell answers which problem: tags, magic lines, and what is part of the answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inginious_nb.notebook.cells import (
    Cell,
    cell_from_json,
    cells_of_notebook,
    find_answers,
    submitted_tasks,
)
from inginious_nb.notebook.references import TaskName

FIB = TaskName("demo", "fib", ("fib",))
QUIZ = TaskName("demo", "quiz", ("loop", "keys"))


def cells(*sources, tags=()):
    return [
        Cell(f"c{number}", "code", source, tags, number)
        for number, source in enumerate(sources, start=1)
    ]


def texts(found):
    return {problem_id: answer.text for problem_id, answer in found.items()}


def test_a_tagged_cell_answers_its_problem_with_all_of_its_text():
    (cell,) = cells("def fib(n):\n    return n\n", tags=("slides", "inginious:fib"))
    assert texts(find_answers([cell], FIB)) == {"fib": "def fib(n):\n    return n\n"}


def test_several_cells_are_joined_in_notebook_order_with_a_blank_line():
    found = find_answers(cells("a = 1", "b = 2", tags=("inginious:fib",)), FIB)
    assert texts(found) == {"fib": "a = 1\n\nb = 2"}
    assert found["fib"].label == "cells [1], [2]: a = 1"


def test_a_markdown_cell_may_answer():
    cell = Cell("m", "markdown", "Because.", ("inginious:fib",))
    assert find_answers([cell], FIB)["fib"].label == "text cell: Because."


@pytest.mark.parametrize("reference", ["fib", "fib/fib", "demo/fib/fib"])
def test_the_answer_line_is_not_part_of_the_answer(reference):
    (cell,) = cells(f"%%inginious answer {reference}\nx = 1\n")
    assert texts(find_answers([cell], FIB)) == {"fib": "x = 1\n"}


@pytest.mark.parametrize("line", ["demo/fib", "fib", "demo/fib/fib", "demo/fib --wait"])
def test_a_one_cell_submission_answers_its_task(line):
    (cell,) = cells(f"%%inginious submit {line}\nx = 1")
    assert texts(find_answers([cell], FIB)) == {"fib": "x = 1"}


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        ("%%inginious submit demo/other\nx", ()),
        ("%%inginious submitted demo/quiz/loop\nx", ()),
        ("%%inginious submit demo/quiz\nx", ()),  # of two problems none is meant
        ("%%inginious answer other/loop\nx", ()),
        ("%%inginious answer elsewhere/quiz/loop\nx", ()),
        ("x", ("inginious:other/loop", "inginious:nothing", "loop")),
    ],
)
def test_what_belongs_to_another_task_is_left_alone(source, tags):
    assert find_answers(cells(source, tags=tags), QUIZ) == {}


def test_a_qualified_tag_tells_tasks_with_equal_problems_apart():
    one, other = TaskName("c", "one", ("q1",)), TaskName("c", "other", ("q1",))
    notebook = [
        *cells("first", tags=("inginious:one/q1",)),
        *cells("second", tags=("inginious:c/other/q1",)),
    ]
    assert texts(find_answers(notebook, one)) == {"q1": "first"}
    assert texts(find_answers(notebook, other)) == {"q1": "second"}


def test_cells_that_submit_by_themselves_are_no_parts_of_one_answer():
    line = "%%inginious submit demo/fib\n"
    notebook = cells(f"{line}ada", f"{line}blaise", f"{line}charles")
    assert texts(find_answers(notebook, FIB)) == {"fib": "charles"}
    assert texts(find_answers(notebook, FIB, own=("c2",))) == {"fib": "blaise"}
    tagged = Cell("t", "code", "tagged", ("inginious:fib",), 4)
    assert texts(find_answers([*notebook, tagged], FIB)) == {"fib": "tagged"}
    assert texts(find_answers([*notebook, tagged], FIB, own=("c1",))) == {"fib": "ada"}


def test_a_cell_with_tag_and_answer_line_counts_once():
    (cell,) = cells("%%inginious answer fib\nx", tags=("inginious:fib",))
    assert texts(find_answers([cell], FIB)) == {"fib": "x"}


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_text_is_read_without_an_error(source, tags):
    find_answers([Cell("c", "code", source, tuple(tags), 1)], FIB)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"metadata": None},
        {"metadata": {"tags": "fib"}},
        {"metadata": {"tags": [1, None]}},
        {"id": None},
        {"source": ["a\n", None, "b", 3]},
    ],
)
def test_a_cell_of_a_damaged_notebook_is_read_as_far_as_it_goes(odd):
    cell = cell_from_json({"source": ["a\n", "b"], "cell_type": "new"} | odd)
    assert cell == Cell("", "raw", "a\nb")


@pytest.mark.parametrize("source", [None, 7, {}, []])
def test_a_source_that_is_no_text_is_empty(source):
    assert cell_from_json({"source": source}).source == ""


def test_cells_of_a_notebook_are_numbered_from_one():
    notebook = {"cells": [{"cell_type": "code", "source": "a", "id": "x", "execution_count": 7}]}
    assert cells_of_notebook(notebook) == [Cell("x", "code", "a", (), 7)]


def test_the_tasks_of_a_notebook_are_those_it_opens_or_submits_in_order():
    notebook = [
        *cells("%inginious open demo/quiz", "x = 1\nh = %inginious submit quiz loop=2 --wait"),
        *cells("%%inginious submit --lang fr demo/fib/fib\n%inginious open demo/never"),
        *cells("%inginious courses", "%inginious submit"),
        Cell("m", "markdown", "%inginious open demo/text"),
    ]
    assert submitted_tasks(notebook) == [
        ("demo/quiz", {}),
        ("quiz", {"loop": "2"}),
        ("demo/fib/fib", {}),
        ("demo/quiz", {}),
    ]


def test_a_submission_without_a_task_is_for_the_one_opened_above():
    notebook = [
        *cells("%%inginious submit\nfor nobody"),
        *cells("%inginious open demo/fib", "%%inginious submit\nfor fib"),
    ]
    assert texts(find_answers(notebook, FIB)) == {"fib": "for fib"}
    assert find_answers(notebook, TaskName("demo", "other", ("p",))) == {}


@pytest.mark.parametrize(
    "source", ["\n\n%%inginious answer fib\nx", "%%inginious submit --lang fr k=1 demo/fib\nx"]
)
def test_blank_lines_and_options_do_not_hide_an_answer(source):
    assert texts(find_answers(cells(source), FIB)) == {"fib": "x"}
