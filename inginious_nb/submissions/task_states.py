"""The live states of the tasks of one session, one for each task and student."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from inginious_nb.services.account import Account

from .task_state import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable

    from inginious_nb.course import Task

    from .history import History
    from .student import Student


class TaskStates:
    """Task states, made when they are first asked for.

    Args:
        history: Where their submissions are.
        account: Returns the account that submits to a task, None where nobody signs in.
    """

    def __init__(
        self, history: History, account: Callable[[Task], Account | None] = lambda _task: None
    ) -> None:
        self._history = history
        self._account = account
        self._lock = threading.Lock()
        self._states: dict[tuple[str, str, str], TaskState] = {}
        self._accounts: tuple[Account | None, ...] = ()

    def of(self, task: Task, student: Student) -> TaskState:
        """Return the state of a task, which from now on is as its file says now."""
        key = (task.course_id, task.id, student.username)
        with self._lock:
            state = self._states.get(key)
            if state is None:
                state = TaskState(task, self._history, student.username, self._account)
                self._states[key] = state
            state.task = task
            return state

    def renew(self, task: Task, student: Student) -> list[str]:
        """Take what a site says of a task and of a student's submissions to it.

        Returns:
            The ids of submissions that were not known here.
        """
        standing = task.standing
        new = self._history.take_from_site(
            task.course_id,
            task.id,
            student.username,
            account=Account(task.site, standing.username),
            submissions=standing.submissions,
        )
        self.of(task, student).renew(task)
        return new

    def look_at_history(self) -> None:
        """Take what other kernels have submitted meanwhile, if any has."""
        others_wrote = self._history.others_wrote()
        with self._lock:
            states = list(self._states.values())
        for state in states:
            if others_wrote:
                state.read_again()
            state.look_at_owners()

    def be_of(self, signed_in: Callable[[], tuple[Account | None, ...]]) -> None:
        """Show what belongs to who is signed in, if others are now, or elsewhere."""
        with self._lock:
            accounts = signed_in()  # of two threads, none brings what was true before
            if accounts == self._accounts:
                return
            self._accounts = accounts
            states = list(self._states.values())
        for state in states:
            state.forget()
