"""The allow-list: the part of a grader's HTML that reaches the page. All of it goes through here.

No script, style, form, frame or event handler; no address that a browser would load by itself;
no class or id that could collide with the page's own (docs/security.md).

Three steps, each on what the one before has made: nh3 parses the text as a browser does and leaves
balanced elements of known names; links, pictures and headings are decided on those elements; nh3
sanitises the result, and nobody edits it afterwards but `DataUris.restore`.
"""

from __future__ import annotations

import html as html_escapes
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import nh3
from pygments.token import STANDARD_TYPES

from .data_uris import IMAGE_URI
from .mathjax import MAX_TOTAL_CHARS, mathml
from .picture_limits import can_be_drawn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .assets import Assets
    from .data_uris import DataUris

    Attributes = Iterable[tuple[str, str | None]]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ID_PREFIX = "inginious-text-"

_TEXT_TAGS: Final = _words("""
    a abbr article aside b bdi bdo blockquote br caption cite code col colgroup dd del details dfn
    div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav
    ol p pre q rp rt ruby s samp section small span strong sub summary sup table tbody td tfoot th
    thead time tr tt u ul var wbr
    """)
_MATH_TAGS: Final = _words("""
    math maligngroup menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom
    mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder
    munderover none
    """)
_MATH_ATTRIBUTES: Final = _words("""
    accent accentunder alttext columnalign columnspacing columnspan display displaystyle fence form
    largeop
    linethickness lspace mathsize mathvariant maxsize minsize movablelimits notation rowalign
    rowspacing rowspan rspace scriptlevel separator stretchy symmetric width height depth voffset
    """)
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"class", "id", "lang", "dir", "title"},
    "a": {"href"},
    "abbr": {"title"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type", "reversed"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    "time": {"datetime"},
    **{tag: set(_MATH_ATTRIBUTES) for tag in _MATH_TAGS},
}
# What the second step adds to links.
_FINAL_ATTRIBUTES: Final = {**_ATTRIBUTES, "a": {"href", "target", "rel", "download"}}
_TARGET: Final = "_blank"
_REL: Final = "noopener noreferrer"
_DROPPED_WITH_CONTENT: Final = _words(
    "script style template noscript noembed noframes iframe object applet xmp svg select"
)
_CLASSES: Final = _words("""
    admonition admonition-title alert alert-danger alert-info alert-success alert-warning
    align-center align-left align-right alpha arabic attention attribution backrefs brackets caution
    citation citation-list code compact contents danger description docutils error field-list
    figure first footnote footnote-list footnote-reference hint important inginious-cut
    inginious-missing-image label last legend line line-block literal literal-block loweralpha
    lowerroman math note option option-list pre rubric sidebar sidebar-title simple subtitle tip
    topic topic-title upperalpha upperroman warning
    """) | frozenset(short for short in STANDARD_TYPES.values() if short)
_ROWS_OR_COLUMNS: Final = re.compile(r"\d{1,3}")
_LENGTH: Final = re.compile(r"\d{1,4}(\.\d+)?(px|em|ex|%)?")
_SHORT: Final = re.compile(r"[-+\w.% ]{1,40}")
_FILE_NAME: Final = re.compile(r"[\w. -]{1,200}")
_LANDMARKS: Final = _words("article aside footer header main nav section")
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_DEEPEST_HEADING = 6
_NESTING_TAG: Final = re.compile(
    # Without those that need no end, and so may be opened any number of times.
    r"<(/?)(?!(?:p|li|d[dt]|t[drh]|tbody|thead|tfoot|col|br|hr|img|wbr|input|option)\b)[a-z]",
    re.IGNORECASE,
)
_MAX_DEPTH = 1_000
_MAX_FORMULA_CHARS = 2_000
_SCHEMES: Final = ("http://", "https://", "mailto:", f"#{ID_PREFIX}")


if nh3.clean('<p title="<b>">x</p>', attributes={"p": {"title"}}) != '<p title="&lt;b&gt;">x</p>':
    raise ImportError("This nh3 leaves < unescaped in attributes; run: pip install 'nh3>=0.3.8'")


def sanitise(html: str, uris: DataUris, *, assets: Assets | None, heading_level: int = 1) -> str:
    """Return the part of html that may be shown.

    Args:
        html: Anything at all.
        uris: The pictures taken out of it, which are put back.
        assets: Where the files it refers to are.
        heading_level: The level that an ``h1`` becomes.
    """
    if _too_deep(html):
        html = f"<pre>{html_escapes.escape(html)}</pre>"
    balanced = nh3.clean(
        html,
        tags=set(_TEXT_TAGS | _MATH_TAGS),
        clean_content_tags=set(_DROPPED_WITH_CONTENT),
        attributes=_ATTRIBUTES,
        link_rel=None,
        url_schemes={"http", "https", "mailto", "data"},
    )
    decided = _Decisions(uris, assets, heading_level).of(balanced)
    clean = nh3.clean(
        decided,
        tags=set((_TEXT_TAGS | _MATH_TAGS) - _LANDMARKS),
        clean_content_tags=set(_DROPPED_WITH_CONTENT),
        attributes=_FINAL_ATTRIBUTES,
        attribute_filter=lambda tag, name, value: _allowed(tag, name, value, uris),
        link_rel=None,
        url_schemes={"http", "https", "mailto"},
    )
    return uris.restore(clean)


def _too_deep(html: str) -> bool:
    """Return whether tags are nested deeper than any author does; the parser would never end."""
    depth = 0
    for match in _NESTING_TAG.finditer(html):
        # An end tag of something that is not open counts for nothing.
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > _MAX_DEPTH:
            return True
    return False


class _Decisions(HTMLParser):
    """The second step: balanced elements in, elements with links and pictures decided out."""

    def __init__(self, uris: DataUris, assets: Assets | None, heading_level: int) -> None:
        super().__init__(convert_charrefs=True)
        self._uris = uris
        self._assets = assets
        self._heading_level = heading_level
        self._open_links = 0
        self._formula: tuple[str, int] | None = None
        self._formula_chars = 0
        self._parts: list[str] = []

    def of(self, balanced: str) -> str:
        """Return the elements as decided."""
        self.feed(balanced)
        self.close()
        return "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._formula = None  # with markup in it, it is none
        if tag == "img":
            self._picture(attrs)
            return
        if tag == "a":
            attrs = self._link(attrs)
            self._open_links += 1
        if tag in ("span", "div") and "math" in (dict(attrs).get("class") or "").split():
            self._formula = (tag, len(self._parts))
        self._start(self._name(tag), attrs)

    def handle_endtag(self, tag: str) -> None:
        formula, self._formula = self._formula, None
        if formula is not None and formula[0] == tag:
            written = html_escapes.unescape("".join(self._parts[formula[1] + 1 :]))
            self._formula_chars += len(written)
            if self._formula_chars <= MAX_TOTAL_CHARS and (converted := mathml(written)):
                self._parts[formula[1] :] = [converted]
                return
        if tag == "a":
            self._open_links -= 1
        self._parts.append(f"</{self._name(tag)}>")

    def handle_data(self, data: str) -> None:
        self._parts.append(html_escapes.escape(data, quote=False))

    def _name(self, tag: str) -> str:
        # Landmarks belong to the page: a text inside it must not add to them.
        if tag in _LANDMARKS:
            return "div"
        level = _HEADINGS.get(tag)
        if level is None:
            return tag
        return f"h{min(level + self._heading_level - 1, _DEEPEST_HEADING)}"

    def _start(self, tag: str, attrs: Attributes) -> None:
        written = "".join(
            f' {name}="{html_escapes.escape(decided)}"'
            for name, value in attrs
            if (decided := _attribute(tag, name, value or "")) is not None
        )
        self._parts.append(f"<{tag}{written}>")

    def _link(self, attrs: Attributes) -> list[tuple[str, str | None]]:
        """Return the attributes of a link: to a place in the text, to the web, to a public file."""
        kept: list[tuple[str, str | None]] = [
            (name, value) for name, value in attrs if name != "href"
        ]
        address = (dict(attrs).get("href") or "").strip()
        if address.startswith("#"):
            if _SHORT.fullmatch(address[1:]):
                kept.append(("href", f"#{ID_PREFIX}{address[1:]}"))
            return kept
        try:
            scheme = urlsplit(address).scheme.lower()
        except ValueError:
            return kept
        if scheme in ("http", "https", "mailto"):
            return [*kept, ("target", _TARGET), ("href", address), ("rel", _REL)]
        found = None if scheme or self._assets is None else self._assets.download(address)
        stand_in = None if found is None else self._uris.add(found[1])
        if found is None or stand_in is None:
            return kept
        return [*kept, ("download", re.sub(r"[^\w. -]", "_", found[0])), ("href", stand_in)]

    def _picture(self, attrs: Attributes) -> None:
        """Write the element of a picture, or what is left where it may not be loaded.

        A picture elsewhere on the web becomes a link, any other its description.
        """
        told = dict(attrs)
        address, text = (told.get("src") or "").strip(), told.get("alt") or ""
        stand_in = self._stand_in(address)
        if stand_in is not None:
            rest = [(name, value) for name, value in attrs if name != "src"]
            self._start("img", [("src", stand_in), *rest])
            return
        remote = address.lower().startswith(("http://", "https://"))
        tag, more = "span", []
        if remote and not self._open_links:  # a link within a link is none
            tag, more = "a", [("rel", _REL), ("target", _TARGET), ("href", address)]
        self._start(tag, [("class", "inginious-missing-image"), *more])
        self.handle_data(text or (address if remote else ""))
        self._parts.append(f"</{tag}>")

    def _stand_in(self, address: str) -> str | None:
        """Return the stand-in for a picture that is in the text or in the task's public folder."""
        if self._uris.knows(address):
            return address if can_be_drawn(self._uris.uri_of(address)) else None
        uri = re.sub(r"\s+", "", address) if address[:5].lower() == "data:" else ""
        if not IMAGE_URI.fullmatch(uri):
            uri = (self._assets.image(address) if self._assets is not None else None) or ""
        return self._uris.add(uri) if uri and can_be_drawn(uri) else None


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value that the second step gives to an attribute, None to leave it out."""
    if name == "class":
        return " ".join(word for word in value.split() if word in _CLASSES) or None
    if name == "id":
        return f"{ID_PREFIX}{value}" if _SHORT.fullmatch(value) else None
    if name in ("colspan", "rowspan", "span", "columnspan"):
        return value if _ROWS_OR_COLUMNS.fullmatch(value) else None
    if name in ("width", "height") and tag == "img":
        return value if _LENGTH.fullmatch(value) else None
    if name == "alttext":  # a text that is shown, as `alt` is
        return value if tag == "math" and len(value) <= _MAX_FORMULA_CHARS else None
    if tag in _MATH_TAGS:
        return value if _SHORT.fullmatch(value) else None
    return value


def _allowed(tag: str, name: str, value: str, uris: DataUris) -> str | None:
    """Return the value of an attribute if it is what the second step may have written."""
    match name:
        case "src":
            good = uris.knows(value)
        case "href":
            good = uris.knows(value) or value.lower().startswith(_SCHEMES)
        case "id":
            good = value.startswith(ID_PREFIX)
        case "target":
            good = value == _TARGET
        case "rel":
            good = value == _REL
        case "download":
            good = _FILE_NAME.fullmatch(value) is not None
        case _:
            return _attribute(tag, name, value)
    return value if good else None
