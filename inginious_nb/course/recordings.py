"""Recorded submissions: ``<task>/test/*.test``, an instructor's regression tests.

INGInious writes them from stored submissions (protocol.md 3.8). Loading and comparing only;
submitting the answers again is for whoever has a grading service.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import CourseError

from . import fields
from .yaml_file import read_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Recording:
    """What somebody once submitted, and what came back.

    Attributes:
        path: The file.
        inputdata: The answers and reserved keys, as a job carries them.
        result: The result code, or None if the file does not say.
        grade: The grade, or None.
        tests: The values of the tests that were set.
    """

    path: Path
    inputdata: dict[str, Any]
    result: str | None = None
    grade: float | None = None
    tests: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read a recording.

        Raises:
            CourseError: The file is not one.
        """
        data = read_mapping(path)
        try:
            inputdata = fields.plain(fields.mapping(data.get("input"), "input"))
            result, grade, tests = data.get("result"), data.get("grade"), data.get("tests")
            return cls(
                path=path,
                inputdata=inputdata,
                result=None if result is None else str(result),
                grade=None if grade is None else fields.number(grade, "grade"),
                tests=fields.plain(tests) if isinstance(tests, dict) else {},
            )
        except fields.FieldError as error:
            raise CourseError(f"{path} is not a recorded submission: {error}.", path=path) from None

    def differences(self, result: str, tests: Mapping[str, object]) -> list[str]:
        """Return what is not as recorded, a line each.

        The result code and the recorded tests count; grades drift with a task and are left to
        the eye (protocol.md 3.8).
        """
        found = []
        if self.result is not None and result != self.result:
            found.append(f"result: recorded {self.result}, now {result}")
        for name, recorded in self.tests.items():
            if name not in tests:
                found.append(f"test {name}: recorded {recorded}, now missing")
            elif tests[name] != recorded:
                found.append(f"test {name}: recorded {recorded}, now {tests[name]}")
        return found


def load_recordings(task_path: Path) -> list[Recording | CourseError]:
    """Return the recordings of a task in the order of their names; an error for each bad one."""
    loaded: list[Recording | CourseError] = []
    for path in sorted((task_path / "test").glob("*.test")):
        try:
            loaded.append(Recording.load(path))
        except CourseError as error:
            loaded.append(error)
    return loaded
