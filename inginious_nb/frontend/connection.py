"""One page that is connected to a server: the overview, and a view of a task in each channel.

A message travels in an envelope that names its channel; the empty name is the overview's. An
envelope with ``open`` makes a view of the subject that it carries (`protocol.task.Subject`, or
`protocol.class_view.ClassSubject` for a class), one with ``close`` ends it. What is inside
``message`` is the same as on the comm of a kernel.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from inginious_nb import __version__
from inginious_nb.errors import InginiousError, UsageError
from inginious_nb.i18n import Message, reader_language

from . import opened_courses
from .overview import OverviewPublisher, OverviewResponder, shown_folder
from .protocol.class_view import CLASS_ORDER
from .protocol.overview import OVERVIEW_ORDER
from .protocol.task_requests import TASK_ORDER
from .publisher import Publisher
from .request_order import RequestOrder
from .requests import TaskResponder
from .responder import UNEXPECTED
from .subject import task_and_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from inginious_nb.session import Session

    from .responder import Responder

_log = logging.getLogger(__name__)

MAX_CHANNELS = 200
"""Views that one page may have open."""


class Send(Protocol):
    """Sends to the page, from any thread and in the order of the calls."""

    def __call__(self, envelope: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send a message with its buffers."""


class Connection:
    """A connected page.

    Args:
        session: Whose courses and submissions it shows.
        send: Sends to the page.
        executor: Where requests are answered; a few at the same time.
        root: The folder that the page's paths begin in.
        version: What the page's own is compared with.
    """

    def __init__(
        self,
        session: Session,
        send: Send,
        *,
        executor: Executor,
        root: Path,
        version: str = __version__,
    ) -> None:
        self._session = session
        session.services.expect_person()
        self._send = send
        self._executor = executor
        self._lock = threading.RLock()  # a view is made in it, where no thread begins any more
        self._channels: dict[str, _Channel] = {}
        self._closed = False
        self._overview = OverviewPublisher(session, self._sender_of_state(""), version=version)
        self._responder = OverviewResponder(self._overview, root)
        self._order = RequestOrder(executor, OVERVIEW_ORDER)
        self._root = root

    def receive(
        self, envelope: Mapping[str, Any], buffers: Sequence[bytes] = ()
    ) -> Future[Any] | None:
        """Serve what the page sent; returns at once, with what is under way, if anything is."""
        channel = str(envelope.get("channel", ""))
        if "open" in envelope:
            return self._open(channel, envelope["open"])
        if "close" in envelope:
            self._close_channel(channel)
            return None
        message = envelope.get("message")
        if not channel:
            answer = partial(self._answer, channel, self._responder, message, buffers)
            return self._order.add(message, answer)
        with self._lock:
            opened = self._channels.get(channel)
        if opened is None:
            return None  # closed: the page expects no answer
        return opened.order.add(message, partial(self._answer_about, opened, message, buffers))

    def look(self) -> None:
        """Take what kernels have submitted meanwhile; returns at once."""
        self._executor.submit(self._session.look_at_history)

    def close(self) -> None:
        """End all views, each once it has answered what it was asked before."""
        with self._lock:
            self._closed = True
            channels, self._channels = self._channels, {}
        self._overview.close()
        for opened in channels.values():
            opened.close()

    def _open(self, channel: str, subject: object) -> Future[None] | None:
        with self._lock:
            if self._closed or not channel or channel in self._channels:
                return None
            if len(self._channels) >= MAX_CHANNELS:
                refusal = UsageError(Message("Too many tasks are open in this page; close some."))
                self._send_closed(channel, refusal)
                return None
            named = subject if isinstance(subject, dict) else {}
            order = CLASS_ORDER if "folder" in named else TASK_ORDER
            opened = _Channel(channel, RequestOrder(self._executor, order))
            self._channels[channel] = opened
            return opened.order.add_last(partial(self._make_view, opened, named))

    def _make_view(self, opened: _Channel, named: Mapping[str, Any]) -> None:
        try:
            opened.view = self._view(opened.name, named)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page is told
            told = error if isinstance(error, InginiousError) else UsageError(UNEXPECTED)
            if told is not error:
                _log.exception("A view of a page could not be made.")
            self._send_closed(opened.name, told)
            self._close_channel(opened.name)

    def _view(self, channel: str, named: Mapping[str, Any]) -> _View:
        if "folder" in named:
            return self._class_view(channel, named)
        task, record = task_and_record(self._session, named)
        publish = self._sender_of_state(channel)
        publisher = Publisher(self._session, task, publish, record=record)
        return _View(TaskResponder(publisher), publisher.close)

    def _class_view(self, channel: str, named: Mapping[str, Any]) -> _View:
        from .class_view import ClassPublisher, ClassResponder, look_at  # noqa: PLC0415 - few need it

        folder = shown_folder(str(named["folder"]), self._root)
        # Beside what was handed in, never in it.
        opened_courses.know_courses_near(self._session, folder.parent)
        live, look_away = look_at(self._session, folder, named)
        publisher = ClassPublisher(self._session, live, self._sender_of_state(channel))

        def close() -> None:
            publisher.close()
            look_away()

        publisher.publish_now()
        return _View(ClassResponder(publisher), close)

    def _answer_about(self, opened: _Channel, message: object, buffers: Sequence[bytes]) -> None:
        if opened.view is not None:  # else it could not be made, which the page was told
            self._answer(opened.name, opened.view.responder, message, buffers)

    def _answer(
        self, channel: str, responder: Responder, message: object, buffers: Sequence[bytes]
    ) -> None:
        reply, attached = responder.answer(message, buffers)
        self._send({"channel": channel, "message": reply}, attached)

    def _sender_of_state(self, channel: str) -> Callable[[Mapping[str, Any]], None]:
        def publish(changed: Mapping[str, Any]) -> None:
            self._send({"channel": channel, "message": {"kind": "state", "state": changed}})

        return publish

    def _send_closed(self, channel: str, error: InginiousError) -> None:
        message = {"kind": "closed", "error": error.in_language(self._overview.lang)}
        self._send({"channel": channel, "message": message})

    def _close_channel(self, channel: str) -> None:
        with self._lock:
            opened = self._channels.pop(channel, None)
        if opened is not None:
            opened.close()


@contextlib.contextmanager
def refusing(send: Send) -> Iterator[None]:
    """Tell the page why there is no session for it: an error of ours passes after it was told."""
    try:
        yield
    except InginiousError as error:
        message = {"kind": "closed", "error": error.in_language(reader_language())}
        send({"channel": "", "message": message})
        raise


def refuse_page(send: Send, most: int) -> None:
    """Tell a page that as many pages as are served are served already."""
    text = Message(
        "This Jupyter server has {count} pages open that show INGInious, and serves no more: close "
        "some of them.",
        count=most,
    )
    with contextlib.suppress(UsageError), refusing(send):
        raise UsageError(text)


class _View:
    """A view of a task or of a class."""

    def __init__(self, responder: Responder, close: Callable[[], None]) -> None:
        self.responder = responder
        self.close = close


class _Channel:
    """A view by the name that a page has given it, and what it was asked.

    Attributes:
        view: None until it is made, and where it cannot be.
    """

    def __init__(self, name: str, order: RequestOrder) -> None:
        self.name = name
        self.order = order
        self.view: _View | None = None

    def close(self) -> None:
        """End the view once it has answered all that it was asked; returns at once."""
        self.order.add_last(self._end)

    def _end(self) -> None:
        if self.view is not None:
            self.view.close()
