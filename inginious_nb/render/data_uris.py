"""Data URIs of one text, kept aside while the text is worked on and put back at the very end.

The grading API's image block writes megabytes of base64 into one line. docutils and the sanitiser
need not see them: a short stand-in goes through both. What replaces a stand-in in sanitised HTML
is a data URI of a fixed alphabet and nothing else, so that it can end no attribute.
"""

from __future__ import annotations

import re
import secrets

MAX_BYTES = 20 * 1024 * 1024

IMAGE_URI = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp|bmp|svg\+xml);base64,[A-Za-z0-9+/=]*", re.IGNORECASE
)
"""What the source of a picture may be: nothing in an <img> with it can run or load anything."""

_DATA_URI = re.compile(r"data:[a-z]+/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]*", re.IGNORECASE)
_EXTRACTED_CHARS = 512


class DataUris:
    """The data URIs of one text by their stand-ins.

    A stand-in contains a random word, so no text can name one that was not made for it.
    """

    def __init__(self) -> None:
        self._word = f"inginious{secrets.token_hex(8)}"
        self._pattern = re.compile(rf"{self._word}x(\d+)x")
        self._uris: list[str] = []
        self._left_bytes = MAX_BYTES

    def extract(self, text: str) -> str:
        """Return text with each long picture replaced by a stand-in."""
        return IMAGE_URI.sub(self._extracted, text)

    def add(self, uri: str) -> str | None:
        """Return the stand-in for a data URI, or None if there are too many of them."""
        if len(uri) > self._left_bytes or _DATA_URI.fullmatch(uri) is None:
            return None
        self._left_bytes -= len(uri)
        self._uris.append(uri)
        return f"{self._word}x{len(self._uris) - 1}x"

    def knows(self, value: str) -> bool:
        """Return whether value is exactly one stand-in."""
        match = self._pattern.fullmatch(value)
        return match is not None and int(match[1]) < len(self._uris)

    def uri_of(self, stand_in: str) -> str:
        """Return the data URI of a stand-in that is known."""
        return self._uris[int(stand_in.removeprefix(f"{self._word}x").removesuffix("x"))]

    def restore(self, html: str) -> str:
        """Return sanitised HTML with all stand-ins replaced.

        Only where they are the whole value of an attribute; in running text the beginning of the
        URI is shown.
        """
        html = re.sub(
            rf'\b(src|href)="{self._pattern.pattern}"',
            lambda match: f'{match[1]}="{self._uris[int(match[2])]}"',
            html,
        )
        return self._pattern.sub(
            lambda match: self._uris[int(match[1])].partition(",")[0] + ",…", html
        )

    def _extracted(self, match: re.Match[str]) -> str:
        if len(match[0]) < _EXTRACTED_CHARS:
            return match[0]
        return self.add(match[0]) or "(picture too large)"
