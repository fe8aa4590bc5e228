"""reStructuredText to HTML through docutils. The result is not safe yet: `sanitise` comes next.

docutils keeps roles and directives in globals of the process, which a text can change; so one text
is parsed at a time, and the globals are put back afterwards.
"""

from __future__ import annotations

import copy
import functools
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import nh3
from docutils import frontend, nodes
from docutils.core import Publisher
from docutils.io import StringInput, StringOutput
from docutils.parsers.rst import Parser, directives, roles, states
from docutils.readers.standalone import Reader
from docutils.transforms import Transform
from docutils.writers import UnfilteredWriter, html5_polyglot

from inginious_nb.i18n import spoken

from .directives import DIRECTIVES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

_lock = threading.Lock()

_SETTINGS = {
    "_disable_config": True,  # a docutils.conf in the notebook's folder must not change anything
    "file_insertion_enabled": False,
    "raw_enabled": True,  # tasks and the grading API's own image block need it
    "doctitle_xform": False,
    "sectsubtitle_xform": False,
    "docinfo_xform": False,
    "toc_backlinks": False,
    "initial_header_level": 1,
    "image_loading": "link",  # never read a file that a text names
    "line_length_limit": 100_000_000,  # a picture is one line
    "math_output": "MathML",
    "report_level": 5,
    "halt_level": 6,
    "traceback": True,  # exceptions are ours to handle
    "syntax_highlight": "short",
    "warning_stream": False,
    "input_encoding": "unicode",
    "output_encoding": "unicode",
}

_MARKUP_CHARS = 200_000
"""Beyond this much text outside of listings docutils takes too long."""

_INLINE_WORK_CHARS = 20_000_000
"""What may be searched for ends of inline markup; docutils does it anew for each beginning."""

_HTML_CHARS = 8_000_000
"""No text within the limits becomes longer, unless it was written to grow."""

# Once open, these swallow all that follows in the page.
_SWALLOWING = re.compile(
    r"<(!|\?|/?(plaintext|xmp|textarea|title|noscript|noembed|noframes|iframe|script|style|svg"
    r"|select|template)\b)",
    re.IGNORECASE,
)

_ALT_CHARS = 300


class UnformattableError(Exception):
    """docutils cannot turn the text into HTML within reason."""


def to_html(text: str, *, now: dt.datetime, lang: str = "en") -> str:
    """Return the HTML of a text; raw HTML that it contains is included as it is.

    Titles that docutils gives, such as that of a warning, are in the language of the interface.

    Raises:
        UnformattableError: The text is too long or too intricate.
    """
    writer = html5_polyglot.Writer()
    writer.translator_class = _Translator
    with _lock, _own_globals():
        _publish(text, now, writer, lang)
    fragment = str(writer.parts["fragment"])
    if len(fragment) > _HTML_CHARS:
        raise UnformattableError("its HTML is too long")
    return fragment


def to_tree(text: str, *, now: dt.datetime) -> nodes.document:
    """Return the document tree of a text.

    Raises:
        UnformattableError: The text is too long or too intricate.
    """
    with _lock, _own_globals():
        document = _publish(text, now, _NoWriter()).document
    if document is None:
        raise UnformattableError("docutils made nothing of it")
    return document


def _publish(text: str, now: dt.datetime, writer: Any, lang: str = "en") -> Publisher:
    listing_free = sum(len(line) for line in text.splitlines() if line[:1] not in " \t")
    if listing_free > _MARKUP_CHARS:
        raise UnformattableError("it is too long")
    settings = copy.copy(_settings())
    settings.language_code = spoken(lang)
    settings.inginious_now = now
    publisher = Publisher(
        reader=_Reader(),
        parser=Parser(inliner=_bounded_inliner()),
        writer=writer,
        settings=settings,
        source_class=StringInput,
        destination_class=StringOutput,
    )
    publisher.set_source(text, "text")
    publisher.set_destination()
    try:
        publisher.publish()
    except UnformattableError:
        raise
    except Exception as error:
        # docutils raises all sorts of things on hostile text; whatever it is, the text is shown.
        raise UnformattableError(f"{type(error).__name__}: {error}") from error
    return publisher


@functools.cache
def _settings() -> Any:
    settings = frontend.get_default_settings(Parser, Reader, html5_polyglot.Writer)
    vars(settings).update(_SETTINGS)
    return settings


@contextmanager
def _own_globals() -> Iterator[None]:
    """Register our directives and forget what the text registers, for as long as it is parsed."""
    # There is no public way to undo a registration.
    tables: list[dict[str, Any]] = [vars(directives)["_directives"], vars(roles)["_roles"]]
    saved = [(table, dict(table)) for table in tables]
    tables[0].update(DIRECTIVES)
    try:
        yield
    finally:
        for table, content in saved:
            table.clear()
            table.update(content)


def _bounded_inliner() -> states.Inliner:
    """Return an inliner that gives up where finding the ends of markup would take for ever."""
    # Not a subclass: docutils collects the inliner's patterns from the very class.
    inliner = states.Inliner()
    work_chars = 0

    def counted(method: Callable[..., Any], self: states.Inliner, match: Any, line: int) -> Any:
        nonlocal work_chars
        work_chars += len(match.string)
        if work_chars > _INLINE_WORK_CHARS:
            raise UnformattableError("its inline markup is too intricate")
        return method(self, match, line)

    inliner.dispatch = {
        start: functools.partial(counted, method)
        for start, method in states.Inliner.dispatch.items()
    }
    return inliner


class _Reader(Reader):  # type: ignore[type-arg]
    def get_transforms(self) -> list[type[Transform]]:
        return [*super().get_transforms(), _Calm]


class _Calm(Transform):
    """Removes the messages of docutils, keeps the text they were about, and tames raw HTML."""

    default_priority = 855  # before docutils would append its messages

    def apply(self) -> None:
        for message in list(self.document.findall(nodes.system_message)):
            kept = [
                child
                for child in message.children
                if isinstance(child, nodes.literal_block) and "hidden-until" not in child.astext()
            ]
            message.parent.replace(message, kept)
        self.document.parse_messages.clear()
        self.document.transform_messages.clear()
        for problematic in list(self.document.findall(nodes.problematic)):
            problematic.parent.replace(problematic, nodes.Text(problematic.astext()))
        for raw in list(self.document.findall(nodes.raw)):
            if "html" in raw.get("format", "").split() and _SWALLOWING.search(raw.astext()):
                raw.children[:] = [nodes.Text(_closed(raw.astext()))]


def _closed(html: str) -> str:
    """Return the HTML of one raw directive with whatever it opened closed again."""
    keep = {"img": {"src", "alt", "width", "height"}, "a": {"href"}, "*": {"class", "id", "title"}}
    return nh3.clean(html, attributes=keep, link_rel=None, url_schemes={"http", "https", "data"})


class _NoWriter(UnfilteredWriter):  # type: ignore[type-arg]
    """Writes nothing: the tree is wanted. docutils's own null writer fails before 0.22."""

    def translate(self) -> None:
        self.output = ""


class _Translator(html5_polyglot.HTMLTranslator):
    """HTML as docutils writes it, with pictures that need no style attribute."""

    def visit_image(self, node: nodes.image) -> None:
        # The address may be any text; whether it becomes a picture is decided by `sanitise`.
        attributes = {"src": node["uri"], "alt": node.get("alt", node["uri"])}
        if "data:" in attributes["alt"][:5] or len(attributes["alt"]) > _ALT_CHARS:
            attributes["alt"] = ""
        for name in ("width", "height"):
            if name in node:
                attributes[name] = re.sub(r"\s|px$", "", str(node[name]))
        if "scale" in node and "width" not in attributes:
            attributes["width"] = f"{node['scale']}%"
        classes = [f"align-{node['align']}"] if "align" in node else []
        self.body.append(self.emptytag(node, "img", "", CLASS=" ".join(classes), **attributes))

    def depart_image(self, node: nodes.image) -> None:
        pass

    def visit_math(self, node: nodes.math) -> None:
        # MathML, and beside it what the author wrote, for places that show no MathML.
        before = len(self.body)
        try:
            super().visit_math(node)
        finally:
            source = self.attval(node.astext())
            self.body[before:] = [
                re.sub(r"^<math\b", lambda match: f'{match[0]} alttext="{source}"', part)
                for part in self.body[before:]
            ]

    def visit_literal(self, node: nodes.literal) -> None:
        if "code" in node["classes"]:
            super().visit_literal(node)  # coloured: its tokens are nodes
            return
        self.body.append(f'<code class="literal">{self.encode(node.astext())}</code>')
        raise nodes.SkipNode
