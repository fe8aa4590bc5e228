"""The shapes that all channels between kernel and browser share; others are beside it by view.

Each has its like in ``js/protocol/``, in a file of the same name.
"""

from __future__ import annotations

from typing import Literal, TypedDict

PROTOCOL_VERSION = 1

MessageKind = Literal["reply", "state", "closed"]
"""What is sent on our own comm and on the server's WebSocket: ``closed`` with an ``error``."""

RestoreKind = Literal["made", "restore", "restored"]
"""What the restorer in the page says, and what it is told (`inginious_nb.widget.restore`)."""


class Part(TypedDict):
    """A part of a large request, from byte ``start`` on; the bytes are in the buffer.

    ``id`` is the request's. The whole is its JSON followed by its buffers, of ``sizes`` bytes.
    """

    v: int
    id: str
    kind: Literal["part"]
    start: int
    sizes: list[int]


class SubmissionRequest(TypedDict):
    """Something that concerns one submission."""

    submission: str


class LangRequest(TypedDict):
    """Show texts in a language."""

    lang: str


class EmptyMessage(TypedDict):
    """Nothing."""
