"""The widgets of this kernel that are alive, by key. Nothing of the widgets is loaded for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from .served_widget import ServedWidget

_widgets: WeakValueDictionary[str, ServedWidget] = WeakValueDictionary()


def add(widget: ServedWidget) -> None:
    """Know a widget for as long as somebody else does."""
    _widgets[widget.key] = widget


def find(key: str) -> ServedWidget | None:
    """Return the living widget of that key."""
    return _widgets.get(key)
