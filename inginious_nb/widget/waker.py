"""Wakes the widgets of a notebook that was opened again, under the ids that its outputs name.

A kernel that was restarted does not know them, and neither does a page that was reloaded. The
waker is a widget without a view, whose front end (``js/waker.ts``) reads the saved outputs.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import anywidget

from inginious_nb.errors import InginiousError

from .subjects import task_and_attempt
from .task_widget import TaskWidget, find_widget, static
from .views import PROTOCOL_VERSION

if TYPE_CHECKING:
    from inginious_nb.session import Session

_log = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MOST_WIDGETS = 500


class Waker(anywidget.AnyWidget):
    """One for each kernel, as long as it has a session."""

    _esm = static("waker.js")

    def __init__(self, session: Session) -> None:
        self._session = session
        super().__init__()
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        message = content if isinstance(content, dict) else {}
        if message.get("kind") != "wake" or message.get("v") != PROTOCOL_VERSION:
            return
        views = message.get("widgets")
        views = views[:_MOST_WIDGETS] if isinstance(views, list) else []
        woken = [view["model_id"] for view in views if self._wake(view)]
        self.send({"v": PROTOCOL_VERSION, "kind": "woken", "model_ids": woken})

    def _wake(self, view: Any) -> bool:
        """Make a widget again, unless another page was first; whether it is there."""
        try:
            model_id, subject = view["model_id"], view["subject"]
            key = subject["widget"]
            if not (_ID.fullmatch(model_id) and _ID.fullmatch(key)):
                return False
        except (KeyError, TypeError):
            return False  # a notebook may say anything
        known = find_widget(key)
        if known is not None:
            return bool(known.model_id == model_id)
        try:
            task, attempt = task_and_attempt(self._session, subject)
        except InginiousError as error:
            _log.info("A widget of the notebook cannot be woken: %s", error)
            return False
        role = subject.get("role")
        if role == "answer" and subject.get("problem_id") not in task.problems:
            return False
        TaskWidget(
            task,
            session=self._session,
            attempt=attempt,
            key=key,
            role=role if role in ("answer", "submission") else "task",
            problem_id=str(subject.get("problem_id", "")),
            model_id=model_id,
        )
        return True
