"""The grading service that a kernel runs itself, in a child process, and keeps running.

The process is `inginious_nb.grader.service`; here it is started with the first use and again
whenever it ends by itself, a bounded number of times.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import ServiceError, UsageError
from inginious_nb.i18n import Message
from inginious_nb.settings import EMBEDDED

from .zeromq import ZeroMQService

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inginious_nb.client.client import Client
    from inginious_nb.course import Task
    from inginious_nb.grader.service import ServiceProcess
    from inginious_nb.settings import Inginious

    from .service import Debug, Kind

_log = logging.getLogger(__name__)

_WATCH_INTERVAL_S = 1.0
_RESTART_LIMIT = 5
_STEADY_AFTER_S = 60.0
"""A service that ran this long has not ended *again*."""


class EmbeddedService(ZeroMQService):
    """The embedded grading service of one session.

    Args:
        settings: Slots, sandbox, environments and the limits.
        course_paths: Folders that it grades from.
    """

    kind: Kind = "embedded"

    def __init__(self, settings: Inginious, course_paths: list[Path]) -> None:
        super().__init__(settings, EMBEDDED)
        self._course_paths = course_paths
        self._process: ServiceProcess | None = None
        self._watching: asyncio.Task[None] | None = None

    def _made_process(self) -> ServiceProcess:
        if self._process is None:
            # Loaded with the first submission, so that a notebook opens without it.
            from inginious_nb.grader.service import ServiceProcess  # noqa: PLC0415

            self._process = ServiceProcess(
                self._course_paths,
                slots=self._settings.slots or None,
                sandbox=self._settings.sandbox,
                environment_aliases=self._settings.environments,
            )
        return self._process

    @property
    def _name(self) -> str:
        return Message("The embedded grading service")

    @property
    def _sandbox(self) -> Mapping[str, Any] | None:
        return self._process.sandbox if self._process is not None else None

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
        """Grade the courses below a path too."""
        if self._process is not None:
            await asyncio.to_thread(self._process.add_course_path, path)

    async def _refusal(self, task: Task, client: Client) -> str:
        """Ask the process, which knows: nobody else will come and offer an environment."""
        environment = task.environment_type, task.environment_id
        if self._process is None or environment[1] in client.get_available_environments().get(
            environment[0], ()
        ):
            return ""
        try:
            return await asyncio.to_thread(
                self._process.refusal, task.course_id, task.id, environment
            )
        except ServiceError:
            return ""  # it is started again, and the job waits for that

    async def disconnect(self) -> None:
        """End the client; pending jobs get their last answer. Then call `stop`."""
        if self._watching is not None:
            self._watching.cancel()
        await super().disconnect()

    def stop(self) -> None:
        """End the process. Blocks; not for the loop."""
        if self._process is not None:
            self._process.stop()

    async def _start(self) -> Client:
        process = self._made_process()
        await _started(process)
        self._watching = asyncio.create_task(self._watch(process))
        return self._connect(process.address, process.curve)

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


async def _started(process: ServiceProcess) -> None:
    try:
        await asyncio.to_thread(process.start)
    except OSError as error:
        raise ServiceError(
            Message("The embedded grading service cannot start: {reason}", reason=str(error))
        ) from error
