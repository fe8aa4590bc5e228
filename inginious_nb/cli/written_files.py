"""Files that a command writes when its work is done: checked before, written whole or not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from inginious_nb.course.writing import why_not_written, write_file
from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def check_can_be_written(files: Iterable[Path]) -> None:
    """Refuse files that cannot be written, before there is something to write.

    Raises:
        UsageError: One has no folder, or may not be written.
    """
    for file in files:
        folder = file.resolve().parent
        if not folder.is_dir():
            raise UsageError(
                Message(
                    "{file} cannot be written: there is no folder {folder}. Make it, or name "
                    "another file.",
                    file=visible(str(file)),
                    folder=visible(str(folder)),
                )
            )
        if not os.access(file if file.exists() else folder, os.W_OK):
            raise UsageError(
                Message(
                    "{file} cannot be written: it may not be changed, or its folder may not. Name "
                    "another file.",
                    file=visible(str(file)),
                )
            )


def write(file: Path, text: str) -> Message | None:
    """Write a file in one step, so that what was there stays where that fails.

    Half of a surrogate pair, which a grader may quote, is written as an escape.

    Returns:
        Why it was not written; None where it was.
    """
    content = text.encode("utf-8", "backslashreplace")
    try:
        if _can_be_replaced(file):
            write_file(file.resolve(), content)
        else:
            file.write_bytes(content)
    except OSError as error:
        return Message(
            "{file} cannot be written ({reason}).",
            file=visible(str(file)),
            reason=why_not_written(error),
        )
    return None


def _can_be_replaced(file: Path) -> bool:
    """Return whether another file may take its place: not that of a pipe or a terminal."""
    return os.access(file.resolve().parent, os.W_OK) and (file.is_file() or not file.exists())
