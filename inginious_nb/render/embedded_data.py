"""Pictures that travel inside a text as data URIs, kept aside while the text is worked on.

The grading API's image block writes megabytes of base64 into one line. docutils and nh3 need not
see them: a short stand-in goes through both, and the picture returns at the end.
"""

from __future__ import annotations

import re
import secrets

MAX_BYTES = 20 * 1024 * 1024

IMAGE_URI = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp|bmp|svg\+xml);base64,[A-Za-z0-9+/=]*", re.IGNORECASE
)
"""What the source of a picture may be: nothing in an <img> with it can run or load anything."""

_EXTRACTED_CHARS = 512
_REMOTE = "remote"


class EmbeddedData:
    """The pictures of one text, and other addresses that only trusted code may write.

    A stand-in contains a random word, so no text can name one that was not made for it.
    """

    def __init__(self) -> None:
        self._word = f"inginious{secrets.token_hex(8)}"
        self._pattern = re.compile(rf"{self._word}x(\d+)x")
        self._values: list[tuple[str, str]] = []
        self._left_bytes = MAX_BYTES

    def extract(self, text: str) -> str:
        """Return text with each long picture replaced by a stand-in."""
        return IMAGE_URI.sub(self._stand_in, text)

    def image(self, uri: str) -> str | None:
        """Return the stand-in for a picture, or None if there are too many of them."""
        if len(uri) > self._left_bytes:
            return None
        self._left_bytes -= len(uri)
        return self._add(uri, "")

    def download(self, name: str, uri: str) -> str | None:
        """Return the stand-in for the address of a link that saves a file."""
        if len(uri) > self._left_bytes:
            return None
        self._left_bytes -= len(uri)
        safe_name = re.sub(r"[^\w. -]", "_", name)
        return self._add(uri, f'download="{safe_name}" ')

    def external(self, escaped_uri: str) -> str:
        """Return the stand-in for the address of a link that leaves the notebook."""
        return self._add(escaped_uri, 'target="_blank" ')

    def remote(self, uri: str) -> str:
        """Return the stand-in for a picture elsewhere on the web, which is not to be loaded."""
        return self._add(uri, _REMOTE)

    def elsewhere(self, value: str) -> str | None:
        """Return the address of such a picture, or None if value stands for something else."""
        match = self._pattern.fullmatch(value)
        if match is None:
            return None
        uri, kind = self._values[int(match[1])]
        return uri if kind == _REMOTE else None

    def knows(self, value: str) -> bool:
        """Whether value is exactly one stand-in."""
        return self._pattern.fullmatch(value) is not None

    def restore(self, html: str) -> str:
        """Return sanitised HTML with all stand-ins replaced.

        Only where they are the whole value of an attribute; in running text the beginning of the
        address is shown.
        """

        def value(match: re.Match[str]) -> str:
            uri, attribute = self._values[int(match[2])]
            return f'{attribute}{match[1]}="{uri}"'

        def beginning(match: re.Match[str]) -> str:
            return self._values[int(match[1])][0].partition(",")[0] + ",…"

        html = re.sub(rf'\b(src|href)="{self._pattern.pattern}"', value, html)
        return self._pattern.sub(beginning, html)

    def _stand_in(self, match: re.Match[str]) -> str:
        if len(match[0]) < _EXTRACTED_CHARS:
            return match[0]
        return self.image(match[0]) or "(picture too large)"

    def _add(self, uri: str, attribute: str) -> str:
        self._values.append((uri, attribute))
        return f"{self._word}x{len(self._values) - 1}x"
