"""Problems answered by choosing: one or several of a list."""

from __future__ import annotations

import dataclasses
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from inginious_nb.course import fields
from inginious_nb.course.fields import FieldError

from .base import Problem, common

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_BULLET = re.compile(r"^[-*+]\s+")  # a Markdown cell lists its items


@dataclass(frozen=True)
class Choice:
    """One thing to choose; whether it is right stays in this process.

    Attributes:
        text: What a student reads.
        valid: Whether it is right.
        in_other_languages: The text in every other language that the course has.
        markup: What is shown, in reStructuredText, where that is not the text itself.
    """

    text: str
    valid: bool
    in_other_languages: tuple[str, ...] = ()
    markup: str = ""


@dataclass(frozen=True)
class MultipleChoiceProblem(Problem):
    """A question with prepared answers.

    Attributes:
        choices: All of them, in the order of task.yaml; an answer is a position in this list.
        multiple: Whether several may be chosen.
        limit: How many are shown to one student; 0 shows all.
        unshuffled: Whether they are shown in the order of task.yaml.
        shown: The positions that a site shows, in its order; None where that is decided here.
    """

    type = "multiple_choice"

    choices: tuple[Choice, ...] = ()
    multiple: bool = False
    limit: int = 0
    unshuffled: bool = False
    shown: tuple[int, ...] | None = None

    @classmethod
    def read(cls, problem_id: str, data: Mapping[Any, Any]) -> Self:
        """Build the problem from its mapping in task.yaml (rules: docs/protocol.md, Problems)."""
        raw_choices = data.get("choices")
        if not isinstance(raw_choices, (list, tuple)):
            raise FieldError("a multiple_choice problem needs a list of choices", "choices")
        choices = tuple(_choice(raw, index) for index, raw in enumerate(raw_choices))
        valid = sum(choice.valid for choice in choices)
        if valid == 0:
            raise FieldError("at least one of the choices must be valid", "choices")
        multiple = bool(data.get("multiple"))
        limit = data.get("limit")
        limit = 0 if limit is None else fields.integer(limit, "limit", "limit", at_least=0)
        if multiple and 0 < limit < valid:
            raise FieldError(
                f"limit must be 0 or at least the number of valid choices, which is {valid}",
                "limit",
            )
        return cls(
            problem_id,
            **common(data),
            choices=choices,
            multiple=multiple,
            limit=limit,
            unshuffled=bool(data.get("unshuffle")),
        )

    def check(self, raw: object) -> str | list[str]:
        """Return the chosen position as text, or the list of them if several may be chosen.

        A cell may also name choices by their text in any language of the course, one a line, as
        a list or not.
        """
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            raise self.refuse("nothing has been chosen yet; choose before you submit.")
        if self.multiple:
            return list(dict.fromkeys(self._index(item) for item in self._items(raw)))
        if isinstance(raw, (list, tuple)):
            if len(raw) != 1:
                raise self.refuse("choose exactly one answer, not {n}.", n=len(raw))
            raw = raw[0]
        return self._index(raw)

    def displayed_choices(self, seed: str) -> list[dict[str, str]]:
        """Return the choices one student sees, in display order.

        With a limit, a single-choice question keeps a valid choice and one with several answers
        keeps all valid ones; the index is always that of task.yaml (docs/protocol.md, Problems).

        Args:
            seed: Anything that is the same whenever the same student looks at the problem.

        Returns:
            Mappings of ``index``, ``text``, and ``markup``, which is what is shown.
        """
        return [
            {
                "index": str(index),
                "text": self.choices[index].text,
                "markup": self.choices[index].markup or self.choices[index].text,
            }
            for index in (self._shuffled(seed) if self.shown is None else self.shown)
        ]

    def _shuffled(self, seed: str) -> list[int]:
        shuffler = random.Random(f"{self.id}/{seed}")
        indices = list(range(len(self.choices)))
        shuffler.shuffle(indices)
        if 0 < self.limit < len(indices):
            valid = [index for index in indices if self.choices[index].valid]
            kept = set(valid if self.multiple else valid[:1])
            others = [index for index in indices if index not in kept]
            kept.update(others[: self.limit - len(kept)])
            indices = [index for index in indices if index in kept]
        if self.unshuffled:
            indices.sort()
        return indices

    def translated(self, translate: Callable[[str], str]) -> Self:
        """Return the problem with its texts looked up in another language."""
        return dataclasses.replace(
            self,
            name=translate(self.name),
            header=translate(self.header),
            choices=tuple(
                dataclasses.replace(
                    choice,
                    text=translate(choice.text),
                    in_other_languages=(*choice.in_other_languages, choice.text),
                )
                for choice in self.choices
            ),
        )

    def read_in(self, translators: Sequence[Callable[[str], str]]) -> Self:
        """Return the problem that also understands the names of choices in these languages."""
        return dataclasses.replace(
            self,
            choices=tuple(
                dataclasses.replace(
                    choice,
                    in_other_languages=tuple(translate(choice.text) for translate in translators),
                )
                for choice in self.choices
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what a front end needs beside displayed_choices, which depend on the student."""
        return super().as_dict() | {"multiple": self.multiple}

    @property
    def _known(self) -> Sequence[int]:
        """Return the positions that an answer may be."""
        return range(len(self.choices)) if self.shown is None else self.shown

    def _items(self, raw: object) -> list[object]:
        if isinstance(raw, (list, tuple)):
            return list(raw)
        if isinstance(raw, str):
            lines: list[object] = [line for line in raw.splitlines() if line.strip()]
            if re.fullmatch(r"[\d\s,;]+", raw):
                return list(re.findall(r"\d+", raw))
            return lines
        return [raw]

    def _index(self, raw: object) -> str:
        if isinstance(raw, int) and not isinstance(raw, bool):
            raw = str(raw)
        if not isinstance(raw, str):
            raise self.refuse("the answer must be one of the choices; choose it again.")
        word = raw.strip()
        if re.fullmatch(r"\d{1,9}", word, re.ASCII) and int(word) in self._known:
            return str(int(word))
        by_text: dict[str, str] = {}
        for index in self._known:
            for text in self.choices[index].in_other_languages:
                by_text[text.strip()] = str(index)
        by_text |= {self.choices[index].text.strip(): str(index) for index in self._known}
        for candidate in (word, _BULLET.sub("", word)):
            if candidate in by_text:
                return by_text[candidate]
        raise self.refuse(
            "“{answer}” is not one of the choices; choose one of those shown.", answer=_short(word)
        )


def _choice(raw: object, index: int) -> Choice:
    if not isinstance(raw, dict):
        raise FieldError(f"choice {index + 1} must be a mapping with a text", "choices", index)
    if raw.get("text") is None:
        raise FieldError(f"choice {index + 1} has no text", "choices", index)
    return Choice(text=str(raw["text"]), valid=bool(raw.get("valid")))


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
