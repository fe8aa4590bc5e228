"""Recorded submissions are read as INGInious writes them, and compared as its tool did."""

from __future__ import annotations

import pytest

from inginious_nb.course.recordings import Recording, load_recordings
from inginious_nb.errors import CourseError

RECORDED = """\
_id: 5f5e0e0a0123456789abcdef
courseid: c
taskid: t
username: [somebody]
submitted_on: 2020-09-13 12:00:00
status: done
result: failed
grade: 40.0
tests: {base: true, '*auto-tag-1': text}
input:
  q: |-
    def f():
        pass
  upload: {filename: a.bin, value: !!binary AAEC}
  '@lang': en
"""


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "test" / "one.test"
    path.parent.mkdir()
    path.write_text(RECORDED)
    (loaded,) = load_recordings(tmp_path)
    return loaded


def test_the_answers_are_ready_to_be_submitted(recording):
    assert recording.inputdata == {
        "q": "def f():\n    pass",
        "upload": {"filename": "a.bin", "value": b"\x00\x01\x02"},
        "@lang": "en",
    }
    assert (recording.result, recording.grade) == ("failed", 40.0)


def test_what_is_as_recorded_has_no_differences(recording):
    assert recording.differences("failed", {**recording.tests, "new": True}) == []


def test_differences_are_said(recording):
    assert recording.differences("success", {"base": False}) == [
        "result: recorded failed, now success",
        "test base: recorded True, now False",
        "test *auto-tag-1: recorded text, now missing",
    ]


def test_a_bad_file_does_not_hide_the_others(tmp_path):
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "a.test").write_text("x: [")
    (tmp_path / "test" / "b.test").write_text("input: {q: x}\n")
    (tmp_path / "test" / "c.test").write_text("result: success\n")
    bad, good, no_input = load_recordings(tmp_path)
    assert isinstance(good, Recording)
    assert good.differences("success", {}) == []
    assert isinstance(bad, CourseError)
    assert "c.test" in str(no_input)


def test_a_task_without_recordings_has_none(tmp_path):
    assert load_recordings(tmp_path) == []
