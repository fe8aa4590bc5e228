"""What kind of host runs this kernel: is there a person, is there a front end, which cell is it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def has_front_end(shell: InteractiveShell) -> bool:
    """Whether somebody looks at the running cell in a notebook.

    nbconvert, nbclient and papermill run cells with ``allow_stdin`` false, since nobody could
    answer; notebook front ends leave it true (Jupyter messaging, execute_request). A terminal has
    no parent request at all.
    """
    return bool(_parent(shell).get("content", {}).get("allow_stdin"))


def running_cell_id(shell: InteractiveShell) -> str:
    """The id of the cell that runs, as the front end told; empty where it did not."""
    return str(_parent(shell).get("metadata", {}).get("cellId", ""))


def _parent(shell: InteractiveShell) -> dict[str, Any]:
    get_parent = getattr(shell, "get_parent", None)
    return (get_parent() if get_parent is not None else None) or {}
