"""What crosses between kernel and browser: the mirror of ``js/protocol.ts``.

Only shapes and names live here; `present` fills them. Everything is JSON: these dictionaries are
the synced traits of the widget, which a host may save with the notebook, so none has an address
or a secret in it.
"""

from __future__ import annotations

from typing import Literal, TypedDict

PROTOCOL_VERSION = 1

RequestKind = Literal[
    "preview",
    "submit",
    "resubmit",
    "kill",
    "attempt",
    "archive",
    "output",
    "file",
    "draft",
    "lang",
    "where",
    "ssh",
    "snapshot",
]
"""Everything the browser may ask; each request is answered exactly once."""

MessageKind = Literal["reply", "state"]
"""What the kernel sends on our own comm."""


WakerKind = Literal["made", "wake", "woken"]
"""What the waker in the page says, and what it is told (`waker`)."""


class ChoiceInfo(TypedDict):
    """One choice of a multiple-choice problem, in display order."""

    index: str
    text: str
    html: str


class ProblemInfo(TypedDict):
    """A problem; what does not apply to its type is empty."""

    id: str
    type: str
    name: str
    header_html: str
    language: str
    optional: bool
    default: str
    multiple: bool
    choices: list[ChoiceInfo]
    max_size_bytes: int | None
    allowed_exts: list[str]


class TaskInfo(TypedDict):
    """A task; times are seconds since the epoch, here and below."""

    ref: str
    name: str
    author: str
    context_html: str
    accessible: bool
    deadline: float | None
    evaluation: str
    problems: list[ProblemInfo]


class Standing(TypedDict):
    """How the user stands in a task."""

    attempts: int
    best_grade: float | None
    best_code: str | None
    last_grade: float | None
    last_code: str | None


class SourceInfo(TypedDict):
    """Where one answer was read."""

    problem_id: str
    kind: str
    label: str
    cell_ids: list[str]
    read_at: float


class SubmissionInfo(TypedDict):
    """The submission that is under way, or the last one of this kernel."""

    id: str
    number: int
    origin: str
    phase: str
    times: dict[str, float]
    at_most_before: int | None
    sendings: int
    kill_requested: bool
    limit_s: float | None
    error: str | None
    error_problem: str | None
    has_ssh: bool
    sources: list[SourceInfo]
    now: float


class SafeHtml(TypedDict):
    """HTML made by render.py; ``cut`` if it is only the beginning of a text of ``size_bytes``."""

    html: str
    size_bytes: int
    cut: bool


class TextPart(TypedDict):
    """Plain text, possibly only the beginning of it."""

    text: str
    size_bytes: int
    cut: bool


class ProblemResult(TypedDict):
    """What a result says about one problem."""

    code: str
    feedback: SafeHtml


class TestInfo(TypedDict):
    """One test, or a tag that the grader gave."""

    id: str
    kind: Literal["passed", "failed", "text", "tag"]
    text: str


class TestCounts(TypedDict):
    """Of all tests: those passed, those that say passed or not, those that are not shown.

    ``cut`` if only the beginning of some text is shown.
    """

    passed: int
    decided: int
    left_out: int
    cut: bool


class ResultInfo(TypedDict):
    """A result; ``custom`` is JSON text, None if the grader sent no values of its own."""

    submission: str
    number: int
    at: float | None
    code: str
    grade: float
    feedback: SafeHtml
    problems: dict[str, ProblemResult]
    tests: list[TestInfo]
    test_counts: TestCounts
    custom: TextPart | None
    archive_bytes: int | None
    stdout: TextPart | None
    stderr: TextPart | None


class AttemptInfo(TypedDict):
    """One line of the history."""

    id: str
    number: int
    submitted_at: float
    finished_at: float | None
    code: str | None
    grade: float | None
    origin: str


class ServiceInfo(TypedDict):
    """The state of the grading service, without its address."""

    kind: str
    state: str
    silent_s: float
    message: str


class Draft(TypedDict):
    """A value entered in some view; ``by`` tells that view that it is its own."""

    value: str | list[str]
    by: str


class FrontEndRequest(TypedDict):
    """The magic wants the live cells: the front end answers with a submit request."""

    id: str
    kind: Literal["submit"]


Role = Literal["task", "submission", "answer"]
"""A whole task, a submission made by a command (the task folded away), or one answer's feedback."""


class Subject(TypedDict):
    """What a view is about: a widget by its key, else a task and the result that was kept."""

    widget: str
    task: str
    role: Role
    problem_id: str
    submission: str


class SavedView(TypedDict):
    """A view that a saved notebook shows, and the model that it belongs to."""

    model_id: str
    subject: Subject


class WidgetState(TypedDict):
    """The synced traits of a widget."""

    key: str
    lang: str
    role: Role
    problem_id: str
    task: TaskInfo | None
    standing: Standing
    submission: SubmissionInfo | None
    result: ResultInfo | None
    history: list[AttemptInfo]
    service: ServiceInfo
    drafts: dict[str, Draft]
    request: FrontEndRequest | None


class FileInfo(TypedDict):
    """A file that would be sent; ``beginning`` is empty where it is not known to be text."""

    size_bytes: int
    media_type: str
    beginning: str


class PreviewAnswer(TypedDict):
    """What would be sent for one problem, and from where; ``kind`` may be ``missing``."""

    problem_id: str
    kind: str
    label: str
    cell_ids: list[str]
    read_at: float
    text: str
    choices: list[str]
    file: FileInfo | None
    error: str | None
    changed: bool | None


class OldAnswer(TypedDict):
    """An answer of an earlier attempt, for reading and, if it is not a file, for restoring."""

    text: str
    choices: list[str]
