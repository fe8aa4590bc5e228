"""The anywidget of a class that is graded live.

Nothing of the class is a trait: a host may save those with the notebook, and they would tell
students' grades to whoever gets it. The state goes out in messages; requests come in on our own
comm or as custom messages. Their meaning is in `inginious_nb.frontend.class_view`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import display
from traitlets import Bool

from inginious_nb.frontend.class_view import ClassResponder
from inginious_nb.frontend.worker import call_soon

from .served_widget import ServedWidget, static

if TYPE_CHECKING:
    from inginious_nb.frontend.class_view import ClassPublisher
    from inginious_nb.frontend.protocol.class_view import ClassInfo


class ClassWidget(ServedWidget):
    """A class: its matrix, its tests, its answers, as they are graded.

    Args:
        publisher: The class, which ends with the widget.
        names: Show the names of the students from the beginning.
    """

    _esm = static("class.js")
    _css = static("class.css")

    names = Bool(False).tag(sync=True)

    def __init__(self, publisher: ClassPublisher, *, names: bool = False) -> None:
        self.publisher = publisher
        self._snapshot: Any = None
        super().__init__(ClassResponder(publisher), lang=publisher.lang, names=names)
        publisher.publish_to(self._publish)
        publisher.live.subscribe(self._update_snapshot)

    def close(self) -> None:
        """Close the widget in every view, and end the class."""
        publisher = getattr(self, "publisher", None)
        if publisher is not None:  # else its making failed, and it is being thrown away
            publisher.close()
            publisher.live.close()
        super().close()

    def _ipython_display_(self) -> None:
        """Show the live view and, as an output of its own, a static table once all is graded.

        The live view hides the table of its page.
        """
        bundle = self._repr_mimebundle_()
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        display(data, raw=True, metadata=metadata)
        self._snapshot = display({"text/plain": ""}, raw=True, display_id=True)
        self._update_snapshot()

    def _update_snapshot(self) -> None:
        """Fill the table, soon, unless something is still being graded."""
        if self._snapshot is not None and not self.publisher.live.is_busy:
            call_soon(self._write_snapshot)

    def _write_snapshot(self) -> None:
        table = self.publisher.table(key=self.key, names=self.names)
        self._snapshot.update(table, raw=True)

    def _publish(self, info: ClassInfo) -> None:
        self.send({"kind": "state", "state": info})

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": ""}, metadata
