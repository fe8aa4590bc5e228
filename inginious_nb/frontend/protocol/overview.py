"""The courses of a person as JupyterLab's own interface shows them, and what it may ask.

`frontend.overview` fills and answers them. The same is said in ``js/protocol/overview.ts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from .common import EmptyMessage, LangRequest, SubmissionRequest
from .sign_in import AccountInfo, SignInReply, SignInRequest
from .task import ResultSummary, ServiceInfo
from .task_requests import CellInfo

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class ProblemRow(TypedDict):
    """A problem in the list of a course."""

    id: str
    name: str


class TaskRow(TypedDict):
    """A task in the list of a course; ``limit`` says in words how many attempts are left."""

    ref: str
    name: str
    accessible: bool
    deadline: float | None
    attempts: int
    attempts_left: int | None
    limit: str
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


class PathReply(TypedDict):
    """The file to open, from the root of the server."""

    path: str


class AnswerCell(TypedDict):
    """A cell, and the problem that it answers."""

    cell_id: str
    task: str
    problem_id: str


class CellResult(ResultSummary):
    """A result of answers that were read in these cells, and who submitted them."""

    cell_ids: list[str]
    task: str
    user: str


class AnswerCellsRequest(TypedDict):
    """Tell which cells of a notebook are answers; courses near its folder become known.

    ``notebook`` is its path from the root of the server, ``known`` are the submissions whose
    results its cells have.
    """

    cells: list[CellInfo]
    notebook: str
    known: list[str]


class AnswerCellsReply(TypedDict):
    """The cells that are answers, and the results of them that the notebook lacks."""

    answers: list[AnswerCell]
    results: list[CellResult]


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

OVERVIEW_ORDER: Mapping[str, Collection[str]] = {
    "": ("lang",),
    "demo": ("lang", "demo"),
    "newTask": ("lang", "newTask"),
    "stop": (),
    "signIn": ("lang", "signOut"),
    "signOut": ("lang", "signOut"),
}
"""The earlier requests that each one follows; under "" those that any other does.

Signing out does not wait for a site that answers nobody who signs in.
"""

OVERVIEW_REPLIES = {
    "lang": EmptyMessage,
    "openCourse": CoursesReply,
    "courseFolders": FoldersReply,
    "demo": PathReply,
    "newTask": PathReply,
    "answerCells": AnswerCellsReply,
    "stop": EmptyMessage,
    "signIn": SignInReply,
    "signOut": EmptyMessage,
}
"""What answers each of them."""
