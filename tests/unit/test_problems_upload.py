"""Files as answers: their name, their size, and texts of cells that become files."""

from __future__ import annotations

import pytest

from inginious_nb.course.fields import FieldError
from inginious_nb.course.problems import FileProblem
from inginious_nb.errors import AnswerError


def upload(**data):
    return FileProblem.read("data", data)


def named(name, value=b"x"):
    return {"filename": name, "value": value}


@pytest.mark.parametrize("name", ["a.txt", "a.b.tar.gz", ".zip", "d/a.c", "C:\\d\\a.c"])
def test_the_default_extensions(name):
    checked = upload().check(named(name))
    assert checked == {"filename": name.replace("\\", "/").split("/")[-1], "value": b"x"}


@pytest.mark.parametrize("name", ["a.TXT", "a.gz", "a.txt.exe", "txt"])
def test_other_extensions_are_refused_with_those_that_would_do(name):
    with pytest.raises(AnswerError, match=r"must end with \.c, \.cpp, .* or \.txt") as caught:
        upload().check(named(name))
    assert name in str(caught.value)
    assert caught.value.problem_id == "data"


def test_a_single_extension_reads_well():
    with pytest.raises(AnswerError, match=r"its name must end with \.csv\."):
        upload(allowed_exts=[".csv"]).check(named("a.txt"))


@pytest.mark.parametrize("max_size", [100, "100"])
def test_the_size_is_that_of_the_peer(max_size):
    problem = upload(max_size=max_size)  # the peer adds 33 bytes to what it measures
    assert problem.as_dict()["max_size"] == 67
    assert problem.check(named("a.c", b"x" * 67))
    with pytest.raises(AnswerError, match="has 68 bytes; at most 67 bytes"):
        problem.check(named("a.c", b"x" * 68))


def test_the_default_size_is_a_mebibyte():
    assert upload().check(named("a.c", bytes(1024**2 - 33)))
    with pytest.raises(AnswerError, match="at most 1,048,543 bytes"):
        upload().check(named("a.c", bytes(1024**2)))


def test_an_empty_file_is_a_file():
    assert upload().check(named("a.c", b""))["value"] == b""


def test_any_kind_of_bytes_becomes_bytes():
    assert upload().check(named("a.c", memoryview(b"ab")))["value"] == b"ab"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (None, "no file has been chosen"),
        ("", "no file has been chosen"),
        ({}, "did not arrive completely"),
        ({"filename": "a.c"}, "did not arrive completely"),
        ({"filename": "a.c", "value": "text"}, "did not arrive completely"),
        ({"filename": "dir/", "value": b""}, "has no name"),
        (5, "must be a file"),
        ([b""], "must be a file"),
        (named("a\ud800.c"), "damaged"),
    ],
)
def test_what_is_no_file_is_refused(raw, words):
    with pytest.raises(AnswerError, match=words):
        upload().check(raw)


def test_a_text_becomes_a_file_where_text_files_are_accepted():
    assert upload(allowed_exts=[".zip", ".csv"]).check("a,b\n1,2") == {
        "filename": "data.csv",
        "value": b"a,b\n1,2\n",
    }
    with pytest.raises(AnswerError, match="must be a file"):
        upload(allowed_exts=[".zip"]).check("text")


@pytest.mark.parametrize(
    ("given", "used"), [(".csv, .txt", [".csv", ".txt"]), ([".csv"], [".csv"]), ([1], ["1"])]
)
def test_lists_of_extensions(given, used):
    assert upload(allowed_exts=given).as_dict()["allowed_exts"] == used


@pytest.mark.parametrize(
    "data", [{"max_size": "big"}, {"max_size": -1}, {"allowed_exts": {"a": 1}}]
)
def test_fields_that_make_no_sense_are_refused(data):
    with pytest.raises(FieldError):
        upload(**data)
