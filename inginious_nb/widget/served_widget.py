"""The base of the widgets of a task and of a class: they answer requests of their views.

A request comes as a custom message, or on our own comm (`comm`), which finds the widget by its key.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Unicode

from inginious_nb.frontend.parts import PartsResponder

from . import living

if TYPE_CHECKING:
    from inginious_nb.frontend.responder import Responder

_STATIC = Path(__file__).parent.parent / "static"


def static(name: str) -> Path:
    """Return a file of the built front end; as a path, so that anywidget can load it anew.

    Raises:
        RuntimeError: It was not built.
    """
    path = _STATIC / name
    if not path.is_file():
        raise RuntimeError(
            f"The front end of inginious_nb is not built ({name} is missing); in a checkout, run "
            "npm ci && npm run build."
        )
    return path


class ServedWidget(anywidget.AnyWidget):
    """A widget whose views ask for something.

    Args:
        responder: Answers what they ask.
        traits: First values.

    Attributes:
        responder: As given.
        key: A name of the widget that outlives its comm; the id of its first model, too, so that
            the page finds its views.
        lang: The language of its texts.
    """

    key = Unicode().tag(sync=True)
    lang = Unicode().tag(sync=True)

    def __init__(self, responder: Responder, **traits: Any) -> None:
        self.responder = responder
        self._parts = PartsResponder(responder)
        key = uuid.uuid4().hex
        super().__init__(**{"key": key, "model_id": key} | traits)
        living.add(self)
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: object, buffers: list[memoryview]) -> None:
        answer = self._parts.answer(content, buffers)
        if answer is not None:
            self.send(*answer)
