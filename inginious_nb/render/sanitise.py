"""The allow-list: what of a grader's HTML reaches the page. All of it goes through here.

No script, style, form, frame or event handler; no address that a browser would load by itself;
no class or id that could collide with the page's own.
"""

from __future__ import annotations

import html as html_escapes
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import nh3
from pygments.token import STANDARD_TYPES

from .embedded_data import IMAGE_URI

if TYPE_CHECKING:
    from .assets import Assets
    from .embedded_data import EmbeddedData


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
    accent accentunder columnalign columnspacing columnspan display displaystyle fence form largeop
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
_LANDMARKS: Final = re.compile(r"<(/?)(?:article|aside|footer|header|main|nav|section)\b")
_HEADING: Final = re.compile(r"<(/?)h([1-6])\b")
_DEEPEST_HEADING = 6
_NESTING_TAG: Final = re.compile(
    # Without those that need no end, and so may be opened any number of times.
    r"<(/?)(?!(?:p|li|d[dt]|t[drh]|tbody|thead|tfoot|col|br|hr|img|wbr|input|option)\b)[a-z]",
    re.IGNORECASE,
)
_MAX_DEPTH = 1_000
_IMG: Final = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_SRC: Final = re.compile(r' src="([^"]*)"')
_ALT: Final = re.compile(r' alt="([^"]*)"')


def sanitise(
    html: str, data: EmbeddedData, *, assets: Assets | None, heading_level: int = 1
) -> str:
    """Return what of html may be shown.

    Args:
        html: Anything at all.
        data: The pictures taken out of it, which are put back.
        assets: Where the files it refers to are.
        heading_level: The level that an ``h1`` becomes.
    """

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "src":
            return _image(value, data, assets)
        if name == "href":
            return _link(value, data, assets)
        return _attribute(tag, name, value)

    if _too_deep(html):
        html = f"<pre>{html_escapes.escape(html)}</pre>"
    clean = nh3.clean(
        html,
        tags=set(_TEXT_TAGS | _MATH_TAGS),
        clean_content_tags=set(_DROPPED_WITH_CONTENT),
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "data"},
    )

    def heading(match: re.Match[str]) -> str:
        level = min(int(match[2]) + heading_level - 1, _DEEPEST_HEADING)
        return f"<{match[1]}h{level}"

    # In nh3's output a "<" that begins a tag is nothing but that. Landmarks belong to the page:
    # a text inside it must not add to them.
    clean = _LANDMARKS.sub(r"<\1div", clean)
    clean = _HEADING.sub(heading, clean)
    clean = _IMG.sub(lambda match: _picture(match, data), clean)
    return data.restore(clean)


def _too_deep(html: str) -> bool:
    """Whether tags are nested deeper than any author does; the parser would take for ever."""
    depth = 0
    for match in _NESTING_TAG.finditer(html):
        # An end tag of something that is not open counts for nothing.
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > _MAX_DEPTH:
            return True
    return False


def _picture(match: re.Match[str], data: EmbeddedData) -> str:
    """Return the element of a picture, or what is left where it may not be loaded.

    A picture elsewhere on the web becomes a link, any other its description.
    """
    source, alt = _SRC.search(match[1]), _ALT.search(match[1])
    elsewhere = data.elsewhere(source[1]) if source else None
    if source and elsewhere is None:
        return match[0]
    text = html_escapes.unescape(alt[1]) if alt else ""
    if elsewhere is None:
        return f'<span class="inginious-missing-image">{html_escapes.escape(text)}</span>'
    address = html_escapes.escape(elsewhere)
    shown = html_escapes.escape(text or elsewhere)
    return (
        f'<a class="inginious-missing-image" rel="noopener noreferrer" target="_blank" '
        f'href="{address}">{shown}</a>'
    )


def _image(value: str, data: EmbeddedData, assets: Assets | None) -> str | None:
    """Return the source of a picture that is inside the text or the task's public folder."""
    value = value.strip()
    if data.knows(value):
        return value
    inline = re.sub(r"\s+", "", value) if value[:5].lower() == "data:" else ""
    if IMAGE_URI.fullmatch(inline):
        return data.image(inline)
    local = assets.image(value) if assets is not None else None
    if local is not None:
        return data.image(local)
    return data.remote(value) if value.lower().startswith(("http://", "https://")) else None


def _link(value: str, data: EmbeddedData, assets: Assets | None) -> str | None:
    """Return the address of a link: to a place in the text, to the web, or to a public file."""
    value = value.strip()
    if value.startswith("#"):
        return f"#{ID_PREFIX}{value[1:]}" if _SHORT.fullmatch(value[1:]) else None
    try:
        scheme = urlsplit(value).scheme.lower()
    except ValueError:
        return None
    if scheme in ("http", "https", "mailto"):
        return data.external(html_escapes.escape(value))
    if scheme or assets is None:
        return None
    found = assets.download(value)
    return data.download(*found) if found is not None else None


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return " ".join(word for word in value.split() if word in _CLASSES) or None
    if name == "id":
        return f"{ID_PREFIX}{value}" if _SHORT.fullmatch(value) else None
    if name in ("colspan", "rowspan", "span", "columnspan"):
        return value if _ROWS_OR_COLUMNS.fullmatch(value) else None
    if name in ("width", "height") and tag == "img":
        return value if _LENGTH.fullmatch(value) else None
    if tag in _MATH_TAGS:
        return value if _SHORT.fullmatch(value) else None
    return value
