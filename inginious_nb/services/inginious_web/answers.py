"""Reading the JSON answers of a task page, without I/O.

A status of 200 is no success, and the content type is not to be relied on: the body decides.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from inginious_nb.client.results import JobResult
from inginious_nb.i18n import Message

from .failures import SiteError

_SUBMISSION = re.compile(r"[0-9a-f]{24}")
_ALREADY_PENDING = "A submission is already pending for this task!"
"""The site translates all its texts but this one."""
_OUTDATED = "outdated"
_NEXT = "You are next in the waiting queue!"
_ONE_BEFORE = "There is one task in front of you in the waiting queue."
_SOME_BEFORE = re.compile(r"There are (\d{1,9}) tasks in front of you")
_MAX_PORT = 65535
_MAX_NOTE_CHARS = 300


@dataclass(frozen=True)
class Accepted:
    """The site has stored a submission."""

    submission_id: str


@dataclass(frozen=True)
class Refused:
    """The site has stored nothing.

    Attributes:
        text: Why, in the site's words.
        is_pending: Another submission to this task is being graded; later it may be taken.
        is_outdated: The task has new random values since its page was opened.
    """

    text: str
    is_pending: bool = False
    is_outdated: bool = False


@dataclass(frozen=True)
class Waiting:
    """A submission that is not graded yet.

    Attributes:
        before: How many are in front of it, None if that is not known.
        is_running: Whether an agent grades it.
        ssh: Host, port, user and password of a shell, if one was opened.
    """

    before: int | None = None
    is_running: bool = False
    ssh: tuple[str, int, str, str] | None = None


def read_object(body: bytes) -> dict[str, Any] | None:
    """Return a JSON object, or None if the body is something else, such as a page."""
    try:
        value = _kept(json.loads(body))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _kept(value: Any) -> Any:
    """Return a value of JSON as it can be kept, sent and shown."""
    if isinstance(value, dict):
        return {_kept(name): _kept(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_kept(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    is_odd = isinstance(value, int) and abs(value) >= 1 << 63
    is_odd = is_odd or (isinstance(value, float) and not math.isfinite(value))
    return str(value) if is_odd else value


def is_of_form(answer: dict[str, Any]) -> bool:
    """Return whether an object is a form's answer by its own, wherever it comes from."""
    return (
        answer.get("status") in {"waiting", "done"}
        or "submissionid" in answer
        or ("status" in answer and "result" in answer)
    )


def read_submit(answer: dict[str, Any]) -> Accepted | Refused:
    """Read the answer to ``submit``.

    Raises:
        SiteError: It is none.
    """
    submission_id = answer.get("submissionid")
    if answer.get("status") == "ok":
        if isinstance(submission_id, str) and _SUBMISSION.fullmatch(submission_id):
            return Accepted(submission_id)
        raise strange(answer)
    text = _plain(answer.get("text"))
    if answer.get("status") != "error" or not text:
        raise strange(answer)
    return Refused(text, is_pending=text == _ALREADY_PENDING, is_outdated=_OUTDATED in text)


def read_check(answer: dict[str, Any]) -> Waiting | JobResult:
    """Read the answer to ``check``.

    Raises:
        SiteError: It is none; the site says so for a submission that it does not have.
    """
    status, result = answer.get("status"), answer.get("result")
    if status == "waiting":  # its result and grade, if there are some, mean nothing
        return _waiting(answer)
    if status in {"done", "error"} and isinstance(result, str) and result:
        return _finished(answer, result)
    if status == "error":
        raise SiteError(
            Message(
                "The site does not know this submission any more ({note}); look at the task's "
                "page there.",
                note=_plain(answer.get("text")) or "error",
            )
        )
    raise strange(answer)


def read_loaded(answer: dict[str, Any]) -> JobResult:
    """Read the result in the answer to ``load_submission_input``.

    Raises:
        SiteError: It is none.
    """
    result = answer.get("result")
    if answer.get("status") != "ok" or not isinstance(result, str) or not result:
        raise strange(answer)
    return _finished(answer, result)


def read_input(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what a stored submission answered, from the answer to ``load_submission_input``."""
    value = answer.get("input")
    return value if isinstance(value, dict) else {}


def strange(answer: object) -> SiteError:
    """Return the error for an answer that makes no sense, which it quotes."""
    return SiteError(
        Message(
            "The site gave an answer that no INGInious gives: {answer}. Check the address, or tell "
            "your instructor.",
            answer=_short(answer),
        )
    )


def _waiting(answer: dict[str, Any]) -> Waiting:
    text = _plain(answer.get("text"))
    if text == _NEXT:
        before: int | None = 0
    elif text == _ONE_BEFORE:
        before = 1
    else:
        some = _SOME_BEFORE.match(text)
        before = int(some[1]) if some else None
    # In every language the time stands in parentheses behind the words.
    return Waiting(before, is_running=before is None and text.endswith(")"), ssh=_ssh(answer))


def _ssh(answer: dict[str, Any]) -> tuple[str, int, str, str] | None:
    host, port = answer.get("ssh_host"), answer.get("ssh_port")
    user, password = answer.get("ssh_user"), answer.get("ssh_password")
    if (
        isinstance(host, str)
        and isinstance(port, int)
        and 0 < port <= _MAX_PORT
        and isinstance(user, str)
        and isinstance(password, str)
    ):
        return host, port, user, password
    return None


def _finished(answer: dict[str, Any], result: str) -> JobResult:
    problems, tests, debug = (
        value if isinstance(value := answer.get(key), dict) else {}
        for key in ("problems", "tests", "debug")
    )
    return JobResult(
        (result, _text(answer.get("text"))),
        _grade(answer.get("grade")),
        {
            str(name): (_text(pair[0]), _text(pair[1]))
            for name, pair in problems.items()
            if isinstance(pair, (list, tuple)) and len(pair) == 2  # noqa: PLR2004 - a code and a text
        },
        {str(tag): value for tag, value in tests.items()},
        stdout=_text(debug["stdout"]) if "stdout" in debug else None,
        stderr=_text(debug["stderr"]) if "stderr" in debug else None,
    )


def _grade(value: object) -> float:
    """Return a grade, which the site writes as text."""
    try:
        grade = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return grade if math.isfinite(grade) else 0.0


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _plain(value: object) -> str:
    """Return one of the site's short texts without its tags."""
    text = " ".join(re.sub(r"<[^<>]*>", " ", _text(value)).split())
    return text[:_MAX_NOTE_CHARS]


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    limit = 120
    return text if len(text) <= limit else f"{text[:limit]}…"
