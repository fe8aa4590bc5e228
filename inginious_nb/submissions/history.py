"""The history: submissions and their results, in one SQLite file per user (WAL).

A submission is here before it is sent, so that a killed kernel, a lost network or a restarted
grading service costs nobody an answer. Several kernels may use the file at the same time; what
becomes of a row that cannot be written is in `history_file`.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import msgpack
from msgspec.structs import replace

from inginious_nb.errors import HistoryError, UsageError
from inginious_nb.i18n import Message, from_kept, kept
from inginious_nb.notebook.sources import AnswerSource

from .database import Database, pack_result, unpack_result
from .history_file import HistoryFile
from .record import SubmissionRecord, kept_grade, this_process
from .site_clock import times_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from inginious_nb.client.results import JobResult
    from inginious_nb.course import SiteSubmission
    from inginious_nb.services.account import Account

    from .database import SignedIn

_log = logging.getLogger(__name__)


class History(HistoryFile):
    """The submissions of one user account. Safe to use from any thread.

    Args:
        path: The SQLite file; it and its folder are made if need be, readable by the owner alone.
            None keeps everything in memory.
        signed_in: Returns the accounts that are signed in at sites. What other accounts there
            submitted is in no list; what is asked for by task is of the account that is named.

    Attributes:
        path: As given.
    """

    def __init__(
        self, path: Path | None, *, signed_in: Callable[[], SignedIn] = lambda: ()
    ) -> None:
        super().__init__(path)
        self._signed_in = signed_in

    # ---- writing ----------------------------------------------------------------------------

    def add(
        self,
        *,
        submission_id: str,
        course_id: str,
        task_id: str,
        username: str,
        origin: str,
        service: str,
        inputdata: Mapping[str, Any],
        sources: tuple[AnswerSource, ...] = (),
        account: Account | None = None,
        repeats: str | None = None,
    ) -> tuple[SubmissionRecord, dict[str, Any]]:
        """Keep a submission that is about to be sent and give it its number.

        One transaction claims the unfinished one that it repeats, if there is one, and keeps this:
        of several kernels one repeats it, and one that ends meanwhile leaves it as it was.

        Returns:
            A pair of its row and the inputdata that is to be sent, in which ``@attempts`` is the
            number, which only the history knows.

        Raises:
            HistoryError: The answers cannot be kept.
            UsageError: Another kernel repeats that submission, or its result has come.
        """
        packed_sources = msgpack.packb([_source_row(source) for source in sources])
        packed = _packed(inputdata)  # refused before it has a number
        with self._lock:
            record = SubmissionRecord(
                id=submission_id,
                course_id=course_id,
                task_id=task_id,
                username=username,
                number=self._next_number(course_id, task_id, username, account),
                origin=origin,
                service=service,
                submitted_at=time.time(),
                owner=this_process(),
                alive_at=time.time(),
                account=None if account is None else account.name,
            )

            def write(database: Database) -> None:
                nonlocal record, packed
                if repeats is not None and not database.claim(repeats, submission_id):
                    raise self._why_not_repeated(repeats)
                # Another kernel may have submitted in between: numbers are given once.
                given = database.next_number(course_id, task_id, username, account)
                record = replace(record, number=max(given, record.number))
                packed = _packed({**inputdata, "@attempts": str(record.number)})
                database.put(record)
                database.put_answers(submission_id, packed, packed_sources)

            self._write(submission_id, write, beside=repeats)
            self._unfinished[submission_id] = record, packed, packed_sources
        return record, msgpack.unpackb(packed, use_list=True, strict_map_key=False)

    def _why_not_repeated(self, submission_id: str) -> HistoryError | UsageError:
        record = self.get(submission_id)
        if record is not None and record.finished:
            return UsageError(
                Message("That submission had arrived: its result is there now, in the history.")
            )
        if record is not None and record.repeated_by is None:
            return HistoryError(
                Message(
                    "The history cannot be written now, so another kernel may send the same "
                    "submission; try again when it can."
                )
            )
        return under_way()

    def finish(self, submission_id: str, result: JobResult, at: float | None = None) -> None:
        """Keep the result of a submission.

        Args:
            submission_id: The submission.
            result: Its result.
            at: When it came, in seconds since the epoch; default now.

        Raises:
            HistoryError: It has values that cannot be kept.
        """
        content = _packed_result(result)
        with self._lock:
            record = self.get(submission_id)
            self._unfinished.pop(submission_id, None)
            if record is None:
                return
            finished = record.with_result(result, time.time() if at is None else at)

            def write(database: Database) -> None:
                database.put(finished)
                database.put_result(submission_id, content, result.archive)

            self._write(submission_id, write)

    def note_account(self, submission_id: str, name: str) -> None:
        """Note under which account a submission is sent to a site."""
        self._change(submission_id, account=name)

    def note_remote_id(self, submission_id: str, remote_id: str) -> bool:
        """Note the id that a site gave a submission.

        Returns:
            Whether it had been taken from the site's list as another one, which is gone now.
        """
        with self._lock:
            self._change(submission_id, remote_id=remote_id)
            return self._forget_listed(submission_id, remote_id)

    def place(
        self,
        course_id: str,
        task_id: str,
        *,
        job_id: str,
        account: Account,
        remote_id: str,
        result: JobResult,
    ) -> bool:
        """Note what became of a submission whose end was not heard of here.

        Args:
            course_id: The course.
            task_id: The task.
            job_id: Under which id it was sent, as the site tells; not to be trusted.
            account: Whose it is at the site.
            remote_id: The id that the site gave it.
            result: What the site has.

        Returns:
            Whether it is one of the submissions here.

        Raises:
            HistoryError: The result cannot be kept.
        """
        with self._lock:
            record = self.get(job_id)
            while record is not None and record.repeated_by is not None:
                record = self.get(record.repeated_by)  # which looks for it at the site, too
            is_known = (
                record is not None
                and (record.course_id, record.task_id) == (course_id, task_id)
                and record.is_of(account)
                and record.origin != "site"
                and record.remote_id in (None, remote_id)
            )
            if record is None or not is_known:
                return False
            self._change(record.id, account=account.name)
            self.note_remote_id(record.id, remote_id)
            self.finish(record.id, result)
            return True

    def unplaced(
        self,
        course_id: str,
        task_id: str,
        username: str,
        *,
        account: Account,
        submissions: Sequence[SiteSubmission],
    ) -> list[str]:
        """Return the ids of listed submissions that may be ours and whose end was not heard of.

        Their answers are not here, and there is at least one that was sent and has no id there; or
        they have one, but no result that the site gave.

        Args:
            course_id: The course.
            task_id: The task.
            username: The user.
            account: The user's account at the site.
            submissions: What the site lists, the newest first.
        """
        rows = self.of_task(course_id, task_id, username, account)
        unheard = {row.remote_id for row in rows if not self._is_settled(row)}
        if not any(row.remote_id is None and row.repeated_by is None for row in rows):
            return [each.id for each in submissions if each.code is not None and each.id in unheard]
        known = {row.remote_id for row in rows if row.origin != "site" or self.inputdata(row.id)}
        known -= unheard
        return [each.id for each in submissions if each.code is not None and each.id not in known]

    def _is_settled(self, record: SubmissionRecord) -> bool:
        """Return whether a submission ended by what its site said, not by our failure to hear."""
        if record.code is None:
            return False
        result = self.result(record.id) if record.code == "crash" else None
        return result is None or not isinstance(result.result[1], Message)

    def same(self, submission_id: str) -> tuple[str, ...]:
        """Return the id of a submission and of those that it repeats, which repeat others."""
        found = [submission_id]
        while (before := self._first(lambda db: db.repeated(found[-1]))) and before not in found:
            found.append(before)
        return tuple(found)

    def _forget_listed(self, submission_id: str, remote_id: str) -> bool:
        """Remove the row that was made of the site's list before it was known to be ours."""
        listed = self.get(remote_id)
        if listed is None or listed.id == submission_id or listed.origin != "site":
            return False
        self._delete(remote_id)
        return True

    def _change(self, submission_id: str, **changes: Any) -> None:
        with self._lock:
            record = self.get(submission_id)
            if record is not None:
                self._put(replace(record, **changes))

    def take_from_site(
        self,
        course_id: str,
        task_id: str,
        username: str,
        *,
        account: Account,
        submissions: Sequence[SiteSubmission],
    ) -> list[str]:
        """Take what a site lists of an account's submissions to a task, also those made there.

        All are numbered anew by the time of submission, as the site counts them.

        Args:
            course_id: The course.
            task_id: The task.
            username: The user.
            account: The user's account at the site.
            submissions: Its list, the newest first.

        Returns:
            The ids of those that were not known.
        """
        with self._lock:
            self._claim_listed(account, submissions)
            known = self.of_task(course_id, task_id, username, account)
            ids = {record.remote_id for record in known} | {record.id for record in known}
            found = [each for each in submissions if each.code is not None and each.id not in ids]
            times = times_here(known, submissions)
            new = [
                SubmissionRecord(
                    id=each.id,
                    course_id=course_id,
                    task_id=task_id,
                    username=username,
                    number=0,
                    origin="site",
                    service=account.site,
                    submitted_at=times[each.id],
                    finished_at=times[each.id],
                    code=each.code,
                    grade=kept_grade(each.grade),
                    remote_id=each.id,
                    account=account.name,
                )
                for each in reversed(found)
            ]
            self._number_by_time((*known[::-1], *new))
            return [record.id for record in new]

    def _number_by_time(self, records: Iterable[SubmissionRecord]) -> None:
        """Number the submissions to a task anew by the time of submission, and keep them."""
        by_time = sorted(records, key=lambda record: record.submitted_at)
        for number, record in enumerate(by_time, 1):
            if record.number != number:
                self._put(replace(record, number=number))

    def _claim_listed(self, account: Account, submissions: Sequence[SiteSubmission]) -> None:
        """Note whose those are that were kept before accounts were told apart."""
        for each in submissions:
            record = self._first(lambda db, each=each: db.of_remote_id(account.site, each.id))  # type: ignore[misc]
            if record is not None and record.account == "":
                self._put(replace(record, account=account.name))

    def keep_recalled(
        self, submission_id: str, inputdata: Mapping[str, Any], result: JobResult
    ) -> None:
        """Keep the answers and the result that a site has of a submission made there.

        Raises:
            HistoryError: They cannot be kept.
        """
        packed, content = _packed(inputdata), _packed_result(result)
        with self._lock:
            record = self.get(submission_id)
            if record is None:
                return
            told = record.with_result(result, record.finished_at)

            def write(database: Database) -> None:
                database.put(told)
                database.put_answers(submission_id, packed, msgpack.packb([]))
                database.put_result(submission_id, content, None)

            self._write(submission_id, write)

    # ---- reading ----------------------------------------------------------------------------

    def get(self, submission_id: str) -> SubmissionRecord | None:
        """Return the row of a submission."""
        return self._first(lambda database: database.get(submission_id))

    def find(self, username: str, beginning: str) -> SubmissionRecord:
        """Return a user's newest submission whose id begins so.

        Raises:
            UsageError: There is none.
        """
        for record in self.beginning(username, beginning):
            return record
        raise UsageError(
            Message(
                "The history has no submission “{id}”; %inginious history lists them.",
                id=beginning,
            )
        )

    def beginning(self, username: str, beginning: str) -> list[SubmissionRecord]:
        """Return a user's submissions whose id begins so, newest first."""
        signed_in = self._signed_in()
        return self._merged(lambda database: database.beginning(username, beginning, signed_in))

    def of_task(
        self, course_id: str, task_id: str, username: str, account: Account | None = None
    ) -> list[SubmissionRecord]:
        """Return a user's submissions to a task, newest first.

        Args:
            course_id: The course.
            task_id: The task.
            username: The user.
            account: The account at the site that grades them; None where nobody signs in.
        """
        return self._merged(
            lambda database: database.of_task(course_id, task_id, username, account)
        )

    def finished(self, course_id: str, task_id: str, limit: int) -> list[SubmissionRecord]:
        """Return the submissions to a task of all users that have a result, newest first."""
        signed_in = self._signed_in()
        return self._merged(
            lambda database: database.finished(course_id, task_id, limit, signed_in)
        )[:limit]

    def recent(self, username: str, limit: int = 20) -> list[SubmissionRecord]:
        """Return a user's newest submissions to any task, newest first."""
        signed_in = self._signed_in()
        return self._merged(lambda database: database.recent(username, limit, signed_in))[:limit]

    def orphaned(self, username: str) -> list[SubmissionRecord]:
        """Return a user's submissions whose result nobody waits for any more, newest first."""
        signed_in = self._signed_in()
        unfinished = self._merged(lambda database: database.unfinished(username, signed_in))
        return [record for record in unfinished if record.orphaned]

    def inputdata(self, submission_id: str) -> dict[str, Any]:
        """Return what was sent: answers by problem id, and the reserved ``@`` keys.

        Empty where the history has no such submission, or its answers are damaged.
        """
        packed = self._first(lambda database: database.answers(submission_id))
        try:
            found = (
                msgpack.unpackb(packed[0], use_list=True, strict_map_key=False) if packed else {}
            )
        except (ValueError, TypeError, msgpack.UnpackException):
            _log.exception("The answers of submission %s cannot be read.", submission_id)
            found = {}
        return found if isinstance(found, dict) else {}

    def answers(self, submission_id: str) -> dict[str, Any]:
        """Return the answers alone, by problem id."""
        sent = self.inputdata(submission_id)
        return {key: value for key, value in sent.items() if not str(key).startswith("@")}

    def sources(self, submission_id: str) -> tuple[AnswerSource, ...]:
        """Return where the answers of a submission were read."""
        packed = self._first(lambda database: database.answers(submission_id))
        try:
            return _sources(packed[1]) if packed else ()
        except (ValueError, TypeError, LookupError, msgpack.UnpackException):
            _log.exception("The sources of submission %s cannot be read.", submission_id)
            return ()

    def result(self, submission_id: str) -> JobResult | None:
        """Return the result of a submission without its archive, None if there is none."""
        packed = self._first(lambda database: database.result(submission_id))
        try:
            return unpack_result(packed[0]) if packed else None
        except (ValueError, TypeError, LookupError, msgpack.UnpackException):
            _log.exception("The result of submission %s cannot be read.", submission_id)
            return None

    def archive_bytes(self, submission_id: str) -> int | None:
        """Return the size of the archive of a submission's result, None if there is none."""
        packed = self._first(lambda database: database.result(submission_id))
        return packed[1] if packed else None

    def archive(self, submission_id: str) -> bytes | None:
        """Return the archive of a submission's result, a gzipped tar, None if there is none."""
        return self._first(lambda database: database.archive(submission_id))

    def _next_number(
        self, course_id: str, task_id: str, username: str, account: Account | None
    ) -> int:
        of_memory = self._unwritten.next_number(course_id, task_id, username, account)
        of_file = self._from_file(
            lambda file: file.next_number(course_id, task_id, username, account), otherwise=1
        )
        return max(of_memory, of_file)


def under_way() -> UsageError:
    """Return why a submission is not repeated that somebody waits for."""
    return UsageError(
        Message(
            "That submission is still under way, perhaps in another kernel; there is no need to "
            "repeat it."
        )
    )


def _packed(inputdata: Mapping[str, Any]) -> bytes:
    try:
        return bytes(msgpack.packb(dict(inputdata)))
    except (TypeError, ValueError, OverflowError) as error:
        raise HistoryError(
            Message("The answers cannot be kept in the history: {reason}.", reason=str(error))
        ) from error


def _packed_result(result: JobResult) -> bytes:
    try:
        return pack_result(result)
    except (TypeError, ValueError, OverflowError) as error:
        raise HistoryError(
            Message("The result cannot be kept in the history: {reason}.", reason=str(error))
        ) from error


def _source_row(source: AnswerSource) -> list[object]:
    return [
        source.problem_id,
        source.kind,
        kept(source.label),
        source.cell_ids,
        source.read_at,
        source.notebook,
    ]


def _sources(packed: bytes) -> tuple[AnswerSource, ...]:
    rows = msgpack.unpackb(packed, use_list=True, strict_map_key=False)
    return tuple(
        AnswerSource(problem_id, kind, from_kept(label), tuple(cell_ids), read_at, *notebook)
        for problem_id, kind, label, cell_ids, read_at, *notebook in rows
    )
