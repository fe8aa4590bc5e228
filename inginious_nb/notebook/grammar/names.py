"""Types of the words of a command that name something which only a session knows, such as a task.

The grammar says what each word names; `Names` is asked for what there is when a word is completed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["answer", "command", "course", "kind of task", "problem", "submission", "task"]


class Names(ABC):
    """The names that a word can be completed to; `click.Context.obj` where words are completed."""

    @abstractmethod
    def of(self, kind: Kind, given: Mapping[str, Any]) -> Iterable[str]:
        """Return the names of a kind.

        Args:
            kind: What the word names.
            given: The parameters of the command that are written already, by their names.
        """


class Named(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 only
    """The type of a word that names something; whether that is there is not its affair.

    Args:
        kind: What it names.
    """

    name = "text"

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that a word may become."""
        del param
        names = ctx.find_object(Names)  # type: ignore[type-abstract]
        known = names.of(self._kind, ctx.params) if names is not None else ()
        return [CompletionItem(name) for name in known if name.startswith(incomplete)]
