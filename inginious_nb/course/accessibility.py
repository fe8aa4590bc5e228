"""The times when a task is open: the accessibility values of course.yaml and task.yaml.

Times are those on the wall where the course is given: datetimes without a zone. Nothing here
reads a clock; callers pass the time in.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Self

from msgspec import Struct

from .fields import FieldError, shown

_DATE = r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{4})(?:[ T]\d{1,2}(?::\d{1,2}(?::\d{1,2})?)?)?"
# One pattern instead of a split: the separator also stands inside DD/MM/YYYY.
_PERIOD = re.compile(rf"\s*({_DATE})?\s*(?:(/)\s*({_DATE})?\s*(?:(/)\s*({_DATE})?\s*)?)?")
_FORMATS = tuple(
    f"{day}{time}"
    for day in ("%Y-%m-%d", "%d/%m/%Y")
    for time in ("", " %H", " %H:%M", " %H:%M:%S")
)


class Accessibility(Struct, frozen=True):
    """The time in which submissions are accepted (docs/protocol.md, Courses on disk).

    Attributes:
        closed: Never, whatever the dates.
        start: The first moment, or None if it has always been open.
        soft_end: The deadline to show; submissions after it count as late.
        end: The last moment, or None if it never closes.
    """

    closed: bool = False
    start: dt.datetime | None = None
    soft_end: dt.datetime | None = None
    end: dt.datetime | None = None

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a value: true, false, START, /END, START/END or START/SOFT/END.

        Raises:
            FieldError: It is none of these; also for a date without quotes, which YAML reads as
                something else than text.
        """
        if value is None or value is True or value == "":
            return cls()
        if value is False:
            return cls(closed=True)
        if isinstance(value, dt.date):
            raise FieldError(f"the date {value} must stand between quotes")
        if not isinstance(value, str):
            raise FieldError(f"{shown(value)} is neither true, false nor a period START/END")
        match = _PERIOD.fullmatch(value)
        if match is None:
            raise FieldError(
                f"{shown(value)} is not a period; write START/END or START/SOFT/END with dates "
                "such as 2026-09-14 08:00:00"
            )
        start, _, middle, has_third_part, end = match.groups()
        if not has_third_part:
            end = middle
        return cls(start=_moment(start), soft_end=_moment(middle or end), end=_moment(end))

    def is_open(self, now: dt.datetime) -> bool:
        """Return whether submissions are accepted at that moment (local time)."""
        if self.closed:
            return False
        now = _naive(now)
        return (self.start is None or self.start <= now) and (self.end is None or now <= self.end)

    @property
    def deadline(self) -> dt.datetime | None:
        """Return the deadline to show a student: the soft one if there is one, else the end."""
        return self.soft_end or self.end


def _moment(part: str | None) -> dt.datetime | None:
    if part is None:
        return None
    part = part.replace("T", " ")
    for layout in _FORMATS:
        try:
            # The zone is the course's own and stands nowhere in the file.
            return dt.datetime.strptime(part, layout)  # noqa: DTZ007
        except ValueError:
            continue
    raise FieldError(f"{shown(part)} is not a date that exists")


def _naive(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment
