"""The value of ``%inginious submit``: a submission to wait for, to kill and to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inginious_nb.submissions.submission import CONTACT_TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from inginious_nb.submissions import JobResult
    from inginious_nb.submissions.submission import Phase, Submission


class Handle:
    """A submission as a user's program holds it.

    It appears once beneath the cell that made it and again wherever it is the value of a cell.

    Args:
        submission: The submission.
        show: Displays the submission, live where there is a front end.
        needed: Called when somebody begins to wait for it.
        mimebundle: Gives its static forms.
        moment: Tells which execution runs now.
    """

    def __init__(
        self,
        submission: Submission,
        *,
        show: Callable[[], object],
        needed: Callable[[], object],
        mimebundle: Callable[[Submission], dict[str, str]],
        moment: Callable[[], object],
    ) -> None:
        self.submission = submission
        self._show = show
        self._needed = needed
        self._mimebundle = mimebundle
        self._moment = moment
        self._shown_at = moment()

    def __repr__(self) -> str:
        return repr(self.submission)

    @property
    def phase(self) -> Phase:
        """Return whether it is reading, saved, sent, queued, running, done or refused."""
        return self.submission.phase

    @property
    def done(self) -> bool:
        """Return whether nothing more happens to it."""
        return self.submission.done

    def result(self, timeout_s: float | None = None) -> JobResult:
        """Wait for the result: (result, grade, problems, tests, custom, archive).

        Interrupting the wait leaves the submission running; `kill` ends it.

        Raises:
            WaitTimeoutError: There was none after timeout_s seconds; the submission goes on.
            InginiousError: It was not graded.
        """
        self._needed()
        return self.submission.wait(timeout_s, contact_timeout_s=CONTACT_TIMEOUT_S)

    def kill(self) -> None:
        """Ask for its end."""
        self.submission.kill()

    def __await__(self) -> Generator[Any, None, JobResult]:
        self._needed()
        return self.submission.__await__()

    def _ipython_display_(self) -> None:
        # The cell that submits has shown it already, whether or not it keeps the handle.
        if self._moment() != self._shown_at:
            self._show()

    def _repr_mimebundle_(self, **_kwargs: object) -> dict[str, str]:
        return self._mimebundle(self.submission)
