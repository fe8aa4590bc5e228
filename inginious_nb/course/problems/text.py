"""Problems answered by a text: code, code_single_line and match."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from inginious_nb.course import fields
from inginious_nb.course.fields import FieldError

from .base import Problem, common, encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LANGUAGE = re.compile(r"[A-Za-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True)
class CodeProblem(Problem):
    """A program or another long text.

    Attributes:
        language: The language the editor highlights, or an empty text.
        optional: Whether an empty answer may be submitted.
        default: The text to begin with.
        first_line: The number of the first line, as the editor shows it.
    """

    type = "code"

    language: str = ""
    optional: bool = False
    default: str = ""
    first_line: int = 1

    @classmethod
    def read(cls, problem_id: str, data: Mapping[Any, Any]) -> Self:
        """Build the problem from its mapping in task.yaml."""
        language = fields.text(data.get("language"))
        if _LANGUAGE.fullmatch(language) is None:
            raise FieldError(
                f"the language {fields.shown(language)} may hold only letters, digits, '-', '_' "
                "and '.'",
                "language",
            )
        offset = data.get("offset")
        return cls(
            problem_id,
            **common(data),
            language=language,
            optional=bool(data.get("optional")),
            default=fields.text(data.get("default")),
            first_line=1
            if offset is None or offset == ""
            else fields.integer(offset, "offset", "offset", at_least=1),
        )

    def check(self, raw: object) -> str:
        """Return the text; it may be empty only if the problem is optional.

        Source: docs/protocol.md, Problems.
        """
        if raw is None:
            raw = ""
        if not isinstance(raw, str):
            raise self.refuse("the answer must be text; write it in a cell or in the editor.")
        if not raw and not self.optional:
            raise self.refuse("the answer is empty; write something before you submit.")
        return encodable(self, raw)

    def translated(self, translate: Callable[[str], str]) -> Self:
        """Return the problem with its texts looked up in another language."""
        return dataclasses.replace(self, name=translate(self.name), header=translate(self.header))

    def as_dict(self) -> dict[str, Any]:
        """Return what a front end needs; ``offset`` is the number of the first line."""
        return super().as_dict() | {
            "language": self.language,
            "optional": self.optional,
            "default": self.default,
            "offset": self.first_line,
        }


@dataclass(frozen=True)
class SingleLineCodeProblem(CodeProblem):
    """A text of one line."""

    type = "code_single_line"

    def check(self, raw: object) -> str:
        """Return the line; the line breaks that a cell puts around it are not part of it."""
        answer = super().check(raw).strip("\r\n")
        if not answer and not self.optional:
            raise self.refuse("the answer is empty; write something before you submit.")
        if "\n" in answer or "\r" in answer:
            raise self.refuse(
                "the answer must be a single line; join the lines or delete the rest."
            )
        return answer


@dataclass(frozen=True)
class MatchProblem(Problem):
    """A short text that is compared, exactly, with the expected one."""

    type = "match"

    @classmethod
    def read(cls, problem_id: str, data: Mapping[Any, Any]) -> Self:
        """Build the problem from its mapping in task.yaml."""
        answer = data.get("answer")
        if answer is None or isinstance(answer, (dict, list, set)):
            raise FieldError(
                "a match problem needs the expected text in its field answer", "answer"
            )
        return cls(problem_id, **common(data))

    def check(self, raw: object) -> str:
        """Return the text; blanks around it do not matter to the grader.

        Source: docs/protocol.md, Multiple-choice agent.
        """
        if isinstance(raw, (int, float)) and not isinstance(raw, bool):
            raw = str(raw)
        if raw is None or raw == "":
            raise self.refuse("there is no answer yet; type one before you submit.")
        if not isinstance(raw, str):
            raise self.refuse("the answer must be a short text; type it in.")
        return encodable(self, raw)

    def translated(self, translate: Callable[[str], str]) -> Self:
        """Return the problem with its texts looked up in another language."""
        return dataclasses.replace(self, name=translate(self.name), header=translate(self.header))
