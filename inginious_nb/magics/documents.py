"""The documents whose cells one kernel runs, told apart: several notebooks may share a kernel.

Each page is a client of its own (Jupyter messaging: the session of a message's header), so what was
run in one notebook never answers for another, and a task opened in one is not meant in another.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

    from inginious_nb.course import Task
    from inginious_nb.session import Session

    from .host import Host


class Document(Struct):
    """The cells that were run in one document, as far as they were seen.

    Attributes:
        name: As `Host.document` calls it.
        cell_ids: The ids of the cells, where the host tells any.
        sources: The texts of all cells.
        task: The task that is meant in it when none is named.
        used: Grows with each cell that is run in any document.
    """

    name: str
    cell_ids: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    task: Task | None = None
    used: int = 0


class Documents:
    """The documents of one shell, by what `Host.document` calls them.

    Args:
        shell: The shell whose cells are watched.
        host: Tells in which document a cell runs.
        session: Gets the task that is meant in the document whose cell runs.
    """

    def __init__(self, shell: InteractiveShell, host: Host, session: Session) -> None:
        self._shell = shell
        self._host = host
        self._session = session
        self._documents: dict[str, Document] = {}
        self._running: Document | None = None
        self._count = itertools.count(1)

    def install(self) -> None:
        """Begin to watch, with the cell that runs now."""
        log = self._shell.history_manager
        if self._host.client and log is not None:
            self._note(log.input_hist_raw[-1])
        self._shell.events.register("pre_run_cell", self._before)

    def remove(self) -> None:
        """Stop watching."""
        self._shell.events.unregister("pre_run_cell", self._before)

    @property
    def alone(self) -> bool:
        """Return whether all cells were run in one document, as far as anybody knows."""
        return len(self._documents) <= 1

    def of(self, name: str) -> Document:
        """Return the document of that name; for an unknown name the only one there is."""
        found = self._documents.get(name)
        if found is None and len(self._documents) == 1:
            (found,) = self._documents.values()
        return found or Document(name)

    def _before(self, info: ExecutionInfo) -> None:
        self._note(info.raw_cell or "")

    def _note(self, source: str) -> None:
        name = self._host.document
        document = self._documents.setdefault(name, Document(name))
        document.used = next(self._count)
        document.sources.add(source.strip())
        if self._host.cell_id:
            self._host.tells_cell_ids = True
            document.cell_ids.add(self._host.cell_id)
        if document is not self._running:
            self._enter(document)

    def _enter(self, document: Document) -> None:
        """Have the session mean the document's task, and keep that of the one before."""
        session = self._session
        if self._running is None:
            document.task = session.current_task
        else:
            self._running.task = session.current_task
            document.task = document.task or self._task_of_relatives(document)
        session.current_task = document.task
        self._running = document

    def _task_of_relatives(self, document: Document) -> Task | None:
        """Return the task opened last in a page of the same notebook.

        A page that was reloaded is another client and has the same cells. Where no host tells the
        ids of cells, nobody can tell notebooks apart.
        """
        related = [
            other
            for other in self._documents.values()
            if other.task is not None
            and (other.cell_ids & document.cell_ids or not (other.cell_ids or document.cell_ids))
        ]
        return max(related, key=lambda other: other.used).task if related else None
