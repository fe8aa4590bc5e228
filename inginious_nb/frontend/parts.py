"""Puts requests together that came in parts (``js/transport/parts.ts``).

A Jupyter server closes the socket on a message of over 10 MiB. The browser is not trusted: the
parts of a request are bounded, as is the number of requests that are not complete.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message

from .protocol.common import Part

if TYPE_CHECKING:
    from .responder import Buffers, Responder

MAX_REQUEST_BYTES = 128 * 1024 * 1024
MAX_INCOMPLETE = 4
MAX_BUFFERS = 1_000


@dataclass
class _Incomplete:
    sizes: list[int]
    content: bytearray = field(default_factory=bytearray)


class PartsResponder:
    """Answers requests, whole or in parts, of one comm or widget.

    Args:
        responder: Answers whole requests.
    """

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._incomplete: dict[str, _Incomplete] = {}

    def answer(
        self, message: object, buffers: Buffers = ()
    ) -> tuple[dict[str, Any], list[bytes]] | None:
        """Return the reply to a request and its bytes; None if more parts of it are to come."""
        if not (isinstance(message, dict) and message.get("kind") == "part"):
            return self._responder.answer(message, buffers)
        try:
            part = msgspec.convert(message, Part)
            whole = self._add(part, buffers)
        except (msgspec.ValidationError, ValueError):
            refusal = Message("The request did not arrive completely; press the button again.")
            return self._refused(message, refusal)
        except UsageError as error:
            return self._refused(message, error.text)
        return None if whole is None else self._responder.answer(*whole)

    def _refused(self, message: dict[str, Any], text: str) -> tuple[dict[str, Any], list[bytes]]:
        self._incomplete.pop(str(message.get("id")), None)
        return self._responder.refused(message.get("id"), UsageError(text)), []

    def _add(self, part: Part, buffers: Buffers) -> tuple[object, list[bytes]] | None:
        """Add a part; return the message and its buffers if it was the last.

        Raises:
            UsageError: The request is too large.
            ValueError: A part before this one is missing.
        """
        identity, sizes = part["id"], part["sizes"]
        if not sizes or min(sizes) < 0:
            raise ValueError(identity)
        if sum(sizes) > MAX_REQUEST_BYTES or len(sizes) > MAX_BUFFERS:
            raise UsageError(
                Message(
                    "What you entered is larger than {limit} MiB, which is too much for one "
                    "submission; hand in less.",
                    limit=MAX_REQUEST_BYTES // 1024**2,
                )
            )
        if part["start"] == 0:
            for oldest in list(self._incomplete)[: 1 - MAX_INCOMPLETE]:
                del self._incomplete[oldest]
            self._incomplete[identity] = _Incomplete(sizes)
        incomplete = self._incomplete.get(identity)
        if incomplete is None and part["start"]:
            return None  # refused already, with the first part
        if incomplete is None or incomplete.sizes != sizes or len(buffers) != 1:
            raise ValueError(identity)
        if len(incomplete.content) != part["start"]:
            raise ValueError(identity)
        incomplete.content += buffers[0]
        missing = sum(incomplete.sizes) - len(incomplete.content)
        if missing > 0:
            return None
        del self._incomplete[identity]
        if missing < 0:
            raise ValueError(identity)
        return _taken_apart(incomplete)


def _taken_apart(whole: _Incomplete) -> tuple[object, list[bytes]]:
    pieces, end = [], 0
    for size in whole.sizes:
        pieces.append(bytes(whole.content[end : end + size]))
        end += size
    return json.loads(pieces[0]), pieces[1:]
