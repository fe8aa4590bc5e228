"""The anywidget of a class that is graded live.

Nothing of the class is a trait: a host may save those with the notebook, and they would tell
students' grades to whoever gets it. The state goes out in messages; requests come in on our own
comm or as custom messages. Their meaning is in `inginious_nb.frontend.class_view`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Bool, Unicode

from inginious_nb.frontend.class_view import ClassPublisher, ClassResponder
from inginious_nb.frontend.parts import PartsResponder

from . import living
from .task_widget import static

if TYPE_CHECKING:
    from inginious_nb.classroom.live import LiveClass
    from inginious_nb.frontend import protocol
    from inginious_nb.session import Session


class ClassWidget(anywidget.AnyWidget):
    """A class: its matrix, its tests, its answers, as they are graded.

    Args:
        live: The class.
        session: The session of whoever looks.
        names: Show the names of the students from the beginning.
    """

    _esm = static("class.js")
    _css = static("class.css")

    key = Unicode().tag(sync=True)
    lang = Unicode().tag(sync=True)
    names = Bool(False).tag(sync=True)

    def __init__(self, live: LiveClass, *, session: Session, names: bool = False) -> None:
        self.live = live
        self.publisher = ClassPublisher(session, live, self._publish)
        self.responder = ClassResponder(self.publisher)
        self._parts = PartsResponder(self.responder)
        super().__init__(key=uuid.uuid4().hex, lang=session.language, names=names)
        living.add(self)
        self.on_msg(self._receive)

    def close(self) -> None:
        """Close the widget in every view, and end the class."""
        publisher = getattr(self, "publisher", None)
        if publisher is not None:  # else its making failed, and it is being thrown away
            publisher.close()
            self.live.close()
        super().close()

    def _publish(self, info: protocol.ClassInfo) -> None:
        self.send({"kind": "state", "state": info})

    def _receive(self, _widget: object, content: object, buffers: list[memoryview]) -> None:
        answer = self._parts.answer(content, buffers)
        if answer is not None:
            self.send(*answer)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": ""}, metadata
