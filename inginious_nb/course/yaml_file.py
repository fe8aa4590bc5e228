"""Reading a course.yaml, task.yaml or recorded submission: YAML 1.1, first document, no tags.

The dialect is that of docs/protocol.md, Courses on disk. Errors name the file and the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message

from . import probing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MAX_FILE_BYTES = 32 * 1024 * 1024
_MAX_REASON_CHARACTERS = 200
_NOTICED_LATER = ("could not find expected ':'", "found unexpected end of stream")
"""Problems that the parser notices lines behind the one to be corrected."""


def read_yaml(path: Path) -> Any:
    """Return the first document of a YAML (or JSON) file.

    Raises:
        CourseError: The file cannot be read, is not YAML, or means more than a course can; it
            names the file and the line.
    """
    content = probing.read(path, _MAX_FILE_BYTES)
    # PyYAML takes longer to load than all else of a course; a notebook opens without.
    import yaml  # noqa: PLC0415

    from .yaml_loader import LimitError, first_document  # noqa: PLC0415

    try:
        return first_document(content, str(path))
    except LimitError as error:
        raise CourseError(
            Message("{place}: {reason}.", place=_place(path, error.line), reason=error.message),
            path=path,
            line=error.line,
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if error.context_mark and (error.problem or "").startswith(_NOTICED_LATER):
            mark = error.context_mark
        lines = content.splitlines() or [b""]
        # The parser may stand one line beyond the end when it notices.
        marked_line = min(mark.line + 1, len(lines)) if mark else None
        what = ", ".join(filter(None, (error.context, error.problem)))
        hint = _hint(error.problem or "", lines[marked_line - 1] if marked_line else b"")
        raise CourseError(
            Message(
                "{place} is not valid YAML: {reason}. Correct the file there.",
                place=_place(path, marked_line),
                reason=hint or what[:_MAX_REASON_CHARACTERS],
            ),
            path=path,
            line=marked_line,
        ) from error
    except yaml.reader.ReaderError as error:
        # Its position counts bytes or characters, depending on what went wrong: close enough.
        line = content.count(b"\n", 0, error.position) + 1
        raise CourseError(
            Message(
                "{place} holds a character that YAML does not allow; save the file as UTF-8 text.",
                place=_place(path, line),
            ),
            path=path,
            line=line,
        ) from error


def _hint(problem: str, line: bytes) -> Message | None:
    """Return what is wrong in the words of who writes YAML by hand; None for what is rare.

    Args:
        problem: The parser's words.
        line: The line where it stands.
    """
    if problem.startswith(("found character", "found a tab")) and b"\t" in line:
        return Message("there is a tab; lines are indented with spaces only")
    if problem.startswith(("found character", "found undefined alias")):
        return Message("a text that begins with a sign such as @ % ` * needs quotation marks")
    if problem.startswith("found unexpected end of stream"):
        return Message("what begins with a quotation mark here has no other at its end")
    if problem.startswith("mapping values are not allowed"):
        return Message(
            "either the line is not indented like its neighbours, or a text with a colon needs "
            'quotation marks: key: "a text: with a colon"'
        )
    if problem.startswith("could not find expected ':'"):
        return Message(
            "the line is no key: value; after the colon stands a space, and longer texts are "
            "indented"
        )
    return None


def read_mapping(path: Path) -> dict[Any, Any]:
    """Return the mapping that a YAML file holds.

    Raises:
        CourseError: As read_yaml, or the file holds something else than a mapping.
    """
    data = read_yaml(path)
    if not isinstance(data, dict):
        text = (
            Message("{path} is empty; it needs lines of the form key: value.", path=path)
            if data is None
            else Message(
                "{path} does not hold a mapping; it needs lines of the form key: value.", path=path
            )
        )
        raise CourseError(text, path=path, line=1)
    return data


def repeated_keys(path: Path) -> Iterator[tuple[int, Message]]:
    """Yield where a key of a mapping stands again, and what that means; nothing if it is no YAML.

    Reading the file logs the same, once; an author's check wants it as a fault.
    """
    import yaml  # noqa: PLC0415 - as in `read_yaml`

    from .yaml_loader import first_node  # noqa: PLC0415

    try:
        node = first_node(probing.read(path, _MAX_FILE_BYTES))
    except (CourseError, yaml.YAMLError):
        return
    waiting, seen = [node], {id(node)}
    while waiting:
        node = waiting.pop()
        inner: list[Any] = node.value if isinstance(node, yaml.CollectionNode) else []
        if isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    line = key.start_mark.line + 1
                    if key.value in lines:
                        message = Message(
                            "The key {key} of line {line} stands again here; only this one counts.",
                            key=key.value,
                            line=lines[key.value],
                        )
                        yield line, message
                    lines[key.value] = line
            inner = [value for _, value in node.value]
        new = [each for each in inner if id(each) not in seen]  # an alias is the same node again
        seen.update(map(id, new))
        waiting += new


def field_error(path: Path, keys: Sequence[str | int], message: str) -> CourseError:
    """Return the error for a field that was read but cannot be used, with its line."""
    line = _line_of(path, keys)
    stop = "" if message.endswith("?") else "."
    return CourseError(f"{_place(path, line)}: {message}{stop}", path=path, line=line)


def _place(path: Path, line: int | None) -> str:
    if line is None:
        return str(path)
    return Message("{path}, line {line}", path=path, line=line)


def _line_of(path: Path, keys: Sequence[str | int]) -> int | None:
    """Find the line of a field; of the nearest field around it if it is missing itself."""
    import yaml  # noqa: PLC0415 - as in `read_yaml`

    from .yaml_loader import first_node  # noqa: PLC0415

    try:
        node = first_node(probing.read(path, _MAX_FILE_BYTES))
    except (CourseError, yaml.YAMLError):
        return None
    if node is None:
        return None
    line: int = node.start_mark.line
    for key in keys:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in reversed(node.value) if pair[0].value == str(key)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            found = (node.value[key], node.value[key]) if key < len(node.value) else None
        if found is None:
            break
        line, node = found[0].start_mark.line, found[1]
    return line + 1
