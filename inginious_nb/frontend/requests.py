"""Answers the browser's requests about one task (`protocol.task_requests.REQUESTS`).

Whatever a request names is looked up: the browser is not trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from inginious_nb.course import FileProblem
from inginious_nb.errors import AnswerError, UsageError
from inginious_nb.i18n import Message, translated
from inginious_nb.notebook.files import file_answer
from inginious_nb.submissions.recording import record_as_test
from inginious_nb.submissions.shell_access import ssh_command

from . import serialize, snapshot, values
from .protocol.task_requests import (
    REQUESTS,
    DownloadReply,
    DraftRequest,
    FileReply,
    FileRequest,
    OpenReply,
    OutputRequest,
    PreviewReply,
    PreviewRequest,
    RecordReply,
    SnapshotRequest,
    SshReply,
    StudentRequest,
    SubmissionReply,
    SubmitRequest,
    WhereReply,
)
from .responder import Responder
from .sent_answers import SentAnswers
from .sign_in import told, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inginious_nb.notebook.answers import Answers
    from inginious_nb.submissions.record import SubmissionRecord

    from .protocol.common import EmptyMessage, SubmissionRequest
    from .protocol.sign_in import AccountInfo, SignInReply, SignInRequest
    from .publisher import Publisher
    from .responder import Buffers, Handler

MAX_DRAFT_CHARS = 1_000_000


class TaskResponder(Responder):
    """Answers the requests about one task.

    Args:
        publisher: The state that the browser sees.
        heard: Called before each answer.
    """

    shapes = REQUESTS

    def __init__(self, publisher: Publisher, *, heard: Callable[[], object] = lambda: None) -> None:
        super().__init__(publisher)
        self._publisher = publisher
        self._heard = heard

    def answer(self, message: object, buffers: Buffers = ()) -> tuple[dict[str, Any], list[bytes]]:
        """Say that the page was heard, then answer it."""
        self._heard()
        self._publisher.session.services.expect_person()
        return super().answer(message, buffers)

    # ---- submitting -------------------------------------------------------------------------

    def _preview(self, request: PreviewRequest, buffers: Buffers) -> PreviewReply:
        publisher = self._publisher
        sent = SentAnswers(publisher, request, buffers, only_described=True)
        newest = publisher.state.newest
        known = {} if newest is None else publisher.session.history.answers(newest.id)
        return {"answers": sent.preview(known)}

    def _submit(self, request: SubmitRequest, buffers: Buffers) -> SubmissionReply:
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
                publisher.task, origin="widget", student=publisher.student
            )

            def read() -> Answers:
                sent = SentAnswers(
                    publisher,
                    request,
                    buffers,
                    awaited=awaited,
                    notebook=request.get("notebook", ""),
                )
                sent.raise_errors()
                return sent.answers

            first = submission.submit(read, debug=request.get("debug", False), lang=publisher.lang)
            if first:  # else another page was
                publisher.follow(submission)
        return {"submission": submission.id}

    def _resubmit(self, request: SubmissionRequest, _buffers: Buffers) -> SubmissionReply:
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

    def _kill(self, request: SubmissionRequest, _buffers: Buffers) -> EmptyMessage:
        submission = self._publisher.submission
        if submission is None or submission.id != request["submission"]:
            raise UsageError(Message("That submission is not under way any more."))
        submission.kill()
        return {}

    # ---- looking back -----------------------------------------------------------------------

    def _open(self, request: SubmissionRequest, _buffers: Buffers) -> OpenReply:
        record, history = self._record_of(request), self._publisher.session.history
        task, lang = self._publisher.task, self._publisher.lang
        answers = history.answers(record.id)
        return {
            "row": serialize.submission_row(record),
            "result": serialize.kept_result_info(task, record, history, lang),
            "answers": serialize.old_answers(self._publisher.shown_task, answers),
        }

    def _archive(
        self, request: SubmissionRequest, _buffers: Buffers
    ) -> tuple[DownloadReply, bytes]:
        record = self._record_of(request)
        archive = self._publisher.session.history.archive(record.id)
        if archive is None:
            raise UsageError(Message("That submission has no archive."))
        name = f"{record.course_id}-{record.task_id}-{record.number}.tar.gz"
        return {"filename": name}, archive

    def _record_as_test(self, request: SubmissionRequest, _buffers: Buffers) -> RecordReply:
        self._publisher.session.people.refuse_guest()
        task, history = self._publisher.task, self._publisher.session.history
        return {"file": str(record_as_test(task, history, self._record_of(request)))}

    def _output(self, request: OutputRequest, _buffers: Buffers) -> tuple[DownloadReply, bytes]:
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

    def _record_of(self, request: SubmissionRequest | OutputRequest) -> SubmissionRecord:
        publisher = self._publisher
        record = publisher.session.history.get(request["submission"])
        if record is None or (record.course_id, record.task_id, record.username) != (
            publisher.task.course_id,
            publisher.task.id,
            publisher.student.username,
        ):
            raise UsageError(Message("The history of this task has no such submission."))
        publisher.session.site_submissions.recall(record)
        return publisher.session.history.get(record.id) or record

    # ---- the rest ---------------------------------------------------------------------------

    def _file(self, request: FileRequest, _buffers: Buffers) -> FileReply:
        problem = self._publisher.task.problems.get(request["problem"])
        if not isinstance(problem, FileProblem):
            raise UsageError(Message("Say which file answers which problem."))
        found = file_answer(problem, request["path"])
        return {"filename": found["filename"], "size_bytes": len(found["value"])}

    def _draft(self, request: DraftRequest, _buffers: Buffers) -> EmptyMessage:
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
        self._publisher.state.drafts.set(problem_id, value, request["by"])
        return {}

    def _submit_as(self, request: StudentRequest, _buffers: Buffers) -> EmptyMessage:
        if self._publisher.keeps_its_own:
            raise UsageError(Message("Open the task to choose who submits it."))
        self._publisher.session.people.submit_as(request["username"])
        self._publisher.follow_student()  # before what is asked next, such as to keep a draft
        return {}

    def _where(self, _request: EmptyMessage, _buffers: Buffers) -> WhereReply:
        service = self._publisher.service
        sandbox, lang = service.sandbox or {}, self._publisher.lang
        return {
            "kind": service.kind,
            "address": service.address,
            "sandbox": str(sandbox.get("kind", "")),
            "isolated": [translated(item, lang) for item in sandbox.get("isolated", ())],
            "open": [
                translated(item, lang)
                for key in ("not_isolated", "missing")
                for item in sandbox.get(key, ())
            ],
        }

    def _account(self, _request: EmptyMessage, _buffers: Buffers) -> AccountInfo:
        publisher = self._publisher
        accounts, state = publisher.session.accounts, publisher.service
        return {
            "site": state.address,
            "username": publisher.account_name or accounts.name_to_propose(publisher.task),
            "signed_in": state.state != "signed_out",
            "answers": state.state == "connected",
            "refusal": "",  # the view that asks shows its own
        }

    def _sign_in(self, request: SignInRequest, buffers: Buffers) -> SignInReply:
        publisher = self._publisher
        ask, way = typed(request, buffers)
        publisher.session.accounts.sign_in_for(publisher.task, ask, **way)
        return told(publisher.service, publisher.lang)

    def _snapshot(self, request: SnapshotRequest, _buffers: Buffers) -> dict[str, str]:
        key, problem_id = request["key"], request["problem"]
        return dict(snapshot.widget_bundle(self._publisher, key=key, problem_id=problem_id))

    def _ssh(self, request: SubmissionRequest, _buffers: Buffers) -> SshReply:
        submission = self._publisher.submission
        if submission is None or submission.id != request["submission"] or submission.ssh is None:
            raise UsageError(Message("There is no shell for that submission any more."))
        command, password = ssh_command(submission.ssh)
        return {"command": command, "password": password}

    handlers: ClassVar[Mapping[str, Handler]] = {
        "preview": _preview,
        "submit": _submit,
        "resubmit": _resubmit,
        "kill": _kill,
        "open": _open,
        "archive": _archive,
        "record": _record_as_test,
        "output": _output,
        "file": _file,
        "draft": _draft,
        "lang": Responder.change_language,
        "submitAs": _submit_as,
        "where": _where,
        "account": _account,
        "signIn": _sign_in,
        "ssh": _ssh,
        "snapshot": _snapshot,
    }
