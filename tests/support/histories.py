"""What tests of the history share."""

from __future__ import annotations

from inginious_nb.client.results import JobResult


def add(history, submission_id="s1", task_id="fib", **changes):
    fields = {
        "submission_id": submission_id,
        "course_id": "demo",
        "task_id": task_id,
        "username": "ada",
        "origin": "api",
        "service": "embedded",
        "inputdata": {"fib": "x", "@username": "ada"},
    }
    record, _ = history.add(**(fields | changes))
    return record


def result(code="success", grade=100.0, **more):
    return JobResult((code, "text"), grade, **more)


def ids(records):
    return [record.id for record in records]
