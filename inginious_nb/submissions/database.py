"""One SQLite file of submissions: its schema, its rows, and what may be opened as such a file.

Rows are light: answers, results and archives have tables of their own, so that a list of
submissions reads none of them. `history_file` decides what happens when the file cannot be used.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgpack
from msgspec.structs import astuple

from inginious_nb.client.results import JobResult
from inginious_nb.errors import HistoryError
from inginious_nb.i18n import Message, from_kept, kept
from inginious_nb.services.account import Account

from .record import SubmissionRecord, kept_grade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SignedIn = tuple[Account, ...]
"""The accounts that are signed in; submissions of others at the same sites are not seen."""

LOCK_TIMEOUT_S = 2.0
"""Another kernel writes for milliseconds; who holds the lock for longer is not waited for."""

_SCHEMA_VERSION = 4
_MAGIC = b"SQLite format 3\0"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS submission (
    id TEXT PRIMARY KEY,
    course_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    username TEXT NOT NULL,
    number INTEGER NOT NULL,       -- 1-based, of this user at this task
    origin TEXT NOT NULL,
    service TEXT NOT NULL,
    submitted_at REAL NOT NULL,    -- seconds since the epoch, as all times here
    finished_at REAL,
    code TEXT,
    grade REAL,
    owner TEXT NOT NULL,           -- "host:pid" of the process that waits for the result
    alive_at REAL NOT NULL,        -- when that process last said so
    repeated_by TEXT,              -- the submission that repeats this unfinished one
    remote_id TEXT,                -- the id that a site gave it
    account TEXT                   -- whose it is at the site, '' not known yet, NULL no site
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS submission_by_task
    ON submission (course_id, task_id, username, number);
CREATE INDEX IF NOT EXISTS submission_by_time ON submission (username, submitted_at);
CREATE INDEX IF NOT EXISTS submission_unfinished
    ON submission (username, submitted_at) WHERE code IS NULL AND repeated_by IS NULL;
CREATE TABLE IF NOT EXISTS answers (
    submission_id TEXT PRIMARY KEY,
    inputdata BLOB NOT NULL,       -- msgpack map, exactly what is sent
    sources BLOB NOT NULL          -- msgpack array of AnswerSource fields
);
CREATE TABLE IF NOT EXISTS result (
    submission_id TEXT PRIMARY KEY,
    content BLOB NOT NULL,         -- msgpack array of a result's values, the archive left out
    archive_bytes INTEGER          -- NULL where there is none
);
CREATE TABLE IF NOT EXISTS archive (submission_id TEXT PRIMARY KEY, content BLOB NOT NULL);
"""
_COLUMNS = SubmissionRecord.__struct_fields__
_TABLES_SINCE_2 = {"submission", "answers", "result", "archive"}
_COLUMNS_SINCE_1 = {"id", "course_id", "task_id", "username", "number", "code", "owner", "alive_at"}
_MAX_NUMBER = 10**9
_MAX_TIME_S = 253_402_214_400.0  # the end of the year 9999, that of all calendars here
# These are made of constants; values are always bound.
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM submission "  # noqa: S608
_INSERT = f"INSERT OR REPLACE INTO submission ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: E501, S608
_OF_ACCOUNT = (
    "service = ? AND (account = ? AND account <> '' OR account = '' AND remote_id IS NULL) "
)

_opening = threading.RLock()
_open_here: Counter[tuple[int, int]] = Counter()
"""How often this process has a file open, by its identity."""


class NotOursError(HistoryError):
    """The setting names something that is no history: it stays as it is."""


class Database:
    """The submissions in one SQLite file, or in memory.

    Not for several threads at once. Errors of SQLite are raised as they are.

    Args:
        path: The file, made if need be, readable by its owner alone; None is memory.

    Raises:
        NotOursError: The path names something else than a history.
        OSError: It cannot be made.
        sqlite3.Error: It cannot be read.
    """

    def __init__(self, path: Path | None) -> None:
        with _opening:
            if path is not None:
                _check_or_make(path)
            self._path = path
            self._identity = None if path is None else _identity(path)
            self._connection = sqlite3.connect(
                path or ":memory:",
                timeout=LOCK_TIMEOUT_S,
                check_same_thread=False,
                isolation_level=None,
            )
            # Bytes that are no text must not take a whole list with them.
            self._connection.text_factory = lambda text: text.decode("utf-8", "replace")
            self._is_open = True
            if self._identity is not None:
                _open_here[self._identity] += 1
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the file; harmless when repeated."""
        with _opening:
            self._connection.close()
            if self._is_open and self._identity is not None:
                _open_here[self._identity] -= 1
            self._is_open = False

    def has_moved(self) -> bool:
        """Return whether its path is that of another file by now, or of none."""
        if self._path is None:
            return False
        try:
            return _identity(self._path) != self._identity
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False  # nobody can tell

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do what follows as one: all of it is written, or nothing."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    # ---- writing ----------------------------------------------------------------------------

    def put(self, record: SubmissionRecord) -> None:
        """Write a row, in place of an older state of it."""
        self._connection.execute(_INSERT, astuple(record))

    def put_answers(self, submission_id: str, inputdata: bytes, sources: bytes) -> None:
        """Write the packed answers of a submission and where they were read."""
        self._connection.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (submission_id, inputdata, sources)
        )

    def put_result(self, submission_id: str, content: bytes, archive: bytes | None) -> None:
        """Write the packed result of a submission and its archive."""
        size_bytes = None if archive is None else len(archive)
        self._connection.execute(
            "INSERT OR REPLACE INTO result VALUES (?, ?, ?)", (submission_id, content, size_bytes)
        )
        if archive is not None:
            self._connection.execute(
                "INSERT OR REPLACE INTO archive VALUES (?, ?)", (submission_id, archive)
            )

    def keep_alive(self, submission_ids: Iterable[str], at: float) -> None:
        """Write when the owner of submissions last said that it waits for them; 0 is for good."""
        self._connection.executemany(
            "UPDATE submission SET alive_at = ? WHERE id = ? AND alive_at <> 0",
            [(at, submission_id) for submission_id in submission_ids],
        )

    def claim(self, submission_id: str, by: str) -> bool:
        """Note that one submission repeats another; return whether it is the first that does."""
        cursor = self._connection.execute(
            "UPDATE submission SET repeated_by = ? "
            "WHERE id = ? AND code IS NULL AND repeated_by IS NULL",
            (by, submission_id),
        )
        return cursor.rowcount == 1

    def delete(self, submission_id: str) -> None:
        """Remove all that belongs to a submission."""
        self._connection.execute("DELETE FROM submission WHERE id = ?", (submission_id,))
        for table in ("answers", "result", "archive"):
            self._connection.execute(
                f"DELETE FROM {table} WHERE submission_id = ?",  # noqa: S608 - a constant
                (submission_id,),
            )

    # ---- reading ----------------------------------------------------------------------------

    def next_number(
        self, course_id: str, task_id: str, username: str, account: Account | None
    ) -> int:
        """Return the number of the next submission to a task of a user, or of their account."""
        whose, values = _whose(account)
        row = self._connection.execute(
            "SELECT number FROM submission WHERE course_id = ? AND task_id = ? AND username = ? "  # noqa: S608
            f"AND {whose} AND typeof(number) = 'integer' AND number <= ? "
            "ORDER BY number DESC LIMIT 1",
            (course_id, task_id, username, *values, _MAX_NUMBER),
        ).fetchone()
        return 1 if row is None else int(row[0]) + 1

    def foreign_version(self) -> int:
        """Return a number that changes when another connection has written to the file."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def get(self, submission_id: str) -> SubmissionRecord | None:
        """Return the row of a submission."""
        return next(iter(self._select("WHERE id = ?", submission_id)), None)

    def of_remote_id(self, service: str, remote_id: str) -> SubmissionRecord | None:
        """Return the row of what a site calls so."""
        condition = "WHERE service = ? AND remote_id = ?"
        return next(iter(self._select(condition, service, remote_id)), None)

    def of_owner(self, owner: str) -> list[SubmissionRecord]:
        """Return the rows of what a process has submitted."""
        return self._select("WHERE owner = ?", owner)

    def repeated(self, submission_id: str) -> str | None:
        """Return the id of the submission that another repeats."""
        row = self._connection.execute(
            "SELECT id FROM submission WHERE repeated_by = ?", (submission_id,)
        ).fetchone()
        return None if row is None else str(row[0])

    def of_task(
        self, course_id: str, task_id: str, username: str, account: Account | None
    ) -> list[SubmissionRecord]:
        """Return the submissions to a task of a user, or of their account, newest first."""
        whose, values = _whose(account)
        return self._select(
            f"WHERE course_id = ? AND task_id = ? AND username = ? AND {whose} "
            "ORDER BY number DESC",
            course_id,
            task_id,
            username,
            *values,
        )

    def finished(
        self, course_id: str, task_id: str, limit: int, signed_in: SignedIn
    ) -> list[SubmissionRecord]:
        """Return the submissions to a task of all users that have a result, newest first."""
        seen, values = _seen(signed_in)
        return self._select(
            f"WHERE course_id = ? AND task_id = ? AND code IS NOT NULL {seen} "
            "ORDER BY submitted_at DESC LIMIT ?",
            course_id,
            task_id,
            *values,
            limit,
        )

    def recent(self, username: str, limit: int, signed_in: SignedIn) -> list[SubmissionRecord]:
        """Return a user's newest submissions to any task, newest first."""
        seen, values = _seen(signed_in)
        return self._select(
            f"WHERE username = ? {seen} ORDER BY submitted_at DESC LIMIT ?",
            username,
            *values,
            limit,
        )

    def beginning(
        self, username: str, beginning: str, signed_in: SignedIn
    ) -> list[SubmissionRecord]:
        """Return a user's submissions whose id begins so, newest first."""
        after = beginning + "\U0010ffff"
        seen, values = _seen(signed_in)
        return self._select(
            f"WHERE id >= ? AND id < ? AND username = ? {seen} ORDER BY submitted_at DESC",
            beginning,
            after,
            username,
            *values,
        )

    def unfinished(self, username: str, signed_in: SignedIn) -> list[SubmissionRecord]:
        """Return a user's submissions that nobody has repeated or answered, newest first."""
        seen, values = _seen(signed_in)
        return self._select(
            f"WHERE username = ? AND code IS NULL AND repeated_by IS NULL {seen} "
            "ORDER BY submitted_at DESC",
            username,
            *values,
        )

    def answers(self, submission_id: str) -> tuple[bytes, bytes] | None:
        """Return the packed answers of a submission and where they were read."""
        row: tuple[bytes, bytes] | None = self._connection.execute(
            "SELECT inputdata, sources FROM answers WHERE submission_id = ?", (submission_id,)
        ).fetchone()
        return row

    def result(self, submission_id: str) -> tuple[bytes, int | None] | None:
        """Return the packed result of a submission and the size of its archive."""
        row: tuple[bytes, int | None] | None = self._connection.execute(
            "SELECT content, archive_bytes FROM result WHERE submission_id = ?", (submission_id,)
        ).fetchone()
        return row

    def archive(self, submission_id: str) -> bytes | None:
        """Return the archive of a submission's result."""
        row = self._connection.execute(
            "SELECT content FROM archive WHERE submission_id = ?", (submission_id,)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def _select(self, condition: str, *values: object) -> list[SubmissionRecord]:
        rows = self._connection.execute(_SELECT + condition, values).fetchall()
        return [record for record in map(_record, rows) if record is not None]

    # ---- the schema -------------------------------------------------------------------------

    def _prepare(self) -> None:
        connection = self._connection
        version = self._version()
        if version > _SCHEMA_VERSION:
            raise NotOursError(Message("it was written by a newer inginious_nb; update this one"))
        if not self._is_ours(version):
            raise NotOursError(Message("it is a database of another program"))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if version == _SCHEMA_VERSION:
            return
        with self.transaction():
            version = self._version()  # another kernel may have been faster
            if version == 1:
                connection.execute("ALTER TABLE submission RENAME TO submission_1")
                connection.execute("DROP INDEX submission_by_task")
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            if version == 1:
                self._migrate_from_1()
            if version == 2:  # noqa: PLR2004 - the number that is written in the file
                connection.execute("ALTER TABLE submission ADD COLUMN remote_id TEXT")
            if version in (2, 3):
                connection.execute("ALTER TABLE submission ADD COLUMN account TEXT")
            if version:
                # The site tells whose these are, once it is asked for a task's submissions.
                connection.execute(
                    "UPDATE submission SET account = '' WHERE service LIKE 'http%://%'"
                )
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _is_ours(self, version: int) -> bool:
        """Return whether a version's tables are there; others number their databases, too."""
        tables = {row[0] for row in self._connection.execute("SELECT name FROM sqlite_schema")}
        if version == 0:
            named = self._connection.execute("PRAGMA application_id").fetchone()[0]
            return not tables and not named
        columns = {row[1] for row in self._connection.execute("PRAGMA table_info(submission)")}
        return columns >= _COLUMNS_SINCE_1 and (version == 1 or tables >= _TABLES_SINCE_2)

    def _migrate_from_1(self) -> None:
        """Copy what version 1 kept in one table, archives within results."""
        connection = self._connection
        connection.execute(
            "INSERT INTO submission SELECT id, course_id, task_id, username, number, origin, "
            "backend, submitted_at, finished_at, code, grade, owner, alive_at, superseded_by, "
            "NULL, NULL FROM submission_1"
        )
        connection.execute("INSERT INTO answers SELECT id, inputdata, sources FROM submission_1")
        outcomes = connection.execute(
            "SELECT id, outcome FROM submission_1 WHERE outcome IS NOT NULL"
        )
        for submission_id, packed in outcomes:
            try:
                result = JobResult(*msgpack.unpackb(packed, use_list=False, strict_map_key=False))
            except (ValueError, TypeError, msgpack.UnpackException):
                continue  # a damaged row has its code and grade all the same
            self.put_result(submission_id, pack_result(result), result.archive)
        connection.execute("DROP TABLE submission_1")


def _whose(account: Account | None) -> tuple[str, tuple[str, ...]]:
    """Return a condition and its values: what an account made, or what needed none."""
    return ("account IS NULL ", ()) if account is None else (_OF_ACCOUNT, astuple(account))


def _seen(signed_in: SignedIn) -> tuple[str, tuple[str, ...]]:
    """Return a condition and its values: all but what other accounts made where one is known."""
    known = [account for account in signed_in if account.name]
    condition = f"AND (service <> ? OR {_OF_ACCOUNT})" * len(known)
    return condition, tuple(v for account in known for v in (account.site, *astuple(account)))


def pack_result(result: JobResult) -> bytes:
    """Return the bytes of a result without its archive.

    Raises:
        TypeError, ValueError, OverflowError: It has values that MessagePack has not.
    """
    code, text = result.result
    values = [(code, kept(text)), *result[1:5], None, result.state, result.stdout, result.stderr]
    return bytes(msgpack.packb(values))


def unpack_result(content: bytes) -> JobResult:
    """Return the result of `pack_result`, which has no archive.

    Raises:
        ValueError, TypeError, msgpack.UnpackException: The bytes are damaged.
    """
    # Arrays as tuples, as results have them when they come from the wire.
    values = msgpack.unpackb(content, use_list=False, strict_map_key=False)
    (code, text), grade, problems, tests, custom, _, state, stdout, stderr = values
    result = (code, from_kept(text))
    return JobResult(result, grade, problems, tests, custom, None, state, stdout, stderr)


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _check_or_make(path: Path) -> None:
    """Make the file for its owner alone, or see that it may be a history; never change its mode.

    Raises:
        NotOursError: It is something else.
        OSError: It cannot be made or read.
    """
    if path.parts[:1] and path.parts[0].startswith("~"):
        raise NotOursError(Message("there is no home folder of that name"))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not blocking: a named pipe would be waited for.
    flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | flags, 0o600))
    except FileExistsError:
        pass
    else:
        return
    if not stat.S_ISREG(path.stat().st_mode):
        raise NotOursError(Message("it is no file"))
    # Closing any descriptor of a file drops all locks that the process has on it (POSIX): another
    # process would then remove the log from under a connection that is open here.
    if _open_here[_identity(path)]:
        return
    with os.fdopen(os.open(path, os.O_RDONLY | flags), "rb") as file:
        beginning = file.read(len(_MAGIC))
    if beginning not in (b"", _MAGIC):
        raise NotOursError(Message("it is a file of another program"))


def _record(row: tuple[Any, ...]) -> SubmissionRecord | None:
    """Return a row as a record, None if it is so damaged that it cannot be shown.

    SQLite keeps whatever was written, and one row must not take the others with it.
    """
    record = dict(zip(_COLUMNS, row, strict=True))
    if not all(isinstance(record[name], str) for name in ("id", "course_id", "task_id")):
        return None
    if not isinstance(record["number"], int):
        return None
    for name in ("username", "origin", "service", "owner"):
        if not isinstance(record[name], str):
            record[name] = ""
    for name in ("repeated_by", "remote_id", "account"):
        if not isinstance(record[name], str):
            record[name] = None
    if record["code"] is not None and not isinstance(record["code"], str):
        record["code"] = "crash"
    record["submitted_at"] = _time(record["submitted_at"]) or 0.0
    record["alive_at"] = _time(record["alive_at"]) or 0.0
    record["finished_at"] = _time(record["finished_at"])
    record["grade"] = kept_grade(_number(record["grade"]))
    return SubmissionRecord(**record)


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) else None


def _time(value: object) -> float | None:
    """Return a time that a calendar has; infinity and the year 50,000 have no date."""
    number = _number(value)
    return number if number is not None and 0 <= number <= _MAX_TIME_S else None
