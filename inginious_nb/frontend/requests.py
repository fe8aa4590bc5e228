"""Answers the browser's requests: each exactly once, with a value or with a message.

The way a request came, over our own comm or in a custom message of the widget, is not known here.
The browser is not trusted: a request that has not the shape of its kind (`protocol.REQUESTS`) is
refused at the door, and whatever it names is looked up.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import msgspec

from inginious_nb.course import FileProblem
from inginious_nb.errors import AnswerError, InginiousError, UsageError
from inginious_nb.i18n import Message, translated
from inginious_nb.notebook.files import file_answer
from inginious_nb.submissions.submission import ssh_command

from . import protocol, serialize, snapshot, values
from .protocol import PROTOCOL_VERSION
from .sent_answers import SentAnswers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inginious_nb.notebook.answers import Answers
    from inginious_nb.submissions.record import SubmissionRecord

    from .publisher import Publisher

    Buffers = Sequence[Any]
    Handler = Callable[["Responder", Any, Buffers], Any]

_log = logging.getLogger(__name__)

_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*", re.ASCII)
MAX_DRAFT_CHARS = 1_000_000


class Responder:
    """Answers the requests about one task.

    Args:
        publisher: The state that the browser sees.
        heard: Called before each answer.
    """

    def __init__(self, publisher: Publisher, *, heard: Callable[[], object] = lambda: None) -> None:
        self._publisher = publisher
        self._heard = heard

    def answer(self, message: object, buffers: Buffers = ()) -> tuple[dict[str, Any], list[bytes]]:
        """Return the reply to a request, and the bytes that go with it.

        Nothing is raised: a refusal is a reply with ``ok`` false and a message in ``error``.
        """
        self._heard()
        request: dict[str, Any] = message if isinstance(message, dict) else {}
        reply: dict[str, Any] = {"v": PROTOCOL_VERSION, "kind": "reply", "id": request.get("id")}
        try:
            value = self._value(request, buffers)
        except InginiousError as error:
            problem_id = error.problem_id if isinstance(error, AnswerError) else None
            return reply | self._refusal(error, problem_id), []
        except Exception:  # noqa: BLE001 - the browser is told; the log has the rest
            _log.exception("The request %r of the front end failed.", request.get("kind"))
            fault = Message("Something went wrong in the kernel; its log has the details.")
            return reply | self._refusal(UsageError(fault), None), []
        content, attached = value if isinstance(value, tuple) else (value, None)
        return reply | {"ok": True, "value": content}, [] if attached is None else [attached]

    def _refusal(self, error: InginiousError, problem_id: str | None) -> dict[str, Any]:
        text = error.in_language(self._publisher.lang)
        return {"ok": False, "error": text, "problem_id": problem_id}

    def _value(self, request: dict[str, Any], buffers: Buffers) -> Any:
        if request.get("v") != PROTOCOL_VERSION:
            raise UsageError(Message("This page has another version of inginious_nb; reload it."))
        kind = str(request.get("kind"))
        handler = _HANDLERS.get(kind)
        if handler is None:
            raise UsageError(
                Message("This page asked for something that this kernel does not know.")
            )
        try:
            carried: Any = msgspec.convert(request, protocol.REQUESTS[kind])
        except msgspec.ValidationError as error:
            _log.info("A request %r of the front end has not its shape: %s", kind, error)
            raise UsageError(
                Message("This page asked in a way that this kernel does not know; reload it.")
            ) from None
        return handler(self, carried, buffers)

    # ---- submitting -------------------------------------------------------------------------

    def _preview(self, request: protocol.PreviewRequest, buffers: Buffers) -> protocol.PreviewReply:
        publisher = self._publisher
        sent = SentAnswers(publisher, request, buffers, only_described=True)
        newest = publisher.state.newest
        known = {} if newest is None else publisher.session.history.answers(newest.id)
        return {"answers": sent.preview(known)}

    def _submit(
        self, request: protocol.SubmitRequest, buffers: Buffers
    ) -> protocol.SubmissionReply:
        publisher = self._publisher
        wanted = request.get("submission")
        awaited = publisher.awaited(wanted)
        if awaited is None and wanted is not None:
            # A saved notebook may ask, as soon as it is opened, for what was asked for long ago.
            raise UsageError(Message("That submission is over; press Submit to make a new one."))
        with publisher.state.submitting:
            if awaited is None:
                self._refuse_while_active()
            submission = awaited or publisher.session.submissions.new(
                publisher.task, origin="widget"
            )

            def read() -> Answers:
                sent = SentAnswers(publisher, request, buffers, awaited=awaited)
                sent.raise_errors()
                return sent.answers

            first = submission.submit(read, debug=request.get("debug", False), lang=publisher.lang)
            if first:  # else another page was
                publisher.follow(submission)
        return {"submission": submission.id}

    def _resubmit(
        self, request: protocol.SubmissionRequest, _buffers: Buffers
    ) -> protocol.SubmissionReply:
        with self._publisher.state.submitting:
            self._refuse_while_active()
            record = self._record_of(request)
            submission = self._publisher.session.submissions.resubmit(record.id, origin="widget")
            self._publisher.follow(submission)
        return {"submission": submission.id}

    def _refuse_while_active(self) -> None:
        current = self._publisher.state.current
        if current is not None and not current.done:
            raise UsageError(
                Message(
                    "A submission of this task is under way; wait for its result, or stop it first."
                )
            )

    def _kill(
        self, request: protocol.SubmissionRequest, _buffers: Buffers
    ) -> protocol.EmptyMessage:
        submission = self._publisher.submission
        if submission is None or submission.id != request["submission"]:
            raise UsageError(Message("That submission is not under way any more."))
        submission.kill()
        return {}

    # ---- looking back -----------------------------------------------------------------------

    def _open(self, request: protocol.SubmissionRequest, _buffers: Buffers) -> protocol.OpenReply:
        record, history = self._record_of(request), self._publisher.session.history
        task, lang = self._publisher.task, self._publisher.lang
        answers = history.answers(record.id)
        return {
            "row": serialize.submission_row(record),
            "result": serialize.kept_result_info(task, record, history, lang),
            "answers": serialize.old_answers(self._publisher.shown_task, answers),
        }

    def _archive(
        self, request: protocol.SubmissionRequest, _buffers: Buffers
    ) -> tuple[protocol.DownloadReply, bytes]:
        record = self._record_of(request)
        archive = self._publisher.session.history.archive(record.id)
        if archive is None:
            raise UsageError(Message("That submission has no archive."))
        name = f"{record.course_id}-{record.task_id}-{record.number}.tar.gz"
        return {"filename": name}, archive

    def _output(
        self, request: protocol.OutputRequest, _buffers: Buffers
    ) -> tuple[protocol.DownloadReply, bytes]:
        record = self._record_of(request)
        what = request["what"]
        result = self._publisher.session.history.result(record.id)
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
            text = values.as_json(all_of_it, self._publisher.lang) or None
        if text is None:
            raise UsageError(Message("That submission has no such text."))
        ending = "json" if kind in ("tests", "custom") else "txt"
        name = f"{record.task_id}-{record.number}-{kind}.{ending}"
        return {"filename": name}, text.encode("utf-8", "replace")

    def _record_of(
        self, request: protocol.SubmissionRequest | protocol.OutputRequest
    ) -> SubmissionRecord:
        publisher = self._publisher
        record = publisher.session.history.get(request["submission"])
        if record is None or (record.course_id, record.task_id) != (
            publisher.task.course_id,
            publisher.task.id,
        ):
            raise UsageError(Message("The history of this task has no such submission."))
        return record

    # ---- the rest ---------------------------------------------------------------------------

    def _file(self, request: protocol.FileRequest, _buffers: Buffers) -> protocol.FileReply:
        problem = self._publisher.task.problems.get(request["problem"])
        if not isinstance(problem, FileProblem):
            raise UsageError(Message("Say which file answers which problem."))
        found = file_answer(problem, request["path"])
        return {"filename": found["filename"], "size_bytes": len(found["value"])}

    def _draft(self, request: protocol.DraftRequest, _buffers: Buffers) -> protocol.EmptyMessage:
        problem_id, value = request["problem"], request["value"]
        if problem_id not in self._publisher.task.problems:
            raise UsageError(Message("That is no value for a problem of this task."))
        if sum(map(len, value)) > MAX_DRAFT_CHARS:
            raise AnswerError(
                Message(
                    "An answer of more than {limit:,} characters is not kept before it is "
                    "submitted; write it in a cell.",
                    limit=MAX_DRAFT_CHARS,
                ),
                problem_id=problem_id,
            )
        self._publisher.drafts.set(problem_id, value, request["by"])
        return {}

    def _lang(self, request: protocol.LangRequest, _buffers: Buffers) -> protocol.EmptyMessage:
        if _LANGUAGE.fullmatch(request["lang"]) is None:
            raise UsageError(Message("That is not the code of a language."))
        self._publisher.speak(request["lang"])
        return {}

    def _where(self, _request: protocol.EmptyMessage, _buffers: Buffers) -> protocol.WhereReply:
        service = self._publisher.session.service
        sandbox, lang = service.sandbox or {}, self._publisher.lang
        return {
            "kind": service.kind,
            "address": service.address,
            "sandbox": str(sandbox.get("kind", "")),
            "isolated": [translated(item, lang) for item in sandbox.get("isolated", ())],
            "open": [translated(item, lang) for item in sandbox.get("not_isolated", ())],
        }

    def _snapshot(self, request: protocol.SnapshotRequest, _buffers: Buffers) -> dict[str, str]:
        key, problem_id = request["key"], request["problem"]
        return dict(snapshot.widget_bundle(self._publisher, key=key, problem_id=problem_id))

    def _ssh(self, request: protocol.SubmissionRequest, _buffers: Buffers) -> protocol.SshReply:
        submission = self._publisher.submission
        if submission is None or submission.id != request["submission"] or submission.ssh is None:
            raise UsageError(Message("There is no shell for that submission any more."))
        command, password = ssh_command(submission.ssh)
        return {"command": command, "password": password}


_HANDLERS: dict[str, Handler] = {
    "preview": Responder._preview,  # noqa: SLF001 - the table of this class, here and below
    "submit": Responder._submit,  # noqa: SLF001
    "resubmit": Responder._resubmit,  # noqa: SLF001
    "kill": Responder._kill,  # noqa: SLF001
    "open": Responder._open,  # noqa: SLF001
    "archive": Responder._archive,  # noqa: SLF001
    "output": Responder._output,  # noqa: SLF001
    "file": Responder._file,  # noqa: SLF001
    "draft": Responder._draft,  # noqa: SLF001
    "lang": Responder._lang,  # noqa: SLF001
    "where": Responder._where,  # noqa: SLF001
    "ssh": Responder._ssh,  # noqa: SLF001
    "snapshot": Responder._snapshot,  # noqa: SLF001
}
