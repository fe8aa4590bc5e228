"""Pending jobs: submitted, without a result so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from inginious_nb.messages import BackendJobDone

    from .events import JobEvent


class Recipient(Protocol):
    """A receiver of the events of one job.

    Attributes:
        follows_progress: True to get `JobSent`, `JobQueued` and `JobStarted` too.
    """

    follows_progress: bool

    def deliver(self, event: JobEvent) -> None:
        """Take an event; the last one is `JobDone`."""


@dataclass(slots=True, eq=False)
class PendingJob:
    """A job without a result so far.

    Only its encoded frame is kept, to be sent again.
    """

    job_id: str
    frame: bytes
    environment: tuple[str, str]
    recipients: tuple[Recipient, ...]
    for_shell: bool = False
    """True if the agent may open a remote shell; the backend reports it once for each sending."""
    chosen_id: bool = False
    """True if the caller chose the id, which the backend may then know from an earlier process."""
    refusal: str = ""
    """What it ends with where its environment is not offered, without waiting for any; or empty."""
    submitted_at: float = 0.0
    sendings: int = 0
    sent_number: int = 0
    """Position in the order of everything sent; 0 while the job is held."""
    sent_at: float = 0.0
    started: bool = False
    started_at: float = 0.0
    before: int | None = None
    absences: int = 0
    kill: bool = False
    kill_sent: bool = False
    """True if the kill was sent since the last resync."""
    orphan: int = 0
    """Number of snapshots in which it waits under a routing id that is not in use."""
    ssh_reported: bool = True
    """True if a shell that the backend reports now is unwanted, or was reported before."""
    agent_losses: int = 0
    """Number of times it was sent again because its agent was lost."""
    possible_refusal: BackendJobDone | None = None
    """A crash that may only refuse a second copy; the queue confirms it."""
    is_followed: bool = False
    """True if a recipient gets events of its progress."""

    def __post_init__(self) -> None:
        self.is_followed = any(recipient.follows_progress for recipient in self.recipients)

    def add_recipients(self, job: PendingJob) -> None:
        """Have the recipients of another object of the same job get the events, too."""
        self.recipients += job.recipients
        self.is_followed = self.is_followed or job.is_followed
