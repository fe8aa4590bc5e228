"""The result of a job, as callers get it."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self

from inginious_nb.errors import AnswerError, InginiousError
from inginious_nb.i18n import Message, faults
from inginious_nb.i18n.results import custom_of_task, translatable

if TYPE_CHECKING:
    from collections.abc import Callable

    from inginious_nb.messages import BackendJobDone

Result = tuple[str, str]
"""A code (``success``, ``failed``, ``crash``, …; docs/protocol.md, Results) and a text."""

_PAIR = 2

UNAVAILABLE = Message("Backend unavailable, retry later")
"""The documented text of a job that no backend took (docs/protocol.md, Client contract)."""


class JobResult(tuple[Result, float, dict[str, Result], dict[str, Any], Any, "bytes | None"]):  # noqa: SLOT001 - has attributes
    """The six documented values ``(result, grade, problems, tests, custom, archive)``.

    They can be unpacked like INGInious's, or read by name. What INGInious 0.9.2 returns beyond
    them are attributes only.

    Attributes:
        state: Opaque text for the next submission's ``@state``.
        stdout: Standard output of the grading script; None where there was no script.
        stderr: Its standard error, likewise.
    """

    state: str
    stdout: str | None
    stderr: str | None

    result: Result = property(itemgetter(0))  # type: ignore[assignment]
    grade: float = property(itemgetter(1))  # type: ignore[assignment]
    problems: dict[str, Result] = property(itemgetter(2))  # type: ignore[assignment]
    tests: dict[str, Any] = property(itemgetter(3))  # type: ignore[assignment]
    custom: Any = property(itemgetter(4))
    archive: bytes | None = property(itemgetter(5))  # type: ignore[assignment]

    def __new__(  # noqa: D102 - the class docstring says it
        cls,
        result: Result,
        grade: float = 0.0,
        problems: dict[str, Result] | None = None,
        tests: dict[str, Any] | None = None,
        custom: Any = None,
        archive: bytes | None = None,
        state: str = "",
        stdout: str | None = "",
        stderr: str | None = "",
    ) -> Self:
        values = (
            result,
            grade,
            {} if problems is None else problems,
            {} if tests is None else tests,
            {} if custom is None else custom,
            archive,
        )
        self = super().__new__(cls, values)
        self.state = state
        self.stdout = stdout
        self.stderr = stderr
        return self

    @classmethod
    def from_message(cls, done: BackendJobDone) -> Self:
        """Read a backend's answer.

        A problem whose script set a text but no code comes as bare text; it gets the code of the
        result (docs/protocol.md, Results).
        """
        code, text = done.result
        result = (code, translatable(text, done.custom))
        problems = {name: _problem(value, code) for name, value in done.problems.items()}
        return cls(
            result,
            float(done.grade),
            problems,
            done.tests,
            custom_of_task(done.custom),
            done.archive,
            done.state,
            done.stdout,
            done.stderr,
        )

    def with_texts(self, change: Callable[[str], str]) -> Self:
        """Return the same result with each text of its feedback changed."""
        code, text = self.result
        return type(self)(
            (code, change(text)),
            self.grade,
            {name: (word, change(told)) for name, (word, told) in self.problems.items()},
            self.tests,
            self.custom,
            self.archive,
            self.state,
            self.stdout,
            self.stderr,
        )

    def nine(self) -> tuple[Any, ...]:
        """Return the values in the order in which INGInious 0.9.2 calls back.

        Source: docs/protocol.md, Client contract.
        """
        return (*self[:5], self.state, self[5], self.stdout, self.stderr)

    def __repr__(self) -> str:
        """Return the six values by name, the archive by its size."""
        archive = None if self.archive is None else f"<{len(self.archive)} bytes>"
        return (
            f"{type(self).__name__}(result={self.result!r}, grade={self.grade!r}, "
            f"problems={self.problems!r}, tests={self.tests!r}, custom={self.custom!r}, "
            f"archive={archive})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self, self.state, self.stdout, self.stderr)


def _problem(value: Any, code: str) -> Result:
    """Return what a result says of one problem, which scripts can set to any value."""
    if isinstance(value, (tuple, list)) and len(value) == _PAIR:
        return _text(value[0]), _text(value[1])
    return code, _text(value)


def _text(value: object) -> str:
    if type(value) is str:
        return value
    if isinstance(value, (tuple, list)):
        return str(list(value))
    return "" if value is None else str(value)


def why_unsent(error: Exception) -> str:
    """Return the text of the crash of a job that cannot be sent, as encoding it raised."""
    if isinstance(error, AnswerError):
        return faults.of_answer(error.text)
    text = Message("The job cannot be sent ({reason}).", reason=str(error) or type(error).__name__)
    return faults.of_contents(error.text if isinstance(error, InginiousError) else text)


def with_fault(result: JobResult) -> JobResult:
    """Return a result for a person, which says whose fault it is that no backend took the job.

    Callers of the documented API may compare the documented text; sites show it, too.
    """
    if result.result != ("crash", UNAVAILABLE):
        return result
    text = faults.of_nobody(Message("The grading service is not available; submit again later."))
    return JobResult(("crash", text))


def taking_nine(take: Callable[[JobResult], object]) -> Callable[..., None]:
    """Return a callback of INGInious 0.9.2's nine values that passes them to take as one result."""

    def callback(
        result: Result,
        grade: float,
        problems: dict[str, Any],
        tests: dict[str, Any],
        custom: Any,
        state: str,
        archive: bytes | None,
        stdout: str | None,
        stderr: str | None,
    ) -> None:
        take(JobResult(result, grade, problems, tests, custom, archive, state, stdout, stderr))

    return callback
