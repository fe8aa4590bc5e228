"""Feedback as plain text, for a terminal and for the text/plain side of an output."""

from __future__ import annotations

import html
import re
import textwrap
from typing import TYPE_CHECKING

import nh3
from docutils import nodes

from inginious_nb.i18n import printable

from .fallback import without_withheld
from .rst import UnformattableError, to_tree

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

_BLOCK_END = re.compile(
    r"<(br|hr|/p|/div|/li|/tr|/h[1-6]|/pre|/dt|/dd|/blockquote)\b[^>]*>", re.IGNORECASE
)
_INVISIBLE = {"script", "style", "template", "noscript", "iframe", "svg", "select"}


def rst_to_text(text: str, *, now: dt.datetime) -> str:
    """Return reStructuredText without its markup."""
    try:
        tree = to_tree(text, now=now)
    except UnformattableError:
        return _tidy(without_withheld(text, now=now))
    return _tidy("\n\n".join(_blocks(tree)))


def html_to_text(text: str) -> str:
    """Return HTML without its tags."""
    text = _BLOCK_END.sub(lambda match: match[0] + "\n", text)
    return _tidy(html.unescape(nh3.clean(text, tags=set(), clean_content_tags=_INVISIBLE)))


def _blocks(parent: nodes.Node) -> Iterator[str]:
    """Yield the text of each block below a node."""
    for node in parent.children:
        match node:
            case nodes.title() | nodes.paragraph() | nodes.rubric() | nodes.caption():
                yield _inline(node)
            case nodes.literal_block() | nodes.math_block() | nodes.doctest_block():
                yield textwrap.indent(node.astext(), "    ")
            case nodes.raw():
                yield html_to_text(node.astext()) if node.get("format") == "html" else ""
            case nodes.bullet_list():
                yield "\n".join(_item("* ", item) for item in node.children)
            case nodes.enumerated_list():
                start = node.get("start", 1)
                yield "\n".join(
                    _item(f"{number}. ", item) for number, item in enumerate(node.children, start)
                )
            case nodes.table():
                yield "\n".join(_rows(node))
            case nodes.image():
                yield _inline(nodes.paragraph("", "", node.deepcopy()))
            case nodes.comment() | nodes.substitution_definition() | nodes.target():
                continue
            case nodes.block_quote() | nodes.definition():
                yield textwrap.indent("\n\n".join(_blocks(node)), "    ")
            case nodes.admonition():  # has a title of its own
                yield from _blocks(node)
            case nodes.Admonition():
                yield "\n\n".join((type(node).__name__.capitalize(), *_blocks(node)))
            case nodes.Text():
                yield node.astext()
            case nodes.TextElement():
                yield _inline(node)
            case _:
                yield from _blocks(node)


def _item(bullet: str, item: nodes.Node) -> str:
    content = "\n".join(_blocks(item))
    return bullet + textwrap.indent(content, " " * len(bullet)).lstrip()


def _rows(table: nodes.table) -> Iterator[str]:
    for row in table.findall(nodes.row):
        yield " | ".join(" ".join(_blocks(entry)) for entry in row.children)


def _inline(node: nodes.Node) -> str:
    parts = []
    for child in node.children:
        if isinstance(child, nodes.image):
            parts.append(f"[picture: {child['alt']}]" if child.get("alt") else "[picture]")
        elif isinstance(child, nodes.raw):
            parts.append(html_to_text(child.astext()))
        elif isinstance(child, (nodes.Text, nodes.math)):
            parts.append(child.astext())
        else:
            parts.append(_inline(child))
    return "".join(parts)


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in printable(text.expandtabs(4)).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
