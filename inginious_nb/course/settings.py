"""Settings of a task that a course decides: weight, deadline, which submission counts.

They stand in ``dispenser_data`` of course.yaml or, before INGInious 0.7, in task.yaml
(docs/protocol.md, Courses on disk).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from . import fields
from .accessibility import Accessibility
from .fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Mapping

EvaluationMode = Literal["best", "last"]

_LEGACY = {
    "accessibility": "accessible",
    "weight": "weight",
    "evaluation_mode": "evaluate",
    "submission_limit": "submission_limit",
    "categories": "categories",
}


class SubmissionLimit(Struct, frozen=True):
    """The limit on submissions; None is no limit.

    Attributes:
        amount: How many.
        period_h: Within how many hours; None counts all submissions ever.
    """

    amount: int | None = None
    period_h: int | None = None


class TaskSettings(Struct, frozen=True):
    """The settings of one task in its course.

    Attributes:
        weight: Its share in the grade of the course.
        evaluation_mode: Whether the best or the last submission counts.
        submission_limit: How many are allowed.
        categories: Ids of course tags that group tasks.
        accessibility: When it is open.
    """

    weight: float = 1.0
    evaluation_mode: EvaluationMode = "best"
    submission_limit: SubmissionLimit = field(default_factory=SubmissionLimit)
    categories: tuple[str, ...] = ()
    accessibility: Accessibility = field(default_factory=Accessibility)


def legacy_settings(task_data: Mapping[Any, Any]) -> TaskSettings:
    """Read the settings that stand in a task.yaml itself.

    Raises:
        FieldError: One of them cannot be used.
    """
    present = {key: task_data[legacy] for key, legacy in _LEGACY.items() if legacy in task_data}
    try:
        return read_settings(present)
    except FieldError as error:
        key, *rest = error.keys
        raise FieldError(str(error), _LEGACY[str(key)], *rest) from None


def read_settings(data: Mapping[Any, Any], *, accessible: bool = True) -> TaskSettings:
    """Read the settings of one task from the course's dispenser configuration.

    Args:
        data: The mapping of that task.
        accessible: What an absent accessibility means.

    Raises:
        FieldError: One of them cannot be used.
    """
    try:
        accessibility = Accessibility.parse(data.get("accessibility", accessible))
    except FieldError as error:
        raise FieldError(f"accessibility: {error}", "accessibility") from None
    mode = data.get("evaluation_mode") or "best"
    if mode not in ("best", "last", "student"):
        raise FieldError(
            f"evaluation_mode must be best or last, not {fields.shown(mode)}", "evaluation_mode"
        )
    categories = data.get("categories") or ()
    if not isinstance(categories, (list, tuple)):
        raise FieldError("categories must be a list", "categories")
    return TaskSettings(
        weight=fields.number(_given(data, "weight", 1), "weight", "weight"),
        # "student" let the student choose which one counts; the best is what they would choose.
        evaluation_mode="last" if mode == "last" else "best",
        submission_limit=_submission_limit(data.get("submission_limit")),
        categories=tuple(str(category) for category in categories),
        accessibility=accessibility,
    )


def _given(data: Mapping[Any, Any], key: str, default: object) -> object:
    value = data.get(key)
    return default if value is None or value == "" else value


def _submission_limit(value: object) -> SubmissionLimit:
    if value in (None, "", "none"):
        return SubmissionLimit()
    raw = fields.mapping(value, "submission_limit", "submission_limit")

    def bound(key: str) -> int | None:
        number = fields.integer(
            _given(raw, key, -1), f"submission_limit: {key}", "submission_limit", key, at_least=-1
        )
        return None if number == -1 else number

    return SubmissionLimit(amount=bound("amount"), period_h=bound("period"))
