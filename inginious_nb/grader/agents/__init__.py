"""The agents: what takes jobs from a backend and grades them.

``base`` speaks the protocol for every agent, ``mcq`` and ``local`` each grade one kind of task.
"""

from .base import Agent, Grader, JobHandle, without_feedback

__all__ = ["Agent", "Grader", "JobHandle", "without_feedback"]
