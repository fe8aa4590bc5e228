"""A class that is graded live, and the requests of its views.

`frontend.class_view` fills and answers them. The same is said in ``js/protocol/class_view.ts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from .common import EmptyMessage, LangRequest
from .task import HtmlPart, ProblemResult

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


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

    ``seq`` counts the messages; ``warning`` says why what is graded is not kept. A whole one takes
    the place of everything; another one has the cells and tasks that changed. Names are not in it:
    they are asked for.
    """

    seq: int
    whole: bool
    lang: str
    title: str
    sandbox: str
    busy: bool
    reading: ClassReading
    error: str
    warning: str
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

_GRADING = ("read", "grade", "regrade", "stop")

CLASS_ORDER: Mapping[str, Collection[str]] = {"": ("lang",)} | dict.fromkeys(_GRADING, _GRADING)
"""The earlier requests of its view that each one follows; under "" those that any other does."""

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
