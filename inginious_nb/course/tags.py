"""The tags of a course (``tags`` in course.yaml): what a test of a task stands for.

Source: docs/protocol.md, Courses on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from . import fields, translations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KINDS = {"0": "skill", "1": "misconception", "2": "category"}


class Tag(Struct, frozen=True):
    """A tag of the course: what a test of a task, or a task itself, stands for.

    Attributes:
        id: Its id, the key in the tests of a result.
        name: Its title.
        description: What it means.
        visible: Whether students see it.
        kind: ``skill``, ``misconception`` or ``category``.
    """

    id: str
    name: str
    description: str
    visible: bool
    kind: str


class CourseTags(Struct, frozen=True):
    """The tags of one course.

    Attributes:
        by_id: They by id.
        folder: The folder of the course, which has their translations; None without any.
    """

    by_id: Mapping[str, Tag] = field(default_factory=dict)
    folder: Path | None = None

    def name(self, tag_id: str, language: str) -> str:
        """Return what people call a tag in a language; an id that is no tag is its own name."""
        tag = self.by_id.get(tag_id)
        if tag is None or self.folder is None:
            return tag_id
        translate = translations.translator([self.folder], language)
        return tag.name if translate is None else translate(tag.name)


def read_tags(raw: object, folder: Path) -> CourseTags:
    """Return the tags of a course.yaml; entries that make no sense are left out."""
    if not isinstance(raw, dict):
        return CourseTags()
    entries = {str(key): value for key, value in raw.items() if isinstance(value, dict)}
    return CourseTags({key: _tag(key, value) for key, value in entries.items()}, folder)


def _tag(tag_id: str, data: dict[Any, Any]) -> Tag:
    return Tag(
        id=tag_id,
        name=fields.text(data.get("name")) or tag_id,
        description=fields.text(data.get("description")),
        visible=bool(data.get("visible", True)),
        kind=_KINDS.get(fields.text(data.get("type")), "skill"),
    )
