"""The shapes that cross between kernel and browser: the same as in ``js/protocol.ts``.

Only shapes and names live here; `serialize` fills them, `requests` answers. Everything is JSON.
The state is the synced traits of the widget, which a host may save with the notebook, so nothing
in it is an address or a secret.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

PROTOCOL_VERSION = 1

MessageKind = Literal["reply", "state", "closed"]
"""What is sent on our own comm and on the server's WebSocket: ``closed`` with an ``error``."""


RestoreKind = Literal["made", "restore", "restored"]
"""What the restorer in the page says, and what it is told (`inginious_nb.widget.restore`)."""


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
    """The standing of the user in a task."""

    attempts: int
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


class Part(TypedDict):
    """A part of a large request, from byte ``start`` on; the bytes are in the buffer.

    ``id`` is the request's. The whole is its JSON followed by its buffers, of ``sizes`` bytes.
    """

    v: int
    id: str
    kind: Literal["part"]
    start: int
    sizes: list[int]


# ---- requests ------------------------------------------------------------------------------------


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
    """Submit; ``submission`` is the one of a command that waits for these answers."""

    cells: list[CellInfo] | None
    answers: dict[str, RawAnswer]
    debug: NotRequired[bool | Literal["ssh"]]
    submission: NotRequired[str]
    magics: NotRequired[Literal["skip", "send"]]


class SubmissionRequest(TypedDict):
    """Something that concerns one submission."""

    submission: str


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


class LangRequest(TypedDict):
    """Show texts in a language."""

    lang: str


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


class EmptyMessage(TypedDict):
    """Nothing."""


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
    "ssh": SubmissionRequest,
    "snapshot": SnapshotRequest,
}
"""Everything the browser may ask, with what each request carries; each is answered exactly once."""

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
    "ssh": SshReply,
    "snapshot": dict[str, str],
}
"""What answers each request; ``snapshot`` the outputs by MIME type."""


# ---- what belongs to a person and not to one task ------------------------------------------------


class ProblemRow(TypedDict):
    """A problem in the list of a course."""

    id: str
    name: str


class TaskRow(TypedDict):
    """A task in the list of a course; ``attempts_left`` is None without a limit."""

    ref: str
    name: str
    accessible: bool
    deadline: float | None
    attempts: int
    attempts_left: int | None
    grade: float | None
    code: str | None
    pending: bool
    problems: list[ProblemRow]


class CourseRow(TypedDict):
    """A course; ``site`` is where it is from, empty for a folder.

    The ``errors`` are those of its files, for whoever wrote them.
    """

    id: str
    name: str
    site: str
    tasks: list[TaskRow]
    errors: list[str]


class PendingRow(TypedDict):
    """A submission of this person that has no result yet; submitted ``at`` seconds since 1970.

    ``elsewhere``: another process, such as a kernel, waits for its result and may stop it.
    """

    id: str
    task: str
    name: str
    number: int
    at: float
    phase: str
    at_most_before: int | None
    kill_requested: bool
    note: str
    elsewhere: bool


class AccountInfo(TypedDict):
    """The person signed in at the site that grades; not part of what is saved with a notebook.

    ``username`` is empty where nobody has signed in yet.
    """

    site: str
    username: str
    signed_in: bool


class Overview(TypedDict):
    """The state of a person's courses, as JupyterLab's own interface shows them."""

    version: str
    lang: str
    username: str
    courses: list[CourseRow]
    pending: list[PendingRow]
    service: ServiceInfo
    account: AccountInfo | None
    warnings: list[str]


class FolderRequest(TypedDict):
    """A folder, from the root of the server or absolute."""

    folder: str


class FoldersRequest(TypedDict):
    """Open the courses of folders, as long as the session lives."""

    folders: list[str]


class FoldersReply(TypedDict):
    """The reasons for which some of them were not opened."""

    refused: list[str]


class NewTaskRequest(TypedDict):
    """Make a task in the folder of a course, and the course where there is no such folder."""

    folder: str
    task: str
    task_kind: str


class CoursesReply(TypedDict):
    """The ids of the courses that were found."""

    courses: list[str]


class SignInRequest(TypedDict):
    """Sign in at the site; the secret is a password or, with ``cookie``, that of a session."""

    username: str
    secret: str
    cookie: bool
    keep: bool


class PathReply(TypedDict):
    """The file to open, from the root of the server."""

    path: str


class AnswerCell(TypedDict):
    """A cell, and the problem that it answers."""

    cell_id: str
    task: str
    problem_id: str


class AnswerCellsRequest(TypedDict):
    """Tell which cells of a notebook are answers; courses near its folder become known."""

    cells: list[CellInfo]
    folder: str


class AnswerCellsReply(TypedDict):
    """The cells that are answers."""

    answers: list[AnswerCell]


OVERVIEW_REQUESTS = {
    "lang": LangRequest,
    "openCourse": FolderRequest,
    "courseFolders": FoldersRequest,
    "demo": FolderRequest,
    "newTask": NewTaskRequest,
    "answerCells": AnswerCellsRequest,
    "stop": SubmissionRequest,
    "signIn": SignInRequest,
    "signOut": EmptyMessage,
}
"""Everything that JupyterLab's own interface may ask beside the requests about one task."""

OVERVIEW_REPLIES = {
    "lang": EmptyMessage,
    "openCourse": CoursesReply,
    "courseFolders": FoldersReply,
    "demo": PathReply,
    "newTask": PathReply,
    "answerCells": AnswerCellsReply,
    "stop": EmptyMessage,
    "signIn": EmptyMessage,
    "signOut": EmptyMessage,
}
"""What answers each of them."""


# ---- a class that is graded live -----------------------------------------------------------------


class ClassSubject(TypedDict):
    """A class to open a view of; the folder from the root of the server, or absolute.

    ``tasks`` and ``student_from`` as in `ClassReading`; None for those of the last time.
    """

    folder: str
    no_isolation: bool
    tasks: list[str] | None
    student_from: str | None


class ClassReading(TypedDict):
    """The settings for reading a class; empty for what notebooks and their folders tell."""

    tasks: list[str]
    student_from: str


class ClassTest(TypedDict):
    """A test of a task, and how many of a class passed and failed it."""

    id: str
    name: str
    passed: int
    failed: int


class ClassGroup(TypedDict):
    """Answers that fail in the same way; students are numbers, here and below."""

    code: str
    problems: dict[str, str]
    failed: list[str]
    reason: str
    students: list[int]


class ClassTaskInfo(TypedDict):
    """A task of a class; ``columns`` counts the grades by `ClassInfo` column names."""

    ref: str
    name: str
    mean: float | None
    columns: list[int]
    tests: list[ClassTest]
    groups: list[ClassGroup]


class ClassCell(TypedDict):
    """A student and a task in the matrix."""

    student: int
    task: str
    state: str
    grade: float | None
    code: str
    reused: bool


class ClassInfo(TypedDict):
    """The state of a class, whole or what changed of it since the message before.

    ``seq`` counts the messages. A whole one takes the place of everything; another one has the
    cells and tasks that changed. Names are not in it: they are asked for.
    """

    seq: int
    whole: bool
    lang: str
    title: str
    sandbox: str
    busy: bool
    reading: ClassReading
    error: str
    students: int
    column_names: list[str]
    tasks: list[ClassTaskInfo]
    cells: list[ClassCell]


class ClassCellName(TypedDict):
    """A cell of the matrix."""

    student: int
    task: str


class ClassAnswersRequest(TypedDict):
    """Show answers; ``names`` if messages may tell the names of notebooks."""

    cells: list[ClassCellName]
    names: bool


class ClassAnswer(TypedDict):
    """An answer with its result; texts of students are plain text."""

    student: int
    task: str
    state: str
    grade: float | None
    code: str
    message: str
    feedback: HtmlPart
    problems: dict[str, ProblemResult]
    passed: list[str]
    failed: list[str]
    answers: dict[str, str]


class ClassAnswersReply(TypedDict):
    """The answers that there are, in the order in which they were asked for."""

    answers: list[ClassAnswer]


class ClassNamesReply(TypedDict):
    """The names of the students by number."""

    names: dict[str, str]


class ClassGradeRequest(TypedDict):
    """Read the folder again and grade what is new; everything with ``regrade``."""

    regrade: bool


class ClassStopRequest(TypedDict):
    """Stop one, or all without a student."""

    student: int | None
    task: str | None


class ClassExportReply(TypedDict):
    """A file to save."""

    filename: str
    text: str


CLASS_REQUESTS = {
    "lang": LangRequest,
    "class": EmptyMessage,
    "answers": ClassAnswersRequest,
    "names": EmptyMessage,
    "grade": ClassGradeRequest,
    "regrade": ClassCellName,
    "read": ClassReading,
    "stop": ClassStopRequest,
    "export": EmptyMessage,
}
"""Everything that a view of a class may ask."""

CLASS_REPLIES = {
    "lang": EmptyMessage,
    "class": ClassInfo,
    "answers": ClassAnswersReply,
    "names": ClassNamesReply,
    "grade": EmptyMessage,
    "regrade": EmptyMessage,
    "read": EmptyMessage,
    "stop": EmptyMessage,
    "export": ClassExportReply,
}
"""What answers each of them."""
