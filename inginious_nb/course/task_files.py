"""Files of a task or course as authors write them in cells, never over what is newer on disk."""

from __future__ import annotations

import difflib
import threading
from pathlib import Path, PurePosixPath

from inginious_nb.errors import CourseError, UsageError
from inginious_nb.i18n import Message

from . import probing
from .folders import TASK_FILES
from .writing import why_not_written, write_file

_MAX_FILE_BYTES = 1_000_000
_MAX_SHOWN_LINES = 12
_RUN, _SCRIPT_MODE, _TEXT_MODE = "run", 0o755, 0o644


class TaskFiles:
    """Reads and writes the files of tasks, and remembers what each was when it was last seen here.

    Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, bytes] = {}
        self._lock = threading.Lock()

    def read(self, task: Path, name: str) -> str:
        """Return a text file of a task.

        Args:
            task: The folder of the task.
            name: The file, relative to it.

        Raises:
            UsageError: It is no file of the task, not there, or no text.
            CourseError: It cannot be read.
        """
        path = _path(task, name)
        if probing.look(path).kind == "nothing":
            raise UsageError(
                Message(
                    "There is no file {file}; a cell that begins with %%inginious edit and its "
                    "name writes one.",
                    file=path,
                )
            )
        content = probing.read(path, _MAX_FILE_BYTES)
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise UsageError(Message("{file} is no text.", file=path)) from None
        with self._lock:
            self._seen[path] = content
        return text

    def write(self, task: Path, name: str, text: str, *, force: bool = False) -> Path:
        """Write a file of a task; a new run script is executable.

        Args:
            task: The folder of the task.
            name: The file, relative to it; folders are made if need be.
            text: Its content.
            force: Write over a version that was not seen here, too.

        Returns:
            The file.

        Raises:
            UsageError: It is no file of the task, or another version is on disk; the text says
                what differs.
            CourseError: It cannot be written.
        """
        path = _path(task, name)
        content = text.encode()
        with self._lock:
            before = probing.read(path, _MAX_FILE_BYTES) if probing.is_file(path) else None
            if before not in (None, content, self._seen.get(path)) and not force:
                raise _newer(path, before or b"", content)
            if before != content:
                _replace(path, content)
            self._seen[path] = content
        return path


def _path(task: Path, name: str) -> Path:
    """Return the path of a file of a task; no link leads out of the task.

    Raises:
        UsageError: It is elsewhere, or a folder.
    """
    parts = PurePosixPath(name).parts
    path = task.joinpath(*parts)
    inside = probing.real(path).is_relative_to(probing.real(task))
    if not parts or ".." in parts or PurePosixPath(name).is_absolute() or not inside:
        raise UsageError(Message("{name} is no file in {folder}.", name=name, folder=task))
    if probing.is_folder(path):
        raise UsageError(Message("{file} is a folder; name a file in it.", file=path))
    return probing.real(path)


def _newer(path: Path, on_disk: bytes, written: bytes) -> UsageError:
    lines = difflib.unified_diff(
        on_disk.decode("utf-8", "replace").splitlines(),
        written.decode("utf-8", "replace").splitlines(),
        "on disk",
        "this cell",
        lineterm="",
        n=1,
    )
    shown = list(lines)
    more = ["…"] if len(shown) > _MAX_SHOWN_LINES else []
    return UsageError(
        Message(
            "{file} was changed elsewhere, or never seen in this kernel; nothing was written. Add "
            "--force to write this cell over it, or see it with %inginious edit. What differs:\n"
            "{difference}",
            file=path,
            difference="\n".join(shown[:_MAX_SHOWN_LINES] + more),
        )
    )


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step: whoever grades meanwhile has the old version or the new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777 if path.exists() else None
        if mode is None:
            mode = _SCRIPT_MODE if path.name == _RUN or content[:2] == b"#!" else _TEXT_MODE
        write_file(path, content, mode)
    except OSError as error:
        raise CourseError(
            Message(
                "{file} cannot be written ({reason}).",
                file=path,
                reason=why_not_written(error),
            )
        ) from error


def default_file(text: str) -> str:
    """Return the file that a cell means which names none: a script is the run file."""
    return _RUN if text.startswith("#!") else TASK_FILES[0]
