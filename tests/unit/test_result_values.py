"""Odd values that scripts give as feedback: a success with INGInious is one here, and is shown."""

from __future__ import annotations

import json
import math

import pytest

from inginious_nb import messages
from inginious_nb.client.results import JobResult
from inginious_nb.frontend import serialize
from inginious_nb.grader.job.feedback import FeedbackError, read_feedback
from inginious_nb.submissions.database import pack_result, unpack_result

NAN, INFINITE = float("nan"), float("inf")


def same(one, other):
    return one == other or (math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("NaN", NAN),
        ("Infinity", INFINITE),
        ("-Infinity", -INFINITE),
        ("1e400", INFINITE),
        ("1e300", 1e300),
        ("-5.0", -5.0),
        ("150.126", 150.13),
    ],
)
def test_a_grade_is_any_float(text, grade):
    found = read_feedback(f'{{"result": "success", "grade": {text}}}'.encode())
    assert found.result == "success"
    assert same(found.grade, grade)


@pytest.mark.parametrize("text", ["80", "true", '"80"', "null", "[]", "{}", str(2**70)])
def test_a_grade_that_is_no_float_cannot_be_read(text):
    with pytest.raises(FeedbackError, match="grade"):
        read_feedback(f'{{"result": "success", "grade": {text}}}'.encode())


PROBLEMS = [
    ("text", ("success", "text")),
    (["failed", "text"], ("failed", "text")),
    (["failed"], ("success", "['failed']")),
    (["failed", "text", "more"], ("success", "['failed', 'text', 'more']")),
    (["failed", None], ("failed", "")),
    (["failed", ["x"]], ("failed", "['x']")),
    ([], ("success", "[]")),
    ([1, 2], ("1", "2")),
    (None, ("success", "")),
    (5, ("success", "5")),
    (True, ("success", "True")),
]


def done(**fields):
    values = {
        "job_id": "1",
        "result": ("success", "text"),
        "grade": 100.0,
        "problems": {},
        "tests": {},
        "custom": {},
        "state": "",
        "archive": None,
        "stdout": "",
        "stderr": "",
        **fields,
    }
    frame = messages.encode(messages.BackendJobDone(**values))
    return JobResult.from_message(messages.decode(frame, messages.TO_CLIENT))


@pytest.mark.parametrize(("given", "result"), PROBLEMS)
def test_a_problem_is_any_value(given, result):
    """From our own grader, and from INGInious's, which passes it on as it is."""
    found = read_feedback(json.dumps({"result": "success", "problems": {"q": given}}).encode())
    assert done(problems=found.problems).problems == {"q": result}
    assert done(problems={"q": given}).problems == {"q": result}


@pytest.mark.parametrize("problems", [[], [["q", ["failed", "x"]]], {"q": {}}, "q", 5, None])
def test_what_is_no_map_of_problems_cannot_be_read(problems):
    with pytest.raises(FeedbackError, match="problems"):
        read_feedback(json.dumps({"result": "success", "problems": problems}).encode())


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (2**64, str(2**64)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        (2**64 - 1, 2**64 - 1),
        ("a\ud800b", "a?b"),
        ([{"\udfff": 2**70}], [{"?": str(2**70)}]),
        (1e300, 1e300),
        ("nul \0", "nul \0"),
    ],
)
def test_what_nobody_can_send_is_sent_as_text(given, sent):
    content = json.dumps({"result": "success", "custom": {"k": given}, "tests": {"t": given}})
    found = read_feedback(content.encode())
    assert found.custom == {"k": sent}
    assert found.tests == {"t": sent}
    done(custom=found.custom, tests=found.tests)


def test_a_text_of_20_mib_counts_and_one_that_is_too_long_is_called_so():
    content = json.dumps({"result": "success", "text": "x" * (20 << 20)}).encode()
    assert len(read_feedback(content, 64 << 20).text) == 20 << 20
    with pytest.raises(FeedbackError, match="over 16 MiB"):
        read_feedback(content[: (16 << 20) + 1], 16 << 20)


def test_commas_of_a_text_are_no_values():
    text = 'a,[{\\",' * 200_000
    found = read_feedback(json.dumps({"result": "success", "text": text}).encode())
    assert found.text == text
    many = json.dumps({"custom": dict.fromkeys(map(str, range(489_990)), 0)})
    done(custom=read_feedback(many.encode()).custom)
    with pytest.raises(FeedbackError, match="too many values"):
        read_feedback(json.dumps({"custom": {"k": [0] * 490_100}}).encode())


@pytest.mark.parametrize("grade", [NAN, INFINITE, -INFINITE])
def test_a_grade_that_is_no_number_is_kept_but_not_shown(session, grade):
    odd = {"a": [1], "b": None, "c": grade}
    result = unpack_result(pack_result(done(grade=grade, tests=odd, custom=odd)))
    assert same(result.grade, grade)
    task = session.task("lab/echo")
    shown = serialize.result_info(task, result, submission_id="1", number=1, at=None)
    assert shown["grade"] is None
    json.dumps(shown, allow_nan=False)
