"""Reading a course.yaml, task.yaml or recorded submission: YAML 1.1, first document, no tags.

The dialect is that of docs/protocol.md, Courses on disk. Errors name the file and the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inginious_nb.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MAX_FILE_BYTES = 32 * 1024 * 1024
_MAX_NODES = 1_000_000


def read_yaml(path: Path) -> Any:
    """Return the first document of a YAML (or JSON) file.

    Raises:
        CourseError: The file cannot be read or is not YAML; it names the file and the line.
    """
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise CourseError(f"{path} is too large to be read.", path=path)
        content = path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"{path} cannot be read: {error.strerror or error}.", path=path
        ) from error
    # PyYAML takes longer to load than all else of a course; a notebook opens without.
    import yaml  # noqa: PLC0415

    from .yaml_loader import Loader  # noqa: PLC0415

    try:
        loader = Loader(content)
        loader.name = path.name
        try:
            data = loader.get_data() if loader.check_data() else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # The parser may stand one line beyond the end when it notices.
        line = min(mark.line + 1, len(content.splitlines()) or 1) if mark else None
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise CourseError(
            f"{_place(path, line)} is not valid YAML: {what}. Correct the file there.",
            path=path,
            line=line,
        ) from error
    except yaml.reader.ReaderError as error:
        # Its position counts bytes or characters, depending on what went wrong: close enough.
        line = content.count(b"\n", 0, error.position) + 1
        raise CourseError(
            f"{_place(path, line)} holds a character that YAML does not allow; "
            "save the file as UTF-8 text.",
            path=path,
            line=line,
        ) from error
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        # For instance a date that does not exist: the constructors of YAML 1.1 let these through.
        raise CourseError(f"{path} is not valid YAML: {error}.", path=path) from error
    if _is_bomb(data):
        raise CourseError(
            f"{path} unfolds to more than a course can mean; remove aliases (*name) that hold one "
            "another.",
            path=path,
        )
    return data


def _is_bomb(data: object) -> bool:
    """Return whether aliases make a small file an enormous value; nothing walks through it."""
    waiting, count = [data], 0
    while waiting and count <= _MAX_NODES:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, (list, tuple, set)):
            waiting += value
    return count > _MAX_NODES


def read_mapping(path: Path) -> dict[Any, Any]:
    """Return the mapping that a YAML file holds.

    Raises:
        CourseError: As read_yaml, or the file holds something else than a mapping.
    """
    data = read_yaml(path)
    if not isinstance(data, dict):
        state = "is empty" if data is None else "does not hold a mapping"
        raise CourseError(
            f"{path} {state}; it needs lines of the form key: value.", path=path, line=1
        )
    return data


def field_error(path: Path, keys: Sequence[str | int], message: str) -> CourseError:
    """Return the error for a field that was read but cannot be used, with its line."""
    line = _line_of(path, keys)
    stop = "" if message.endswith("?") else "."
    return CourseError(f"{_place(path, line)}: {message}{stop}", path=path, line=line)


def _place(path: Path, line: int | None) -> str:
    return str(path) if line is None else f"{path}, line {line}"


def _line_of(path: Path, keys: Sequence[str | int]) -> int | None:
    """Find the line of a field; of the nearest field around it if it is missing itself."""
    import yaml  # noqa: PLC0415 - as in `read_yaml`

    from .yaml_loader import BaseLoader  # noqa: PLC0415

    try:
        node = yaml.compose(path.read_bytes(), Loader=BaseLoader)
    except (OSError, yaml.YAMLError, RecursionError):
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
