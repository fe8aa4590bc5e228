"""The host of a shell: a person in front or none, widgets or text, the cell that it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inginious_nb.frontend.running_cell import running_cell, running_request

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class Host:
    """The program in front of a shell: a notebook, a console, a terminal, or a batch run.

    Args:
        shell: The shell.

    Attributes:
        answering: The clients that have told that they make our widgets, as `client` names them.
        tells_cell_ids: A front end of this kernel has told the id of a cell.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self.answering: set[str] = set()
        self.tells_cell_ids = False

    @property
    def is_terminal(self) -> bool:
        """Return whether the shell writes to a terminal by itself, without a kernel."""
        return getattr(self._shell, "kernel", None) is None

    @property
    def is_attended(self) -> bool:
        """Return whether a person looks at the running cell through a front end."""
        return running_cell(self._shell)[1]

    @property
    def shows_widgets(self) -> bool:
        """Return whether a person looks at the running cell in a host that told it shows widgets.

        A notebook tells the id of the cell (JupyterLab, Notebook 7, VS Code). Elsewhere a page
        that makes our widgets has answered; jupyter console and qtconsole never do, and get text.
        """
        if not self.is_attended:
            return False
        # Beside a notebook a console may share the kernel; the notebook's answer is not its own.
        is_known = self.client in self.answering or bool(self.answering and not self.tells_cell_ids)
        return bool(self.cell_id) or is_known

    @property
    def cell_id(self) -> str:
        """Return the id of the running cell, as the front end told; empty where it did not."""
        return running_cell(self._shell)[0]

    @property
    def client(self) -> str:
        """Return who asked for what runs now, a page or a program, as it calls itself; or "".

        The session of the request's header (Jupyter messaging): each page, and each notebook in a
        page, has its own.
        """
        return str(running_request(self._shell).get("header", {}).get("session") or "")

    @property
    def document(self) -> str:
        """Return the name of the document whose cell runs.

        VS Code's cell ids are addresses that begin with the notebook's; elsewhere a document is
        what one client shows.
        """
        address, fragment, _ = self.cell_id.partition("#")
        return address if fragment else self.client
