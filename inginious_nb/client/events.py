"""What can happen to a job, in the words a caller hears; times are seconds since the UNIX epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .results import JobResult


@dataclass(frozen=True, slots=True)
class JobSent:
    """The job left for the backend; attempt counts from 1."""

    at: float
    attempt: int


@dataclass(frozen=True, slots=True)
class JobQueued:
    """The job waits, with at most so many before it.

    Backends list jobs in order of arrival over all environments, and priorities and free agents
    let some pass others: the number is an upper bound of those that came earlier, not a place
    (docs/decisions/0014-the-queue-is-told-honestly.md).
    """

    at: float
    at_most_before: int


@dataclass(frozen=True, slots=True)
class JobStarted:
    """An agent began the job."""

    at: float


@dataclass(frozen=True, slots=True)
class JobSsh:
    """A remote shell was opened for a job in ssh debug mode. Keep this out of saved notebooks."""

    at: float
    host: str
    port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class JobDone:
    """The outcome: always the last event, and it always comes."""

    at: float
    result: JobResult


JobEvent = JobSent | JobQueued | JobStarted | JobSsh | JobDone
