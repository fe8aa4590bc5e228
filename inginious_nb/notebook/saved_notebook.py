"""The saved notebook of a kernel, for hosts whose front end does not send the live cells."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cells import Cell, cells_of_notebook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class SavedNotebook:
    """A notebook file as it was last saved.

    Attributes:
        path: The file.
        cells: Its cells.
        saved_at: When it was saved, in seconds since the epoch.
    """

    path: Path
    cells: list[Cell]
    saved_at: float


def read_notebook(path: Path) -> SavedNotebook:
    """Read a notebook file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not a notebook.
    """
    saved_at = path.stat().st_mtime
    notebook = json.loads(path.read_text(encoding="utf-8-sig"))
    try:
        return SavedNotebook(path, cells_of_notebook(notebook), saved_at)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a notebook of version 4.") from error


def find_notebook(
    executed: Sequence[str],
    user_namespace: Mapping[str, Any],
    *,
    directory: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> SavedNotebook | None:
    """Return the saved notebook that this kernel belongs to, None if that is unknown or ambiguous.

    Nobody tells a kernel; Jupyter Server sets ``JPY_SESSION_NAME`` for those that it starts and
    VS Code a variable in the namespace. Elsewhere (nbconvert, papermill) the notebook is the one
    in the working directory that holds the cells that were run.

    Args:
        executed: Sources of the cells that were run, as they were sent to the kernel.
        user_namespace: The kernel's variables.
        directory: Where to look (default: the cwd).
        environ: The environment.
    """
    directory = directory or Path.cwd()
    sources = {source.strip() for source in executed if source.strip()}
    told = user_namespace.get("__vsc_ipynb_file__") or environ.get("JPY_SESSION_NAME")
    if isinstance(told, str) and told.endswith(".ipynb"):
        # A server's path is relative to its root; the kernel runs in the notebook's folder.
        for path in (Path(told), directory / Path(told).name):
            notebook = _readable(path)
            # It may have been renamed since, and another one have got its name.
            if notebook is not None and (not sources or sources & _sources(notebook)):
                return notebook
    ranked = [
        (len(sources & _sources(notebook)), notebook)
        for notebook in map(_readable, sorted(directory.glob("*.ipynb")))
        if notebook is not None
    ]
    best = max((score for score, _ in ranked), default=0)
    matching = [notebook for score, notebook in ranked if score == best]
    # Copies that say the same (papermill writes one as it goes) are as good as one another; where
    # they differ nobody can tell which is meant: better no answer than somebody else's.
    said = {tuple((cell.source, cell.tags) for cell in found.cells) for found in matching}
    return matching[0] if best > 0 and len(said) == 1 else None


def _sources(notebook: SavedNotebook) -> set[str]:
    return {cell.source.strip() for cell in notebook.cells}


def _readable(path: Path) -> SavedNotebook | None:
    try:
        return read_notebook(path)
    except (OSError, ValueError):
        return None
