"""Our own comm: requests that are served while a cell is running.

JupyterLab opens it on a subshell, so that its messages need not wait for the main thread as the
widget's own messages do. It serves a widget of this kernel, or, for a view that outlived its
kernel, the task by its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inginious_nb.frontend.parts import PartsResponder
from inginious_nb.frontend.process_session import get_session
from inginious_nb.frontend.publisher import Publisher
from inginious_nb.frontend.requests import TaskResponder
from inginious_nb.frontend.subject import found_in

from . import living

if TYPE_CHECKING:
    from comm.base_comm import BaseComm

    from inginious_nb.frontend.responder import Responder


def serve_comm(comm: BaseComm, message: dict[str, Any]) -> None:
    """Serve a comm that a front end has opened, as the kernel's comm manager calls it."""
    subject = message["content"]["data"]
    widget = living.find(str(subject.get("widget")))
    if widget is not None:
        _serve(comm, widget.responder)
        return
    session = get_session()
    found = found_in(session, subject)
    if found is None:
        comm.close()
        return
    task, record = found

    def publish(changed: dict[str, Any]) -> None:
        comm.send({"kind": "state", "state": changed})

    publisher = Publisher(session, task, publish, record=record)
    comm.on_close(lambda _message: publisher.close())
    _serve(comm, TaskResponder(publisher))


def _serve(comm: BaseComm, responder: Responder) -> None:
    parts = PartsResponder(responder)

    def receive(message: dict[str, Any]) -> None:
        answer = parts.answer(message["content"]["data"], message.get("buffers", ()))
        if answer is not None:
            reply, attached = answer
            comm.send(reply, buffers=attached)

    comm.on_msg(receive)
