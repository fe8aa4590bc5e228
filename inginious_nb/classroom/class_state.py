"""The state of a class: who has which grade in which task, and what fails. Pure, no I/O.

An entry is one student and one task; the newest one put in counts. All that is read is derived from
the entries each time, so that views cannot disagree.
"""

from __future__ import annotations

import hashlib
import math
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

State = Literal["missing", "refused", "waiting", "running", "ungraded", "graded"]
"""missing: no cell answers; refused: what was handed in cannot be submitted; ungraded: it was
submitted and came back without a grade, since the grader failed or was stopped."""

BINS = 10
"""Columns of a histogram of grades: 0 to under 10 %, …, 90 to 100 %."""

_AUTO_TAG = "*auto-tag-"
_PLACE = re.compile(r"0x[0-9a-fA-F]+|\d+")
"""What differs between messages of one kind: line numbers, addresses, times."""


@dataclass(frozen=True)
class ClassTask:
    """A task that a class is graded in.

    Attributes:
        reference: COURSE/TASK.
        name: Its title.
        test_names: What a person calls its tests, by their ids: the titles of the course's tags.
    """

    reference: str
    name: str
    test_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """The submission of one student to one task, and its result.

    Attributes:
        student: The username.
        task: The reference of the task.
        state: Where it stands.
        grade: In percent, None where nothing was graded.
        code: The code of the result, such as ``success``; empty without one.
        message: Why there is no grade, for a person; empty where there is one.
        feedback: What the grader wrote.
        problems: The code of the result of each problem, and what the grader wrote about it.
        tests: The tests of the result by id; those that are True or False passed or failed.
        answers: The answers by problem id.
        files: The notebooks that it was read in.
        submission_id: Its id in the history, empty if it was not submitted.
        is_reused: Whether it was graded by an earlier run.
    """

    student: str
    task: str
    state: State
    grade: float | None = None
    code: str = ""
    message: str = ""
    feedback: str = ""
    problems: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    tests: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, object] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    submission_id: str = ""
    is_reused: bool = False

    @property
    def is_final(self) -> bool:
        """Return whether nothing more happens to it."""
        return self.state not in ("waiting", "running")

    @cached_property
    def failed_tests(self) -> tuple[str, ...]:
        """Return the ids of the tests that it fails, in the order of the task."""
        return tuple(name for name, passed in self._decided() if not passed)

    @cached_property
    def passed_tests(self) -> tuple[str, ...]:
        """Return the ids of the tests that it passes, in the order of the task."""
        return tuple(name for name, passed in self._decided() if passed)

    @property
    def failed_problems(self) -> tuple[tuple[str, str], ...]:
        """Return the problems that tell more than the result, each with its code.

        That are those without success, where the task has several or the code is another one.
        """
        return tuple(
            (problem, code)
            for problem, (code, _) in self.problems.items()
            if code != "success" and (len(self.problems) > 1 or code != self.code)
        )

    @cached_property
    def reason(self) -> str:
        """Return the first line of why it has no tests: it could not be read, or the grader failed.

        Empty where tests tell it.
        """
        if any(True for _ in self._decided()):
            return ""
        texts = [self.message, self.feedback, *(text for _, text in self.problems.values())]
        lines = (line.strip() for text in texts for line in text.splitlines())
        return next(filter(None, lines), "")

    @cached_property
    def kind_of_failure(self) -> tuple[Any, ...]:
        """Return what answers of one group have in common."""
        return (
            self.code,
            tuple(sorted((problem, code) for problem, (code, _) in self.problems.items())),
            tuple(sorted(self.failed_tests)),
            _PLACE.sub("#", self.reason),
        )

    def _decided(self) -> Iterable[tuple[str, bool]]:
        return (
            (name, value)
            for name, value in self.tests.items()
            if isinstance(value, bool) and not name.startswith(_AUTO_TAG)
        )


@dataclass(frozen=True)
class TestTally:
    """The results of one test in a class."""

    __test__ = False  # not a test of ours, whatever pytest thinks

    id: str
    name: str
    passed: int
    failed: int


@dataclass(frozen=True)
class AnswerGroup:
    """Answers to a task that fail in the same way.

    That is the same result, in each problem too, the same tests, and where no test was run the same
    reason up to its numbers: a syntax error is another kind than an answer that ran out of time.

    Attributes:
        code: The code of their results; empty for those that were not graded at all.
        problems: The problems that tell more than the code, each with its own.
        failed: The ids of the tests that they fail.
        reason: The first line of why no test was run, of the first of them; empty with tests.
        entries: They, by student; the first is as good an example as any.
    """

    code: str
    problems: tuple[tuple[str, str], ...]
    failed: tuple[str, ...]
    reason: str
    entries: tuple[Entry, ...]


class StudentNumbers:
    """The numbers that stand for the students of a class where their names are hidden.

    None ever stands for another student, whoever comes and goes: what a page asks for by a number,
    or knows of one, may be older than what was read last. Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()

    def of(self, students: Iterable[str]) -> dict[str, int]:
        """Return the number of each of these students, from 1 on; they are not by name."""
        wanted = set(students)
        with self._lock:
            new = sorted(wanted - self._numbers.keys(), key=_shuffled)
            self._numbers |= {name: n for n, name in enumerate(new, len(self._numbers) + 1)}
            return {name: self._numbers[name] for name in wanted}


class ClassState:
    """A class of students and its tasks.

    Args:
        tasks: The tasks, in the order in which they are shown.
        students: The students: all of them, so that nobody who reads it meets one without a number.
        numbers: The numbers of the students, default those of this state alone.
    """

    def __init__(
        self,
        tasks: Iterable[ClassTask] = (),
        students: Iterable[str] = (),
        numbers: StudentNumbers | None = None,
    ) -> None:
        self._tasks = {task.reference: task for task in tasks}
        self._entries: dict[str, dict[str, Entry]] = {task: {} for task in self._tasks}
        self._students = sorted(set(students), key=_by_name)
        self._aliases = (numbers or StudentNumbers()).of(self._students)

    def put(self, entry: Entry) -> None:
        """Take an entry in the place of an earlier one of the same student and task.

        Other threads may read, and put other entries, meanwhile.

        Raises:
            KeyError: The class is not graded in that task, or has no such student.
        """
        if entry.student not in self._aliases:
            raise KeyError(entry.student)
        self._entries[entry.task][entry.student] = entry

    @property
    def tasks(self) -> list[ClassTask]:
        """Return the tasks, in the order in which they are shown."""
        return list(self._tasks.values())

    @property
    def students(self) -> list[str]:
        """Return the students by name."""
        return list(self._students)

    @property
    def entries(self) -> list[Entry]:
        """Return every entry, by student, then in the order of the tasks."""
        return [entry for _, row in self.matrix() for entry in row if entry is not None]

    def entry(self, student: str, task: str) -> Entry | None:
        """Return the entry of a student and a task."""
        return self._entries.get(task, {}).get(student)

    def matrix(self) -> list[tuple[str, list[Entry | None]]]:
        """Return a row for each student: the name and the entries in the order of the tasks."""
        return [
            (student, [of_task.get(student) for of_task in self._entries.values()])
            for student in self.students
        ]

    def counts(self) -> dict[State, int]:
        """Return how many entries are in each state; states that none is in are left out."""
        return dict(Counter(e.state for of_task in self._entries.values() for e in _all(of_task)))

    def mean(self, task: str) -> float | None:
        """Return the mean of the grades in a task, None where there is none."""
        grades = self._grades(task)
        return sum(grades) / len(grades) if grades else None

    def histogram(self, task: str) -> list[int]:
        """Return how many grades of a task are in each of the `BINS` columns."""
        columns = [0] * BINS
        for grade in self._grades(task):
            columns[min(BINS - 1, max(0, int(grade * BINS / 100)))] += 1
        return columns

    def tests(self, task: str) -> list[TestTally]:
        """Return the tests of a task, those that most students fail first."""
        passed: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        for entry in self._graded(task):
            passed.update(entry.passed_tests)
            failed.update(entry.failed_tests)
        names = self._tasks[task].test_names
        tallies = [
            TestTally(test, names.get(test, test), passed[test], failed[test])
            for test in passed | failed
        ]
        return sorted(tallies, key=lambda tally: (-tally.failed, tally.passed, tally.id))

    def groups(self, task: str) -> list[AnswerGroup]:
        """Return the answers to a task grouped by how they fail, the largest group first."""
        by_failure: dict[tuple[Any, ...], list[Entry]] = {}
        of_task = self._entries[task]
        for entry in sorted(_all(of_task), key=lambda entry: _by_name(entry.student)):
            if entry.state in ("graded", "ungraded"):
                by_failure.setdefault(entry.kind_of_failure, []).append(entry)
        groups = [
            AnswerGroup(
                entries[0].code,
                entries[0].failed_problems,
                tuple(sorted(entries[0].failed_tests)),
                entries[0].reason,
                tuple(entries),
            )
            for entries in by_failure.values()
        ]
        return sorted(groups, key=lambda g: (-len(g.entries), g.code, g.failed, g.reason))

    def alias(self, student: str) -> int:
        """Return the number that stands for a student whose name is hidden; it is not by name."""
        return self._aliases[student]

    @property
    def aliases(self) -> dict[str, int]:
        """Return the number of each student."""
        return dict(self._aliases)

    def _graded(self, task: str) -> list[Entry]:
        return [entry for entry in _all(self._entries[task]) if entry.state == "graded"]

    def _grades(self, task: str) -> list[float]:
        return [
            entry.grade
            for entry in self._graded(task)
            if entry.grade is not None and math.isfinite(entry.grade)
        ]


def _all(of_task: Mapping[str, Entry]) -> list[Entry]:
    """Return the entries of a task as they are at this moment."""
    return list(of_task.values())


def _by_name(student: str) -> tuple[str, str]:
    return student.casefold(), student


def _shuffled(student: str) -> bytes:
    return hashlib.sha256(student.encode()).digest()


def column_names() -> list[str]:
    """Return what stands below each column of a histogram; grades are rounded down for it."""
    width = 100 // BINS
    *lows, last = range(0, 100, width)
    return [*(f"{low}-{low + width - 1}" for low in lows), f"{last}-100"]
