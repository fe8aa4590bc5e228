"""A class as its views get it, by the same functions, without notebooks or a grading service."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from inginious_nb.classroom import ClassState, ClassTask, Entry
from inginious_nb.classroom.reading import Reading
from inginious_nb.frontend.class_view import ClassPublisher

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = [f"test {number}" for number in range(8)]


def class_of(students: int, tasks: int) -> ClassState:
    """Return a class in which every answer waits."""
    names = [f"student {student}" for student in range(students)]
    state = ClassState((ClassTask(f"lab/task{n}", f"Task {n}") for n in range(tasks)), names)
    for name in names:
        for task in state.tasks:
            state.put(Entry(name, task.reference, "waiting"))
    return state


def graded(entry: Entry, seed: int) -> Entry:
    """Return an entry with a result; it fails the tests that stand in the bits of the seed."""
    failed = {test: bool(seed >> number & 1) for number, test in enumerate(TESTS)}
    passed = sum(not one for one in failed.values())
    return Entry(
        entry.student,
        entry.task,
        "graded",
        100 * passed / len(TESTS),
        "failed" if passed < len(TESTS) else "success",
        tests={test: not one for test, one in failed.items()},
        answers={"q": f"answer = {seed}\n"},
    )


def publisher_of(state: ClassState, publish: Callable[[Any], object]) -> ClassPublisher:
    """Return a publisher of a class that nobody grades."""
    live = SimpleNamespace(
        state=state,
        title="handed-in",
        sandbox="Graded on this machine, in the sandbox bubblewrap.",
        is_busy=True,
        reading=Reading(),
        error=None,
        warning=None,
        subscribe=lambda _callback: lambda: None,
    )
    session = SimpleNamespace(language="en", task=None)
    return ClassPublisher(session, live, publish)  # type: ignore[arg-type]
