"""Result callbacks: how many values they get; and the result itself as six values and by name."""

from __future__ import annotations

import copy
import functools
import pickle

import pytest
from IPython.lib.pretty import pretty

from inginious_nb.client.callbacks import takes_documented
from inginious_nb.client.queue_view import queue_info
from inginious_nb.client.results import JobResult
from tests.support.model_backend import a_result


class Methods:
    def six(self, a, b, c, d, e, f):
        pass

    def nine(self, a, b, c, d, e, f, g, h, i):
        pass

    @staticmethod
    def static_nine(a, b, c, d, e, f, g, h, i):
        pass

    def __call__(self, a, b, c, d, e, f, g, h, i):
        pass


def nine(a, b, c, d, e, f, g, h, i):
    pass


def seven_or_more(a, b, c, d, e, f, g, *more):
    pass


@pytest.mark.parametrize(
    ("callback", "six"),
    [
        (lambda a, b, c, d, e, f: None, True),
        (lambda *values: None, True),
        (lambda a, b, c, d, e, f, g=1, h=2, i=3: None, True),
        (lambda a, *, b=1: None, True),  # takes neither: the documented call tells so in the log
        (Methods().six, True),
        (print, True),
        (functools.partial(nine, 1, 2, 3), True),
        (nine, False),
        (seven_or_more, False),
        (Methods().nine, False),
        (Methods.static_nine, False),
        (Methods(), False),
        (functools.partial(nine), False),
    ],
)
def test_six_values_for_who_can_take_them_and_nine_for_who_cannot(callback, six):
    assert takes_documented(callback) is six


def test_a_result_is_six_values_with_names_and_the_rest_as_attributes():
    done = a_result(
        "j",
        ("failed", "text"),
        grade=12,
        problems={"p": ("success", "well"), "q": "only a text"},
        tests={"t": True},
        custom={"c": 1},
        archive=b"tgz",
        state="s",
        stdout="out",
    )
    result = JobResult.from_message(done)
    code_and_text, grade, problems, tests, custom, archive = result
    assert code_and_text == result.result == ("failed", "text")
    assert grade == result.grade == 12.0
    assert isinstance(grade, float)
    assert problems == result.problems == {"p": ("success", "well"), "q": ("failed", "only a text")}
    assert tests == result.tests == {"t": True}
    assert custom == result.custom == {"c": 1}
    assert archive == result.archive == b"tgz"
    assert (result.state, result.stdout, result.stderr) == ("s", "out", "out")
    # As it is the value of a cell.
    assert pretty(result).startswith("JobResult(result=('failed', 'text'), grade=12.0, problems=")
    assert pretty(result).endswith("archive=<3 bytes>)")
    assert pretty(JobResult(("success", ""))).endswith("archive=None)")
    assert result.nine() == (
        ("failed", "text"),
        12.0,
        problems,
        {"t": True},
        {"c": 1},
        "s",
        b"tgz",
        "out",
        "out",
    )


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_a_copy_of_a_result_has_everything(copied):
    result = JobResult(("success", ""), 1.0, state="s", stdout=None, stderr="e")
    again = copied(result)
    assert again == result
    assert type(again) is JobResult
    assert (again.state, again.stdout, again.stderr) == ("s", None, "e")


def test_queue_info_is_what_is_documented(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1000.0)
    running = (
        ("r", True, "agent", "c/t", "l", 990, 30),
        ("late", True, "agent", "c/t", "l", 900, 30),
        ("endless", True, "agent", "c/t", "l", 900, -1),
    )
    waiting = (
        ("w0", False, "c/t", "l", 10),
        ("w1", False, "c/t", "l", -1),
        ("w2", True, "c/t", "l", 5),
    )
    assert queue_info(running, waiting, "r") == (-1, 20)
    assert queue_info(running, waiting, "late") == (-1, 0)
    assert queue_info(running, waiting, "endless") == (-1, 0)
    assert queue_info(running, waiting, "w0") == (0, 10)
    assert queue_info(running, waiting, "w2") == (2, 15)
    assert queue_info(running, waiting, "other") is None
