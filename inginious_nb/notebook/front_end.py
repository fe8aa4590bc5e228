"""The front end as it has told of itself, and what stands in where it shows no cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .answers import Answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from inginious_nb.course import Task

    ReadAnswers = Callable[[Task], Answers]


class FrontEnd:
    """The front end of one session, as far as other parts have to know of it.

    Attributes:
        language: The language that it told last, empty until it did.
    """

    def __init__(self) -> None:
        self.language = ""
        self._executed: Callable[[], ReadAnswers] = lambda: lambda _task: Answers()

    def told_language(self, lang: str) -> None:
        """Take the language that it tells."""
        self.language = lang

    def read_executed_by(self, reader: Callable[[], ReadAnswers]) -> None:
        """Have answers read so where it does not show the live cells: by who sees cells run."""
        self._executed = reader

    def executed_reader(self) -> ReadAnswers:
        """Return what reads the cells that were run, and the notebook as last saved.

        The notebook is the one whose cell runs now.
        """
        return self._executed()
