"""The cell that the kernel runs, as its front end told it."""

from __future__ import annotations

from typing import Any

from IPython.core.getipython import get_ipython


def running_request(shell: Any = None) -> dict[str, Any]:
    """Return the message that asked for what runs now, empty where none did."""
    get_parent = getattr(shell or get_ipython(), "get_parent", None)
    parent: dict[str, Any] = (get_parent() if get_parent is not None else None) or {}
    return parent


def running_cell(shell: Any = None) -> tuple[str, bool]:
    """Return the id of the running cell, and whether a person looks at it through a front end.

    JupyterLab, Notebook 7 and VS Code tell the id; it is empty elsewhere. nbconvert, nbclient and
    papermill run cells with ``allow_stdin`` false, since nobody could answer; front ends leave it
    true (Jupyter messaging, execute_request). A terminal has no parent request at all.

    Args:
        shell: The shell, default the one of this process.
    """
    parent = running_request(shell)
    cell_id = str(parent.get("metadata", {}).get("cellId") or "")
    return cell_id, bool(parent.get("content", {}).get("allow_stdin"))
