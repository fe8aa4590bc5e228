"""Feedback that is small to write and large to hold."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from inginious_nb.grader.job.feedback import FeedbackError, NotJsonError, read_feedback


def nested(depth: int, inner: str = "") -> bytes:
    return b'{"custom": {"a": %s}}' % (b"[" * depth + inner.encode() + b"]" * depth)


@pytest.mark.parametrize("depth", [300, 520, 100_000])
def test_deep_feedback_is_refused(depth):
    with pytest.raises(FeedbackError, match="too deep"):
        read_feedback(nested(depth))


def test_feedback_may_be_nested():
    assert read_feedback(nested(150)).custom["a"]
    assert read_feedback(nested(150, '"\\ud800"')).custom["a"]


async def test_deep_feedback_keeps_the_output(course):
    run = "#!/bin/bash\necho printed; F=$INGINIOUS_JOB_ROOT/.__output/__feedback.json\n"
    result = await course.grade({"run": f"{run}cat deep > $F", "deep": nested(520)})
    assert (result.result[0], result.stdout) == ("crash", "printed\n")
    assert "nested too deep" in result.result[1]


def test_many_values_cost_little_memory():
    content = b'{"custom": {"a": [' + b"[]," * 4_000_000 + b"[]]}}"
    tracemalloc.start()
    with pytest.raises(FeedbackError, match="too many values"):
        read_feedback(content)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 1 << 20


@pytest.mark.parametrize("half", ["\\ud800", "\\uDFFF", "x \\udc80 y"])
def test_halves_of_surrogate_pairs_are_replaced(half):
    feedback = read_feedback(b'{"text": "%s"}' % half.encode())
    assert "?" in feedback.text
    feedback.text.encode("utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_halves_in_any_encoding(encoding):
    content = '{"text": "\ud800"}'.encode(encoding, "surrogatepass")
    assert read_feedback(content).text == "?"


@pytest.mark.parametrize("key", ["tests", "problems"])
def test_a_name_that_cannot_be_one_is_told(key):
    with pytest.raises(FeedbackError, match="'an edge' in"):
        read_feedback(json.dumps({key: {"fine": True, "an edge": True}}).encode())


def test_what_is_no_json():
    with pytest.raises(NotJsonError):
        read_feedback(b"{")
