"""When a task is open."""

from __future__ import annotations

import datetime as dt

import pytest

from inginious_nb.course import Accessibility
from inginious_nb.course.fields import FieldError

D = dt.datetime


@pytest.mark.parametrize(
    ("value", "start", "soft_end", "end"),
    [
        ("2026-09-14", D(2026, 9, 14), None, None),
        ("2026-09-14/", D(2026, 9, 14), None, None),
        ("/2026-12-18 18", None, D(2026, 12, 18, 18), D(2026, 12, 18, 18)),
        ("2026-09-14 8:30/2026-12-18", D(2026, 9, 14, 8, 30), D(2026, 12, 18), D(2026, 12, 18)),
        (
            "2026-09-14/2026-12-18/2026-12-24 23:59:59",
            D(2026, 9, 14),
            D(2026, 12, 18),
            D(2026, 12, 24, 23, 59, 59),
        ),
        ("2026-09-14/2026-12-18/", D(2026, 9, 14), D(2026, 12, 18), None),
        ("2026-09-14//2026-12-24", D(2026, 9, 14), D(2026, 12, 24), D(2026, 12, 24)),
        ("//2026-12-24", None, D(2026, 12, 24), D(2026, 12, 24)),
        ("/2026-12-18/", None, D(2026, 12, 18), None),
        ("14/09/2026 08:00:00/18/12/2026", D(2026, 9, 14, 8), D(2026, 12, 18), D(2026, 12, 18)),
        ("/18/12/2026", None, D(2026, 12, 18), D(2026, 12, 18)),
        ("/", None, None, None),
        (" 2026-09-14 / ", D(2026, 9, 14), None, None),
        (True, None, None, None),
        ("", None, None, None),
        (None, None, None, None),
    ],
)
def test_periods(value, start, soft_end, end):
    assert Accessibility.parse(value) == Accessibility(False, start, soft_end, end)


@pytest.mark.parametrize(
    "value", ["soon", "2026-13-01", "1/2/3/4", "2026-02-30/", 5, dt.date(2026, 1, 1), [], "a/b"]
)
def test_what_is_no_period_is_refused(value):
    with pytest.raises(FieldError):
        Accessibility.parse(value)


def test_open_and_closed():
    period = Accessibility.parse("2026-09-14/2026-12-18/2026-12-24")
    assert not period.is_open(D(2026, 9, 13, 23, 59))
    assert period.is_open(D(2026, 9, 14))
    assert period.is_open(D(2026, 12, 24))
    assert not period.is_open(D(2026, 12, 24, 0, 0, 1))
    assert period.deadline == D(2026, 12, 18)
    assert not Accessibility.parse(False).is_open(D(2026, 1, 1))
    assert Accessibility.parse(True).deadline is None


def test_a_time_with_a_zone_is_compared_as_local_time():
    period = Accessibility.parse("2026-09-14/")
    local = D(2026, 9, 14, 0, 0, 1).astimezone()
    assert period.is_open(local.astimezone(dt.UTC))
