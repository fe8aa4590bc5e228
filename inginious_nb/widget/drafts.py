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

    from inginious_nb.submissions.task_state import TaskState

    from .views import Draft


class Drafts:
    """The entered values of one task by problem id."""

    def __init__(self, board: TaskState) -> None:
        self._values = _last_answers(board)
        self._lock = threading.Lock()
        self._observers = Observers()

    def values(self) -> dict[str, Draft]:
        """A copy of all of them."""
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


def _last_answers(board: TaskState) -> dict[str, Draft]:
    """What was submitted last from a widget is where the next attempt begins."""
    attempt = next(iter(board.attempts), None)
    if attempt is None:
        return {}
    drafts: dict[str, Draft] = {}
    for source in attempt.sources:
        problem = board.task.problems.get(source.problem_id)
        answer = attempt.answers.get(source.problem_id)
        if source.kind != "widget" or problem is None or isinstance(answer, dict):
            continue
        value = [str(item) for item in answer] if isinstance(answer, list) else str(answer)
        drafts[source.problem_id] = {"value": value, "by": ""}
    return drafts


_of_board: WeakKeyDictionary[TaskState, Drafts] = WeakKeyDictionary()
_lock = threading.Lock()


def drafts_of(board: TaskState) -> Drafts:
    """The drafts of a task, made on first use."""
    with _lock:
        drafts = _of_board.get(board)
        if drafts is None:
            drafts = _of_board[board] = Drafts(board)
        return drafts
