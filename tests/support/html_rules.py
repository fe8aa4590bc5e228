"""What HTML may hold that comes from a grader: the rules, written apart from the code they test."""

from __future__ import annotations

import re
from html.parser import HTMLParser


def _words(text):
    return frozenset(text.split())


FORBIDDEN_TAGS = _words("""
    applet audio base body button canvas dialog embed form frame frameset head html iframe input
    link maction map area meta noscript object param picture plaintext portal script select slot
    source style svg template textarea title track video annotation-xml mglyph
    """)
ALLOWED_ATTRIBUTES = _words("""
    accent accentunder align alt alttext class colspan columnalign columnspacing columnspan datetime
    depth dir display displaystyle download fence form height href id lang largeop
    linethickness lspace
    mathsize mathvariant maxsize minsize movablelimits notation open rel reversed rowalign
    rowspacing rowspan rspace scope scriptlevel separator span src start stretchy symmetric
    target title type voffset width
    """)
PICTURE = re.compile(r"data:image/(png|jpeg|jpg|gif|webp|bmp|svg\+xml);base64,[A-Za-z0-9+/=]*")
LINK = re.compile(r"(https?://|mailto:|#inginious-text-|data:application/octet-stream;base64,)")
CLASS = re.compile(r"(jp-|lm-|p-|inginious-(?!cut|missing-image))")


class _Checker(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.faults = []
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag in FORBIDDEN_TAGS:
            self.faults.append(f"<{tag}>")
        for name, given in attrs:
            value = given or ""
            if name not in ALLOWED_ATTRIBUTES or name.startswith("on"):
                self.faults.append(f"<{tag} {name}>")
            if name == "src" and not PICTURE.fullmatch(value):
                self.faults.append(f"src={value[:80]}")
            if name == "href" and not LINK.match(value):
                self.faults.append(f"href={value[:80]}")
            if name == "href" and value.startswith("data:") and "download" not in dict(attrs):
                self.faults.append("data: link that is not a download")
            if name == "class" and any(CLASS.match(word) for word in value.split()):
                self.faults.append(f"class={value}")
            if name == "id" and not value.startswith("inginious-text-"):
                self.faults.append(f"id={value}")

    def handle_comment(self, data):
        self.faults.append(f"<!--{data}-->")

    def handle_decl(self, decl):
        self.faults.append(f"<!{decl}>")

    def handle_pi(self, data):
        self.faults.append(f"<?{data}>")

    def unknown_decl(self, data):
        self.faults.append(f"<![{data}]>")


def faults(html: str) -> list[str]:
    """What of html must not be in a page; empty if it is safe."""
    checker = _Checker()
    checker.feed(html)
    checker.close()
    return checker.faults
