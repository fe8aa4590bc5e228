"""Every look of the widget, as a state that Python would publish: made by the same functions."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any
from unittest import mock

from inginious_nb.client.results import JobResult
from inginious_nb.course import CourseLibrary
from inginious_nb.frontend import serialize
from inginious_nb.notebook.sources import AnswerSource
from inginious_nb.submissions.submission import Submission

if TYPE_CHECKING:
    from pathlib import Path

    from inginious_nb.course import Task

NOW = 1_790_000_000.0
SITE = "https://inginious.a-university-with-a-long-name.example.org"

TASK = """
name: Sorting, and what it costs
author: Ada Lovelace
accessible: 2026-01-01 08:00:00/2036-06-30 18:00:00
context: |
  Write a function that sorts a list, and say how long it takes. The costs are :math:`n^2`.

  .. code-block:: python

     def sort(numbers):  # in place
         return "nothing", 42

  .. note:: Nobody checks your style here.
environment_type: docker
environment_id: python3
environment_parameters: {limits: {time: 30, hard_time: 90, memory: 128}}
problems:
  code:
    {type: code, language: python, name: The function, header: 'Write ``sort``.', default: "..."}
  cost:
    {type: code_single_line, language: text, name: Its costs, header: In *n*., optional: true}
  one:
    type: multiple_choice
    name: Best case
    choices: [{text: 'when it is *sorted*', valid: true}, {text: never}]
  many:
    type: multiple_choice
    multiple: true
    name: Stable ones
    choices:
      - {text: merge sort, valid: true}
      - {text: insertion sort, valid: true}
      - {text: heap sort}
  word:
    {type: match, name: A word, header: What is sorting by exchange called?, answer: bubble}
  file:
    {type: file, name: Measurements, header: CSV, allowed_exts: [.csv, .txt], max_size: 20033}
"""

FEEDBACK = """
Eight of ten lists come out right.

.. warning:: The empty list does not.

- ``sort([])`` raised

  .. code-block:: pytb

     IndexError: list index out of range
"""

CODES = (
    "success",
    "failed",
    "killed",
    "crash",
    "overflow",
    "timeout",
    "error",
    "a code of its own",
)


def make_task(folder: Path) -> Task:
    """The task of these states, which has one problem of each type."""
    course = folder / "course"
    (course / "sorting").mkdir(parents=True)
    (course / "course.yaml").write_text("name: Algorithms\n")
    (course / "sorting" / "task.yaml").write_text(textwrap.dedent(TASK))
    return CourseLibrary([course]).task("course/sorting")


def outcome(code: str = "failed", grade: float = 80.0) -> JobResult:
    """A result with everything that a result may have."""
    if code in ("killed", "crash", "overflow", "timeout"):
        return JobResult((code, ""), 0.0)
    return JobResult(
        (code, FEEDBACK),
        grade,
        {
            "code": ("failed", "Have a look at the *empty* list."),
            "one": ("success", "Yes."),
            "word": ("failed", "That is another one."),
        },
        {
            **{f"list {number}": number != 7 for number in range(10)},
            "comparisons": "1,234",
            "*auto-tag-0": "off by one",
        },
        {
            "duration_ms": 12.5,
            "seeds": [1, 2, 3],
            "style": None,
            "comparisons": {"list 0": 12, "list 1": [4, {"swaps": 3}]},
        },
        b"x" * 2345,
        stdout="sorting 10 lists\n",
        stderr="Traceback (most recent call last):\n  …\n",
    )


def state(task: Task, *, lang: str = "en", **changes: Any) -> dict[str, Any]:
    """The state of a widget before anything was submitted."""
    return {
        "key": "stage",
        "lang": lang,
        "role": "task",
        "problem_id": "",
        "task": dict(serialize.task_info(task, lang, "ada")),
        "standing": {
            "attempts": 0,
            "attempts_left": None,
            "limit": "",
            "best_grade": None,
            "best_code": None,
            "last_grade": None,
            "last_code": None,
        },
        "submission": None,
        "result": None,
        "history": [],
        "service": {
            "kind": "embedded",
            "state": "connected",
            "silent_s": 0.0,
            "message": "The embedded grading service is running.",
        },
        "student": "",
        "drafts": {},
        "request": None,
        **changes,
    }


def submission(task: Task, phase: str, *, without: str = "", **changes: Any) -> dict[str, Any]:
    """A submission in some phase, ten seconds after it began; one phase may never have been."""
    made = Submission("s1", task, "widget", mock.Mock())
    made.number = 3
    made.sources = (AnswerSource("code", "cell", "cell [4]: def sort(numbers):", ("c4",), NOW),)
    info = dict(serialize.submission_info(made))
    order = ["reading", "saved", "sent", "queued", "running", "done"]
    reached = order[: order.index(phase) + 1] if phase in order else ["reading", phase]
    times = {step: NOW + 2 * number for number, step in enumerate(reached) if step != without}
    return info | {"phase": phase, "times": times, "now": NOW + 12.3} | changes


def finished(task: Task, code: str = "failed", grade: float = 80.0) -> dict[str, Any]:
    """The parts of a state that change when a result came."""
    result = serialize.result_info(
        task, outcome(code, grade), submission_id="s1", number=3, at=NOW + 8
    )
    history = [
        {
            "id": f"s{number}",
            "number": number,
            "submitted_at": NOW - 600 * (3 - number),
            "finished_at": NOW - 600 * (3 - number) + 3,
            "code": known,
            "grade": its_grade,
            "origin": "widget",
            "under_way_elsewhere": False,
        }
        for number, known, its_grade in [
            (3, code, result["grade"]),
            (2, "timeout", 0.0),
            (1, "failed", 40.0),
        ]
    ]
    return {
        "submission": submission(task, "done"),
        "result": result,
        "history": [{**history[0], "id": "s1"}, {**history[1]}, {**history[2], "id": "s0"}],
        "standing": {
            "attempts": 3,
            "attempts_left": None,
            "limit": "",
            "best_grade": 80.0,
            "best_code": "failed",
            "last_grade": result["grade"],
            "last_code": code,
        },
    }


def preview(**kinds: str) -> dict[str, Any]:
    """What the kernel says would be sent."""
    texts = {"code": "def sort(numbers):\n    numbers.sort()", "word": "bubble", "one": "never"}
    return {
        "answers": [
            {
                "problem_id": problem_id,
                "kind": kind,
                "label": "cell [4]: def sort(numbers):" if kind != "widget" else "",
                "cell_ids": ["c4"] if kind == "cell" else [],
                "read_at": NOW,
                "text": texts.get(problem_id, ""),
                "choices": ["1"] if problem_id == "one" else [],
                "file": None,
                "error": None,
                "changed": problem_id == "code",
            }
            for problem_id, kind in kinds.items()
        ]
    }


PREVIEW = preview(
    code="cell", cost="missing", one="widget", many="missing", word="widget", file="missing"
)


def looks(task: Task) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Every look by name: a state, and the answers of the kernel that go with it."""

    def look(answers: dict[str, Any] | None = None, **changes: Any) -> Any:
        return state(task, **changes), {"preview": PREVIEW, **(answers or {})}

    silent = {"kind": "remote", "state": "silent", "silent_s": 14.0}
    done = finished(task)
    return {
        "new": look(),
        "reading": look(submission=submission(task, "reading", number=0)),
        "sent": look(submission=submission(task, "sent")),
        "queued": look(submission=submission(task, "queued", at_most_before=12)),
        "running": look(submission=submission(task, "running", limit_s=90)),
        "stopping": look(submission=submission(task, "running", kill_requested=True)),
        "sent-again": look(submission=submission(task, "queued", sendings=2)),
        "silent": look(
            submission=submission(task, "running"),
            service=silent
            | {"message": "No answer for 14 s; your submission may still be running."},
        ),
        "signed-out": look(
            {
                "account": {"site": SITE, "username": "ada", "signed_in": False},
                "signIn": {"connected": True, "message": f"The site {SITE} is ready."},
            },
            submission=submission(task, "saved", note="It waits until ada signs in again."),
            service={"kind": "remote", "state": "signed_out", "silent_s": 0.0, "message": "."},
        ),
        "refused": look(
            submission=submission(
                task,
                "refused",
                error="Problem code (The function): the answer is empty; write something before "
                "you submit.",
                error_problem="code",
            )
        ),
        **{code.replace(" ", "-"): look(**finished(task, code)) for code in CODES},
        "stopped-waiting": look(
            **finished(task, "killed", 0.0)
            | {"submission": submission(task, "done", kill_requested=True, without="running")}
        ),
        "perfect": look(**finished(task, "success", 100.0)),
        "command": look(role="submission", **done),
        "slim": look(role="answer", problem_id="code", **done),
        "slim-new": look(role="answer", problem_id="code"),
        "shell": look(submission=submission(task, "running", has_ssh=True)),
    }
