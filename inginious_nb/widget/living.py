"""The widgets of this kernel that are alive, by key. Nothing of the widgets is loaded for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from inginious_nb.frontend.responder import Responder


class Served(Protocol):
    """A widget whose requests may come on our own comm."""

    key: str
    responder: Responder

    @property
    def model_id(self) -> str | None:
        """The id of its model in the page."""


_widgets: WeakValueDictionary[str, Served] = WeakValueDictionary()


def add(widget: Served) -> None:
    """Know a widget for as long as somebody else does."""
    _widgets[widget.key] = widget


def find(key: str) -> Served | None:
    """Return the living widget of that key."""
    return _widgets.get(key)
