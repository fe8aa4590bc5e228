"""The base of all problem types: the fields they share, and the way they refuse an answer.

An answer is *raw* when it comes from a cell, a form or a file, and *checked* when it is in the
encoding of the wire (docs/protocol.md, Problems). Nothing here knows whether an answer is right.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from inginious_nb.course import fields
from inginious_nb.errors import AnswerError
from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True)
class Problem(ABC):
    """One question of a task.

    Attributes:
        id: Its id in the task.
        name: Its title, possibly empty.
        header: Its statement in reStructuredText, possibly empty.
    """

    type: ClassVar[str]

    id: str
    name: str
    header: str

    @classmethod
    @abstractmethod
    def read(cls, problem_id: str, data: Mapping[Any, Any]) -> Self:
        """Build the problem from its mapping in task.yaml.

        Raises:
            FieldError: A field cannot be used.
        """

    @abstractmethod
    def check(self, raw: object) -> object:
        """Return the answer in the encoding of the wire.

        Raises:
            AnswerError: It cannot be submitted; the text tells a student what to do.
        """

    @abstractmethod
    def translated(self, translate: Callable[[str], str]) -> Self:
        """Return the problem with its texts looked up in another language."""

    def read_in(self, translators: Sequence[Callable[[str], str]]) -> Self:  # noqa: ARG002
        """Return the problem that also understands answers written in these languages."""
        return self

    def as_dict(self) -> dict[str, Any]:
        """Return what a front end needs, JSON-able; never anything that gives an answer away."""
        return {"id": self.id, "type": self.type, "name": self.name, "header": self.header}

    @property
    def label(self) -> str:
        """Return how an error message calls the problem: by its id, and its name if it has one."""
        return f"{self.id} ({self.name})" if self.name and self.name != self.id else self.id

    def refuse(self, what: str, /, **parameters: Any) -> AnswerError:
        """Return the error for an answer to this problem that cannot be submitted.

        Args:
            what: Why, and what to do, as `Message` takes it.
            parameters: What is filled in.
        """
        reason = Message(what, **parameters)
        return AnswerError(
            Message("Problem {problem}: {reason}", problem=self.label, reason=reason),
            problem_id=self.id,
        )


def common(data: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the fields that every problem type has."""
    return {"name": fields.text(data.get("name")), "header": fields.text(data.get("header"))}


def encodable(problem: Problem, answer: str) -> str:
    """Return answer if UTF-8 can carry it.

    Raises:
        AnswerError: It holds half of a surrogate pair, as a broken paste can leave.
    """
    try:
        answer.encode()
    except UnicodeEncodeError as error:
        raise problem.refuse(
            "character {position} of the answer is damaged and cannot be sent; "
            "delete it and type it again.",
            position=error.start + 1,
        ) from None
    return answer
