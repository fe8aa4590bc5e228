"""Choices as answers: what is accepted, what is shown, and that nothing is given away."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inginious_nb.course.fields import FieldError
from inginious_nb.course.problems import MultipleChoiceProblem
from inginious_nb.errors import AnswerError

COLOURS = [
    {"text": "red", "valid": True, "feedback": "secret"},
    {"text": "green"},
    {"text": "2"},
    {"text": "- dash"},
]


def choice(choices=None, **data):
    return MultipleChoiceProblem.read("q", {"choices": choices or COLOURS, **data})


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ("0", "0"),
        (0, "0"),
        (["1"], "1"),
        ((1,), "1"),
        (" 1 \n", "1"),
        ("01", "1"),
        ("green", "1"),
        ("* green", "1"),
        ("- dash", "3"),
        ("2", "2"),
    ],
)
def test_one_choice(raw, sent):
    assert choice().check(raw) == sent


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ([], []),
        (["0", "1"], ["0", "1"]),
        ((1, 0), ["1", "0"]),
        ([1, "1"], ["1"]),
        ("0, 1", ["0", "1"]),
        ("0\n1", ["0", "1"]),
        ("- red\n- green\n", ["0", "1"]),
        ("red\n\ngreen", ["0", "1"]),
        (0, ["0"]),
        ("red", ["0"]),
    ],
)
def test_several_choices(raw, sent):
    assert choice(multiple=True).check(raw) == sent


@pytest.mark.parametrize("multiple", [False, True])
@pytest.mark.parametrize("raw", [None, "", " \n"])
def test_no_choice_is_refused(raw, multiple):
    with pytest.raises(AnswerError, match="nothing has been chosen"):
        choice(multiple=multiple).check(raw)


@pytest.mark.parametrize("multiple", [False, True])
@pytest.mark.parametrize("raw", ["4", 4, -1, "purple", ["0", "9"], [None], {}, True, "1" * 5000])
def test_what_is_not_there_cannot_be_chosen(raw, multiple):
    with pytest.raises(AnswerError) as caught:
        choice(multiple=multiple).check(raw)
    assert len(str(caught.value)) < 200
    assert caught.value.problem_id == "q"


def test_a_single_choice_is_one():
    for raw in ([], ["0", "1"]):
        with pytest.raises(AnswerError, match="exactly one"):
            choice().check(raw)


def test_nothing_shown_gives_the_answer_away():
    problem = choice(error_message="no", success_message="secret")
    shown = json.dumps([problem.as_dict(), problem.displayed_choices("ada")])
    for hidden in ("valid", "feedback", "secret"):
        assert hidden not in shown


def test_the_order_is_one_of_the_student():
    problem = choice([{"text": str(n), "valid": n == 0} for n in range(20)])
    ada = problem.displayed_choices("ada")
    assert problem.displayed_choices("ada") == ada
    assert problem.displayed_choices("blaise") != ada
    assert [c["index"] for c in ada] == [c["text"] for c in ada]


def test_unshuffled_choices_come_in_order():
    assert [c["index"] for c in choice(unshuffle=True).displayed_choices("x")] == list("0123")
    limited = choice(unshuffle=True, limit=3).displayed_choices("x")
    assert [c["index"] for c in limited] == sorted(c["index"] for c in limited)


@given(
    valid=st.lists(st.booleans(), min_size=1, max_size=12).filter(any),
    limit=st.integers(0, 14),
    multiple=st.booleans(),
    seed=st.text(max_size=5),
)
def test_a_limited_choice_can_always_be_answered(valid, limit, multiple, seed):
    if multiple and limit:
        limit = max(limit, sum(valid))
    problem = choice([{"text": "t", "valid": v} for v in valid], limit=limit, multiple=multiple)
    shown = [int(c["index"]) for c in problem.displayed_choices(seed)]
    assert len(shown) == len(set(shown)) == min(limit or len(valid), len(valid))
    right = [index for index, v in enumerate(valid) if v]
    assert set(right) <= set(shown) if multiple else set(right) & set(shown)


@pytest.mark.parametrize(
    "data",
    [
        {"choices": "red"},
        {"choices": []},
        {"choices": [{"text": "a"}]},
        {"choices": [{"valid": True}]},
        {"choices": ["red"]},
        {"choices": COLOURS, "limit": "many"},
        {"choices": COLOURS, "limit": -1},
        {"choices": [{"text": "a", "valid": True}] * 3, "multiple": True, "limit": 2},
    ],
)
def test_questions_that_cannot_be_asked_are_refused(data):
    with pytest.raises(FieldError):
        MultipleChoiceProblem.read("q", data)


def test_a_limit_of_one_is_fine_for_a_single_choice():
    problem = choice([{"text": "a", "valid": True}] * 3, limit=1)
    assert len(problem.displayed_choices("x")) == 1
