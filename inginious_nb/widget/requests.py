"""Answers the browser's requests: each exactly once, with a value or with a sentence.

How a request came, over our own comm or in a custom message of the widget, is not known here.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, get_args

from inginious_nb.course import FileProblem
from inginious_nb.errors import AnswerError, InginiousError, UsageError
from inginious_nb.i18n import Message, recognised
from inginious_nb.notebook.files import file_answer
from inginious_nb.submissions.submission import ssh_command

from . import present, snapshot, values
from .reading import Reading
from .views import PROTOCOL_VERSION, RequestKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inginious_nb.notebook.answers import Answers
    from inginious_nb.submissions.record import SubmissionRecord

    from .mirror import Mirror

    Request = Mapping[str, Any]
    Buffers = Sequence[Any]
    Value = dict[str, Any] | tuple[dict[str, Any], bytes]

_log = logging.getLogger(__name__)

_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*", re.ASCII)
_LONGEST_DRAFT = 1_000_000


class Responder:
    """Answers the requests about one task.

    Args:
        mirror: The state that the browser sees.
        heard: Called before each answer.
    """

    def __init__(self, mirror: Mirror, *, heard: Callable[[], object] = lambda: None) -> None:
        self._mirror = mirror
        self._heard = heard
        self._handlers: dict[str, Callable[[Request, Buffers], Value]] = {
            kind: getattr(self, f"_{kind}") for kind in get_args(RequestKind)
        }

    def answer(self, message: object, buffers: Buffers = ()) -> tuple[dict[str, Any], list[bytes]]:
        """The reply to a request, and the bytes that go with it.

        Nothing is raised: a refusal is a reply with ``ok`` false and a sentence in ``error``.
        """
        self._heard()
        request: Request = message if isinstance(message, dict) else {}
        reply: dict[str, Any] = {"v": PROTOCOL_VERSION, "kind": "reply", "id": request.get("id")}
        try:
            value = self._value(request, buffers)
        except InginiousError as error:
            problem_id = error.problem_id if isinstance(error, AnswerError) else None
            return reply | {
                "ok": False,
                "error": error.in_language(self._mirror.lang),
                "problem_id": problem_id,
            }, []
        except Exception:  # noqa: BLE001 - the browser is told; the log has the rest
            _log.exception("The request %r of the front end failed.", request.get("kind"))
            sentence = Message("Something went wrong in the kernel; its log has the details.")
            text = sentence.in_language(self._mirror.lang)
            return reply | {"ok": False, "error": text, "problem_id": None}, []
        content, attached = value if isinstance(value, tuple) else (value, None)
        return reply | {"ok": True, "value": content}, [] if attached is None else [attached]

    def _value(self, request: Request, buffers: Buffers) -> Value:
        if request.get("v") != PROTOCOL_VERSION:
            raise UsageError(Message("This page has another version of inginious_nb; reload it."))
        handler = self._handlers.get(str(request.get("kind")))
        if handler is None:
            raise UsageError(
                Message("This page asked for something that this kernel does not know.")
            )
        return handler(request, buffers)

    # ---- submitting -------------------------------------------------------------------------

    def _preview(self, message: Request, buffers: Buffers) -> Value:
        mirror = self._mirror
        reading = Reading(mirror, message, buffers, only_described=True)
        newest = mirror.state.newest
        known = {} if newest is None else mirror.session.history.answers(newest.id)
        return {"answers": reading.preview(known)}

    def _submit(self, message: Request, buffers: Buffers) -> Value:
        mirror = self._mirror
        awaited = mirror.awaited(message.get("submission"))
        if awaited is None and message.get("submission") is not None:
            # A saved notebook may ask, as soon as it is opened, for what was asked for long ago.
            raise UsageError(Message("That submission is over; press Submit to make a new one."))
        with mirror.state.submitting:
            if awaited is None:
                self._refuse_while_active()
            submission = awaited or mirror.session.submissions.new(mirror.task, origin="widget")
            debug = message.get("debug")

            def read() -> Answers:
                reading = Reading(mirror, message, buffers, awaited=awaited)
                reading.raise_errors()
                return reading.answers

            first = submission.submit(
                read, debug="ssh" if debug == "ssh" else bool(debug), lang=mirror.lang
            )
            if first:  # else another page was
                mirror.follow(submission)
        return {"submission": submission.id}

    def _resubmit(self, message: Request, _buffers: Buffers) -> Value:
        with self._mirror.state.submitting:
            self._refuse_while_active()
            record = self._record_of(message)
            submission = self._mirror.session.submissions.resubmit(record.id, origin="widget")
            self._mirror.follow(submission)
        return {"submission": submission.id}

    def _refuse_while_active(self) -> None:
        current = self._mirror.state.current
        if current is not None and not current.done:
            raise UsageError(
                Message(
                    "A submission of this task is under way; wait for its result, or stop it first."
                )
            )

    def _kill(self, message: Request, _buffers: Buffers) -> Value:
        submission = self._mirror.submission
        if submission is None or submission.id != message.get("submission"):
            raise UsageError(Message("That submission is not under way any more."))
        submission.kill()
        return {}

    # ---- looking back -----------------------------------------------------------------------

    def _attempt(self, message: Request, _buffers: Buffers) -> Value:
        record, history = self._record_of(message), self._mirror.session.history
        task, lang = self._mirror.task, self._mirror.lang
        return {
            "attempt": present.submission_row(record),
            "result": present.kept_result_info(task, record, history, lang),
            "answers": present.old_answers(self._mirror.shown_task, history.answers(record.id)),
        }

    def _archive(self, message: Request, _buffers: Buffers) -> Value:
        record = self._record_of(message)
        archive = self._mirror.session.history.archive(record.id)
        if archive is None:
            raise UsageError(Message("That submission has no archive."))
        name = f"{record.course_id}-{record.task_id}-{record.number}.tar.gz"
        return {"filename": name}, archive

    def _output(self, message: Request, _buffers: Buffers) -> Value:
        record = self._record_of(message)
        what = str(message.get("what"))
        result = self._mirror.session.history.result(record.id)
        if result is None:
            raise UsageError(Message("That submission has no result yet."))
        kind, _, problem_id = what.partition(":")
        text: str | None = None
        if kind == "problem" and problem_id in result.problems:
            text = result.problems[problem_id][1]
        elif kind == "feedback":
            text = result.result[1]
        elif kind in ("stdout", "stderr"):
            text = result.stdout if kind == "stdout" else result.stderr
        elif kind in ("tests", "custom"):
            all_of_it = result.tests if kind == "tests" else result.custom
            text = values.as_json(all_of_it, self._mirror.lang) or None
        if text is None:
            raise UsageError(Message("That submission has no such text."))
        ending = "json" if kind in ("tests", "custom") else "txt"
        name = f"{record.task_id}-{record.number}-{kind}.{ending}"
        return {"filename": name}, text.encode("utf-8", "replace")

    def _record_of(self, message: Request) -> SubmissionRecord:
        mirror = self._mirror
        record = mirror.session.history.get(str(message.get("submission")))
        if record is None or (record.course_id, record.task_id) != (
            mirror.task.course_id,
            mirror.task.id,
        ):
            raise UsageError(Message("The history of this task has no such submission."))
        return record

    # ---- the rest ---------------------------------------------------------------------------

    def _file(self, message: Request, _buffers: Buffers) -> Value:
        problem = self._mirror.task.problems.get(str(message.get("problem")))
        path = message.get("path")
        if not isinstance(problem, FileProblem) or not isinstance(path, str):
            raise UsageError(Message("Say which file answers which problem."))
        found = file_answer(problem, path)
        return {"filename": found["filename"], "size_bytes": len(found["value"])}

    def _draft(self, message: Request, _buffers: Buffers) -> Value:
        problem_id, value = message.get("problem"), message.get("value")
        if isinstance(value, list):
            value = [item for item in value if isinstance(item, str)]
        if problem_id not in self._mirror.task.problems or not isinstance(value, (str, list)):
            raise UsageError(Message("That is no value for a problem of this task."))
        if sum(map(len, value)) > _LONGEST_DRAFT:
            raise AnswerError(
                Message(
                    "An answer of more than {limit:,} characters is not kept before it is "
                    "submitted; write it in a cell.",
                    limit=_LONGEST_DRAFT,
                ),
                problem_id=str(problem_id),
            )
        self._mirror.drafts.set(str(problem_id), value, str(message.get("by")))
        return {}

    def _lang(self, message: Request, _buffers: Buffers) -> Value:
        lang = message.get("lang")
        if not isinstance(lang, str) or _LANGUAGE.fullmatch(lang) is None:
            raise UsageError(Message("That is not the code of a language."))
        self._mirror.speak(lang)
        return {}

    def _where(self, _message: Request, _buffers: Buffers) -> Value:
        service = self._mirror.session.service
        sandbox, lang = service.sandbox or {}, self._mirror.lang
        return {
            "kind": service.kind,
            "address": service.address,
            "sandbox": str(sandbox.get("kind", "")),
            "isolated": [recognised(item, lang, "sandbox") for item in sandbox.get("isolated", ())],
            "open": [recognised(item, lang, "sandbox") for item in sandbox.get("not_isolated", ())],
        }

    def _snapshot(self, message: Request, _buffers: Buffers) -> Value:
        key, problem_id = str(message.get("key")), str(message.get("problem"))
        return dict(snapshot.widget_bundle(self._mirror, key=key, problem_id=problem_id))

    def _ssh(self, message: Request, _buffers: Buffers) -> Value:
        submission = self._mirror.submission
        if (
            submission is None
            or submission.id != message.get("submission")
            or submission.ssh is None
        ):
            raise UsageError(Message("There is no shell for that submission any more."))
        command, password = ssh_command(submission.ssh)
        return {"command": command, "password": password}
