"""What was entered in the widgets of a task and not submitted yet, shared by all of them.

It lives in the kernel, so that a reloaded page and a second widget show it too. Files are not
here: their bytes stay in the browser until they are submitted.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from inginious_nb.io.observers import Observers

if TYPE_CHECKING:
    from collections.abc import Callable

    from inginious_nb.submissions.history import History
    from inginious_nb.submissions.task_state import TaskState

    from .protocol.task import Draft


class Drafts:
    """The entered values of one task by problem id."""

    def __init__(self, state: TaskState, history: History) -> None:
        self._values = _last_answers(state, history)
        self._lock = threading.Lock()
        self._observers = Observers()

    def values(self) -> dict[str, Draft]:
        """Return a copy of all of them."""
        with self._lock:
            return dict(self._values)

    def set(self, problem_id: str, value: str | list[str], by: str) -> None:
        """Keep what a view entered and tell the others."""
        with self._lock:
            self._values[problem_id] = {"value": value, "by": by}
        self._observers.notify()

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback after each change, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)


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
        drafts[source.problem_id] = {"value": value, "by": ""}
    return drafts


_of_state: WeakKeyDictionary[TaskState, Drafts] = WeakKeyDictionary()
_lock = threading.Lock()


def drafts_of(state: TaskState, history: History) -> Drafts:
    """Return the drafts of a task, made on first use."""
    with _lock:
        drafts = _of_state.get(state)
        if drafts is None:
            drafts = _of_state[state] = Drafts(state, history)
        return drafts
