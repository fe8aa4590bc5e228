"""A course folder on disk as INGInious keeps it: courses, tasks, problem types. No zmq."""

from __future__ import annotations

from .accessibility import Accessibility
from .course import Course
from .environment import Environment
from .ids import alternatives
from .library import CourseLibrary
from .problems import (
    CodeProblem,
    FileProblem,
    MatchProblem,
    MultipleChoiceProblem,
    Problem,
    SingleLineCodeProblem,
)
from .settings import SubmissionLimit, TaskSettings
from .tags import CourseTags, Tag
from .task import SiteStanding, SiteSubmission, Task

__all__ = [
    "Accessibility",
    "CodeProblem",
    "Course",
    "CourseLibrary",
    "CourseTags",
    "Environment",
    "FileProblem",
    "MatchProblem",
    "MultipleChoiceProblem",
    "Problem",
    "SingleLineCodeProblem",
    "SiteStanding",
    "SiteSubmission",
    "SubmissionLimit",
    "Tag",
    "Task",
    "TaskSettings",
    "alternatives",
]
