"""One task of a course: its texts, its problems, and what a grading agent must know of it.

Loaded from the task's folder once and never changed; ``Course`` decides when to load again.
"""

from __future__ import annotations

import random
from collections.abc import Mapping  # noqa: TC003 - the signature of Task is read by its hints
from pathlib import Path  # noqa: TC003 - as above
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct, field
from msgspec.structs import replace

from inginious_nb.errors import AnswerError
from inginious_nb.i18n import Message

from . import fields, translations
from .environment import Environment, read_environment
from .fields import FieldError
from .folders import TASK_FILES, task_file
from .ids import suggestion
from .problems import Problem, canonical_type, read_problems
from .settings import EvaluationMode, TaskSettings, legacy_settings
from .tags import CourseTags
from .yaml_file import field_error, read_mapping

if TYPE_CHECKING:
    from .accessibility import Accessibility

_MAX_RANDOM_NUMBERS = 100_000
"""Each submission carries them."""


class SiteSubmission(Struct, frozen=True):
    """One submission in the list that a site shows with a task.

    Attributes:
        id: The site's id.
        submitted_at: In seconds since the epoch, as far as the site tells its time zone.
        code: ``success`` or ``failed`` as far as the list tells, None while it is graded.
        grade: In percent, None while it is graded.
    """

    id: str
    submitted_at: float
    code: str | None = None
    grade: float | None = None


class SiteStanding(Struct, frozen=True):
    """The standing of a person with a task at the site that it is from, as the site counts.

    Attributes:
        attempts: How often it was submitted, None if the site does not tell.
        grade: The grade that counts, in percent, None if the site does not tell.
        code: ``success`` or ``failed`` as far as the site tells.
        submissions: Those that the site lists, the newest first.
        pending: The site's id of the one that is being graded.
        username: The name of the person at the site.
    """

    attempts: int | None = None
    grade: float | None = None
    code: str | None = None
    submissions: tuple[SiteSubmission, ...] = ()
    pending: str | None = None
    username: str = ""


class Task(Struct, frozen=True):
    """A task as its folder describes it.

    Attributes:
        course_id: The course it belongs to.
        id: Its id, which is the name of its folder.
        path: Its folder.
        name: Its title.
        author: Who wrote it, possibly empty.
        contact_url: Where to ask, already filled in; possibly empty.
        context: What a student reads first, in reStructuredText.
        problems: Its problems by id, in order.
        problems_raw: The same as the file has them, as the wire carries them.
        environment: What grades it.
        input_random: How many random numbers it gets (docs/protocol.md, Task files).
        regenerate_input_random: Whether it gets new ones each time.
        settings: What the course says about it.
        order: Its place in courses that have no list of their tasks.
        common_directory: ``$common`` of its course, if there is one.
        tags: The tags of its course, which name its tests.
        site: The address of the site that it is from, empty for one of a folder.
        standing: How the person stands with it at that site.
        is_listed_only: Only its name is known yet; `Course.task` has the rest.
    """

    course_id: str
    id: str
    path: Path
    name: str
    author: str
    contact_url: str
    context: str
    problems: Mapping[str, Problem]
    problems_raw: dict[str, Any]
    environment: Environment
    input_random: int
    regenerate_input_random: bool
    settings: TaskSettings
    order: int
    common_directory: Path | None = None
    tags: CourseTags = field(default_factory=CourseTags)
    site: str = ""
    standing: SiteStanding = field(default_factory=SiteStanding)
    is_listed_only: bool = False

    @classmethod
    def load(cls, path: Path, course_id: str, *, common_directory: Path | None = None) -> Self:
        """Read a task folder.

        Raises:
            CourseError: It cannot be used; the text names the file and the line.
        """
        file = task_file(path) or path / TASK_FILES[0]
        data = read_mapping(file)
        translators = translations.translators(_text_folders(path, common_directory))
        try:
            return cls(
                course_id=course_id,
                id=path.name,
                path=path,
                common_directory=common_directory,
                tags=CourseTags(),
                **_texts(data, course_id, path.name),
                problems={
                    name: problem.read_in(translators)
                    for name, problem in read_problems(data).items()
                },
                problems_raw=_raw_problems(data),
                environment=read_environment(data),
                input_random=fields.integer(
                    0 if data.get("input_random") in (None, "") else data["input_random"],
                    "input_random",
                    "input_random",
                    at_least=0,
                    at_most=_MAX_RANDOM_NUMBERS,
                ),
                regenerate_input_random=bool(data.get("regenerate_input_random")),
                settings=legacy_settings(data),
                order=_order(data.get("order")),
            )
        except FieldError as error:
            raise field_error(file, error.keys, str(error)) from error

    @property
    def environment_type(self) -> str:
        """Return the kind of agent that grades it."""
        return self.environment.type

    @property
    def environment_id(self) -> str:
        """Return the name of the environment within its type."""
        return self.environment.id

    @property
    def environment_parameters(self) -> dict[str, Any]:
        """Return the parameters of its jobs as on the wire (docs/protocol.md, Task files)."""
        return self.environment.parameters

    @property
    def response_is_html(self) -> bool:
        """Return whether its feedback is HTML instead of reStructuredText."""
        return bool(self.environment_parameters.get("response_is_html"))

    @property
    def accessibility(self) -> Accessibility:
        """Return when it is open."""
        return self.settings.accessibility

    @property
    def evaluation_mode(self) -> EvaluationMode:
        """Return whether the best or the last submission counts."""
        return self.settings.evaluation_mode

    @property
    def public_directory(self) -> Path:
        """Return where the images and downloads of its texts are; it need not exist."""
        return self.path / "public"

    # What a client asks of a task (client-api.txt).

    def get_course_id(self) -> str:
        """Return the id of the course."""
        return self.course_id

    def get_id(self) -> str:
        """Return the id of the task."""
        return self.id

    def get_problems_dict(self) -> dict[str, Any]:
        """Return the problems as the file has them."""
        return self.problems_raw

    def get_environment_type(self) -> str:
        """Return the kind of agent that grades it."""
        return self.environment_type

    def get_environment_id(self) -> str:
        """Return the name of the environment within its type."""
        return self.environment_id

    def get_environment_parameters(self) -> dict[str, Any]:
        """Return the parameters of its jobs."""
        return self.environment_parameters

    def check(self, answers: Mapping[str, object]) -> dict[str, object]:
        """Return the answers to all problems, ready to be the inputdata of a job.

        Keys that begin with ``@`` are reserved for the client and passed through.

        Raises:
            AnswerError: One is missing or cannot be submitted, or belongs to no problem.
        """
        for name in answers:
            if name not in self.problems and not name.startswith("@"):
                raise AnswerError(
                    Message(
                        "The task {task} has no problem {problem}.{hint}",
                        task=self.name,
                        problem=name,
                        hint=suggestion(name, self.problems),
                    ),
                    problem_id=name,
                )
        checked = {
            name: problem.check(answers.get(name)) for name, problem in self.problems.items()
        }
        reserved = {name: value for name, value in answers.items() if name.startswith("@")}
        return checked | reserved

    def random_values(self, username: str) -> list[float]:
        """Return the task's random numbers, in [0, 1), for ``inputdata["@random"]``.

        They are always the same for the same person unless the task asks for new ones each time.
        """
        seed = f"{username}{self.id}{self.course_id}"
        source = random.Random() if self.regenerate_input_random else random.Random(seed)
        return [source.random() for _ in range(self.input_random)]

    def translated(self, language: str) -> Self:
        """Return the task with its texts in that language, itself if there is no translation.

        ``problems_raw`` stays as it is: the agent translates what it answers by itself.
        """
        folders = _text_folders(self.path, self.common_directory)
        translate = translations.translator(folders, language)
        if translate is None:
            return self
        return replace(
            self,
            name=translate(self.name),
            context=translate(self.context),
            problems={
                name: problem.translated(translate) for name, problem in self.problems.items()
            },
        )


def _text_folders(path: Path, common_directory: Path | None) -> list[Path]:
    """Return where the translations of a task may be, in the order in which they are looked for."""
    places = [path] if common_directory is None else [path, common_directory]
    return [folder for place in places for folder in (place, place / "student")]


def _texts(data: Mapping[Any, Any], course_id: str, task_id: str) -> dict[str, Any]:
    author = data.get("author")
    if isinstance(author, (list, tuple)):
        author = ", ".join(str(name) for name in author)
    contact_url = fields.text(data.get("contact_url"))
    for key, value in (("task_id", task_id), ("course_id", course_id)):
        contact_url = contact_url.replace(f"{{{key}}}", value)
    return {
        "name": fields.text(data.get("name")) or f"Task {task_id}",
        "author": fields.text(author),
        "contact_url": contact_url,
        "context": fields.text(data.get("context")),
    }


def _raw_problems(data: Mapping[Any, Any]) -> dict[str, Any]:
    raw: dict[str, Any] = fields.plain(data["problems"])
    for problem in raw.values():
        # Agents know today's spellings only.
        problem["type"] = canonical_type(problem["type"])
    return raw


def _order(value: object) -> int:
    return value if isinstance(value, int) else -1
