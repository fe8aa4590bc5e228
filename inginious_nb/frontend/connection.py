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
from typing import TYPE_CHECKING, Any, Protocol

from inginious_nb.errors import InginiousError, UsageError
from inginious_nb.i18n import Message, reader_language

from . import opened_courses
from .overview import OverviewPublisher, OverviewResponder, shown_folder
from .publisher import Publisher
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
    """

    def __init__(self, session: Session, send: Send, *, executor: Executor, root: Path) -> None:
        self._session = session
        session.services.expect_person()
        self._send = send
        self._executor = executor
        self._lock = threading.Lock()
        self._channels: dict[str, Future[_View]] = {}
        self._closed = False
        self._overview = OverviewPublisher(session, self._sender_of_state(""))
        self._responder = OverviewResponder(self._overview, root)
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
        if channel:
            return self._executor.submit(self._answer_about, channel, message, buffers)
        return self._executor.submit(self._answer, channel, self._responder, message, buffers)

    def look(self) -> None:
        """Take what kernels have submitted meanwhile; returns at once."""
        self._executor.submit(self._session.look_at_history)

    def close(self) -> None:
        """End all views."""
        with self._lock:
            self._closed = True
            channels, self._channels = self._channels, {}
        self._overview.close()
        for opened in channels.values():
            opened.add_done_callback(_end)

    def _open(self, channel: str, subject: object) -> Future[_View] | None:
        with self._lock:
            if self._closed or not channel or channel in self._channels:
                return None
            if len(self._channels) >= MAX_CHANNELS:
                refusal = UsageError(Message("Too many tasks are open in this page; close some."))
                self._send_closed(channel, refusal)
                return None
            opened = self._channels[channel] = self._executor.submit(self._view, channel, subject)
            return opened

    def _view(self, channel: str, subject: object) -> _View:
        try:
            named = subject if isinstance(subject, dict) else {}
            if "folder" in named:
                return self._class_view(channel, named)
            task, record = task_and_record(self._session, named)
            publisher = Publisher(
                self._session, task, self._sender_of_state(channel), record=record
            )
        except Exception as error:
            told = error if isinstance(error, InginiousError) else UsageError(UNEXPECTED)
            if told is not error:
                _log.exception("A view of a page could not be made.")
            self._send_closed(channel, told)
            self._close_channel(channel)
            raise
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

    def _answer_about(self, channel: str, message: object, buffers: Sequence[bytes]) -> None:
        with self._lock:
            opened = self._channels.get(channel)
        if opened is None:
            return  # closed meanwhile: the page expects no answer
        # It was submitted before this, so it has a thread already.
        if opened.exception() is None:
            self._answer(channel, opened.result().responder, message, buffers)

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
            opened.add_done_callback(_end)


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


def _end(opened: Future[_View]) -> None:
    if not opened.cancelled() and opened.exception() is None:
        opened.result().close()
