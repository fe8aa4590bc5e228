"""Pictures and downloads that a task's texts refer to, read from its public folders.

INGInious serves them at ``/course/COURSE/TASK/FILE``; authors write that, leave out some of its
beginning, or put the name of their site before it. In a notebook there is no such server, so the
files travel inside the page.
"""

from __future__ import annotations

import base64
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 5 * 1024 * 1024

IMAGE_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".svg": "image/svg+xml",  # inert inside an <img>
}


@dataclass(frozen=True)
class Assets:
    """The public files of one task.

    Attributes:
        course_id: The course, as it stands in addresses.
        task_id: The task, as it stands in addresses.
        folder: The public folder of the task.
        common_folder: The public folder that all tasks of the course share, if there is one.
        tasks_folder: Where the other tasks are, whose public folders count, too; nothing outside
            of it is ever read.
        asked_for: The addresses that were looked up so far.
    """

    course_id: str
    task_id: str
    folder: Path
    common_folder: Path | None = None
    tasks_folder: Path | None = None
    asked_for: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def of(cls, task: Any) -> Self:
        """Return the assets of a `inginious_nb.course.Task`."""
        common = task.common_directory
        return cls(
            task.course_id,
            task.id,
            task.public_directory,
            None if common is None else common / "public",
            task.path.parent,
        )

    def as_list(self) -> list[str | None]:
        """Return its attributes in their order, as another process can be told."""
        folders = (self.folder, self.common_folder, self.tasks_folder)
        paths = [None if folder is None else str(folder) for folder in folders]
        return [self.course_id, self.task_id, *paths]

    @classmethod
    def from_list(cls, told: list[str | None] | None) -> Self | None:
        """Return the assets that `as_list` told, None for None."""
        if told is None:
            return None
        folder, common, tasks = (None if path is None else Path(path) for path in told[2:])
        return cls(str(told[0]), str(told[1]), folder or Path(), common, tasks)

    def image(self, address: str) -> str | None:
        """Return a picture as a data URI, or None if there is none at that address."""
        path = self._find(address)
        kind = IMAGE_TYPES.get(path.suffix.lower()) if path is not None else None
        content = self._read(path) if path is not None and kind is not None else None
        return None if content is None else f"data:{kind};base64,{_base64(content)}"

    def download(self, address: str) -> tuple[str, str] | None:
        """Return the name of a file and a data URI to save it from, or None."""
        path = self._find(address)
        content = self._read(path) if path is not None else None
        if path is None or content is None:
            return None
        # Never the file's own type: an HTML file must be saved, not opened.
        return path.name, f"data:application/octet-stream;base64,{_base64(content)}"

    def _find(self, address: str) -> Path | None:
        self.asked_for.add(address)
        try:
            parts = urlsplit(address)
        except ValueError:
            return None
        words = [word for word in unquote(parts.path).split("/") if word not in ("", ".")]
        if parts.scheme or parts.netloc:
            # Many a course names its own site and is known by another id there.
            if parts.scheme not in ("http", "https") or words[:1] != ["course"]:
                return None
            words = words[2:]
        elif words[:2] == ["course", self.course_id]:
            words = words[2:]
        folder: Path | None = self.folder
        if words[:1] == ["$common"]:
            folder, words = self.common_folder, words[1:]
        elif words[:1] == [self.task_id]:
            words = words[1:]
        candidates = [(folder, words)]
        if words[:1] == ["public"]:
            candidates.append((folder, words[1:]))
        if self.tasks_folder is not None and len(words) > 1 and not words[0].startswith("."):
            candidates.append((self.tasks_folder / words[0] / "public", words[1:]))
        found = (_inside(*candidate, self.tasks_folder) for candidate in candidates)
        return next((path for path in found if path is not None), None)

    @staticmethod
    def _read(path: Path) -> bytes | None:
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                logger.warning("%s is too large to be shown in a notebook.", path)
                return None
            return path.read_bytes()
        except OSError as error:
            logger.warning("%s cannot be read: %s", path, error)
            return None


def _inside(folder: Path | None, words: list[str], course: Path | None) -> Path | None:
    """Return the file below folder, never one that a link or a dotted path leads to outside.

    The folder itself may be such a link, too: it must be inside the course.
    """
    if folder is None or not words:
        return None
    try:
        root = folder.resolve()
        if course is not None and not root.is_relative_to(course.resolve()):
            return None
        path = root.joinpath(*words).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # RuntimeError: a link in a circle, before 3.13
        return None


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
