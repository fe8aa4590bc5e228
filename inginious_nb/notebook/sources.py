"""The place where an answer was read, for the person who submits it and for the history."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

SourceKind = Literal["cell", "captured", "file", "widget", "notebook-file", "argument"]


class AnswerSource(Struct, frozen=True):
    """The place where one answer was read.

    Attributes:
        problem_id: The problem it answers.
        kind: ``cell`` the live notebook, ``captured`` a cell that was run, ``file`` a file on the
            kernel's disk, ``widget`` a control of the widget, ``notebook-file`` the notebook as
            last saved, ``argument`` given by a caller.
        label: The place, for a person.
        cell_ids: The cells, if cells.
        read_at: When the text was read or last saved, in seconds since the epoch.
        notebook: The path of the notebook from the root of its server, empty where no page told it.
    """

    problem_id: str
    kind: SourceKind
    label: str
    cell_ids: tuple[str, ...] = ()
    read_at: float = 0.0
    notebook: str = ""
