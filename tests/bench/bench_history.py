"""What the history costs: a task with large archives opened, and submissions kept one by one.

Run as ``python -m tests.bench.bench_history [--submissions 5000] [--json FILE]``. Times are
those of the history and the task's shared state alone, in the temporary folder; nothing is graded.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from inginious_nb.client.results import JobResult
from inginious_nb.submissions.history import History
from inginious_nb.submissions.task_state import TaskState
from tests.bench.figures import Figures, parser

TASK: Any = SimpleNamespace(course_id="bench", id="task", evaluation_mode="best")
USER = "student"
ARCHIVES = 60
ARCHIVE_BYTES = 1_000_000
OPEN_WANTED = "<= 5 ms"
SAMPLE = 500


def submit(history: History, state: TaskState, archive: bytes | None) -> None:
    """Do what a submission does with the history: look, keep, finish, and tell the shared state."""
    _ = (state.evaluated, state.left_state)
    record, _ = history.add(
        submission_id=str(uuid.uuid4()),
        course_id=TASK.course_id,
        task_id=TASK.id,
        username=USER,
        origin="api",
        service="embedded",
        inputdata={"answer": "def f(x):\n    return x\n" * 20},
    )
    submission = SimpleNamespace(record=record, subscribe=lambda _callback: None)
    state.follow(submission)  # type: ignore[arg-type]
    result = JobResult(("failed", "No."), 50.0, {}, {}, {}, archive, "", "", "")
    history.finish(record.id, result)
    submission.record = history.get(record.id)
    state.follow(submission)  # type: ignore[arg-type]


def opening_ms(folder: Path) -> float:
    """Return how long a new process waits for the list of a task with 60 archives of 1 MB."""
    path = folder / "archives.sqlite"
    history = History(path)
    state = TaskState(TASK, history, USER)
    for _ in range(ARCHIVES):
        submit(history, state, os.urandom(ARCHIVE_BYTES))
    history.close()
    times_ms = []
    for _ in range(9):
        history = History(path)
        begun = time.perf_counter()
        state = TaskState(TASK, history, USER)
        if len(state.records) != ARCHIVES or state.evaluated is None:
            raise AssertionError("the history does not have what was submitted")
        times_ms.append((time.perf_counter() - begun) * 1000)
        history.close()
    return statistics.median(times_ms)


def submitting_ms(folder: Path, submissions: int) -> tuple[float, float]:
    """Return the median of the first and of the last submissions to one task."""
    history = History(folder / "many.sqlite")
    state = TaskState(TASK, history, USER)
    times_ms = []
    for _ in range(submissions):
        begun = time.perf_counter()
        submit(history, state, None)
        times_ms.append((time.perf_counter() - begun) * 1000)
    history.close()
    return statistics.median(times_ms[:SAMPLE]), statistics.median(times_ms[-SAMPLE:])


def main() -> None:
    """Measure, print and write."""
    options_of = parser(__doc__)
    options_of.add_argument("--submissions", type=int, default=5000)
    options = options_of.parse_args()
    figures = Figures("The history", options.json)
    with tempfile.TemporaryDirectory() as name:
        what = f"a task opened, {ARCHIVES} submissions with 1 MB archives"
        figures.add(what, opening_ms(Path(name)), "ms", OPEN_WANTED)
        first_ms, last_ms = submitting_ms(Path(name), options.submissions)
    figures.add(f"a submission kept and finished, first {SAMPLE}", first_ms, "ms")
    figures.add(f"likewise, last {SAMPLE} of {options.submissions}", last_ms, "ms", "as the first")


if __name__ == "__main__":
    main()
