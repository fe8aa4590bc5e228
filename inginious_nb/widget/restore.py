"""Restores the widgets of a notebook that was opened again, under the ids that its outputs name.

A kernel that was restarted does not know them, and neither does a page that was reloaded. The
restorer is a widget without a view, whose front end (``js/restore.ts``) reads the saved outputs.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, get_args

import anywidget
import comm  # a kernel puts its own manager there, perhaps after this is imported
from ipywidgets import Widget, widget_serialization

from inginious_nb.frontend.protocol.common import PROTOCOL_VERSION
from inginious_nb.frontend.protocol.task import Role, SavedView, Subject
from inginious_nb.frontend.publisher import Publisher
from inginious_nb.frontend.subject import found_in

from . import living
from .served_widget import static
from .task_widget import TaskWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from inginious_nb.session import Session

_log = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
MAX_WIDGETS = 20
"""In one request: making them holds up the cells. The front end asks for more afterwards."""


class Restorer(anywidget.AnyWidget):
    """One for each kernel, as long as it has a session.

    Args:
        session: The session whose tasks the widgets show.
        answered: Called when a page has made this widget, which shows that it can.
    """

    _esm = static("restore.js")

    def __init__(self, session: Session, *, answered: Callable[[], object] = lambda: None) -> None:
        self._session = session
        self._answered = answered
        super().__init__()
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        message = content if isinstance(content, dict) else {}
        if message.get("kind") == "made":
            self._answered()
        if message.get("kind") != "restore" or message.get("v") != PROTOCOL_VERSION:
            return
        views = message.get("widgets")
        views = views[:MAX_WIDGETS] if isinstance(views, list) else []
        restored = [view["model_id"] for view in views if self._is_restored(view)]
        reply = {"v": PROTOCOL_VERSION, "kind": "restored", "id": message.get("id")}
        self.send(reply | {"model_ids": restored})

    def _is_restored(self, view: Any) -> bool:
        """Return whether the widget is there now; one that cannot be made holds up no other."""
        saved = _read(view)
        if saved is None:
            return False
        try:
            return self._restore(saved)
        except Exception:  # noqa: BLE001 - whatever it is, the others are still restored
            _log.exception("A widget of the notebook could not be restored.")
        return False

    def _restore(self, view: SavedView) -> bool:
        """Make a widget again, unless another page was first; return whether it is there."""
        model_id, subject = view["model_id"], view["subject"]
        known = living.find(subject["widget"])
        if known is not None and _is_open(known):
            return bool(known.model_id == model_id)
        if known is not None:
            known.close()  # no page can reach it any more, nor learn of it
        if _is_taken(model_id):
            _log.warning("A notebook names a widget of another kind as ours; it stays as it is.")
            return False
        found = found_in(self._session, subject)
        if found is None:
            return False
        task, record = found
        if subject["role"] == "answer" and subject["problem_id"] not in task.problems:
            return False
        if subject["role"] == "submission" and record is None:
            return False  # somebody else's, or of a history that is gone: its snapshot stays
        TaskWidget(
            task,
            publisher=Publisher(self._session, task, record=record),
            key=subject["widget"],
            role=subject["role"],
            problem_id=subject["problem_id"],
            model_id=model_id,
        )
        return True


def _read(view: Any) -> SavedView | None:
    """Return a saved view, or nothing if it is none: a notebook may say anything."""
    try:
        model_id, saved = view["model_id"], dict(view["subject"])
    except (KeyError, TypeError, ValueError):
        return None
    # What is empty was not saved.
    subject: Any = {name: saved.get(name, "") for name in Subject.__required_keys__}
    if not all(isinstance(field, str) for field in (model_id, *subject.values())):
        return None
    if not (_ID.fullmatch(model_id) and _ID.fullmatch(subject["widget"])):
        return None
    if subject["role"] not in get_args(Role):
        return None
    return {"model_id": model_id, "subject": subject}


def _is_open(widget: Widget) -> bool:
    """Return whether pages can reach a widget: it may be closed, or its comm alone."""
    return widget.comm is not None and widget.model_id in comm.get_comm_manager().comms


def _is_taken(model_id: str) -> bool:
    """Return whether the kernel has anything of this id: a comm, or a widget of whatever kind."""
    found = widget_serialization["from_json"](f"IPY_MODEL_{model_id}", None)
    return isinstance(found, Widget) or model_id in comm.get_comm_manager().comms
