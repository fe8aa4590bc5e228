"""What was submitted and what came back, in one SQLite file per user (WAL).

A submission is here before it is sent, so that a killed kernel, a lost network or a restarted
grading service costs nobody an answer. Several kernels may use the file at the same time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import sqlite3
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgpack

from inginious_nb.client.results import JobResult
from inginious_nb.errors import HistoryError, UsageError
from inginious_nb.i18n import Message, from_kept, kept
from inginious_nb.notebook.sources import AnswerSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_log = logging.getLogger(__name__)

ALIVE_S = 20.0
"""A process that waits for results says so at least this often."""

_NO_OPINION = ("crash", "crashed", "killed")

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE submission (
    id TEXT PRIMARY KEY,
    course_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    username TEXT NOT NULL,
    number INTEGER NOT NULL,       -- 1-based attempt of this user at this task
    origin TEXT NOT NULL,
    backend TEXT NOT NULL,
    submitted_at REAL NOT NULL,    -- seconds since the epoch, as all times here
    finished_at REAL,
    inputdata BLOB NOT NULL,       -- msgpack map, exactly what is sent
    inputdata_sha256 TEXT NOT NULL,
    sources BLOB NOT NULL,         -- msgpack array of AnswerSource fields
    code TEXT,
    grade REAL,
    outcome BLOB,                  -- msgpack array of the nine values of a result
    superseded_by TEXT,            -- the submission that repeats this unfinished one
    owner TEXT NOT NULL,           -- "host:pid" of the process that waits for the result
    alive_at REAL NOT NULL         -- when that process last said so
);
CREATE INDEX submission_by_task ON submission (course_id, task_id, username, number);
"""
_COLUMNS = (
    "id",
    "course_id",
    "task_id",
    "username",
    "number",
    "origin",
    "backend",
    "submitted_at",
    "finished_at",
    "inputdata",
    "inputdata_sha256",
    "sources",
    "code",
    "grade",
    "outcome",
    "owner",
    "alive_at",
    "superseded_by",
)
# Both are made of constants; values are always bound.
_VALUES = ", ".join(f":{name}" for name in _COLUMNS)
_INSERT = f"INSERT INTO submission ({', '.join(_COLUMNS)}) VALUES ({_VALUES})"  # noqa: S608
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM submission "  # noqa: S608


@dataclass(frozen=True)
class Attempt:
    """One submission as the history has it.

    Attributes:
        number: 1-based count of this user's submissions to this task.
        inputdata: What was sent: answers by problem id, and the reserved ``@`` keys.
        outcome: What came back, None as long as nothing did.
        owner: The process that waits for the result, as ``host:pid``.
        alive_at: When that process last said that it does, in seconds since the epoch.
        superseded_by: The submission that repeats this one, which got no result.
    """

    id: str
    course_id: str
    task_id: str
    username: str
    number: int
    origin: str
    backend: str
    submitted_at: float
    finished_at: float | None
    inputdata: Mapping[str, Any]
    inputdata_sha256: str
    sources: tuple[AnswerSource, ...]
    code: str | None = None
    grade: float | None = None
    outcome: JobResult | None = None
    owner: str = ""
    alive_at: float = 0.0
    superseded_by: str | None = None

    @property
    def answers(self) -> dict[str, Any]:
        """The answers alone, by problem id."""
        return {key: value for key, value in self.inputdata.items() if not key.startswith("@")}

    @property
    def finished(self) -> bool:
        """Whether a result came back."""
        return self.outcome is not None

    @property
    def left_behind(self) -> bool:
        """Whether it has no result and the process that waited for it has ended."""
        if self.finished or self.superseded_by is not None:
            return False
        host, _, pid = self.owner.rpartition(":")
        if time.time() - self.alive_at > ALIVE_S:
            return True
        return host == socket.gethostname() and not _process_exists(int(pid))


class History:
    """The submissions of one user account.

    Args:
        path: The SQLite file; it and its folder are made if need be, readable by the owner alone.
            None keeps everything in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._connection = self._opened(path)
        except (OSError, sqlite3.Error) as error:
            raise HistoryError(
                Message(
                    "The history {path} cannot be opened ({reason}); choose another file with "
                    "INGINIOUS_HISTORY.",
                    path=path,
                    reason=str(error),
                )
            ) from error

    @staticmethod
    def _opened(path: Path | None) -> sqlite3.Connection:
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            if path.stat().st_mode & 0o077 and os.name == "posix":
                path.chmod(0o600)
        # One connection guarded by our lock: it is used from the kernel's and the I/O thread.
        connection = sqlite3.connect(
            path or ":memory:", timeout=10.0, check_same_thread=False, isolation_level=None
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        if version > _SCHEMA_VERSION:
            raise sqlite3.DatabaseError("it was written by a newer inginious_nb")
        return connection

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def add(
        self,
        *,
        submission_id: str,
        course_id: str,
        task_id: str,
        username: str,
        origin: str,
        backend: str,
        inputdata: Mapping[str, Any],
        sources: tuple[AnswerSource, ...] = (),
    ) -> Attempt:
        """Keep a submission that is about to be sent and give it its number.

        ``inputdata["@attempts"]`` is set to that number, which only the history knows.

        Raises:
            HistoryError: It cannot be written, or the answers cannot be kept.
        """
        with self._transaction() as connection:
            number = 1 + _only(
                connection.execute(
                    "SELECT coalesce(max(number), 0) FROM submission "
                    "WHERE course_id = ? AND task_id = ? AND username = ?",
                    (course_id, task_id, username),
                )
            )
            packed = _packed({**inputdata, "@attempts": str(number)})
            attempt = Attempt(
                id=submission_id,
                course_id=course_id,
                task_id=task_id,
                username=username,
                number=number,
                origin=origin,
                backend=backend,
                submitted_at=time.time(),
                finished_at=None,
                inputdata=_unpacked(packed),
                inputdata_sha256=hashlib.sha256(packed).hexdigest(),
                sources=sources,
                owner=f"{socket.gethostname()}:{os.getpid()}",
                alive_at=time.time(),
            )
            connection.execute(
                _INSERT,
                vars(attempt)
                | {
                    "inputdata": packed,
                    "sources": msgpack.packb([_source_row(source) for source in sources]),
                },
            )
        return attempt

    def finish(self, submission_id: str, outcome: JobResult) -> None:
        """Keep what came back for a submission.

        Raises:
            HistoryError: It cannot be written.
        """
        packed = _packed([*outcome, outcome.state, outcome.stdout, outcome.stderr])
        with self._transaction() as connection:
            connection.execute(
                "UPDATE submission SET finished_at = ?, code = ?, grade = ?, outcome = ? "
                "WHERE id = ?",
                (time.time(), outcome.result[0], outcome.grade, packed, submission_id),
            )

    def supersede(self, submission_id: str, by: str) -> None:
        """Note that an unfinished submission was repeated by another.

        Raises:
            HistoryError: It cannot be written.
        """
        with self._transaction() as connection:
            connection.execute(
                "UPDATE submission SET superseded_by = ? WHERE id = ?", (by, submission_id)
            )

    def keep_alive(self, submission_ids: Iterable[str], at: float) -> None:
        """Note that this process still waits for the results of submissions; at 0 that it ended.

        Raises:
            HistoryError: It cannot be written.
        """
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE submission SET alive_at = ? WHERE id = ?",
                [(at, submission_id) for submission_id in submission_ids],
            )

    def get(self, submission_id: str) -> Attempt | None:
        """One submission by its id."""
        return next(iter(self._select("WHERE id = ?", submission_id)), None)

    def find(self, username: str, beginning: str) -> Attempt:
        """A user's newest submission whose id begins so.

        Raises:
            UsageError: There is none.
        """
        for attempt in self.recent(username, limit=1000):
            if attempt.id.startswith(beginning):
                return attempt
        raise UsageError(
            Message(
                "The history has no submission {id!r}; %inginious history lists them.",
                id=beginning,
            )
        )

    def attempts(self, course_id: str, task_id: str, username: str) -> list[Attempt]:
        """A user's submissions to a task, newest first."""
        return self._select(
            "WHERE course_id = ? AND task_id = ? AND username = ? ORDER BY number DESC",
            course_id,
            task_id,
            username,
        )

    def recent(self, username: str, limit: int = 20) -> list[Attempt]:
        """A user's newest submissions to any task, newest first."""
        return self._select(
            "WHERE username = ? ORDER BY submitted_at DESC LIMIT ?", username, limit
        )

    def left_behind(self, username: str) -> list[Attempt]:
        """A user's submissions whose result nobody waits for any more, newest first."""
        unfinished = self._select(
            "WHERE username = ? AND outcome IS NULL AND superseded_by IS NULL "
            "ORDER BY submitted_at DESC",
            username,
        )
        return [attempt for attempt in unfinished if attempt.left_behind]

    def _select(self, condition: str, *values: object) -> list[Attempt]:
        with self._connected() as connection:
            rows = connection.execute(_SELECT + condition, values).fetchall()
        return [attempt for attempt in map(_attempt, rows) if attempt is not None]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connected() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time, its errors turned into sentences."""
        try:
            with self._lock:
                yield self._connection
        except sqlite3.Error as error:
            raise HistoryError(
                Message(
                    "The history {path} cannot be used ({reason}); free the disk, or choose "
                    "another file with INGINIOUS_HISTORY.",
                    path=self.path,
                    reason=str(error),
                )
            ) from error


def evaluated(attempts: list[Attempt], mode: str) -> Attempt | None:
    """The submission that counts: the best one, or the last if the task says so.

    What ended without an opinion on the answer, by a crash of the grader or a kill, does not.

    Args:
        attempts: Newest first.
        mode: ``best`` or ``last`` (protocol.md 3.3, evaluation_mode).
    """
    graded = [
        attempt
        for attempt in attempts
        if attempt.grade is not None and attempt.code not in _NO_OPINION
    ]
    if not graded:
        return None
    # max keeps the first of equals, which is the newest.
    return graded[0] if mode == "last" else max(graded, key=lambda attempt: attempt.grade or 0.0)


def _only(cursor: sqlite3.Cursor) -> Any:
    return cursor.fetchone()[0]


def _packed(value: object) -> bytes:
    try:
        return msgpack.packb(value)  # type: ignore[no-any-return]
    except (TypeError, ValueError, OverflowError) as error:
        raise HistoryError(
            Message("The answers cannot be kept in the history: {reason}.", reason=str(error))
        ) from error


def _unpacked(packed: bytes) -> Any:
    return msgpack.unpackb(packed, use_list=True, strict_map_key=False)


def _outcome(packed: bytes) -> JobResult:
    # Arrays as tuples, as results have them when they come from the wire.
    values = msgpack.unpackb(packed, use_list=False, strict_map_key=False)
    return JobResult(*values)


def _source_row(source: AnswerSource) -> list[object]:
    return [source.problem_id, source.kind, kept(source.label), source.cell_ids, source.read_at]


def _process_exists(pid: int) -> bool:
    if os.name != "posix":
        return True  # os.kill would end it; what it last said decides
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _attempt(row: tuple[Any, ...]) -> Attempt | None:
    try:
        return _decoded(row)
    except (ValueError, TypeError, LookupError, msgpack.UnpackException):
        # One damaged row must not take the others with it.
        _log.exception("Submission %s in the history cannot be read.", row[0])
        return None


def _decoded(row: tuple[Any, ...]) -> Attempt:
    stored = dict(zip(_COLUMNS, row, strict=True))
    inputdata, sources, outcome = (stored.pop(name) for name in ("inputdata", "sources", "outcome"))
    return Attempt(
        **stored,
        inputdata=_unpacked(inputdata),
        sources=tuple(
            AnswerSource(problem_id, kind, from_kept(label), tuple(cell_ids), read_at)
            for problem_id, kind, label, cell_ids, read_at in _unpacked(sources)
        ),
        outcome=None if outcome is None else _outcome(outcome),
    )
