"""A task and its result as static HTML and plain text, without scripts.

What a notebook shows where no kernel and no widget is: exported, looked at on the web, or opened
again later. The markup has the classes of the live view, and carries the part of its style sheet
that it needs; it reads well without it, too.
"""

from __future__ import annotations

import datetime as dt
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import present

if TYPE_CHECKING:
    from inginious_nb.board import TaskBoard
    from inginious_nb.course import Task
    from inginious_nb.submission import Submission

    from .mirror import Mirror
    from .views import ResultInfo

_STYLE = Path(__file__).parent.parent / "static" / "snapshot.css"
_SHOWN_TESTS = 200

_SAVED = "This is as it was saved. Run the cell again to go on with it."

RESULT_WORDS = {
    "success": "Success",
    "failed": "Failed",
    "killed": "Stopped",
    "crash": "Grader crashed",
    "overflow": "Out of memory",
    "timeout": "Out of time",
    "error": "Grader error",
}

Bundle = dict[str, str]


def task_bundle(board: TaskBoard) -> Bundle:
    """A task with its newest result, by MIME type."""
    task, last = board.task, board.last
    result = None if last is None else present.result_info(task, last)
    attempts = len(board.attempts)
    return {
        "text/html": to_html(task, result, attempts=attempts),
        "text/plain": to_text(task, result, attempts=attempts),
    }


def submission_bundle(submission: Submission) -> Bundle:
    """A submission with its result or its state, by MIME type."""
    result = _result_of(submission)
    remark = "" if result is not None else _state_of(submission)
    return {
        "text/html": to_html(submission.task, result, remark=remark, with_context=False),
        "text/plain": to_text(submission.task, result, remark=remark),
    }


def bundle(mirror: Mirror, *, key: str, problem_id: str = "") -> Bundle:
    """What stands beside a live widget, hidden while that is shown."""
    submission = mirror.submission
    result: ResultInfo | None = None if submission is None else _result_of(submission)
    if result is None and mirror.board.last is not None:
        result = present.result_info(mirror.task, mirror.board.last)
    attempts = len(mirror.board.attempts)
    return {
        "text/html": to_html(
            mirror.task,
            result,
            attempts=attempts,
            key=key,
            problem_id=problem_id,
            with_context=not problem_id,
        ),
        "text/plain": to_text(mirror.task, result, attempts=attempts),
    }


def to_html(
    task: Task,
    result: ResultInfo | None,
    *,
    attempts: int = 0,
    remark: str = "",
    key: str = "",
    problem_id: str = "",
    with_context: bool = True,
) -> str:
    """A task and its result as HTML.

    Args:
        task: The task.
        result: What came back for it, if anything did.
        attempts: How often it was submitted.
        remark: A sentence about its state.
        key: The widget that hides it while it is alive.
        problem_id: The only problem to show, default all.
        with_context: Whether the text of the task is shown.
    """
    classes = "inginious inginious-snapshot"
    if key:
        # By these the front end finds it, and knows which result it shows.
        classes += f" inginious-snapshot-{key}"
        classes += f" inginious-result-{result['submission']}" if result is not None else ""
    facts = [task.author and f"by {task.author}", _attempts(attempts)]
    parts = [
        f"<style>{_style()}</style>",
        f'<section class="{escape(classes)}">',
        '<header class="inginious-header">',
        f"<h2>{escape(task.name)}</h2>",
        '<p class="inginious-facts">',
        *(f"<span>{escape(fact)}</span>" for fact in facts if fact),
        "</p></header>",
    ]
    if key:
        parts.append(f'<p class="inginious-muted">{_SAVED}</p>')
    if with_context:
        parts.append(_html(present.rendered(task, task.context)))
    if remark:
        parts.append(f"<p>{escape(remark)}</p>")
    shown = [problem_id] if problem_id else list(task.problems)
    if result is not None:
        parts += [_problem(task, result, shown_id) for shown_id in shown]
        parts.append(_verdict(result, whole=not problem_id))
    parts.append("</section>")
    return "".join(parts)


def to_text(task: Task, result: ResultInfo | None, *, attempts: int = 0, remark: str = "") -> str:
    """A task and its result in a few lines of plain text."""
    lines = [task.name]
    if remark:
        lines.append(remark)
    if result is None:
        lines += [] if remark else [_attempts(attempts)]
        return "\n".join(lines)
    lines.append(f"{_word(result['code'])}: {_grade(result['grade'])}")
    for name, problem in result["problems"].items():
        lines.append(f"  {_name(task, name)}: {_word(problem['code'])}")
    tests = [test for test in result["tests"] if test["kind"] in ("passed", "failed")]
    if tests:
        passed = sum(test["kind"] == "passed" for test in tests)
        lines.append(f"  Tests: {passed} of {len(tests)} passed")
    return "\n".join(lines)


def _result_of(submission: Submission) -> ResultInfo | None:
    if submission.outcome is None:
        return None
    return present.outcome_info(
        submission.task,
        submission.outcome,
        submission_id=submission.id,
        number=submission.number,
        at=submission.times.get("done"),
    )


def _state_of(submission: Submission) -> str:
    return str(submission.error) if submission.error else f"Submission: {submission.phase}."


def _verdict(result: ResultInfo, *, whole: bool) -> str:
    width = min(100.0, max(0.0, result["grade"]))
    when = ""
    if result["at"] is not None:
        moment = dt.datetime.fromtimestamp(result["at"]).astimezone()
        when = f" · {moment:%Y-%m-%d %H:%M}"
    inner = [
        '<div class="inginious-verdict">',
        f'<span class="inginious-word">{escape(_word(result["code"]))}</span>',
        f'<span class="inginious-grade">{_grade(result["grade"])}</span>',
        '<span class="inginious-bar">',
        f'<span class="inginious-bar-fill" style="width: {width:.4g}%"></span></span>',
        '<span class="inginious-muted inginious-verdict-note">',
        f"Submission {result['number']}{when}</span></div>",
    ]
    if whole:
        inner += [_feedback(result["feedback"]), _tests(result)]
    return f'<div class="inginious-result {_tone(result["code"])}">{"".join(inner)}</div>'


def _problem(task: Task, result: ResultInfo, problem_id: str) -> str:
    found = result["problems"].get(problem_id)
    if found is None:
        return ""
    return (
        f"<h3>{escape(_name(task, problem_id))}</h3>"
        f'<div class="inginious-problem-feedback {_tone(found["code"])}">'
        f'<span class="inginious-word">{escape(_word(found["code"]))}</span>'
        f"{_feedback(found['feedback'])}</div>"
    )


def _feedback(part: Any) -> str:
    cut = '<p class="inginious-muted">Only the beginning is shown.</p>' if part["cut"] else ""
    return f'<div class="inginious-feedback">{_html(part["html"])}{cut}</div>'


def _tests(result: ResultInfo) -> str:
    tests = [test for test in result["tests"] if test["kind"] != "tag"]
    if not tests:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(test["id"])}</th><td>{_outcome(test)}</td></tr>'
        for test in tests[:_SHOWN_TESTS]
    )
    rest = len(tests) - _SHOWN_TESTS
    more = f'<p class="inginious-muted">… and {rest} more tests.</p>' if rest > 0 else ""
    return (
        '<div class="inginious-tests"><h4>Tests</h4><table><thead><tr><th scope="col">Test</th>'
        f'<th scope="col">Outcome</th></tr></thead><tbody>{rows}</tbody></table>{more}</div>'
    )


def _outcome(test: Any) -> str:
    if test["kind"] == "text":
        return escape(test["text"])
    tone, word = ("success", "passed") if test["kind"] == "passed" else ("failed", "not passed")
    return f'<span class="inginious-tone-{tone}"><span class="inginious-word">{word}</span></span>'


def _html(safe: str) -> str:
    """HTML that render.py made."""
    return f'<div class="inginious-html">{safe}</div>' if safe else ""


def _tone(code: str) -> str:
    return f"inginious-tone-{code if code in RESULT_WORDS else 'error'}"


def _word(code: str) -> str:
    return RESULT_WORDS.get(code, code)


def _grade(grade: float) -> str:
    return f"{round(grade, 2):g} %"


def _name(task: Task, problem_id: str) -> str:
    problem = task.problems.get(problem_id)
    return (problem.name if problem is not None else "") or problem_id


def _attempts(count: int) -> str:
    return {0: "Not submitted yet", 1: "1 attempt"}.get(count, f"{count} attempts")


def _style() -> str:
    return _STYLE.read_text(encoding="utf-8")
