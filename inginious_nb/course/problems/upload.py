"""Problems answered by a file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from inginious_nb.course import fields
from inginious_nb.course.fields import FieldError
from inginious_nb.course.ids import alternatives

from .base import Problem, common, encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_MAX_SIZE_BYTES = 1024 * 1024
DEFAULT_EXTENSIONS = (".c", ".cpp", ".java", ".oz", ".zip", ".tar.gz", ".tar.bz2", ".txt")
# fmt: off
_TEXT_EXTENSIONS = frozenset((
    ".txt", ".csv", ".tsv", ".md", ".rst", ".tex", ".py", ".c", ".h", ".cpp", ".java", ".oz", ".js",
    ".r", ".sql", ".sh", ".json", ".yaml", ".xml",
))
# fmt: on
_PEER_OVERHEAD_BYTES = 33
"""The peer measures the Python object that holds the content, not the content.

Source: docs/protocol.md, Problems.
"""


@dataclass(frozen=True)
class FileProblem(Problem):
    """A file to hand in.

    Attributes:
        max_size_bytes: The largest content that INGInious takes for this problem.
        extensions: The endings a file name may have, as written in the task.
    """

    type = "file"

    max_size_bytes: int = DEFAULT_MAX_SIZE_BYTES - _PEER_OVERHEAD_BYTES
    extensions: tuple[str, ...] = DEFAULT_EXTENSIONS

    @classmethod
    def read(cls, problem_id: str, data: Mapping[Any, Any]) -> Self:
        """Build the problem from its mapping in task.yaml."""
        max_size = data.get("max_size")
        size_bytes = (
            DEFAULT_MAX_SIZE_BYTES
            if max_size is None or max_size == ""
            else fields.integer(max_size, "max_size", "max_size", at_least=0)
        )
        extensions = data.get("allowed_exts") or DEFAULT_EXTENSIONS
        if isinstance(extensions, str):
            extensions = extensions.replace(",", " ").split()
        if not isinstance(extensions, (list, tuple)):
            raise FieldError("allowed_exts must be a list of endings such as .txt", "allowed_exts")
        return cls(
            problem_id,
            **common(data),
            max_size_bytes=max(0, size_bytes - _PEER_OVERHEAD_BYTES),
            extensions=tuple(str(extension) for extension in extensions),
        )

    def check(self, raw: object) -> dict[str, Any]:
        """Return ``{"filename": str, "value": bytes}`` if name and size are allowed.

        A text, as a notebook cell gives it, becomes the content of a file where the problem
        takes a kind of text file.
        """
        if raw is None or raw == "":
            raise self.refuse("no file has been chosen yet; choose one before you submit.")
        if isinstance(raw, str):
            raw = self._file_of(raw)
        if not isinstance(raw, dict):
            raise self.refuse("the answer must be a file; choose one instead of writing text.")
        name, value = raw.get("filename"), raw.get("value")
        if isinstance(value, (bytearray, memoryview)):
            value = bytes(value)
        if not isinstance(name, str) or not isinstance(value, bytes):
            raise self.refuse("the file did not arrive completely; choose it again.")
        # Browsers and scripts may send a whole path; only its last part is the file's name.
        name = encodable(self, name.replace("\\", "/").rpartition("/")[2])
        if not name:
            raise self.refuse("the file has no name; choose it again.")
        if not name.endswith(self.extensions):
            raise self.refuse(
                "a file named {name} is not accepted here; its name must end with {extensions}.",
                name=name,
                extensions=alternatives(self.extensions),
            )
        if len(value) > self.max_size_bytes:
            raise self.refuse(
                "the file {name} has {size:,} bytes; at most {limit:,} bytes are accepted.",
                name=name,
                size=len(value),
                limit=self.max_size_bytes,
            )
        return {"filename": name, "value": value}

    def _file_of(self, content: str) -> dict[str, object] | None:
        extension = next((ext for ext in self.extensions if ext.lower() in _TEXT_EXTENSIONS), None)
        if extension is None:
            return None
        return {
            "filename": f"{self.id}{extension}",
            "value": encodable(self, content.rstrip("\n") + "\n").encode(),
        }

    def translated(self, translate: Callable[[str], str]) -> Self:
        """Return the problem with its texts looked up in another language."""
        return dataclasses.replace(self, name=translate(self.name), header=translate(self.header))

    def as_dict(self) -> dict[str, Any]:
        """Return what a front end needs; ``max_size`` is the largest content in bytes."""
        return super().as_dict() | {
            "max_size": self.max_size_bytes,
            "allowed_exts": list(self.extensions),
        }
