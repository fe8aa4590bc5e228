"""The widget: Python's half of what a person sees, and static snapshots of it."""

from .task_widget import AnswerView, TaskWidget
from .waker import Waker

__all__ = ["AnswerView", "TaskWidget", "Waker"]
