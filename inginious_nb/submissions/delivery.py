"""Carries one saved submission to a grading service and what comes back into its handle.

Runs on the session's loop. Whatever happens, the submission ends: with a result, or refused with
a sentence; its answers are in the history already.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from inginious_nb.client import events
from inginious_nb.errors import HistoryError, InginiousError, ServiceError
from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from inginious_nb.client.job import Job
    from inginious_nb.client.results import JobResult
    from inginious_nb.services.service import Service

    from .history import Attempt, History
    from .submission import Debug, Submission

_log = logging.getLogger(__name__)


class Delivery:
    """One submission on its way.

    Args:
        backend: The service that grades it.
        history: Where its result is kept.
        submission: The handle that is moved through its phases.
        attempt: What is sent.
        debug: False, True or "ssh".
    """

    def __init__(
        self,
        backend: Service,
        history: History,
        submission: Submission,
        attempt: Attempt,
        debug: Debug,
    ) -> None:
        self.backend = backend
        self.submission = submission
        self._history = history
        self._attempt = attempt
        self._debug = debug

    async def run(self) -> None:
        """Deliver it; returns when it has ended."""
        submission = self.submission
        try:
            client = await self.backend.client()
            job = client.open_job(
                submission.task,
                dict(self._attempt.inputdata),
                launcher_name=self._attempt.username,
                debug=self._debug,
                job_id=submission.id,
            )
            submission.killable_by(job.kill)
            await self._follow(job)
        except InginiousError as error:
            submission.refuse(error)
        except asyncio.CancelledError:
            submission.refuse(
                ServiceError(
                    Message(
                        "The session ended before the result came; %inginious resubmit sends the "
                        "same answers again."
                    )
                )
            )
            raise
        except Exception:  # noqa: BLE001 - see below
            # A fault of ours must not leave a student waiting for ever.
            _log.exception("Submission %s could not be delivered.", submission.id)
            submission.refuse(
                ServiceError(
                    Message(
                        "Something went wrong on the way to the grading service; the log has the "
                        "details. Your answers are kept: %inginious resubmit sends them again."
                    )
                )
            )

    async def _follow(self, job: Job) -> None:
        submission = self.submission
        async for event in job:
            match event:
                case events.JobSent(at=at, attempt=sending):
                    submission.sendings = sending
                    submission.advance("sent", at)
                case events.JobQueued(at=at, at_most_before=before):
                    submission.at_most_before = before
                    submission.advance("queued", at)
                case events.JobStarted(at=at):
                    submission.advance("running", at)
                case events.JobSsh(host=host, port=port, user=user, password=password):
                    submission.update(ssh=(host, port, user, password))
                case events.JobDone(at=at, result=result):
                    await self._keep(result)
                    submission.finish(result, at)

    async def _keep(self, outcome: JobResult) -> None:
        try:
            # A disk may take its time; the loop must not.
            await asyncio.to_thread(self._history.finish, self.submission.id, outcome)
        except HistoryError:
            _log.exception("A result could not be kept.")
