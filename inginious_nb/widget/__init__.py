"""The widget: Python's half of what a person sees, and static snapshots of it.

Its parts load with their first use: most kernels that load the magics show no task for a while.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .class_widget import ClassWidget
    from .comm import serve_comm
    from .restore import Restorer
    from .task_widget import AnswerView, TaskWidget

__all__ = ["COMM_TARGET", "AnswerView", "ClassWidget", "Restorer", "TaskWidget", "serve_comm"]

COMM_TARGET = "inginious_nb"
"""The name of our own comm."""

_HOMES = {
    "AnswerView": ".task_widget",
    "ClassWidget": ".class_widget",
    "Restorer": ".restore",
    "TaskWidget": ".task_widget",
    "serve_comm": ".comm",
}


def __getattr__(name: str) -> Any:
    """Return a part of the widget, loaded now (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home, __name__), name)
