"""Texts as answers: code, a single line, a match."""

from __future__ import annotations

import pytest

from inginious_nb.course.fields import FieldError
from inginious_nb.course.problems import CodeProblem, MatchProblem, SingleLineCodeProblem
from inginious_nb.errors import AnswerError


def code(kind=CodeProblem, **data):
    return kind.read("q", {"name": "Question", **data})


@pytest.mark.parametrize("kind", [CodeProblem, SingleLineCodeProblem])
def test_an_empty_answer_is_accepted_only_if_optional(kind):
    for empty in ("", None):
        with pytest.raises(AnswerError, match=r"Problem q \(Question\): the answer is empty"):
            code(kind).check(empty)
        assert code(kind, optional=True).check(empty) == ""
    assert code(kind).check(" ") == " "


def test_code_is_kept_as_it_is():
    text = "\tdef f():\n\n  pass\n "
    assert code().check(text) == text


def test_a_single_line_loses_the_line_breaks_around_it():
    assert code(SingleLineCodeProblem).check("\n ls -l \n") == " ls -l "
    with pytest.raises(AnswerError, match="single line"):
        code(SingleLineCodeProblem).check("a\nb")
    with pytest.raises(AnswerError, match="empty"):
        code(SingleLineCodeProblem).check("\n")


@pytest.mark.parametrize("kind", [CodeProblem, SingleLineCodeProblem])
@pytest.mark.parametrize("raw", [1, ["a"], b"a", {"filename": "a"}])
def test_only_text_is_code(kind, raw):
    with pytest.raises(AnswerError, match="must be text") as caught:
        code(kind).check(raw)
    assert caught.value.problem_id == "q"


@pytest.mark.parametrize(
    "problem", [code(), code(SingleLineCodeProblem), MatchProblem.read("q", {"answer": "x"})]
)
def test_text_that_utf8_cannot_carry_is_refused(problem):
    with pytest.raises(AnswerError, match="character 2"):
        problem.check("a\ud800")


@pytest.mark.parametrize("language", ["C++", "c sharp", "é"])
def test_a_language_has_a_simple_name(language):
    with pytest.raises(FieldError):
        code(language=language)


@pytest.mark.parametrize(("offset", "first"), [(None, 1), ("", 1), ("12", 12), (1, 1)])
def test_the_first_line_number(offset, first):
    assert code(offset=offset).as_dict()["offset"] == first


def test_a_line_number_is_positive():
    with pytest.raises(FieldError, match="at least 1"):
        code(offset=0)


def test_the_front_end_gets_what_it_shows():
    data = {"header": "H", "language": "python", "default": "pass", "optional": True}
    assert code(**data).as_dict() == {
        "id": "q",
        "type": "code",
        "name": "Question",
        "header": "H",
        "language": "python",
        "default": "pass",
        "optional": True,
        "offset": 1,
    }


@pytest.mark.parametrize("answer", ["42", 42, 4.5, True])
def test_a_match_never_shows_its_answer(answer):
    problem = MatchProblem.read("q", {"answer": answer})
    assert set(problem.as_dict()) == {"id", "type", "name", "header"}


@pytest.mark.parametrize(("raw", "sent"), [("42", "42"), (42, "42"), (" a ", " a "), (" ", " ")])
def test_a_match_takes_text_and_numbers(raw, sent):
    assert MatchProblem.read("q", {"answer": 1}).check(raw) == sent


@pytest.mark.parametrize("raw", [None, "", ["42"], True, {}])
def test_a_match_needs_an_answer(raw):
    with pytest.raises(AnswerError):
        MatchProblem.read("q", {"answer": 1}).check(raw)


@pytest.mark.parametrize("data", [{}, {"answer": None}, {"answer": ["a"]}])
def test_a_match_without_something_to_match_is_refused(data):
    with pytest.raises(FieldError, match="expected text"):
        MatchProblem.read("q", data)
