"""Drafts: what was entered in the views of a task and not submitted yet, shared by all of them.

It lives in the process, so that a reloaded page and a second view show it too. Files are not
here: their bytes stay in the browser until they are submitted.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from msgspec import Struct

from inginious_nb.io.observers import Observers

if TYPE_CHECKING:
    from collections.abc import Callable

    from .history import History
    from .task_state import TaskState


class Draft(Struct, frozen=True):
    """A value that was entered in some view.

    Attributes:
        value: The text, or the indices of the choices.
        by: The view; empty for what was submitted before.
    """

    value: str | list[str]
    by: str = ""


class Drafts:
    """The entered values of one task by problem id.

    Args:
        state: The task; what was submitted last from a widget is what its drafts begin with.
        history: Where that is.
    """

    def __init__(self, state: TaskState, history: History) -> None:
        self._state = state
        self._history = history
        self._values: dict[str, Draft] | None = None
        self._lock = threading.Lock()
        self._observers = Observers()

    def values(self) -> dict[str, Draft]:
        """Return a copy of all of them."""
        with self._lock:
            return dict(self._read())

    def set(self, problem_id: str, value: str | list[str], by: str) -> None:
        """Keep what a view entered and tell the others."""
        with self._lock:
            self._read()[problem_id] = Draft(value, by)
        self._observers.notify()

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback after each change, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)

    def _read(self) -> dict[str, Draft]:
        if self._values is None:
            self._values = _last_answers(self._state, self._history)
        return self._values


def _last_answers(state: TaskState, history: History) -> dict[str, Draft]:
    """Return what was submitted last from a widget: the next submission begins there."""
    newest = state.newest
    if newest is None:
        return {}
    drafts: dict[str, Draft] = {}
    answers = history.answers(newest.id)
    for source in history.sources(newest.id):
        problem = state.task.problems.get(source.problem_id)
        answer = answers.get(source.problem_id)
        if source.kind != "widget" or problem is None or isinstance(answer, dict):
            continue
        value = [str(item) for item in answer] if isinstance(answer, list) else str(answer)
        drafts[source.problem_id] = Draft(value)
    return drafts
