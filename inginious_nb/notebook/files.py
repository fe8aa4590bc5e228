"""A file of this machine as the answer to a problem."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from inginious_nb.course.problems import FileProblem

# As the system says them, so that they can be said in other languages.
_REASONS = {
    errno.ENOENT: Message("No such file or directory"),
    errno.EACCES: Message("Permission denied"),
    errno.EISDIR: Message("Is a directory"),
}


def file_answer(
    problem: FileProblem,
    path_text: str,
    directory: Path | None = None,
    *,
    confined: bool = False,
) -> dict[str, Any]:
    """Return a file of this machine as the raw answer to a problem.

    Args:
        problem: The problem.
        path_text: The path, from the directory, absolute, or with ``~``.
        directory: Where it begins (default: the cwd).
        confined: Refuse what is, with its links followed, outside of the directory.

    Raises:
        AnswerError: The file cannot be read, or is outside.
    """
    try:
        path = (directory or Path()) / Path(path_text).expanduser()
        if confined:
            path = path.resolve()  # what is tested is what is opened
            if not path.is_relative_to((directory or Path()).resolve()):
                raise problem.refuse(
                    "the file {path} is not in the folder of the notebook.", path=path_text
                )
        # Judged before it is read: a slip of the pen must not load a whole disk image.
        problem.check({"filename": path.name, "value": b""})
        return {"filename": path.name, "value": _content(problem, path)}
    except (OSError, ValueError, RuntimeError) as error:
        reason = _REASONS.get(getattr(error, "errno", None) or 0) or getattr(
            error, "strerror", None
        )
        raise problem.refuse(
            "the file “{path}” cannot be read ({reason}); give the path of a file as seen from "
            "{directory}.",
            path=path_text,
            reason=reason or str(error),
            directory=directory or Message("the notebook"),
        ) from error


def _content(problem: FileProblem, path: Path) -> bytes:
    """Return the content of a regular file; a pipe or a device may never end."""
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, Message("it is no ordinary file"))
        content = file.read(problem.max_size_bytes + 1)
    if len(content) > problem.max_size_bytes:
        raise problem.refuse(
            "the file {name} has more than {limit:,} bytes, which are the most that are accepted.",
            name=path.name,
            limit=problem.max_size_bytes,
        )
    return content
