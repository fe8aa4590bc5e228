"""BetterParanoidPirateClient: the core and its sockets bound to one asyncio loop.

The name is INGInious's, after the "paranoid pirate" pattern of the ZeroMQ guide: each side checks
by heartbeats that the other lives. Jobs and the documented calls are in `client`.

All that touches the core or a socket happens on the loop. Calls from elsewhere go into an inbox,
which the loop empties; `close` empties it too, so that no call is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
import warnings
from collections import deque
from typing import TYPE_CHECKING

from inginious_nb.errors import UsageError
from inginious_nb.io.address import is_zeromq_address

from .core import ClientCore
from .options import ClientOptions
from .socket_pump import SocketPump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import zmq

    from inginious_nb.io.curve import CurveKeys

    from .callbacks import Before
    from .connection_state import ConnectionState

    Action = Callable[[ClientCore, float], object]

logger = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S = 5.0
"""`close` waits this long for a loop that other work holds."""

_POLL_INTERVAL_S = 0.1
"""Interval at which `close` checks that the loop still runs."""

_CLOSE_UPON_S = 0.000_05
"""Calls closer together than this share one turn of the loop."""


class BetterParanoidPirateClient:
    """A registered connection to a backend on one asyncio loop.

    Args:
        context: A `zmq.asyncio.Context` or a plain `zmq.Context`. The caller ends it after `close`:
            it knows nothing of the sockets here, so even its ``destroy`` waits for them.
        router_addr: Client address of the backend.
        queue_update: Seconds between two looks at the queue when no job of ours waits; <= 0: none.
        loop: The loop that does the work. Default: the one that runs here, or else the one that
            `start` finds.
        options: Time limits, retries, identity and keys.

    Raises:
        UsageError: ``router_addr`` is not an address, or the context has ended already.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        router_addr: str,
        queue_update: float = 10,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        options: ClientOptions | None = None,
    ) -> None:
        if context.closed:
            raise UsageError("This ZeroMQ context has ended; make a new one for the client.")
        if not is_zeromq_address(router_addr):
            raise UsageError(
                f"{router_addr!r} is not the address of a backend; it looks like "
                "tcp://grading.example.org:2001."
            )
        self._options = options or ClientOptions()
        self._context = context
        self._address = router_addr
        self._loop = loop or _running_loop()
        self._core = ClientCore(
            self._options,
            float(queue_update),
            _routing_ids(self._options.routing_id),
            time.monotonic(),
        )
        self._pump: SocketPump | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._inbox: deque[Action] = deque()
        self._inbox_noticed = False
        self._planned = False
        self._called_at = 0.0
        self._notified = self._core.connection(time.monotonic())
        self._listeners: dict[object, Callable[[ConnectionState], object]] = {}
        self._lock = threading.Lock()
        self._started = False
        self._closed = False
        self._shut_down = False
        self._shut_done = threading.Event()

    # ---- life -------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect and say hello, on the client's loop; harmless when repeated.

        Raises:
            UsageError: The client or its loop was closed, or no loop can be found to run on.
        """
        with self._lock:
            if self._closed:
                raise UsageError("This client was closed; make a new one.")
            if self._started:
                return
            loop = self._loop = self._loop or _find_loop()
            if loop.is_closed():
                raise UsageError("The client's loop is closed; make a new client on another loop.")
            self._started = True
        if _running_loop() is loop:
            self._open()
        else:
            loop.call_soon_threadsafe(self._open)

    def close(self) -> None:
        """End every pending job as a crash and close all sockets; harmless when repeated.

        Jobs that the backend has go on there. No task, thread, socket or timer remains here. On
        another thread than the loop's it returns when all that is done.
        """
        with self._lock:
            first, self._closed = not self._closed, True
            loop = self._loop
        if loop is None or not loop.is_running() or _running_loop() is loop:
            self._shut()
            return
        if first:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                loop.call_soon_threadsafe(self._shut)
        deadline = time.monotonic() + _CLOSE_TIMEOUT_S
        while not self._shut_done.wait(_POLL_INTERVAL_S):
            if not loop.is_running():  # it stopped before it ran _shut
                self._shut()
                return
            if time.monotonic() > deadline:
                logger.warning("The client's loop is held; the client is closed when it goes on")
                return

    # ---- the connection ---------------------------------------------------------------------

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """Return the loop that does the work, once it is known."""
        return self._loop

    @property
    def started(self) -> bool:
        """True once `start` was called."""
        return self._started

    @property
    def closed(self) -> bool:
        """True once `close` was called."""
        return self._closed

    @property
    def connection(self) -> ConnectionState:
        """Return the state of the connection now."""
        return self._core.connection(time.monotonic())

    @property
    def pending_jobs(self) -> int:
        """Return the number of jobs that have no result yet."""
        return self._core.pending

    def move_to(self, address: str, curve: CurveKeys | None) -> None:
        """Go on with a backend at another address, on the client's loop.

        It does not know us, as one that was restarted: pending jobs are sent to it.
        """
        self._address = address
        if self._pump is not None:
            self._pump.move_to(address, curve)

    def add_connection_listener(
        self, callback: Callable[[ConnectionState], object]
    ) -> Callable[[], None]:
        """Call ``callback`` on the loop whenever state or environments change.

        Returns:
            A function that removes it again.
        """
        key = object()
        with self._lock:
            self._listeners[key] = callback

        def remove() -> None:
            with self._lock:
                self._listeners.pop(key, None)

        return remove

    # ---- for the documented client ----------------------------------------------------------

    def _call(self, action: Action) -> None:
        """Run an action on the core: at once on the loop, soon from anywhere else.

        A single call sends its frames at once. Of calls in close succession the first does, and the
        frames of the others leave together in the next turn: ZeroMQ's thread then wakes up once.
        """
        if self._pump is not None and _running_loop() is self._loop and not self._inbox:
            now = time.monotonic()
            action(self._core, now)
            if now - self._called_at < _CLOSE_UPON_S:
                self._plan()
            else:
                self._flush()
            self._called_at = now
            return
        with self._lock:
            if not self._shut_down:
                self._inbox.append(action)
                if not self._started or self._inbox_noticed or self._loop is None:
                    return
                # Before the call: the loop may have emptied the inbox by the time it returns.
                self._inbox_noticed = True
                try:
                    self._loop.call_soon_threadsafe(self._empty_inbox)
                except RuntimeError:  # the loop was closed, the client was not
                    self._inbox_noticed = False
                    self._inbox.remove(action)
                else:
                    return
        self._refuse(action)

    def _refuse(self, action: Action) -> None:
        """Run an action on a core that is closed: every job it gets ends at once."""
        now = time.monotonic()
        core = ClientCore(self._options, 0, _routing_ids(None), now)
        core.epoch = time.time() - now
        core.close(now)
        action(core, now)
        for recipient, event in core.events:
            recipient.deliver(event)

    def _run_callback(self, call: Callable[[], object], before: Before = None) -> None:
        if before is not None and not (before.done() or self._closed):
            before.add_done_callback(lambda _: self._run_callback(call))
            return
        executor = self._options.callback_executor
        if executor is None or self._closed:
            call()
            return
        try:
            executor.submit(call)
        except RuntimeError:  # it was shut down before the client was
            call()

    def _run_in_thread(self, work: Callable[[], object], then: Callable[[], object]) -> Before:
        if self._loop is None or self._closed:
            work()
            then()
        else:
            try:
                future = self._loop.run_in_executor(None, work)
            except RuntimeError:  # the loop is about to end
                work()
                then()
            else:
                future.add_done_callback(lambda _: then())
                return future
        return None

    # ---- on the loop ------------------------------------------------------------------------

    def _open(self) -> None:
        if not self._closed and self._loop is not None:
            arrivals = _Arrivals(self._core, self._flush, self._plan)
            self._pump = SocketPump(
                self._context,
                self._address,
                self._options.curve,
                self._loop,
                arrivals,
                self._options.max_frame_bytes,
            )
            self._tick()
            self._empty_inbox()

    def _empty_inbox(self) -> None:
        self._inbox_noticed = False
        try:
            while self._inbox:
                action = self._inbox.popleft()
                action(self._core, time.monotonic())
        finally:
            if self._inbox:  # Ctrl-C interrupted an action
                self._plan()
        self._flush()

    def _tick(self) -> None:
        if self._closed or self._loop is None:
            return
        # First, so that ticks go on whatever is raised below.
        self._timer = self._loop.call_later(self._options.heartbeat_s, self._tick)
        now = time.monotonic()
        self._core.epoch = time.time() - now
        self._core.tick(now)
        self._flush()
        self._notify_connection()

    def _flush(self) -> None:
        """Carry out the core's decisions, each once.

        Callbacks may call back into the client, and Ctrl-C may interrupt one: the next turn of the
        loop carries out the rest.
        """
        core = self._core
        try:
            if core.actions and self._pump is not None:
                self._pump.perform(core.actions)
            while core.events:
                recipient, event = core.events.popleft()
                recipient.deliver(event)
        finally:
            if core.events:
                self._plan()
        if core.environments is not self._notified.environments:
            self._notify_connection()

    def _plan(self) -> None:
        loop = self._loop
        if not (self._planned or self._shut_down or loop is None or loop.is_closed()):
            self._planned = True
            loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """Go on with work that an earlier turn of the loop left."""
        self._planned = False
        if not self._shut_down:
            self._empty_inbox()

    def _notify_connection(self) -> None:
        connection = self._core.connection(time.monotonic())
        told, self._notified = self._notified, connection
        if connection.state == told.state and connection.environments == told.environments:
            return
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            try:
                listener(connection)
            except Exception:
                logger.exception("The connection listener %r failed", listener)

    def _shut(self) -> None:
        with self._lock:
            if self._shut_down:
                return
            self._shut_down = True
        if self._timer is not None:
            self._timer.cancel()
        interruption: BaseException | None = None
        try:
            while not self._shut_done.is_set():
                try:
                    self._shut_further()
                except Exception:
                    raise
                except BaseException as error:  # noqa: BLE001 - Ctrl-C in a callback; raised below
                    interruption = error
        finally:
            self._shut_done.set()
        if interruption is not None:
            raise interruption

    def _shut_further(self) -> None:
        """Shut down, from where an interruption stopped it."""
        self._empty_inbox()
        self._core.close(time.monotonic())
        if self._pump is not None:
            self._pump.close()
            self._pump = None
        self._flush()
        self._notify_connection()
        self._shut_done.set()


class _Arrivals:
    """A listener that passes socket events to the core and flushes its decisions."""

    def __init__(
        self, core: ClientCore, flush: Callable[[], None], plan: Callable[[], None]
    ) -> None:
        self._core = core
        self._flush = flush
        self._plan = plan

    def receive(self, connection: int, frame: memoryview) -> None:
        self._core.receive(connection, frame, time.monotonic())

    def drained(self) -> None:
        if getattr(asyncio.get_running_loop(), "_nest_patched", False):
            # A callback may run the loop, which then does not enter the handle again that reads the
            # socket: that one must have ended before.
            self._plan()
        else:
            self._flush()

    def established(self, connection: int) -> None:
        self._core.established(connection)
        self._flush()

    def broken(self, connection: int) -> None:
        self._core.broken(connection)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, if one does."""
    return asyncio._get_running_loop()  # noqa: SLF001 - documented for low-level code


def _find_loop() -> asyncio.AbstractEventLoop:
    running = _running_loop()
    if running is not None:
        return running
    try:
        with warnings.catch_warnings():
            # Deprecated where no loop was set; where one was, the caller means that one.
            warnings.simplefilter("ignore", DeprecationWarning)
            return asyncio.get_event_loop()
    except RuntimeError as error:
        raise UsageError(
            "There is no asyncio loop for the client: start it in a coroutine, or give it loop=."
        ) from error


def _routing_ids(stable: bytes | None) -> Iterator[bytes]:
    if stable is not None:
        yield stable
    while True:
        yield b"inginious_nb-" + os.urandom(12).hex().encode()
