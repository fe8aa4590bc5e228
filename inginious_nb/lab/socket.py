"""The WebSocket of one page, below the authentication of the Jupyter server.

Whoever may execute code on this server may submit: grading runs the scripts of a course
(`auth_resource` for a site's authorizer is ``inginious``). What is asked is answered on threads of
a pool, never on the server's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.ioloop import PeriodicCallback
from tornado.iostream import StreamBufferFullError
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from . import framing
from .identity import other_person

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence
    from pathlib import Path

    from tornado.iostream import IOStream
    from traitlets.config import Config

    from inginious_nb.frontend.connection import Connection

PATH = "inginious/socket"

MAX_FRAME_BYTES = 128 * 1024 * 1024
"""What a page may send at once: the files of a submission."""

LOOK_INTERVAL_S = 2.0
"""How often a page is told what kernels have submitted."""

MAX_PAGES = 100
"""So many pages are served at once: each keeps a session's changes and a timer."""

MAX_REQUESTS = 64
"""So many requests of a page are under way; what else it sends is read when one is answered."""

MAX_UNREAD_BYTES = 640 * 1024 * 1024
"""A page that leaves so much unread is left: the largest archive waits for it, and some more."""

_THREADS = 8

# Status codes of a WebSocket that is closed (RFC 6455, 7.4).
_UNREADABLE = 1003
_NO_SESSION = 1011
_TOO_MANY = 1013

_log = logging.getLogger(__name__)
_served: set[InginiousSocket] = set()
_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="inginious_nb lab")


class InginiousSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One page that is connected."""

    auth_resource = "inginious"

    def initialize(self, config: Config, root: Path, version: str) -> None:
        """Take the server's configuration, the folder that its paths begin in and its version."""
        self._config = config
        self._root = root
        self._version = version
        self._loop = asyncio.get_running_loop()
        self._connection: asyncio.Future[Connection] | None = None

    @property
    def max_message_size(self) -> int:
        """Return the largest frame that is read."""
        return MAX_FRAME_BYTES

    @property
    def _stream(self) -> IOStream | None:
        return None if self.ws_connection is None else self.ws_connection.stream

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the socket for whoever may execute code here.

        Raises:
            HTTPError: They may not.
        """
        allowed = self.authorizer.is_authorized(
            self, self.current_user, "execute", self.auth_resource
        )
        if not await ensure_async(allowed):
            raise HTTPError(403)
        opened: Awaitable[None] | None = super().get(*args, **kwargs)
        if opened is not None:
            await opened

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begin to serve the page."""
        super().open(*args, **kwargs)
        if len(_served) >= MAX_PAGES:
            self._refuse()
            return
        _served.add(self)
        self._room = asyncio.Semaphore(MAX_REQUESTS)
        if self._stream is not None:
            self._stream.max_write_buffer_size = MAX_UNREAD_BYTES
        self._connection = self._loop.run_in_executor(_pool, self._connect)
        self._looking = PeriodicCallback(self._look, LOOK_INTERVAL_S * 1000)
        self._looking.start()

    def _refuse(self) -> None:
        """Tell the page that there are too many, and leave it; it tries again."""
        from inginious_nb.frontend.connection import refuse_page  # noqa: PLC0415 - as in _connect

        refuse_page(self._send, MAX_PAGES)
        self._loop.call_soon(self.close, _TOO_MANY)

    def _look(self) -> None:
        connection = self._connection
        if connection is not None and connection.done() and connection.exception() is None:
            connection.result().look()

    def _connect(self) -> Connection:
        # Loaded with the first page, so that a server starts without it.
        from inginious_nb.frontend.connection import Connection, refusing  # noqa: PLC0415
        from inginious_nb.frontend.opened_courses import open_again  # noqa: PLC0415
        from inginious_nb.frontend.process_session import (  # noqa: PLC0415
            get_session,
            get_session_of,
        )

        with refusing(self._send):
            options: dict[str, Any] = {"config": self._config, "directory": self._root}
            session = get_session(**options)
            session.offer_service()
            username = other_person(self.current_user, session.settings.username, self.serverapp)
            if username:
                session = get_session_of(username, **options)
        open_again(session)
        return Connection(
            session, self._send, executor=_pool, root=self._root, version=self._version
        )

    async def on_message(self, message: str | bytes) -> None:
        """Serve what the page sends; it waits only for the session to be there."""
        try:
            content, buffers = framing.decode(message)
        except ValueError as error:
            _log.info("A page sent a frame that cannot be read: %s", error)
            self.close(_UNREADABLE)
            return
        if self._connection is not None and await self._is_served(self._connection):
            await self._room.acquire()
            under_way = self._connection.result().receive(content, buffers)
            if under_way is None:
                self._room.release()
            else:
                under_way.add_done_callback(self._make_room)

    def _make_room(self, _answered: object) -> None:
        """Let the page send one more request; from any thread."""
        with contextlib.suppress(RuntimeError):  # the server has ended
            self._loop.call_soon_threadsafe(self._room.release)

    async def _is_served(self, connection: asyncio.Future[Connection]) -> bool:
        try:
            await asyncio.shield(connection)
        except Exception:  # noqa: BLE001 - whatever it is, the page is told that there is no service
            _log.exception("A page cannot be served.")
            self.close(_NO_SESSION)
            return False
        return True

    def on_close(self) -> None:
        """Stop following the session for this page."""
        super().on_close()
        _served.discard(self)
        if self._connection is not None:
            self._looking.stop()
            self._connection.add_done_callback(_close)

    def _send(self, envelope: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send to the page, from any thread and in the order of the calls."""
        frame = framing.encode(envelope, buffers)
        self._loop.call_soon_threadsafe(self._write, frame)

    def _write(self, frame: str | bytes) -> None:
        try:
            written = self.write_message(frame, binary=isinstance(frame, bytes))
        except WebSocketClosedError:
            _log.debug("A page is gone before it was told everything.")
        except StreamBufferFullError:
            _log.warning("A page does not read what it asks for; it is left.")
            if self._stream is not None:
                self._stream.close()
        else:
            written.add_done_callback(_ignore)


def _ignore(written: asyncio.Future[None]) -> None:
    """Let a page be gone in the middle of a message; asyncio would log it."""
    if not written.cancelled():
        written.exception()


def _close(connection: asyncio.Future[Connection]) -> None:
    if not connection.cancelled() and connection.exception() is None:
        _pool.submit(connection.result().close)
