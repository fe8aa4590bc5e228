"""The requests of a view of a task, and their replies; `frontend.requests` answers them.

The same is said in ``js/protocol/task_requests.ts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from .common import EmptyMessage, LangRequest, SubmissionRequest
from .sign_in import AccountInfo, SignInReply, SignInRequest
from .task import OldAnswer, PreviewAnswer, ResultInfo, SubmissionRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class CellMetadata(TypedDict):
    """The part of a cell's metadata that is read."""

    tags: list[str]


class CellInfo(TypedDict):
    """A notebook cell in the words of nbformat."""

    id: str
    cell_type: str
    source: str
    execution_count: int | None
    metadata: CellMetadata


class FileAnswer(TypedDict, total=False):
    """A file as an answer: its bytes in a buffer of the message, its size, or a path there."""

    filename: str
    buffer: int
    size_bytes: int
    path: str


RawAnswer = str | list[str] | FileAnswer | None
"""An answer as entered in the widget."""


class PreviewRequest(TypedDict):
    """Tell what would be sent; ``cells`` is None where the host has no readable notebook."""

    cells: list[CellInfo] | None
    answers: dict[str, RawAnswer]
    magics: NotRequired[Literal["skip", "send"]]


class PreviewReply(TypedDict):
    """The answers that would be sent, problem by problem."""

    answers: list[PreviewAnswer]


class SubmitRequest(TypedDict):
    """Submit; ``submission`` is the one of a command that waits for these answers.

    ``notebook`` is the path from the root of the Jupyter server.
    """

    cells: list[CellInfo] | None
    answers: dict[str, RawAnswer]
    debug: NotRequired[bool | Literal["ssh"]]
    submission: NotRequired[str]
    magics: NotRequired[Literal["skip", "send"]]
    notebook: NotRequired[str]


class SubmissionReply(TypedDict):
    """The submission that was made."""

    submission: str


class RecordReply(TypedDict):
    """The file of the recorded test."""

    file: str


class OpenReply(TypedDict):
    """A submission of the history with all that is shown of it."""

    row: SubmissionRow
    result: ResultInfo | None
    answers: dict[str, OldAnswer]


class OutputRequest(TypedDict):
    """A whole text of a result: ``feedback``, ``problem:ID``, ``stdout``, ``tests``, …."""

    submission: str
    what: str


class DownloadReply(TypedDict):
    """The name of a file, whose bytes are in the buffer of the message."""

    filename: str


class FileRequest(TypedDict):
    """Look at a file on the kernel's disk that is to answer a problem."""

    problem: str
    path: str


class FileReply(TypedDict):
    """The file that would be sent."""

    filename: str
    size_bytes: int


class DraftRequest(TypedDict):
    """Keep what was entered in one view, for the others."""

    problem: str
    value: str | list[str]
    by: str


class StudentRequest(TypedDict):
    """Submit as another student from now on; an empty name is the person here."""

    username: str


class WhereReply(TypedDict):
    """The place where answers are graded, and the isolation of scripts there."""

    kind: str
    address: str
    sandbox: str
    isolated: list[str]
    open: list[str]


class SshReply(TypedDict):
    """The way into a remote shell. A secret: in no trait, and shown on request only."""

    command: str
    password: str


class SnapshotRequest(TypedDict):
    """Make the static outputs of a view anew."""

    key: str
    problem: str


REQUESTS = {
    "preview": PreviewRequest,
    "submit": SubmitRequest,
    "resubmit": SubmissionRequest,
    "kill": SubmissionRequest,
    "open": SubmissionRequest,
    "archive": SubmissionRequest,
    "record": SubmissionRequest,
    "output": OutputRequest,
    "file": FileRequest,
    "draft": DraftRequest,
    "lang": LangRequest,
    "submitAs": StudentRequest,
    "where": EmptyMessage,
    "account": EmptyMessage,
    "signIn": SignInRequest,
    "ssh": SubmissionRequest,
    "snapshot": SnapshotRequest,
}
"""Everything the browser may ask, with what each request carries; each is answered exactly once."""

TASK_ORDER: Mapping[str, Collection[str]] = {
    "": ("lang", "submitAs"),
    "lang": ("lang",),
    "draft": ("draft", "submitAs"),
    "record": ("lang", "record"),
    "kill": (),
    # What was asked before belongs to the student of that moment.
    "submitAs": ("submitAs", "draft", "submit", "resubmit"),
}
"""The earlier requests of its view that each one follows; under "" those that any other does."""

REPLIES = {
    "preview": PreviewReply,
    "submit": SubmissionReply,
    "resubmit": SubmissionReply,
    "kill": EmptyMessage,
    "open": OpenReply,
    "archive": DownloadReply,
    "record": RecordReply,
    "output": DownloadReply,
    "file": FileReply,
    "draft": EmptyMessage,
    "lang": EmptyMessage,
    "submitAs": EmptyMessage,
    "where": WhereReply,
    "account": AccountInfo,
    "signIn": SignInReply,
    "ssh": SshReply,
    "snapshot": dict[str, str],
}
"""What answers each request; ``snapshot`` the outputs by MIME type."""
