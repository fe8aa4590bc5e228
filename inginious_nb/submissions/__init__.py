"""Submissions, which students hand in: the life of one, and the history that keeps them."""

from inginious_nb.client.results import JobResult

from .record import SubmissionRecord
from .submission import Submission

__all__ = ["JobResult", "Submission", "SubmissionRecord"]
