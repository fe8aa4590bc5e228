"""The loader of YAML files; PyYAML is imported here alone, with the first file that is read.

A few bytes of aliases, merge keys or brackets can mean more than a computer has, and PyYAML
composes by recursion, in C without a limit. So nodes are composed here: event by event, without
recursion, and counted as if every alias were written out, before any value is constructed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from yaml.constructor import ConstructorError

from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

logger = logging.getLogger(__name__)

MAX_VALUES = 100_000
MAX_DEPTH = 100
MAX_CHARACTERS = 32 * 1024 * 1024
_MAX_DIRECTIVES = 100
_MAX_TAG_CHARACTERS = 200
_MAX_NUMBER_CHARACTERS = 100
_MAX_WARNINGS = 10
_SHOWN_CHARACTERS = 40
_TEXT = "tag:yaml.org,2002:str"
_MSGPACK_INTEGERS = range(-(2**63), 2**64)

# The C parser is about eight times faster and gives the same marks; wheels of PyYAML have it.
BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LimitError(yaml.YAMLError):
    """A file means more than a course can.

    Attributes:
        message: What is too much and what to do, as the end of a sentence.
        line: The line where it is.
    """

    def __init__(self, message: str, mark: Any) -> None:
        super().__init__(message)
        self.message = message
        self.line: int = mark.line + 1


class Loader(BaseLoader):  # type: ignore[misc]
    """The safe loader with limits, which also says when a key stands twice (the last one wins)."""

    _warnings = 0

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return the value of a node; texts, which most are, without PyYAML's detours."""
        if node.tag == _TEXT and type(node) is yaml.ScalarNode:
            return node.value
        return super().construct_object(node, deep=deep)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return a mapping; a key that stands twice is logged."""
        if isinstance(node, yaml.MappingNode):
            self._warn_of_repeated_keys(node)
        result: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return result

    def _warn_of_repeated_keys(self, node: yaml.MappingNode) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            line = key.start_mark.line + 1
            if key.value in seen and self._warnings < _MAX_WARNINGS:
                self._warnings += 1
                logger.warning(
                    "%s: the key %s of line %d stands again in line %d; the last one counts",
                    self.name,
                    _shown(key.value),
                    seen[key.value],
                    line,
                )
            seen[key.value] = line


def _checked(construct: Callable[[Any, yaml.Node], Any]) -> Callable[[Any, yaml.Node], Any]:
    """Return a constructor that raises nothing else than PyYAML's own errors."""

    def constructed(loader: Any, node: yaml.Node) -> Any:
        try:
            return construct(loader, node)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            kind = node.tag.rpartition(":")[2]
            raise ConstructorError(
                None, None, f"{_shown(node.value)} cannot be read as {kind}", node.start_mark
            ) from error

    return constructed


def _construct_integer(loader: Any, node: yaml.Node) -> int | str:
    """Return a whole number; as text where msgpack has no room for it.

    Larger ones are also what makes a dictionary slow: they can share one hash value.
    """
    if len(node.value) > _MAX_NUMBER_CHARACTERS:
        raise ValueError  # the time that 1:59:59:… takes grows with its square
    number: int = loader.construct_yaml_int(node)
    return number if number in _MSGPACK_INTEGERS else str(number)


for _name, _construct in {
    "int": _construct_integer,
    "float": BaseLoader.construct_yaml_float,
    "bool": BaseLoader.construct_yaml_bool,
    "timestamp": BaseLoader.construct_yaml_timestamp,
}.items():
    Loader.add_constructor(f"tag:yaml.org,2002:{_name}", _checked(_construct))


def first_document(content: bytes, name: str) -> Any:
    """Return the value of the first document of a file, None if there is none.

    Args:
        content: What the file holds.
        name: What it is called in the log.

    Raises:
        LimitError: It means more than a course can.
        yaml.YAMLError: It is not YAML, or has a value that cannot be.
    """
    _check_directives(content)
    loader = Loader(content)
    loader.name = name
    try:
        node = _compose(loader)
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def first_node(content: bytes) -> yaml.Node | None:
    """Return the first document of a file as nodes, which know their lines.

    Raises:
        yaml.YAMLError: As `first_document`.
    """
    _check_directives(content)
    loader = BaseLoader(content)
    try:
        return _compose(loader)
    finally:
        loader.dispose()


def _check_directives(content: bytes) -> None:
    """Test that few directives stand before the document.

    libyaml compares each ``%TAG`` with all before it, so a megabyte of them takes it minutes.

    Raises:
        LimitError: There are more.
        yaml.YAMLError: They are not YAML.
    """
    if b"%" not in content:
        return
    loader = BaseLoader(content)
    try:
        loader.get_token()  # the stream begins
        for _ in range(_MAX_DIRECTIVES + 1):
            token = loader.get_token()
            if not isinstance(token, yaml.DirectiveToken):
                return
    finally:
        loader.dispose()
    raise LimitError(
        Message("these lines that begin with % are too many; remove them"), token.start_mark
    )


def _compose(loader: Any) -> yaml.Node | None:
    loader.get_event()  # the stream begins
    if isinstance(loader.get_event(), yaml.StreamEndEvent):
        return None
    composer = _Composer(loader)
    while composer.root is None:
        composer.take(loader.get_event())
    loader.get_event()  # the document ends
    return composer.root


@dataclass(frozen=True)
class _Size:
    """The size of a node with all its aliases written out.

    Attributes:
        values: Values in it, itself included.
        characters: Characters of all scalars in it.
        height: Levels of collections in it.
    """

    values: int
    characters: int
    height: int


@dataclass
class _Collection:
    """A collection whose end has not come yet."""

    node: yaml.CollectionNode
    anchor: str | None
    values_before: int
    characters_before: int
    height: int = 1
    key: yaml.Node | None = None

    def __post_init__(self) -> None:
        self.is_mapping = isinstance(self.node, yaml.MappingNode)
        self.content: list[Any] = self.node.value


class _Composer:
    """Makes nodes of events, and counts what they mean.

    Attributes:
        root: The node of the document, once it is complete.
    """

    def __init__(self, loader: Any) -> None:
        self.root: yaml.Node | None = None
        self._loader = loader
        self._take = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.SequenceStartEvent: self._begin,
            yaml.MappingStartEvent: self._begin,
            yaml.SequenceEndEvent: self._end,
            yaml.MappingEndEvent: self._end,
        }
        self._open: list[_Collection] = []
        self._anchors: dict[str, tuple[yaml.Node, _Size | None]] = {}
        self._values = 0
        self._characters = 0

    def take(self, event: Any) -> None:
        """Take the next event of the document.

        Raises:
            LimitError: It is one too many.
            yaml.composer.ComposerError: An anchor is not known, or stands twice.
        """
        self._take[type(event)](event)

    def _scalar(self, event: Any) -> None:
        value, mark = event.value, event.start_mark
        tag = self._tag(yaml.ScalarNode, event, value)
        node = yaml.ScalarNode(tag, value, mark, event.end_mark, event.style)
        self._values += 1
        self._characters += len(value)
        if self._values > MAX_VALUES or self._characters > MAX_CHARACTERS:
            raise _too_much(mark)
        if event.anchor is not None:
            self._name(event, node, _Size(1, len(value), 0))
        self._add(node)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise yaml.composer.ComposerError(
                None, None, f"found undefined alias {_shown(event.anchor)}", event.start_mark
            )
        node, size = self._anchors[event.anchor]
        if size is None:
            raise LimitError(
                Message(
                    "the alias *{name} stands within what it names, which unfolds without end; "
                    "write out what you mean",
                    name=event.anchor[:_SHOWN_CHARACTERS],
                ),
                event.start_mark,
            )
        self._count(size.values, size.characters, size.height, event.start_mark)
        if self._open:
            self._open[-1].height = max(self._open[-1].height, size.height + 1)
        self._add(node)

    def _begin(self, event: Any) -> None:
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        kind = yaml.MappingNode if is_mapping else yaml.SequenceNode
        node = kind(
            self._tag(kind, event, None), [], event.start_mark, None, flow_style=event.flow_style
        )
        before = self._values, self._characters
        self._count(1, 0, 1, event.start_mark)
        if event.anchor is not None:
            self._name(event, node, None)
        self._open.append(_Collection(node, event.anchor, *before))

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        done.node.end_mark = event.end_mark
        if done.anchor is not None:
            size = _Size(
                self._values - done.values_before,
                self._characters - done.characters_before,
                done.height,
            )
            self._anchors[done.anchor] = done.node, size
        if self._open:
            self._open[-1].height = max(self._open[-1].height, done.height + 1)
        self._add(done.node)

    def _add(self, node: yaml.Node) -> None:
        if not self._open:
            self.root = node
            return
        within = self._open[-1]
        if not within.is_mapping:
            within.content.append(node)
        elif within.key is None:
            within.key = node
        else:
            within.content.append((within.key, node))
            within.key = None

    def _tag(self, kind: type[yaml.Node], event: Any, value: str | None) -> str:
        if event.tag is None or event.tag == "!":
            tag: str = self._loader.resolve(kind, value, event.implicit)
            return tag
        if len(event.tag) > _MAX_TAG_CHARACTERS:  # %TAG makes a few bytes a long one
            raise LimitError(Message("this tag is too long; remove it"), event.start_mark)
        return str(event.tag)

    def _name(self, event: Any, node: yaml.Node, size: _Size | None) -> None:
        if event.anchor in self._anchors:
            raise yaml.composer.ComposerError(
                None, None, f"found duplicate anchor {_shown(event.anchor)}", event.start_mark
            )
        self._anchors[event.anchor] = node, size

    def _count(self, values: int, characters: int, height: int, mark: Any) -> None:
        self._values += values
        self._characters += characters
        if len(self._open) + height > MAX_DEPTH:
            raise LimitError(
                Message(
                    "values are nested more than {limit} deep; make the file flatter",
                    limit=MAX_DEPTH,
                ),
                mark,
            )
        if self._values > MAX_VALUES or self._characters > MAX_CHARACTERS:
            raise _too_much(mark)


def _too_much(mark: Any) -> LimitError:
    message = Message(
        "the file unfolds to more than a course can mean ({limit:,} values); shorten it, or remove "
        "aliases (*name) and merge keys (<<) that hold one another",
        limit=MAX_VALUES,
    )
    return LimitError(message, mark)


def _shown(value: object) -> str:
    if not isinstance(value, str):
        return "this"
    return repr(value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}…")
