"""The line of a submission or of a result: verdict, grade, "3 of 5", the first thing that failed.

The same words as in ``js/components/lines.ts``, for static snapshots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from inginious_nb.i18n import Words, number

if TYPE_CHECKING:
    from inginious_nb.course import Problem

    from .protocol.task import ResultInfo, ResultSummary

RESULT_CODES = ("success", "failed", "killed", "crash", "overflow", "timeout", "error")
"""The results (docs/protocol.md, Results); others look like an error."""

_MARKS = {"success": "✓", "failed": "✗", "killed": "■", "overflow": "▲", "timeout": "◷"}


class Line(Struct, frozen=True):
    """A line.

    Attributes:
        tone: The class of its colour.
        mark: A character for its icon.
        word: The verdict, or the phase.
        facts: Such as the grade.
        reason: The first thing that failed.
    """

    tone: str
    mark: str
    word: str
    facts: tuple[str, ...] = ()
    reason: str = ""

    @property
    def rest(self) -> str:
        """Return what follows the word."""
        return " · ".join((*self.facts, self.reason) if self.reason else self.facts)

    def __str__(self) -> str:
        head = f"{self.mark} {self.word}".strip()
        return f"{head} · {self.rest}" if self.rest else head


def result_line(summary: ResultSummary, lang: str) -> Line:
    """Return the line of a result."""
    words = Words("widget", lang)
    facts = [grade_text(summary["grade"], lang)]
    if summary["decided"] > 1:
        facts.append(words("passedOf", n=summary["passed"], all=summary["decided"]))
    failed = summary["first_failed"]
    reason = f"✗ {failed}" if failed else words.get("ungraded", summary["code"])
    return Line(
        *verdict(summary["code"], lang),
        facts=tuple(facts),
        reason=reason,
    )


def problem_line(result: ResultInfo, problem: Problem, lang: str) -> Line:
    """Return the line of a result for one of several problems."""
    said = result["problems"].get(problem.id)
    if said is None:
        return result_line(result, lang)
    grade = grade_text(result["grade"], lang)
    if result["grade"] is not None:
        grade = Words("widget", lang)("ofTask", grade=grade)
    return Line(*verdict(said["code"], lang), facts=(grade,), reason=problem.name)


def phase_line(phase: str, lang: str) -> Line:
    """Return the line of a submission without a result, such as one that was refused."""
    words = Words("widget", lang)
    refused = phase == "refused"
    return Line(
        tone("killed") if refused else "inginious-tone-waiting",
        "!" if refused else "◷",
        words(f"phases.{phase}"),
        facts=(words("noGrade"),) if refused else (),
    )


def verdict(code: str, lang: str) -> tuple[str, str, str]:
    """Return the colour's class, the mark and the word of a result code."""
    return tone(code), _MARKS.get(code, "!"), Words("widget", lang).named("results", code)


def tone(code: str) -> str:
    """Return the class of a result code's colour."""
    return f"inginious-tone-{code if code in RESULT_CODES else 'error'}"


def grade_text(grade: float | None, lang: str) -> str:
    """Return a grade as people write it, "no grade" where nothing was graded."""
    words = Words("widget", lang)
    return words("noGrade") if grade is None else words("percent", value=number(grade, lang))
