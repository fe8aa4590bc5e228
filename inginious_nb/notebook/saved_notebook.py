"""The saved notebook of a kernel, for hosts whose front end does not send the live cells."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from inginious_nb.i18n import Message, visible

from .cells import Cell, cells_of_notebook

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

MAX_BYTES = 256_000_000
"""The largest notebook that is read; what makes one large is in its outputs."""

MAX_VALUES = 20_000_000
"""So many texts, numbers, lists: a gigabyte of memory. A file of brackets alone would take six."""

_BINARY = getattr(os, "O_BINARY", 0)
_NOT_VERSION_4 = Message("it is not a notebook of version 4; save it with Jupyter 4 or newer")


class SavedNotebook(Struct, frozen=True):
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
        ValueError: It is not a notebook; its argument is a message that says why.
    """
    content, saved_at = _content(path)
    # Each becomes an object: 60 bytes for the two of an empty list.
    if sum(map(content.count, b"[{,")) > MAX_VALUES:
        raise ValueError(Message("it has more than {n:,} values; clear its outputs", n=MAX_VALUES))
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError(Message("it is not text in UTF-8")) from None
    except json.JSONDecodeError as error:
        raise ValueError(
            Message("it is not whole, or no JSON, from line {line} on", line=error.lineno)
        ) from None
    except (RecursionError, ValueError) as error:  # numbers of thousands of digits, too
        raise ValueError(_NOT_VERSION_4) from error
    try:
        return SavedNotebook(path, cells_of_notebook(notebook), saved_at)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(_NOT_VERSION_4) from error


def _content(path: Path) -> tuple[bytes, float]:
    """Return what a regular file has in it, and when it was saved; a pipe never ends.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no such file, or too large; its argument is a message.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(Message("it is no file"))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(MAX_BYTES + 1) if status.st_size <= MAX_BYTES else b""
    finally:
        os.close(descriptor)
    if max(len(content), status.st_size) > MAX_BYTES:
        raise ValueError(Message("it has more than {n} MB", n=MAX_BYTES // 1_000_000))
    if not content:
        raise ValueError(Message("it is empty"))
    return content, status.st_mtime


def why_not_read(error: OSError | ValueError) -> str:
    """Return why a notebook cannot be read, from what `read_notebook` raised."""
    if isinstance(error, OSError):
        return visible(error.strerror or type(error).__name__)
    return error.args[0] if isinstance(error.args[0], Message) else visible(str(error))


def find_notebook(
    executed: Sequence[str],
    user_namespace: Mapping[str, Any],
    *,
    directory: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    cell_ids: Collection[str] = (),
    alone: bool = True,
) -> SavedNotebook | None:
    """Return the saved notebook that this kernel belongs to, None if that is unknown or ambiguous.

    Nobody tells a kernel; Jupyter Server sets ``JPY_SESSION_NAME`` for those that it starts and
    VS Code a variable in the namespace. Elsewhere (nbconvert, papermill) the notebook is the one
    in the working directory that holds the cells that were run. Where several notebooks run cells
    in this kernel, what was told may be another's, and that one is meant, too.

    Args:
        executed: Sources of the cells that were run, as they were sent to the kernel.
        user_namespace: The kernel's variables.
        directory: Where to look (default: the cwd).
        environ: The environment.
        cell_ids: Ids of the cells that were run, as far as the front end told.
        alone: Whether all cells of this kernel were run in one notebook.
    """
    directory = directory or Path.cwd()
    sources = {source.strip() for source in executed if source.strip()}
    told = user_namespace.get("__vsc_ipynb_file__") or environ.get("JPY_SESSION_NAME")
    if alone and isinstance(told, str) and told.endswith(".ipynb"):
        # A server's path is relative to its root; the kernel runs in the notebook's folder.
        for path in (Path(told), directory / Path(told).name):
            notebook = _readable(path)
            # It may have been renamed since, and another one have got its name.
            if notebook is not None and (not sources or sources & _sources(notebook)):
                return notebook
    nearby = [Path(os.path.realpath(path)) for path in sorted(directory.glob("*.ipynb"))]
    if not alone and isinstance(told, str):
        nearby.append(Path(os.path.realpath(told)))
    ranked = [
        (_score(notebook, sources, set(cell_ids), alone=alone), notebook)
        for notebook in map(_readable, dict.fromkeys(nearby))
        if notebook is not None
    ]
    nothing = (0, 0)
    best = max((score for score, _ in ranked), default=nothing)
    matching = [notebook for score, notebook in ranked if score == best]
    # Copies that say the same (papermill writes one as it goes) are as good as one another; where
    # they differ nobody can tell which is meant: better no answer than somebody else's.
    said = {tuple((cell.source, cell.tags) for cell in found.cells) for found in matching}
    return matching[0] if best > nothing and len(said) == 1 else None


def _score(
    notebook: SavedNotebook, sources: set[str], cell_ids: set[str], *, alone: bool
) -> tuple[int, int]:
    """Return how many of the cells that were run a notebook has: by their ids, by their texts."""
    ids = {cell.id for cell in notebook.cells if cell.id}
    if not alone and ids and cell_ids and not ids & cell_ids:
        return 0, 0  # the same text stands in many notebooks, such as the line that loads us
    return len(ids & cell_ids), len(sources & _sources(notebook))


def _sources(notebook: SavedNotebook) -> set[str]:
    return {cell.source.strip() for cell in notebook.cells}


def _readable(path: Path) -> SavedNotebook | None:
    try:
        return read_notebook(path)
    except (OSError, ValueError):
        return None
