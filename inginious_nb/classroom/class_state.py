"""The state of a class: who has which grade in which task, and what fails. Pure, no I/O.

An entry is one student and one task; the newest one put in counts. All that is read is derived from
the entries each time, so that views cannot disagree.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

State = Literal["missing", "refused", "waiting", "running", "ungraded", "graded"]
"""missing: no cell answers; refused: what was handed in cannot be submitted; ungraded: it was
submitted and came back without a grade, since the grader failed or was stopped."""

BINS = 10
"""Columns of a histogram of grades: 0 to under 10 %, …, 90 to 100 %."""

_AUTO_TAG = "*auto-tag-"


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
    tests: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, object] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    submission_id: str = ""
    is_reused: bool = False

    @property
    def is_final(self) -> bool:
        """Return whether nothing more happens to it."""
        return self.state not in ("waiting", "running")

    @property
    def failed_tests(self) -> tuple[str, ...]:
        """Return the ids of the tests that it fails, in the order of the task."""
        return tuple(name for name, passed in self._decided() if not passed)

    @property
    def passed_tests(self) -> tuple[str, ...]:
        """Return the ids of the tests that it passes, in the order of the task."""
        return tuple(name for name, passed in self._decided() if passed)

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
    """Answers to a task that fail the same tests with the same result.

    Attributes:
        code: The code of their results.
        failed: The ids of the tests that they fail.
        entries: They, by student; the first is as good an example as any.
    """

    code: str
    failed: tuple[str, ...]
    entries: tuple[Entry, ...]


class ClassState:
    """A class of students and its tasks.

    Args:
        tasks: The tasks, in the order in which they are shown.
    """

    def __init__(self, tasks: Iterable[ClassTask] = ()) -> None:
        self._tasks = {task.reference: task for task in tasks}
        self._entries: dict[tuple[str, str], Entry] = {}
        self._aliases: dict[str, int] | None = None

    def put(self, entry: Entry) -> None:
        """Take an entry in the place of an earlier one of the same student and task.

        Raises:
            KeyError: The class is not graded in that task.
        """
        if entry.task not in self._tasks:
            raise KeyError(entry.task)
        if (entry.student, entry.task) not in self._entries:
            self._aliases = None
        self._entries[entry.student, entry.task] = entry

    @property
    def tasks(self) -> list[ClassTask]:
        """Return the tasks, in the order in which they are shown."""
        return list(self._tasks.values())

    @property
    def students(self) -> list[str]:
        """Return the students by name."""
        return sorted({student for student, _ in self._entries}, key=lambda s: (s.casefold(), s))

    @property
    def entries(self) -> list[Entry]:
        """Return every entry, by student, then in the order of the tasks."""
        return [
            entry
            for student in self.students
            for task in self._tasks
            if (entry := self._entries.get((student, task))) is not None
        ]

    def entry(self, student: str, task: str) -> Entry | None:
        """Return the entry of a student and a task."""
        return self._entries.get((student, task))

    def matrix(self) -> list[tuple[str, list[Entry | None]]]:
        """Return a row for each student: the name and the entries in the order of the tasks."""
        return [
            (student, [self._entries.get((student, task)) for task in self._tasks])
            for student in self.students
        ]

    def counts(self) -> dict[State, int]:
        """Return how many entries are in each state; states that none is in are left out."""
        return dict(Counter(entry.state for entry in self._entries.values()))

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
        """Return the answers to a task grouped by the tests they fail, the largest group first."""
        by_failure: dict[tuple[str, tuple[str, ...]], list[Entry]] = {}
        for entry in self.entries:
            if entry.task == task and entry.state in ("graded", "ungraded"):
                key = entry.code, tuple(sorted(entry.failed_tests))
                by_failure.setdefault(key, []).append(entry)
        groups = [
            AnswerGroup(code, failed, tuple(entries))
            for (code, failed), entries in by_failure.items()
        ]
        return sorted(groups, key=lambda group: (-len(group.entries), group.code, group.failed))

    def alias(self, student: str) -> int:
        """Return the number that stands for a student whose name is hidden; it is not by name."""
        if self._aliases is None:
            shuffled = sorted(self.students, key=lambda s: hashlib.sha256(s.encode()).digest())
            self._aliases = {name: number for number, name in enumerate(shuffled, 1)}
        return self._aliases[student]

    def _graded(self, task: str) -> list[Entry]:
        return [e for e in self._entries.values() if e.task == task and e.state == "graded"]

    def _grades(self, task: str) -> list[float]:
        return [
            entry.grade
            for entry in self._graded(task)
            if entry.grade is not None and math.isfinite(entry.grade)
        ]
