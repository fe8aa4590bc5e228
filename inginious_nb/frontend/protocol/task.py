"""The state of a view of a task: the synced traits of the widget, and what they are made of.

A host may save them with the notebook, so nothing in them is an address or a secret. `serialize`
fills them. The same is said in ``js/protocol/task.ts``.
"""

from __future__ import annotations

from typing import Literal, TypedDict


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
    """A task; ``site`` is where it is from, empty for a folder.

    Times are seconds since the epoch, here and below.
    """

    ref: str
    name: str
    author: str
    context_html: str
    accessible: bool
    deadline: float | None
    site: str
    evaluation: str
    can_record: bool
    problems: list[ProblemInfo]


class Standing(TypedDict):
    """The standing of the user in a task; ``limit`` says in words how many attempts are left."""

    attempts: int
    attempts_left: int | None
    limit: str
    best_grade: float | None
    best_code: str | None
    last_grade: float | None
    last_code: str | None


class SourceInfo(TypedDict):
    """The place where one answer was read."""

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
    note: str
    limit_s: float | None
    error: str | None
    error_problem: str | None
    has_ssh: bool
    sources: list[SourceInfo]
    now: float


class HtmlPart(TypedDict):
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
    """The part of a result about one problem."""

    code: str
    feedback: HtmlPart


class TestInfo(TypedDict):
    """One test, or a tag that the grader gave; ``name`` is what people call it."""

    id: str
    name: str
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


class ResultSummary(TypedDict):
    """A result in one line.

    ``grade`` is None where nothing was graded. ``passed`` and ``decided`` count tests or, where
    none says passed or not, problems; ``first_failed`` is the first of them that failed, in words.
    """

    submission: str
    number: int
    at: float | None
    code: str
    grade: float | None
    passed: int
    decided: int
    first_failed: str


class ResultInfo(ResultSummary):
    """A result; ``custom`` is JSON text, None if the grader sent no values of its own."""

    feedback: HtmlPart
    problems: dict[str, ProblemResult]
    tests: list[TestInfo]
    test_counts: TestCounts
    custom: TextPart | None
    archive_bytes: int | None
    stdout: TextPart | None
    stderr: TextPart | None


class SubmissionRow(TypedDict):
    """One line of the history.

    ``under_way_elsewhere``: another process, such as a kernel, waits for its result.
    """

    id: str
    number: int
    submitted_at: float
    finished_at: float | None
    code: str | None
    grade: float | None
    origin: str
    under_way_elsewhere: bool


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
    """The magic wants the live cells: the page that ran its cell answers with a submit request.

    ``client`` is that page's Jupyter session, empty if unknown, and ``cell_id`` the cell.
    """

    id: str
    kind: Literal["submit"]
    client: str
    cell_id: str


Role = Literal["task", "submission", "answer"]
"""A whole task, a submission made by a command (the task folded away), or one answer's feedback."""


class Subject(TypedDict):
    """The subject of a view: a widget by its key, else a task and the result that was kept."""

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
    """The synced traits of a widget; ``student`` who submits, if not the person here."""

    key: str
    lang: str
    role: Role
    problem_id: str
    student: str
    task: TaskInfo | None
    standing: Standing
    submission: SubmissionInfo | None
    result: ResultInfo | None
    history: list[SubmissionRow]
    service: ServiceInfo
    drafts: dict[str, Draft]
    request: FrontEndRequest | None


class FileInfo(TypedDict):
    """A file that would be sent; ``beginning`` is empty where it is not known to be text."""

    size_bytes: int
    media_type: str
    beginning: str


class PreviewAnswer(TypedDict):
    """The answer to one problem that would be sent, and its source; ``kind`` may be ``missing``."""

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
    has_magics: bool


class OldAnswer(TypedDict):
    """An answer of an earlier submission, for reading and, if it is not a file, for restoring."""

    text: str
    choices: list[str]
