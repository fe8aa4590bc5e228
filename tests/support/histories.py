"""What tests of the history share."""

from __future__ import annotations

import contextlib
import sqlite3

from inginious_nb.client.results import JobResult


@contextlib.contextmanager
def opened(path, **options):
    """A connection to a file of SQLite, whose changes are written and which is closed in the end.

    By its own ``with`` it stays open, and changes the file when garbage is collected.
    """
    with contextlib.closing(sqlite3.connect(path, **options)) as connection, connection:
        yield connection


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
