"""The result of a job, from what it left in its workspace and how it ended."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inginious_nb.i18n import Message, faults

from .feedback import FeedbackError, NoFeedbackError, NotJsonError, read_feedback
from .missing_feedback import NO_FEEDBACK, died_after_success, why_no_feedback, with_unread
from .old_python import shell_script

if TYPE_CHECKING:
    from inginious_nb.grader.sandbox import Reason
    from inginious_nb.grader.sandbox.launch_script import Verdict

    from .feedback import Feedback
    from .grading import Request
    from .workspace import Workspace

logger = logging.getLogger(__name__)

_MAX_FEEDBACK_BYTES = 64 << 20
_MAX_ARCHIVE_BYTES = 256 << 20
_MAX_OUTPUT_BYTES = 4 << 20
_TAIL_CHARACTERS = 2000

# These reasons discard the feedback and output of the script (docs/protocol.md, The grading
# container).
# A file over the size limit is not among them: the output of a script goes to a file, so a script
# that prints without end is only cut off, and feedback that it gives afterwards counts.
_CODES = {
    "killed": "killed",
    "memory": "overflow",
    "disk": "overflow",
    "hidden": "overflow",
    "time": "timeout",
}
_TEXTS = {
    "hidden": Message(
        "It was ended because one of its programs hid itself from the grader, which could not see "
        "how much memory that uses."
    )
}

_NOT_ARCHIVED = "Not in the archive, as they are no files or cannot be read: {}."
_NOT_READ = "Not in the job, as the grader cannot read them: {}."


@dataclass(frozen=True)
class GradingResult:
    """The end of a job.

    Attributes:
        code: The result code, unless there is feedback.
        text: The text that goes with the code.
        feedback: What the script said, or None if it does not count.
        keeps_state: Whether the student's previous state stays.
        archive: What it left in ``/archive``, or None.
        stdout: What the run script printed; empty unless debug.
        stderr: The same for its errors.
        warning: What the author of the task should know; empty if nothing.
    """

    code: str
    text: str = ""
    feedback: Feedback | None = None
    keeps_state: bool = True
    archive: bytes | None = None
    stdout: str = ""
    stderr: str = ""
    warning: str = ""


@dataclass(frozen=True)
class EndedJob:
    """A job whose programs have ended.

    Attributes:
        request: What was to be graded.
        workspace: What it left.
        reason: Why it ended.
        path: Where its programs were looked for.
        verdict: How the run script ended, None if there was none.
        unread: Files of the task that it had to do without.
        no_feedback: The text for feedback that is not there.
    """

    request: Request
    workspace: Workspace
    reason: Reason
    path: str
    verdict: Verdict | None = None
    unread: tuple[str, ...] = ()
    no_feedback: Message = NO_FEEDBACK

    async def result(self, kill_requested: asyncio.Event) -> GradingResult:
        """Return the result; what was left can keep us busy, so a kill counts until it is known."""
        given_up = threading.Event()
        reading = asyncio.ensure_future(asyncio.to_thread(self._read, given_up))
        killing = asyncio.create_task(kill_requested.wait())
        try:
            await asyncio.wait({reading, killing}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                return reading.result()
            given_up.set()
            result = await reading
            return GradingResult(_CODES["killed"], stdout=result.stdout, stderr=result.stderr)
        finally:
            given_up.set()
            killing.cancel()

    def _read(self, given_up: threading.Event) -> GradingResult:
        if self.reason in _CODES:
            return GradingResult(_CODES[self.reason], _TEXTS.get(self.reason, ""))
        stdout, stderr = self._outputs() if self.request.debug else ("", "")
        content = self.workspace.feedback(_MAX_FEEDBACK_BYTES + 1)
        try:
            feedback = read_feedback(content, _MAX_FEEDBACK_BYTES)
        except FeedbackError as error:
            result = self._crash(error, given_up)
        else:
            result = self._graded(feedback, given_up)
        return replace(result, stdout=stdout, stderr=stderr + result.stderr)

    def _graded(self, feedback: Feedback, given_up: threading.Event) -> GradingResult:
        """Return the result that the feedback says, with notes on stderr for who debugs."""
        archive = self.workspace.archive(_MAX_ARCHIVE_BYTES, given_up)
        warning = self._warning() if feedback.result == "success" else ""
        return GradingResult(
            feedback.result,
            feedback=feedback,
            keeps_state=False,
            archive=archive.content,
            stderr=self._notes(archive.skipped, warning) if self.request.debug else "",
            warning=warning,
        )

    def _crash(self, error: FeedbackError, given_up: threading.Event) -> GradingResult:
        """Return the result of a job whose feedback cannot be read."""
        name = self.request.task.name
        if isinstance(error, NoFeedbackError):
            log_output(self.workspace, name)
            text = with_unread(self._without_feedback(), self.unread)
            return GradingResult("crash", text, keeps_state=False)
        if isinstance(error, NotJsonError):
            logger.warning("The feedback of %s is not JSON: %s", name, error)
            text = faults.of_either(
                Message(
                    "The feedback of the task was written by something else than its run script."
                )
            )
            archive = self.workspace.archive(_MAX_ARCHIVE_BYTES, given_up)
            return GradingResult("crash", text, keeps_state=False, archive=archive.content)
        logger.warning("The feedback of %s is unusable: %s", name, error)
        text = faults.of_task(
            Message("The feedback that the task gave cannot be read: {reason}.", reason=str(error))
        )
        return GradingResult("crash", text)

    def _outputs(self) -> tuple[str, str]:
        """Return what the run script wrote to stdout and to stderr."""
        output = self.workspace.output
        return output("stdout", _MAX_OUTPUT_BYTES), output("stderr", _MAX_OUTPUT_BYTES)

    def _notes(self, not_archived: tuple[str, ...], warning: str) -> str:
        """Return what only who debugs a task reads, each on a line of its own."""
        notes = [
            _NOT_READ.format(", ".join(self.unread)) if self.unread else "",
            _NOT_ARCHIVED.format(", ".join(not_archived)) if not_archived else "",
            warning,
        ]
        return "".join(f"\n{note}\n" for note in notes if note)

    def _warning(self) -> str:
        if self.verdict is None:
            return ""
        script = shell_script(self.request.task, self.request.common)
        stdout, stderr = self._outputs()
        return died_after_success(stdout, stderr, status=self.verdict.status, script=script)

    def _without_feedback(self) -> str:
        request = self.request
        folders = [request.task, *([request.common] if request.common is not None else [])]
        _, errors = self._outputs()
        return why_no_feedback(self.no_feedback, folders=folders, errors=errors, path=self.path)


def log_output(workspace: Workspace, task_name: str) -> None:
    """Log the end of what the run script of a task wrote."""
    for name in ("stdout", "stderr"):
        tail = workspace.output(name, _MAX_OUTPUT_BYTES)[-_TAIL_CHARACTERS:]
        if tail.strip():
            logger.warning("%s of %s: %s", name, task_name, tail)
