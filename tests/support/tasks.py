"""Tasks as a client sees them, without a course folder."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class FakeTask:
    """All that a client asks a task for."""

    problems: dict = field(default_factory=lambda: {"q": {"type": "match", "answer": "42"}})
    course_id: str = "course"
    task_id: str = "match"
    environment_type: str = "mcq"
    environment_id: str = "mcq"
    parameters: dict = field(default_factory=dict)

    def get_course_id(self):
        return self.course_id

    def get_id(self):
        return self.task_id

    def get_problems_dict(self):
        return self.problems

    def get_environment_type(self):
        return self.environment_type

    def get_environment_id(self):
        return self.environment_id

    def get_environment_parameters(self):
        return self.parameters


MATCH = FakeTask()
CHOICES = FakeTask(
    task_id="choices",
    problems={
        "one": {
            "type": "multiple_choice",
            "choices": [{"text": "a", "valid": True}, {"text": "b", "feedback": "not b"}],
        },
        "two": {"type": "match", "answer": "yes"},
    },
)
