"""Courses, submissions and results as the browser shows them (the shapes of `views`).

Pure functions: they read the session's objects and never change them.
"""

from __future__ import annotations

import codecs
import datetime as dt
import io
import itertools
import logging
import mimetypes
import time
from typing import TYPE_CHECKING, Any, cast

from inginious_nb.course import MultipleChoiceProblem
from inginious_nb.errors import AnswerError
from inginious_nb.i18n import Message, in_language
from inginious_nb.render import Assets, render_feedback, render_inline, render_rst
from inginious_nb.submissions.recording import can_record

from . import values
from .summary import counted, first_failed, shown_grade

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inginious_nb.course import Problem, Task
    from inginious_nb.notebook.sources import AnswerSource
    from inginious_nb.services.service import ServiceState
    from inginious_nb.submissions import JobResult
    from inginious_nb.submissions.drafts import Drafts
    from inginious_nb.submissions.history import History
    from inginious_nb.submissions.record import SubmissionRecord
    from inginious_nb.submissions.submission import Submission
    from inginious_nb.submissions.task_state import TaskState

    from .protocol.task import (
        ChoiceInfo,
        Draft,
        FileInfo,
        HtmlPart,
        OldAnswer,
        ProblemInfo,
        ProblemResult,
        ResultInfo,
        ServiceInfo,
        SourceInfo,
        Standing,
        SubmissionInfo,
        SubmissionRow,
        TaskInfo,
        TextPart,
    )

_log = logging.getLogger(__name__)

SHOWN_CHARACTERS = 200_000
"""So much of plain output is shown; the whole of a longer one is a download."""

MAX_ROWS = 200
"""So many of the newest submissions to a task are listed."""

_BEGINNING_BYTES = 2_000
"""So much of a file is shown before it is sent."""

_EMPTY_ARCHIVE_BYTES = 1000
"""An archive with a file can be as small, so it is looked into."""


def task_info(task: Task, lang: str, username: str, *, statement: bool = True) -> TaskInfo:
    """Return a task's texts and problems in a language; nothing that gives an answer away.

    Args:
        task: The task.
        lang: The language.
        username: Decides the order of choices.
        statement: Whether its texts are shown; else they are left out.
    """
    task = task.translated(lang)
    now = dt.datetime.now()  # noqa: DTZ005 - the dates of a course are local times without a zone
    deadline = task.accessibility.deadline
    return {
        "ref": reference(task),
        "name": task.name,
        "author": task.author,
        "context_html": rendered(task, task.context, lang) if statement else "",
        "accessible": task.accessibility.is_open(now),
        "deadline": None if deadline is None else deadline.timestamp(),
        "site": site_label(task.site),
        "evaluation": task.evaluation_mode,
        "can_record": can_record(task),
        "problems": [
            _problem_info(task, problem, username, lang, statement=statement)
            for problem in task.problems.values()
        ],
    }


def site_label(address: str) -> str:
    """Return the address of a site as people call it: without what all have at the beginning."""
    return address.partition("://")[2]


def reference(task: Task) -> str:
    """Return the name by which a task can be found again."""
    return f"{task.course_id}/{task.id}"


def rendered(task: Task, text: str, lang: str = "en") -> str:
    """Return a text of the task as sanitised HTML."""
    return str(render_rst(text, assets=Assets.of(task), lang=lang)) if text.strip() else ""


def _problem_info(
    task: Task, problem: Problem, username: str, lang: str, *, statement: bool
) -> ProblemInfo:
    raw = problem.as_dict()
    choices: list[ChoiceInfo] = []
    if isinstance(problem, MultipleChoiceProblem):
        seed = f"{username}/{reference(task)}"
        choices = [
            {
                "index": choice["index"],
                # A cell may name a choice in any language of the course.
                "text": choice["text"],
                "html": str(render_inline(choice["markup"], assets=Assets.of(task))),
            }
            for choice in problem.displayed_choices(seed)
        ]
    return {
        "id": problem.id,
        "type": problem.type,
        "name": problem.name,
        "header_html": rendered(task, problem.header, lang) if statement else "",
        "language": raw.get("language", ""),
        "optional": raw.get("optional", False),
        "default": raw.get("default", ""),
        "multiple": raw.get("multiple", False),
        "choices": choices,
        "max_size_bytes": raw.get("max_size"),
        "allowed_exts": raw.get("allowed_exts", []),
    }


def standing(state: TaskState, lang: str = "en") -> Standing:
    """Return how often the task was submitted, and the best and the last grade."""
    best, last = state.best, state.last
    return {
        "attempts": state.attempts,
        "attempts_left": state.attempts_left,
        "limit": limit_text(state, lang),
        "best_grade": best.grade if best else None,
        "best_code": best.code if best else None,
        "last_grade": shown_grade(last.code, last.grade) if last else None,
        "last_code": last.code if last else None,
    }


def limit_text(state: TaskState, lang: str) -> str:
    """Return how many attempts are left, empty without a limit."""
    left, limit = state.attempts_left, state.task.settings.submission_limit
    if left is None:
        return ""
    if limit.period_h is None:
        plain = Message.plural("{n} attempt left", "{n} attempts left", n=left)
        return in_language(plain if left else Message("no attempt left"), lang)
    text = (
        Message.plural(
            "{n} attempt left of {amount} in {hours} h",
            "{n} attempts left of {amount} in {hours} h",
            n=left,
            amount=limit.amount,
            hours=limit.period_h,
        )
        if left
        else Message(
            "no attempt left of {amount} in {hours} h", amount=limit.amount, hours=limit.period_h
        )
    )
    return in_language(text, lang)


def source_info(source: AnswerSource, lang: str = "en") -> SourceInfo:
    """Return where an answer was read, in a language of the interface, here and below."""
    return {
        "problem_id": source.problem_id,
        "kind": source.kind,
        "label": in_language(source.label, lang),
        "cell_ids": list(source.cell_ids),
        "read_at": source.read_at,
    }


def submission_info(submission: Submission, lang: str = "en") -> SubmissionInfo:
    """Return a submission as it stands: that there is a shell, but not how to enter it."""
    error = submission.error
    return {
        "id": submission.id,
        "number": submission.number,
        "origin": submission.origin,
        "phase": submission.phase,
        "times": {str(phase): at for phase, at in submission.times.items()},
        "at_most_before": submission.at_most_before,
        "sendings": submission.sendings,
        "kill_requested": submission.kill_requested,
        "note": in_language(submission.note, lang),
        "limit_s": submission.limit_s,
        "error": None if error is None else error.in_language(lang),
        "error_problem": error.problem_id if isinstance(error, AnswerError) else None,
        "has_ssh": submission.ssh is not None,
        "sources": [source_info(source, lang) for source in submission.sources],
        "now": time.time(),
    }


def kept_result_info(
    task: Task, record: SubmissionRecord, history: History, lang: str = "en"
) -> ResultInfo | None:
    """Return the result that the history has of a submission, None if it has none."""
    result = history.result(record.id)
    if result is None:
        return None
    archive_bytes = history.archive_bytes(record.id)
    if archive_bytes is not None and archive_bytes <= _EMPTY_ARCHIVE_BYTES:
        archive_bytes = _archive_bytes(history.archive(record.id))
    return result_info(
        task,
        result,
        submission_id=record.id,
        number=record.number,
        at=record.finished_at,
        archive_bytes=archive_bytes,
        lang=lang,
    )


def result_info(
    task: Task,
    result: JobResult,
    *,
    submission_id: str,
    number: int,
    at: float | None,
    archive_bytes: int | None = None,
    lang: str = "en",
) -> ResultInfo:
    """Return a result with its texts made safe and, where they are huge, cut.

    What the task says is in the language it was asked for; what our own programs say is in `lang`.
    One that cannot be shown, through a fault of ours, is told by its code and grade.

    Args:
        task: The task.
        result: The result, with or without its archive.
        submission_id: The submission.
        number: Its number.
        at: When it came.
        archive_bytes: The size of the archive where the result comes without it.
        lang: The language.
    """
    try:
        details = _details(task, result, lang)
    except Exception:  # noqa: BLE001 - whatever it is, the rest is shown
        # The history has it: each widget of the task would fail, in this kernel and in later ones.
        _log.exception("The result of submission %s cannot be shown.", submission_id)
        details = _no_details(lang)
    if archive_bytes is not None:
        details["archive_bytes"] = archive_bytes
    head = {
        "submission": submission_id,
        "number": number,
        "at": at,
        "code": result.result[0],
        "grade": shown_grade(result.result[0], result.grade),
    }
    return cast("ResultInfo", head | details)


def _details(task: Task, result: JobResult, lang: str) -> dict[str, Any]:
    tests, counts = values.shown_tests(result.tests, task.tags, lang)
    code, text = result.result
    said = feedback(task, text, lang)
    problems: dict[str, ProblemResult] = {
        problem_id: {"code": problem_code, "feedback": feedback(task, problem_text, lang)}
        for problem_id, (problem_code, problem_text) in result.problems.items()
    }
    passed, decided = counted(counts, problems)
    return {
        "passed": passed,
        "decided": decided,
        "first_failed": first_failed(task, code, tests, problems, said),
        "feedback": said,
        "problems": problems,
        "tests": tests,
        "test_counts": counts,
        "custom": _text_part(values.as_json(result.custom, lang)),
        "archive_bytes": _archive_bytes(result.archive),
        "stdout": _text_part(result.stdout),
        "stderr": _text_part(result.stderr),
    }


def _no_details(lang: str) -> dict[str, Any]:
    message = Message("This result cannot be shown in full; the log of the kernel has the details.")
    html = f"<p>{message.in_language(lang)}</p>"
    return {
        "passed": 0,
        "decided": 0,
        "first_failed": "",
        "feedback": {"html": html, "size_bytes": _size_bytes(html), "cut": False},
        "problems": {},
        "tests": [],
        "test_counts": {"passed": 0, "decided": 0, "left_out": 0, "cut": False},
        "custom": None,
        "archive_bytes": None,
        "stdout": None,
        "stderr": None,
    }


def feedback(task: Task, text: str, lang: str = "en") -> HtmlPart:
    """Return a feedback text as sanitised HTML."""
    if not text.strip():
        return {"html": "", "size_bytes": 0, "cut": False}
    html = render_feedback(
        in_language(text, lang),
        is_html=task.response_is_html,
        assets=Assets.of(task),
        lang=lang,
    )
    return {"html": str(html), "size_bytes": _size_bytes(text), "cut": html.truncated}


def submission_row(record: SubmissionRecord) -> SubmissionRow:
    """Return one line of the history."""
    return {
        "id": record.id,
        "number": record.number,
        "submitted_at": record.submitted_at,
        "finished_at": record.finished_at,
        "code": record.code,
        "grade": shown_grade(record.code, record.grade),
        "origin": record.origin,
        "under_way_elsewhere": record.under_way_elsewhere,
    }


def service_info(service: ServiceState, lang: str = "en") -> ServiceInfo:
    """Return the state of the grading service, without its address."""
    message = service.short_message if service.kind == "remote" else service.message
    return {
        "kind": service.kind,
        "state": service.state,
        "silent_s": service.silent_s,
        "message": in_language(message, lang),
    }


def drafts(kept: Drafts) -> dict[str, Draft]:
    """Return what was entered and not submitted yet."""
    return {
        problem_id: {"value": draft.value, "by": draft.by}
        for problem_id, draft in kept.values().items()
    }


def old_answer(problem: Problem, answer: Any) -> OldAnswer:
    """Return a checked answer as a person reads it: choices by their texts, a file by its name."""
    if isinstance(problem, MultipleChoiceProblem):
        chosen = [str(item) for item in (answer if isinstance(answer, list) else [answer])]
        texts = {str(index): choice.text for index, choice in enumerate(problem.choices)}
        return {"text": "\n".join(texts.get(item, item) for item in chosen), "choices": chosen}
    if isinstance(answer, dict):
        return {"text": str(answer.get("filename", "")), "choices": []}
    return {"text": "" if answer is None else str(answer), "choices": []}


def file_info(answer: Mapping[str, Any]) -> FileInfo:
    """Return what a raw file answer is, as far as a person wants to know before it is sent."""
    content: bytes = answer["value"]
    guessed, _ = mimetypes.guess_type(str(answer["filename"]))
    return {
        "size_bytes": len(content),
        "media_type": guessed or "",
        "beginning": _text_of(content[:_BEGINNING_BYTES]),
    }


def _text_of(content: bytes) -> str:
    """Return the text that bytes begin with; they may end in the middle of a character."""
    if b"\0" in content:
        return ""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return ""


def old_answers(task: Task, answers: Mapping[str, Any]) -> dict[str, OldAnswer]:
    """Return the answers of a submission to the problems that the task still has."""
    return {
        problem_id: old_answer(task.problems[problem_id], answer)
        for problem_id, answer in answers.items()
        if problem_id in task.problems
    }


def _archive_bytes(archive: bytes | None) -> int | None:
    """Return the size of an archive, None for an empty one.

    Agents send empty ones too (docs/protocol.md, Results).
    """
    if archive is None:
        return None
    if len(archive) <= _EMPTY_ARCHIVE_BYTES:
        import tarfile  # noqa: PLC0415 - takes a fifth of the time that loading the extension takes

        try:
            with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
                if not any(member.isfile() for member in opened):
                    return None
        except (tarfile.TarError, OSError, EOFError):
            pass  # whatever it is, it is something
    return len(archive)


def _text_part(text: str | None) -> TextPart | None:
    if not text:
        return None
    shown = text[:SHOWN_CHARACTERS]
    return {"text": shown, "size_bytes": _size_bytes(text), "cut": len(shown) < len(text)}


def _size_bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def submission_rows(records: Iterable[SubmissionRecord]) -> list[SubmissionRow]:
    """Return the lines of the history of a task that are shown, newest first."""
    return [submission_row(record) for record in itertools.islice(records, MAX_ROWS)]
