"""The one exception tree. Everything may import it; it imports nothing but `i18n`.

::

    InginiousError                  every error of this package; its text is for a person
    ├── WireError
    │   ├── LocalProtocolError      we were about to send what the protocol does not allow
    │   └── RemoteProtocolError     a peer sent what the protocol does not allow
    ├── CourseError                 a course folder or one of its tasks cannot be used
    │   ├── CourseNotFoundError
    │   └── TaskNotFoundError
    ├── AnswerError                 an answer cannot be submitted as it is
    ├── BackendError
    │   └── BackendUnavailableError no grading service answers at the address
    ├── ServiceError                the embedded grading service cannot run
    │   └── ServiceEndedError       it ended, or could not be made, for what may pass
    ├── HistoryError                the history of submissions cannot be read or written
    ├── ClassBusyError              another program grades the notebooks of the class
    ├── WaitTimeoutError            a wait for a result ended before it came (also a TimeoutError)
    └── UsageError                  a command was called with words that make no sense
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from . import i18n

if TYPE_CHECKING:
    from pathlib import Path

_COLUMNS = 68  # a notebook breaks longer lines in the middle of a word


class InginiousError(Exception):
    """Base of all errors raised by inginious_nb.

    ``str(error)`` is a sentence that tells a person what to do next; details go to the log.

    Attributes:
        text: That text, which may be one that has translations (`i18n.Message`).
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.text = text

    def in_language(self, lang: str) -> str:
        """Return its text in a language; in English where it has no translation."""
        return i18n.in_language(self.text, lang)

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback, which would help no student."""
        text = i18n.printable(self.in_language(i18n.reader_language()))
        lines = [
            textwrap.fill(line, _COLUMNS, break_long_words=False, break_on_hyphens=False)
            for line in text.splitlines()
        ]
        return ["\n".join(lines)]


class WireError(InginiousError):
    """Something on the wire is not as it must be (docs/protocol.md, Messages)."""


class LocalProtocolError(WireError):
    """We were about to send a message that the protocol does not allow; nothing was sent."""


class RemoteProtocolError(WireError):
    """A peer sent a frame that is not a message of the protocol."""


class CourseError(InginiousError):
    """A course folder, or one task of it, cannot be used.

    Attributes:
        path: The offending file, if one is known.
        line: Its 1-based line, if known.
    """

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.line = line


class CourseNotFoundError(CourseError):
    """No course of that id is known."""


class TaskNotFoundError(CourseError):
    """The course has no task of that id."""


class AnswerError(InginiousError):
    """An answer cannot be submitted as it is.

    Attributes:
        problem_id: The problem it was meant for, or None if it concerns the whole task.
    """

    def __init__(self, message: str, *, problem_id: str | None = None) -> None:
        super().__init__(message)
        self.problem_id = problem_id


class BackendError(InginiousError):
    """The grading service could not take or finish a job."""


class BackendUnavailableError(BackendError):
    """No grading service answers at the address."""


class ServiceError(InginiousError):
    """The embedded grading service cannot be started or has ended."""


class ServiceEndedError(ServiceError):
    """The embedded grading service ended, or could not be made now; it may start the next time."""


class HistoryError(InginiousError):
    """The history of submissions cannot be read or written."""


class ClassBusyError(InginiousError):
    """Another program is grading the notebooks of a class; the text says which, and since when."""


class WaitTimeoutError(InginiousError, TimeoutError):
    """A wait for a result ended before it came; the submission itself goes on."""


class UsageError(InginiousError):
    """A command was called with words that make no sense; the text says which would."""
