"""The widget: Python's half of what a person sees, and static snapshots of it."""

from .restore import Restorer
from .task_widget import AnswerView, TaskWidget

__all__ = ["AnswerView", "Restorer", "TaskWidget"]
