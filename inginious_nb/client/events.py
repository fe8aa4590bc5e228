"""Events of a job, as callers get them. Times are seconds since the UNIX epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from .results import JobResult


class JobSent(Struct, frozen=True):
    """The job left for the backend.

    Attributes:
        at: Time of sending.
        sending: 1 for the first sending, and one more each time the job is sent again.
        username: Under whose name, empty where nobody signs in.
    """

    at: float
    sending: int
    username: str = ""


class JobHeld(Struct, frozen=True):
    """The job waits here and goes on later.

    Attributes:
        at: Since when.
        reason: Why, for a person; empty once it goes on.
    """

    at: float
    reason: str


class JobAccepted(Struct, frozen=True):
    """The job is stored where it is graded, under an id of that place."""

    at: float
    remote_id: str


class JobQueued(Struct, frozen=True):
    """A place in the queue: at most ``at_most_before`` jobs are ahead.

    Backends list jobs in order of arrival over all environments, and priorities and free agents
    let some pass others: the number is an upper bound of those that came earlier, not a place
    (docs/decisions/0014-the-queue-is-told-honestly.md).
    """

    at: float
    at_most_before: int


class JobStarted(Struct, frozen=True):
    """The start of the job by an agent."""

    at: float


class JobSsh(Struct, frozen=True):
    """Credentials of a remote shell of a job in ssh debug mode; never save them in a notebook."""

    at: float
    host: str
    port: int
    user: str
    password: str


class JobDone(Struct, frozen=True):
    """The result. It always comes, as the last event."""

    at: float
    result: JobResult


JobEvent = JobHeld | JobSent | JobAccepted | JobQueued | JobStarted | JobSsh | JobDone
