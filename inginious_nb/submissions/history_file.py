"""The SQLite file of a history, and memory for what cannot be written to it.

Whether the file can be written is decided at each write: where it cannot (it is locked, the disk is
full), the row stays in memory, is read from there, and is written as soon as that is possible. What
the rows mean is not known here.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import sqlite3
import threading
from typing import TYPE_CHECKING, TypeVar

from inginious_nb.course.writing import why_not_written
from inginious_nb.errors import HistoryError
from inginious_nb.i18n import Message
from inginious_nb.io.observers import Observers

from .database import Database, NotOursError
from .record import this_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from .record import SubmissionRecord

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

_NO_FILE = Message(
    "This account has no home folder to keep the history in; name a file with INGINIOUS_HISTORY."
)


class HistoryFile:
    """A file of submissions that several kernels may use. Safe to use from any thread.

    Args:
        path: The SQLite file; it and its folder are made if need be, readable by the owner alone.
            None keeps everything in memory.

    Attributes:
        path: As given.
    """

    def __init__(self, path: Path | None) -> None:
        # A notebook may change the working folder. What begins with ~ still is nobody's home.
        is_named = path is not None and not str(path).startswith("~")
        self.path = path.absolute() if path is not None and is_named else path
        self._lock = threading.RLock()
        self._observers = Observers()
        self._trouble: Message | None = None  # until the file can be written
        self._reason: str | None = None  # likewise
        self._damage: Message | None = None  # said for as long as this process lives
        self._unwritten = Database(None)
        self._unwritten_ids: set[str] = set()
        self._unfinished: dict[str, tuple[SubmissionRecord, bytes, bytes]] = {}
        self._foreign_version = 0
        self._file: Database | None = None
        self._is_ours = True
        self._is_closed = False
        self._reachable()

    @property
    def warning(self) -> Message | None:
        """Return what a user should know of the state of the file, None if all is well."""
        return self._trouble or self._damage or (_NO_FILE if self.path is None else None)

    @property
    def unusable(self) -> str | None:
        """Return why the file cannot be used now, a part of a sentence; None where it can."""
        return self._reason

    @property
    def folder(self) -> Path | None:
        """Return where other things of the same user are kept; None where there is no history."""
        return self.path.parent if self.path is not None and self._is_ours else None

    @property
    def unwritten(self) -> int:
        """Return how many submissions are in memory until they can be written."""
        return len(self._unwritten_ids)

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback when the warning changed, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)

    def close(self) -> None:
        """Write what is still in memory, if that is possible, and close the file."""
        self.write_pending()
        with self._lock:
            if self._unwritten_ids and self.path is not None:
                _log.error("%d submissions could not be written.", len(self._unwritten_ids))
            # Threads that show the history may read on for a moment: there is nothing any more.
            self._is_closed = True
            self._unwritten_ids.clear()
            if self._file is not None:
                self._file.close()
                self._file = None
            self._unwritten.close()

    # ---- the file ---------------------------------------------------------------------------

    def _reachable(self) -> Database | None:
        """Return the file, opened if it is not yet and can be; None where it cannot be now."""
        if self._file is not None and self._file.has_moved():
            self._leave(self._file)
        if self._file is None and self._is_ours and not self._is_closed:
            try:
                self._file = Database(self.path)
                self._all_well()
            except NotOursError as error:
                self._is_ours = False
                self._warn_of_opening(error.text)
            except (OSError, ValueError, sqlite3.Error) as error:
                if _is_damage(error):
                    self._set_aside(error)
                else:
                    self._warn_of_opening(_reason(error))
        return self._file

    def _leave(self, file: Database) -> None:
        """Take what this process has submitted from a file that was removed or replaced."""
        _log.warning("The history %s was removed or replaced", self.path)
        self._file = None
        try:
            for record in file.of_owner(this_process()):
                if record.id not in self._unwritten_ids:
                    _copy(record.id, file, self._unwritten)
                    self._unwritten_ids.add(record.id)
        except sqlite3.Error as error:
            _log.warning("Not all of it can be read any more: %s", error)
        file.close()
        # What the file's log had is lost if the new one took that over.
        for record, answers, sources in self._unfinished.values():
            if record.id not in self._unwritten_ids:
                self._unwritten.put(record)
                self._unwritten.put_answers(record.id, answers, sources)
                self._unwritten_ids.add(record.id)
        self._damage = Message(
            "The history {path} was removed or replaced by another program; what you submitted "
            "here is written to the one that is there now.",
            path=self.path,
        )
        self.write_pending()
        self._observers.notify()

    def _set_aside(self, error: Exception) -> None:
        """Give a damaged file another name and begin a new one."""
        _log.warning("The history %s is damaged: %s", self.path, error)
        if self.path is None:
            raise error
        if self._file is not None:
            self._file.close()
            self._file = None
        now = dt.datetime.now().strftime("%Y%m%d-%H%M%S")  # noqa: DTZ005 - for a person here
        aside = self.path.with_name(f"{self.path.name}.damaged-{now}")
        try:
            for ending in ("-wal", "-shm", ""):
                part = self.path.with_name(self.path.name + ending)
                if part.exists():
                    part.rename(aside.with_name(aside.name + ending))
            self._file = Database(self.path)
        except (OSError, sqlite3.Error, HistoryError) as failure:
            self._warn_of_opening(str(failure))
            return
        self._damage = Message(
            "The history {path} was damaged; it is now {aside}, and a new one was begun.",
            path=self.path,
            aside=aside.name,
        )
        self._observers.notify()

    def _degrade(self, error: sqlite3.Error) -> None:
        if _is_damage(error):
            self._set_aside(error)
            return
        # Once: a class of hundreds would say it with each answer.
        level = logging.DEBUG if self._trouble is not None else logging.WARNING
        _log.log(level, "The history %s cannot be used: %s", self.path, error)
        self._warn(
            Message(
                "The history {path} cannot be used now ({reason}). Your submissions are graded and "
                "kept in memory; they are written as soon as that is possible.",
                path=self.path,
                reason=_reason(error),
            ),
            _reason(error),
        )

    def _warn_of_opening(self, reason: str) -> None:
        self._warn(
            Message(
                "The history {path} cannot be opened ({reason}); choose another file with "
                "INGINIOUS_HISTORY. Until then your submissions are kept in memory only.",
                path=self.path,
                reason=reason,
            ),
            reason,
        )

    def _warn(self, warning: Message, reason: str) -> None:
        is_new, self._trouble, self._reason = warning != self._trouble, warning, reason
        if is_new:
            self._observers.notify()

    def _all_well(self) -> None:
        """Warn of the file no more, unless something of it is still in memory."""
        if self._trouble is not None and not self._unwritten_ids:
            self._trouble = self._reason = None
            self._observers.notify()

    # ---- writing ----------------------------------------------------------------------------

    def _put(self, record: SubmissionRecord) -> None:
        self._write(record.id, lambda database: database.put(record))

    def _write(
        self, submission_id: str, write: Callable[[Database], None], *, beside: str | None = None
    ) -> None:
        """Write to the file, or to memory where the file cannot be written now.

        Args:
            submission_id: What is written.
            write: Does it, in one transaction.
            beside: Another submission that it changes, too.
        """
        in_memory = not self._unwritten_ids.isdisjoint((submission_id, beside))
        file = None if in_memory else self._reachable()
        if file is not None:
            try:
                with file.transaction():
                    write(file)
            except sqlite3.Error as error:
                self._degrade(error)
                with contextlib.suppress(sqlite3.Error):
                    _copy(submission_id, file, self._unwritten)
            else:
                self._all_well()
                return
        write(self._unwritten)
        self._unwritten_ids.add(submission_id)

    def _delete(self, submission_id: str) -> None:
        """Remove a row wherever it is."""
        self._unwritten.delete(submission_id)
        self._unwritten_ids.discard(submission_id)
        file = self._reachable()
        if file is not None:
            try:
                with file.transaction():
                    file.delete(submission_id)
            except sqlite3.Error as error:
                self._degrade(error)

    def write_pending(self) -> None:
        """Write what could not be written before, as far as that is possible now."""
        with self._lock:
            if not self._unwritten_ids:
                return
            self._is_ours = True  # what is in its place may have gone
            file = self._reachable()
            if file is None:
                return
            try:
                for submission_id in sorted(self._unwritten_ids):
                    with file.transaction():
                        _copy(submission_id, self._unwritten, file)
                    self._unwritten.delete(submission_id)
                    self._unwritten_ids.discard(submission_id)
            except sqlite3.Error as error:
                _log.info("The history cannot be written yet: %s", error)
                return
            self._all_well()

    def keep_alive(self, submission_ids: Iterable[str], at: float) -> None:
        """Note that this process still waits for the results of submissions; at 0 that it ended.

        What one thread ended stays so, whatever another still says.
        """
        submission_ids = list(submission_ids)
        with self._lock:
            self._unwritten.keep_alive(submission_ids, at)
            file = self._reachable()
            if file is None:
                return
            try:
                with file.transaction():
                    file.keep_alive(submission_ids, at)
            except sqlite3.Error as error:
                _log.info("The history cannot be kept up to date: %s", error)

    # ---- reading ----------------------------------------------------------------------------

    def _first(self, read: Callable[[Database], _T | None]) -> _T | None:
        """Return what memory has of a submission, else what the file has."""
        with self._lock:
            self._reachable()  # what a file had that is gone is in memory from now on
            found = None if self._is_closed else read(self._unwritten)
            return found if found is not None else self._from_file(read, otherwise=None)

    def _merged(self, read: Callable[[Database], list[SubmissionRecord]]) -> list[SubmissionRecord]:
        """Return rows of the file and of memory, newest first; those in memory are newer."""
        with self._lock:
            nothing: list[SubmissionRecord] = []
            rows = self._from_file(read, otherwise=nothing)
            if not self._unwritten_ids:
                return rows
            # A row that the file still has in an older state is none of these any more.
            rows = [row for row in rows if row.id not in self._unwritten_ids]
            rows += read(self._unwritten)
        return sorted(rows, key=lambda record: record.submitted_at, reverse=True)

    def _from_file(self, read: Callable[[Database], _T], otherwise: _T) -> _T:
        file = self._reachable()
        if file is None:
            return otherwise
        try:
            return read(file)
        except sqlite3.Error as error:
            self._degrade(error)
            return otherwise

    def others_wrote(self) -> bool:
        """Return whether another process wrote to the file since this was asked last."""
        with self._lock:
            version = self._from_file(Database.foreign_version, self._foreign_version)
            changed = version != self._foreign_version
            self._foreign_version = version
            return changed


def _copy(submission_id: str, source: Database, target: Database) -> None:
    """Write all that one database has of a submission to another."""
    record = source.get(submission_id)
    if record is None:
        return
    target.put(record)
    answers = source.answers(submission_id)
    if answers is not None:
        target.put_answers(submission_id, *answers)
    result = source.result(submission_id)
    if result is not None:
        target.put_result(submission_id, result[0], source.archive(submission_id))


def _is_damage(error: Exception) -> bool:
    """Return whether SQLite found the file itself broken, which most of its errors do not say."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _reason(error: OSError | ValueError | sqlite3.Error) -> str:
    """Return what is wrong in words that say what would help."""
    code = getattr(error, "sqlite_errorname", "")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Message("another program holds it")
    if code.startswith("SQLITE_FULL"):
        return Message("the disk is full")
    if code.startswith("SQLITE_READONLY"):
        return Message("it is read-only")
    if code.startswith("SQLITE_CANTOPEN"):
        return Message("nothing can be written beside it")
    if code.startswith("SQLITE_IOERR"):
        return Message("the disk has an error, or your quota is used up")
    return why_not_written(error) if isinstance(error, OSError) else str(error)
