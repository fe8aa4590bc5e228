"""A job without an outcome as the core keeps it, and those who are told what happens to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from inginious_nb.messages import BackendJobDone

    from .events import JobEvent


class Recipient(Protocol):
    """Where the events of one job go.

    Attributes:
        follows_progress: Whether it wants `JobSent`, `JobQueued` and `JobStarted` too.
    """

    follows_progress: bool

    def deliver(self, event: JobEvent) -> None:
        """Take an event; the last one is `JobDone`."""


@dataclass(slots=True, eq=False)
class Outstanding:
    """A job without an outcome.

    The frame is kept as it was encoded, to be sent again; all else of the submission is gone.
    """

    job_id: str
    frame: bytes
    environment: tuple[str, str]
    recipients: tuple[Recipient, ...]
    for_shell: bool = False
    """Whether a remote shell may be opened, which the backend tells once for each sending."""
    chosen_id: bool = False
    """Whether the caller chose the id, so that the backend may know it from an earlier life."""
    submitted_at: float = 0.0
    attempt: int = 0
    sent_number: int = 0
    """Position in the order of everything sent; 0 while the job is held."""
    sent_at: float = 0.0
    started: bool = False
    started_at: float = 0.0
    before: int | None = None
    absences: int = 0
    kill: bool = False
    kill_sent: bool = False
    """Whether the kill has left since anything was in doubt."""
    orphan: int = 0
    """How many looks at the queue found it waiting under a routing id that is not in use."""
    shell_is_told: bool = True
    """Whether a remote shell that is told now is not asked for, or is one too many."""
    agent_losses: int = 0
    """How often it was sent again because the agent that graded it was lost."""
    doubtful: BackendJobDone | None = None
