"""The anywidgets of a task and of one of its problems: their state goes out as traits.

What the state and the requests of a view mean is in `inginious_nb.frontend`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from IPython.display import display
from traitlets import Dict, List, Unicode

from inginious_nb.frontend import snapshot
from inginious_nb.frontend.process_session import get_session
from inginious_nb.frontend.publisher import Publisher
from inginious_nb.frontend.requests import TaskResponder
from inginious_nb.frontend.serialize import reference
from inginious_nb.frontend.style_sheet import brings_style_sheet
from inginious_nb.frontend.worker import call_later, call_soon

from .served_widget import ServedWidget, static

if TYPE_CHECKING:
    from inginious_nb.course import Task
    from inginious_nb.frontend.protocol.task import Role, Subject
    from inginious_nb.session import Session

LIVE_VIEW_TIMEOUT_S = 3.0
"""How long a host has to show the live view before the static one is shown."""

MAX_SNAPSHOTS = 8
"""So many outputs of one widget are kept up to date; a cell that is run again drops older ones."""

_log = logging.getLogger(__name__)


class TaskWidget(ServedWidget):
    """A task with its problems, its submission and its result.

    Args:
        task: The task.
        session: The session, default the one of this kernel.
        publisher: What is shown of the task; default what is newest in the session.
    """

    _esm = static("widget.js")
    _css = static("widget.css")

    role = Unicode("task").tag(sync=True)
    problem_id = Unicode().tag(sync=True)
    student = Unicode().tag(sync=True)
    task = Dict(allow_none=True).tag(sync=True)
    standing = Dict().tag(sync=True)
    submission = Dict(None, allow_none=True).tag(sync=True)
    result = Dict(None, allow_none=True).tag(sync=True)
    history: List[Any] = List().tag(sync=True)
    service = Dict().tag(sync=True)
    drafts = Dict().tag(sync=True)
    request = Dict(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        task: Task,
        *,
        session: Session | None = None,
        publisher: Publisher | None = None,
        **traits: Any,
    ) -> None:
        self._snapshots: deque[Any] = deque(maxlen=MAX_SNAPSHOTS)
        self._snapshot_is_due = threading.Event()
        self._styled = False
        self.publisher = publisher or Publisher(session or get_session(), task)
        responder = TaskResponder(self.publisher, heard=self._keep_snapshot)
        role = "task" if self.publisher.own_submission is None else "submission"
        first = self.publisher.published
        super().__init__(responder, **{"role": role} | first | traits)
        self.publisher.publish_to(self._set_traits, first)

    def close(self) -> None:
        """Close the widget in every view and stop following the session."""
        publisher = getattr(self, "publisher", None)
        if publisher is not None:  # else its making failed, and it is being thrown away
            publisher.close()
        super().close()

    def _set_traits(self, changed: dict[str, Any]) -> None:
        submission = changed.get("submission") or {}
        if "result" in changed or "lang" in changed or submission.get("phase") == "refused":
            # First, so that whoever sees the result can save it.
            try:
                self._update_snapshots()
            except Exception:  # noqa: BLE001 - nobody is kept from the result by it
                _log.exception("The static view of a task could not be made.")
        with self.hold_sync():
            for name, value in changed.items():
                setattr(self, name, value)

    # ---- display ----------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """Show the live view and, as an output of its own, a static snapshot of it.

        The live view hides the snapshot of its page. It is apart so that it can be replaced when
        a result comes without touching the live view, and so that it shows where there is no live
        view any more: in a notebook opened without its kernel, exported, or looked at elsewhere.
        It is empty until the live view is there, which it would hold up, or until it is clear that
        this host shows none.
        The subject of the view is saved with it, for the kernel that restores it (`restore`).
        """
        about: Subject = {
            "widget": self.key,
            "task": reference(self.publisher.task),
            "role": cast("Role", self.role),
            "problem_id": self.problem_id,
            "submission": "",  # the snapshot tells
        }
        self._styled |= brings_style_sheet()
        named = {name: value for name, value in about.items() if value}
        display(self._live(), raw=True, metadata={"inginious": named})
        self._snapshots.append(display({"text/plain": ""}, raw=True, display_id=True))
        self._snapshot_is_due.set()
        call_later(LIVE_VIEW_TIMEOUT_S, self._keep_snapshot)

    def _keep_snapshot(self) -> None:
        """Fill the snapshot, soon, unless that was done."""
        if self._snapshot_is_due.is_set():
            self._snapshot_is_due.clear()
            call_soon(self._update_snapshots)

    def _update_snapshots(self) -> None:
        for shown in tuple(self._snapshots):
            shown.update(self._snapshot(), raw=True)

    def _live(self) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_()
        data: dict[str, Any] = dict(bundle[0] if isinstance(bundle, tuple) else bundle or {})
        data["text/plain"] = ""
        return data

    def _snapshot(self) -> dict[str, str]:
        return snapshot.widget_bundle(
            self.publisher, key=self.key, problem_id=self.problem_id, styled=self._styled
        )


class AnswerView(TaskWidget):
    """The slim view of one problem, beneath the cell that answers it."""

    def __init__(self, task: Task, problem_id: str, *, session: Session | None = None) -> None:
        super().__init__(task, session=session, role="answer", problem_id=problem_id)
