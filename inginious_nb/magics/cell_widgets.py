"""The widgets that the cells of one shell show.

A cell that is run again has the widget that it had: the page shows it at once, in the place of the
last one, and as folded or open as it was. It costs the page nothing more, either.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from inginious_nb.notebook.references import task_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from inginious_nb.course import Task
    from inginious_nb.widget import TaskWidget

    from .host import Host


class CellWidgets:
    """The widgets by the cells that show them.

    Args:
        shell: The shell that runs the cells.
        host: Tells which cell runs.
    """

    def __init__(self, shell: InteractiveShell, host: Host) -> None:
        self._shell = shell
        self._host = host
        self._widgets: dict[tuple[object, ...], TaskWidget] = {}
        self._execution: tuple[str, int] = ("", 0)
        self._shown: Counter[tuple[object, ...]] = Counter()

    def widget(self, command: str, task: Task, make: Callable[[], TaskWidget]) -> TaskWidget:
        """Return the widget that a command shows for a task, made if the running cell has none."""
        cell_id = self._host.cell_id
        execution = (cell_id, self._shell.execution_count)
        if execution != self._execution:
            self._execution = execution
            self._shown.clear()
        what = (command, task_name(task))
        self._shown[what] += 1  # a cell may do the same more than once
        place = (self._host.client, cell_id, *what, self._shown[what])
        known = self._widgets.get(place)
        if known is not None and known.publisher.task == task and known.comm is not None:
            return known
        if known is not None:
            known.close()
        widget = make()
        if cell_id:
            self._widgets[place] = widget
        return widget
