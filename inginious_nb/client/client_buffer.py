"""ClientBuffer: runs jobs and keeps their results until they are fetched."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from .results import taking_nine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .client import Client
    from .encoder import SendableTask
    from .results import JobResult


class ClientBuffer:
    """A buffer for a `Client`. Its ids are its own, not the backend's job ids.

    Args:
        client: A started client.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: set[str] = set()
        self._done: dict[str, JobResult] = {}

    def new_job(
        self,
        priority: int,
        task: SendableTask,
        inputdata: Mapping[str, Any],
        launcher_name: str = "Unknown",
        debug: bool | str = False,
    ) -> str:
        """Run a new job, as `Client.new_job` does, without a callback.

        Returns:
            The id to fetch its result with.
        """
        bjobid = str(uuid.uuid4())
        self._waiting.add(bjobid)
        keep = taking_nine(partial(self._keep, bjobid))
        self._client.new_job(priority, task, inputdata, keep, launcher_name, debug)
        return bjobid

    def is_waiting(self, bjobid: str) -> bool:
        """Return whether the job has no result yet."""
        return bjobid in self._waiting

    def is_done(self, bjobid: str) -> bool:
        """Return whether the result can be fetched."""
        return bjobid in self._done

    def get_result(self, bjobid: str) -> JobResult:
        """Return the result of a job that is done, and forget it.

        Returns:
            ``(result, grade, problems, tests, custom, archive)``, with state, stdout and stderr
            as attributes.

        Raises:
            KeyError: The job is not done, or its result was fetched before.
        """
        return self._done.pop(bjobid)

    def _keep(self, bjobid: str, result: JobResult) -> None:
        self._done[bjobid] = result
        self._waiting.discard(bjobid)
