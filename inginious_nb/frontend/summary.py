"""A result in one line: its grade, how much was right, and the first thing that was not.

What an answer cell, a submit output and a static snapshot show before anybody asks for details.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inginious_nb.render import plain_text
from inginious_nb.submissions.record import is_graded, kept_grade

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inginious_nb.course import Task

    from .protocol.task import (
        HtmlPart,
        ProblemResult,
        ResultInfo,
        ResultSummary,
        TestCounts,
        TestInfo,
    )

MAX_FIRST_FAILED_CHARS = 80
_READ_CHARS = 2_000
"""So much of a feedback is read for its first words."""


def summary_of(result: ResultInfo) -> ResultSummary:
    """Return a result without its details."""
    return {
        "submission": result["submission"],
        "number": result["number"],
        "at": result["at"],
        "code": result["code"],
        "grade": result["grade"],
        "passed": result["passed"],
        "decided": result["decided"],
        "first_failed": result["first_failed"],
    }


def shown_grade(code: str | None, grade: float | None) -> float | None:
    """Return a grade where something was graded with a finite number, else None."""
    return kept_grade(grade) if is_graded(code) else None


def counted(tests: TestCounts, problems: Mapping[str, ProblemResult]) -> tuple[int, int]:
    """Return how many were passed and how many there are: tests, or problems if none says so."""
    if tests["decided"]:
        return tests["passed"], tests["decided"]
    codes = [problem["code"] for problem in problems.values()]
    return codes.count("success"), len(codes)


def first_failed(
    task: Task,
    code: str,
    tests: Sequence[TestInfo],
    problems: Mapping[str, ProblemResult],
    feedback: HtmlPart,
) -> str:
    """Return the first test that failed, else the first problem, else how the feedback begins."""
    if code == "success" or not is_graded(code):
        return ""
    test = next((test for test in tests if test["kind"] == "failed"), None)
    if test is not None:
        return _short(test["name"])
    for problem_id, problem in problems.items():
        if problem["code"] != "success":
            known = task.problems.get(problem_id)
            return _short((known.name if known is not None else "") or problem_id)
    return _short(plain_text(feedback["html"][:_READ_CHARS], is_html=True))


def _short(text: str) -> str:
    """Return the first line that says something, shortened."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= MAX_FIRST_FAILED_CHARS else f"{line[:MAX_FIRST_FAILED_CHARS]}…"
