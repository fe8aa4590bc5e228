"""The host of a shell: a person in front or none, widgets or text, the cell that it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class Host:
    """The program in front of a shell: a notebook, a console, a terminal, or a batch run.

    Args:
        shell: The shell.

    Attributes:
        has_answered: A page has told that it makes our widgets.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self.has_answered = False

    @property
    def is_terminal(self) -> bool:
        """True for a shell that writes to a terminal by itself, without a kernel."""
        return getattr(self._shell, "kernel", None) is None

    @property
    def is_attended(self) -> bool:
        """True while a person looks at the running cell through a front end.

        nbconvert, nbclient and papermill run cells with ``allow_stdin`` false, since nobody could
        answer; front ends leave it true (Jupyter messaging, execute_request). A terminal has no
        parent request at all.
        """
        return bool(self._parent().get("content", {}).get("allow_stdin"))

    @property
    def shows_widgets(self) -> bool:
        """True while a person looks at the running cell in a host that told it shows widgets.

        A notebook tells the id of the cell (JupyterLab, Notebook 7, VS Code). Elsewhere a page
        that makes our widgets has answered; jupyter console and qtconsole never do, and get text.
        """
        return self.is_attended and bool(self.cell_id or self.has_answered)

    @property
    def cell_id(self) -> str:
        """The id of the running cell, as the front end told; empty where it did not."""
        return str(self._parent().get("metadata", {}).get("cellId") or "")

    def _parent(self) -> dict[str, Any]:
        get_parent = getattr(self._shell, "get_parent", None)
        return (get_parent() if get_parent is not None else None) or {}
