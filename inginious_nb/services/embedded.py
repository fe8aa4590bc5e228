"""The grading service that a kernel runs itself, in a child process, and keeps running.

The process is `inginious_nb.grader.service`; here it is started with the first use and again
whenever it ends by itself, a bounded number of times. A kernel of a Jupyter server that has one
uses that one as long as it is there.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import InginiousError, ServiceEndedError, ServiceError, UsageError
from inginious_nb.i18n import Message
from inginious_nb.settings import EMBEDDED

from .offer import parent_server
from .zeromq import ZeroMQService

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from inginious_nb.client.client import Client
    from inginious_nb.course import CourseLibrary, Task
    from inginious_nb.grader.service import ServiceProcess
    from inginious_nb.settings import Inginious

    from .offered_service import OfferedService
    from .service import Debug, Kind
    from .shared_service import SharedService

_log = logging.getLogger(__name__)

_WATCH_INTERVAL_S = 1.0
_SHARED_WATCH_INTERVAL_S = 3.0
_RESTART_LIMIT = 5
_FIRST_START_PAUSES_S = (0.2, 1.0, 3.0)
"""How long to wait before a first start is tried once more."""

_STEADY_AFTER_S = 60.0
"""A service that ran this long has not ended *again*."""


class EmbeddedService(ZeroMQService):
    """The embedded grading service of one session.

    Args:
        settings: Slots, sandbox, environments and the limits.
        course_paths: Folders that it grades from.

    Attributes:
        server: The id of the process whose service is used if it offers one, 0 for none.
    """

    kind: Kind = "embedded"

    def __init__(self, settings: Inginious, course_paths: list[Path]) -> None:
        super().__init__(settings, EMBEDDED)
        self._course_paths = course_paths
        self.server = parent_server()
        self._process: ServiceProcess | None = None
        self._watching: asyncio.Task[None] | None = None
        self._shared: SharedService | None = None
        self._adding = asyncio.Lock()
        self._offered: OfferedService | None = None

    async def offer(self, library: CourseLibrary, add_courses: Callable[[Path], object]) -> None:
        """Let the kernels of this server use it, too; to be called before it is used.

        Args:
            library: The courses of this process.
            add_courses: Opens the courses below a path, in this process and in the service.
        """
        if self._offered is not None or self._process is not None:
            return
        from .offered_service import OfferedService  # noqa: PLC0415 - only in a server

        self._offered = OfferedService(self._settings, self, library, add_courses)
        try:
            await self._offered.open()
        except (InginiousError, OSError) as error:
            _log.warning("Kernels have a grading service of their own: %s", error)

    @property
    def is_running(self) -> bool:
        """Return whether its process runs or is about to; also before the first start."""
        return not self._closed and (self._watching is None or not self._watching.done())

    async def process(self) -> ServiceProcess:
        """Return its process, which is started if it is not yet.

        Raises:
            ServiceError: It cannot be started.
        """
        await self.client()
        return self._made_process()

    def _made_process(self) -> ServiceProcess:
        if self._process is None:
            # Loaded with the first submission, so that a notebook opens without it.
            from inginious_nb.grader.service import ServiceProcess  # noqa: PLC0415

            self._process = ServiceProcess(
                self._course_paths,
                slots=self._settings.slots or None,
                sandbox=self._settings.sandbox,
                environment_aliases=self._settings.environments,
                # Who moves to it from a service with keys cannot do without; so do other kernels.
                shared=self._offered is not None or self._shared is not None,
            )
        return self._process

    @property
    def _name(self) -> str:
        return Message("The embedded grading service")

    @property
    def _sandbox(self) -> Mapping[str, Any] | None:
        place = self._shared or self._process
        return place.sandbox if place is not None else None

    def check(self, debug: Debug) -> None:
        """Refuse a shell where what it needs is not installed.

        Raises:
            UsageError: It is not; the text says how to install it.
        """
        if debug != "ssh":
            return
        from inginious_nb.grader.ssh import can_open_ssh  # noqa: PLC0415 - seldom needed

        if not can_open_ssh():
            raise UsageError(
                Message(
                    "A shell needs an ssh library that is not installed here; run: "
                    "pip install 'inginious_nb[ssh]'"
                )
            )

    async def add_course_path(self, path: Path) -> None:
        """Grade the courses below a path too; what is submitted meanwhile waits for that."""
        async with self._adding:
            if self._shared is not None:
                try:
                    await self._shared.know(path)
                except InginiousError as error:
                    _log.info("The server's grading service is left: %s", error)
                    await self._start_own()
            elif self._process is not None:
                await asyncio.to_thread(self._process.add_course_path, path)

    async def _refusal(self, task: Task, client: Client) -> str:
        """Ask the process, which knows: nobody else will come and offer an environment."""
        async with self._adding:
            pass  # its course may be among what is added
        environment = task.environment_type, task.environment_id
        offered = client.get_available_environments().get(environment[0], ())
        if environment[1] in offered:
            return ""
        try:
            if self._shared is not None:
                return await self._shared.refusal(task.course_id, task.id, environment)
            if self._process is None:
                return ""
            return await asyncio.to_thread(
                self._process.refusal, task.course_id, task.id, environment
            )
        except ServiceError:
            return ""  # it is started again, and the job waits for that

    async def disconnect(self) -> None:
        """End the client; pending jobs get their last answer. Then call `stop`."""
        if self._watching is not None:
            self._watching.cancel()
        if self._offered is not None:
            self._offered.close()
        if self._shared is not None:
            self._shared.close()
        await super().disconnect()

    def stop(self) -> None:
        """End the process. Blocks; not for the loop."""
        if self._process is not None:
            self._process.stop()

    async def _start(self) -> Client:
        if self.server and self._offered is None and self._process is None:
            # Loaded with the first submission, as all that follows.
            from .shared_service import SharedService  # noqa: PLC0415

            paths = self._course_paths
            async with self._adding:  # a path that is added meanwhile is told to what is found
                self._shared = await SharedService.find(self._settings, paths, self.server)
        if self._shared is not None:
            self._watching = asyncio.create_task(self._watch_shared(self._shared))
            return self._connect(self._shared.address, self._shared.curve)
        process = self._made_process()
        await _started_at_last(process)
        self._watching = asyncio.create_task(self._watch(process))
        return self._connect(process.address, process.curve)

    async def _watch_shared(self, shared: SharedService) -> None:
        """Leave the server's service when it has ended."""
        while await shared.is_alive():
            await shared.is_withdrawn(_SHARED_WATCH_INTERVAL_S)
        _log.info("The server's grading service has ended.")
        await self._start_own()

    async def _start_own(self) -> None:
        """Leave the server's service: the client then sends what is pending to ours."""
        shared, process = self._shared, self._made_process()
        self._shared = None
        if shared is None or self._client is None:
            return  # two had the same reason
        shared.close()
        if not self._client.pending_jobs:
            self._leave_client()  # the next submission begins anew
            return
        try:
            await _started_at_last(process)
        except ServiceError as error:
            self._give_up(error)
            return
        if self._closed or self._client is None:
            return  # it was left meanwhile
        if self._watching is not None and self._watching is not asyncio.current_task():
            self._watching.cancel()
        self._watching = asyncio.create_task(self._watch(process))
        self._client.move_to(process.address, process.curve)

    async def _watch(self, process: ServiceProcess) -> None:
        """Start the process again when it ends by itself; the client then sends its jobs again."""
        loop = asyncio.get_running_loop()
        restarts, started_at = 0, loop.time()
        failure: ServiceError | None = None
        while True:
            await asyncio.sleep(_WATCH_INTERVAL_S)
            if process.alive:
                continue
            if loop.time() - started_at > _STEADY_AFTER_S:
                restarts = 0
            if restarts == _RESTART_LIMIT:
                _log.error("The embedded grading service is given up: %s", failure or "it ended")
                self._give_up(failure or _ended_again_and_again())
                return
            _log.warning("The embedded grading service ended and is started again.")
            restarts, started_at = restarts + 1, loop.time()
            try:
                await _started(process)
            except ServiceError as error:
                # A machine that was too busy, or out of memory or space, may not be so next time.
                _log.warning("%s", error)
                failure = error
            else:
                failure = None


def _ended_again_and_again() -> ServiceError:
    return ServiceError(
        Message(
            "The embedded grading service ended again and again, so it was given up; submit again "
            "to start it anew, and tell your instructor if it goes on."
        )
    )


async def _started_at_last(process: ServiceProcess) -> None:
    """Start a process that submissions wait for, which nobody watches yet.

    Raises:
        ServiceError: It cannot be started, or ended each time.
    """
    for pause_s in _FIRST_START_PAUSES_S:
        try:
            await _started(process)
        except ServiceEndedError as error:
            _log.warning("%s", error)
            await asyncio.sleep(pause_s)
        else:
            return
    await _started(process)


async def _started(process: ServiceProcess) -> None:
    try:
        await asyncio.to_thread(process.start)
    except OSError as error:
        raise ServiceEndedError(
            Message("The embedded grading service cannot start: {reason}", reason=str(error))
        ) from error
