"""What a student hands in: a submission's life, and the history that keeps it."""

from inginious_nb.client.results import JobResult

from .record import SubmissionRecord
from .submission import Submission

__all__ = ["JobResult", "Submission", "SubmissionRecord"]
