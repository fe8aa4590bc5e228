"""The state of a class, and how it is written down."""

import csv
import io
import json
import re

import pytest

from inginious_nb.classroom import ClassState, ClassTask, Entry, class_state, export, report

TASK = ClassTask("lab/sum", "Sums", {"zero": "Sum of nothing"})
STUDENTS = ["ada", "bob", "cyd", "dan", "eve", "Fay"]


def graded(student, grade, **tests):
    code = "success" if grade == 100 else "failed"
    answers = {"q": f"answer of {student}"}
    return Entry(student, "lab/sum", "graded", grade, code, tests=tests, answers=answers)


@pytest.fixture
def state():
    state = ClassState([TASK], STUDENTS)
    state.put(graded("ada", 100.0, zero=True, one=True))
    state.put(graded("bob", 50.0, zero=False, one=True))
    state.put(graded("cyd", 50.0, zero=False, one=True))
    state.put(graded("dan", 0.0, zero=False, one=False))
    state.put(Entry("eve", "lab/sum", "refused", message="=2+2 is no notebook"))
    state.put(Entry("Fay", "lab/sum", "ungraded", code="crash", message="<b>broken</b>"))
    return state


def test_the_matrix_has_a_row_for_each_student_by_name(state):
    rows = [(student, [e.grade for e in entries]) for student, entries in state.matrix()]
    grades = [("ada", [100.0]), ("bob", [50.0]), ("cyd", [50.0]), ("dan", [0.0])]
    assert rows == [*grades, ("eve", [None]), ("Fay", [None])]


def test_what_has_no_grade_counts_neither_in_the_mean_nor_in_the_histogram(state):
    assert state.mean("lab/sum") == 50.0
    assert state.histogram("lab/sum") == [1, 0, 0, 0, 0, 2, 0, 0, 0, 1]


def test_the_test_that_most_students_fail_comes_first_under_its_title(state):
    found = [(test.name, test.failed, test.passed) for test in state.tests("lab/sum")]
    assert found == [("Sum of nothing", 3, 1), ("one", 1, 3)]


def test_answers_are_grouped_by_what_they_fail(state):
    groups = [(g.code, g.failed, [e.student for e in g.entries]) for g in state.groups("lab/sum")]
    assert groups[0] == ("failed", ("zero",), ["bob", "cyd"])
    assert sorted(groups[1:]) == [
        ("crash", (), ["Fay"]),
        ("failed", ("one", "zero"), ["dan"]),
        ("success", (), ["ada"]),
    ]


def ended(student, code, *, feedback="", problem=("failed", ""), tests=()):
    return Entry(
        student,
        "lab/sum",
        "graded",
        0.0,
        code,
        feedback=feedback,
        problems={"q": problem},
        tests=dict.fromkeys(tests, False),
    )


@pytest.mark.parametrize(
    "other",
    [
        ended("bob", "timeout"),
        ended("bob", "failed", problem=("timeout", "")),
        ended("bob", "failed", feedback="Your program took too long."),
        ended("bob", "failed", tests=["zero"]),
        Entry("bob", "lab/sum", "ungraded", message="The grader failed."),
    ],
)
def test_a_syntax_error_is_in_a_group_of_its_own(other):
    state = ClassState([TASK], STUDENTS)
    for student, line in (("ada", 3), ("cyd", 12)):
        text = f"Python cannot read line {line}."
        state.put(ended(student, "failed", problem=("failed", text)))
    state.put(other)
    groups = [[entry.student for entry in group.entries] for group in state.groups("lab/sum")]
    assert groups == [["ada", "cyd"], ["bob"]]
    page = report.as_html(state, title="class", sandbox="none")
    assert "Python cannot read line 3." in page


def test_the_columns_of_the_grades_do_not_overlap(state):
    names = class_state.column_names()
    assert (names[0], names[1], names[-1]) == ("0-9", "10-19", "90-100")


def test_a_newer_entry_takes_the_place_of_an_older_one(state):
    state.put(graded("dan", 100.0, zero=True, one=True))
    assert state.entry("dan", "lab/sum").grade == 100.0
    assert len(state.students) == 6


def test_a_class_is_not_graded_in_a_task_that_it_does_not_have(state):
    with pytest.raises(KeyError):
        state.put(Entry("ada", "lab/other", "missing"))
    with pytest.raises(KeyError):
        state.put(Entry("gus", "lab/sum", "missing"))


def test_a_number_stands_for_the_same_student_whoever_comes_and_goes():
    numbers = class_state.StudentNumbers()
    first = ClassState([TASK], STUDENTS, numbers).aliases
    others = ClassState([TASK], ["bob", "gus", "Fay", "hal"], numbers).aliases
    assert sorted(first.values()) == [1, 2, 3, 4, 5, 6]
    assert sorted(others.items()) == [
        ("Fay", first["Fay"]),
        ("bob", first["bob"]),
        ("gus", others["gus"]),
        ("hal", others["hal"]),
    ]
    assert {others["gus"], others["hal"]} == {7, 8}


def test_the_csv_has_every_entry_and_no_formula(state):
    rows = list(csv.DictReader(io.StringIO(export.as_csv(state))))
    assert [(row["student"], row["grade"]) for row in rows[:2]] == [("ada", "100"), ("bob", "50")]
    assert rows[4]["message"] == "'=2+2 is no notebook"
    assert (rows[5]["state"], rows[5]["grade"]) == ("ungraded", "")


def test_the_csv_is_written_for_spreadsheets_with_a_decimal_comma_too(state):
    state.put(graded("ada", 66.5, zero=True))
    written = export.as_csv(state, decimal_comma=True)
    assert written.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(written[1:]), delimiter=";"))
    assert (rows[0]["student"], rows[0]["grade"]) == ("ada", "66,5")
    plain = list(csv.DictReader(io.StringIO(export.as_csv(state))))
    assert [row | {"grade": row["grade"].replace(".", ",")} for row in plain] == rows


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t=", " =", "\uff1d", "\x1b=", "\r="])
@pytest.mark.parametrize("before", ["", "x;", "x; ", "x\n", "x\t", 'x";'])
def test_no_cell_of_the_csv_is_a_formula_wherever_a_spreadsheet_begins_one(before, begin):
    text = f"{before}{begin}1+1"
    state = ClassState([TASK], [text])
    state.put(Entry(text, "lab/sum", "ungraded", code=text, message=text, files=("a.ipynb", text)))
    found = export.as_csv(state)
    for delimiter, quoting in [(",", csv.QUOTE_MINIMAL), (";", csv.QUOTE_MINIMAL), (";", 3)]:
        rows = csv.reader(io.StringIO(found), delimiter=delimiter, quoting=quoting)
        cells = [part for row in rows for cell in row for part in cell.replace('"', "").split("\t")]
        assert not [cell for cell in cells if cell.lstrip().startswith(tuple("=+-@\uff1d"))]
    assert "\x1b" not in found
    assert set(re.sub('"[^"]*"', "", found)) == {",", "\n"}  # all else is quoted


def test_the_json_takes_what_graders_write(state):
    state.put(graded("ada", float("nan"), zero=True))
    found = json.loads(export.as_json(state, sandbox="none"), parse_constant=pytest.fail)
    assert found["entries"][0]["grade"] == "nan"


def test_the_report_of_a_class_escapes_and_needs_no_network(state):
    page = report.as_html(state, title="<i>class", sandbox="none")
    assert "&lt;b&gt;broken" in page
    assert "&lt;i&gt;class" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_an_anonymous_report_names_nobody_not_even_by_the_order(state):
    page = report.as_html(state, title="class", sandbox="none", anonymous=True)
    for name in ("ada", "bob", "dan", "eve", "Fay"):
        assert f">{name}<" not in page
    assert page.index("Student 1<") < page.index("Student 2<") < page.index("Student 3<")
