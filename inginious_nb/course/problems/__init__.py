"""The problem types of INGInious: what each asks, and what an answer to it must look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inginious_nb.course import fields
from inginious_nb.course.fields import FieldError
from inginious_nb.course.ids import ID_RULE, is_valid_id, suggestion

from .base import Problem
from .choice import MultipleChoiceProblem
from .text import CodeProblem, MatchProblem, SingleLineCodeProblem
from .upload import FileProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CodeProblem",
    "FileProblem",
    "MatchProblem",
    "MultipleChoiceProblem",
    "Problem",
    "SingleLineCodeProblem",
    "canonical_type",
    "read_problems",
]

_TYPES: dict[str, type[Problem]] = {
    kind.type: kind
    for kind in (
        CodeProblem,
        SingleLineCodeProblem,
        FileProblem,
        MultipleChoiceProblem,
        MatchProblem,
    )
}

_ALIASES = {
    # The spellings of INGInious < 0.6, still common (docs/protocol.md, Problems).
    "multiple-choice": "multiple_choice",
    "code-single-line": "code_single_line",
    "code-file": "file",
}

# A plugin's type whose answer is the program as text: a student may as well write that program.
_ANSWERED_AS = {"blockly": CodeProblem}


def canonical_type(kind: object) -> object:
    """Return today's name of a problem type; anything unknown is returned as it is."""
    return _ALIASES.get(kind, kind) if isinstance(kind, str) else kind


def read_problems(data: Mapping[Any, Any]) -> dict[str, Problem]:
    """Build the problems of a task.yaml, in its order.

    Raises:
        FieldError: There is no map of problems, or one of them cannot be used.
    """
    if "problems" not in data:
        raise FieldError("problems is missing; a task needs a map of problem ids to problems")
    raw_problems = fields.mapping(data["problems"], "problems", "problems")
    problems = {}
    for problem_id, raw in raw_problems.items():
        try:
            problems[problem_id] = _read_problem(problem_id, raw)
        except FieldError as error:
            located = FieldError(f"problem {fields.shown(problem_id)}: {error}", *error.keys)
            raise located.within("problems", problem_id) from None
    return problems


def _read_problem(problem_id: object, raw: object) -> Problem:
    if not isinstance(problem_id, str):
        raise FieldError("its id must be text; put it between quotes")
    if not is_valid_id(problem_id):
        raise FieldError(f"its id may hold only {ID_RULE}")
    data = fields.mapping(raw, "it")
    kind = canonical_type(data.get("type"))
    if kind is None:
        raise FieldError(f"its type is missing; use one of {', '.join(_TYPES)}")
    problem_class = _ANSWERED_AS.get(str(kind)) or _TYPES.get(str(kind))
    if problem_class is None:
        hint = suggestion(str(kind), _TYPES)
        raise FieldError(
            f"its type {fields.shown(kind)} needs a plugin that is not here.{hint}", "type"
        )
    return problem_class.read(problem_id, data)
