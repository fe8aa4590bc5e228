"""The shell, session and cell that a command of the magics acts on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from inginious_nb.course.task_files import TaskFiles
from inginious_nb.i18n import in_language
from inginious_nb.render.columns import wrapped
from inginious_nb.render.terminal import echo

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from inginious_nb.session import Session
    from inginious_nb.widget import AnswerView

    from .answer_cells import AnswerCells
    from .cell_widgets import CellWidgets
    from .host import Host
    from .submitter import Submitter


class MagicContext(Struct, frozen=True):
    """One shell, its host and session, and the cell that was run.

    Attributes:
        body: The text below a ``%%inginious`` line; None for a line magic.
        answer_views: The view beneath each answer cell, by the id of the cell.
    """

    shell: InteractiveShell
    host: Host
    session: Session
    answer_cells: AnswerCells
    submitter: Submitter
    cell_widgets: CellWidgets
    body: str | None = None
    task_files: TaskFiles = field(default_factory=TaskFiles)
    answer_views: dict[str, AnswerView] = field(default_factory=dict)

    @property
    def lang(self) -> str:
        """Return the language that the person at this kernel reads."""
        return self.session.language

    def say(self, text: str, *, err: bool = False) -> None:
        """Print a message in that language."""
        echo(wrapped(in_language(text, self.lang)), err=err)
