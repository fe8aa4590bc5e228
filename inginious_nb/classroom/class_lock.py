"""Only one program at a time grades into the file that keeps a class.

The lock is a transaction that is never written, of a file of its own: SQLite locks on every system,
what it locks ends with the process however that ends, and no child inherits it. Who holds it
stands in a second file, which is written and read only by whoever asks for the lock meanwhile: what
it says is true when it is read.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import socket
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.errors import ClassBusyError
from inginious_nb.i18n import Message, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)

_TIMEOUT_S = 3.0
"""Whoever asks for it reads or writes for milliseconds who has it; for so long the others wait."""

_BUSY = Message("Another program is grading this class; wait until it has ended, or end it.")

_SCHEMA = "CREATE TABLE IF NOT EXISTS holder (program TEXT, pid INTEGER, host TEXT, since TEXT)"


@contextlib.contextmanager
def only_grader(history: Path | None) -> Iterator[None]:
    """Let nobody else grade a class meanwhile.

    Where no lock can be written, nothing that was graded can be kept, either: nobody is kept out.

    Args:
        history: The file that keeps what was graded; None where nothing is kept.

    Raises:
        ClassBusyError: Somebody else grades it; the message says who.
    """
    lock = None if history is None else _locked(history)
    try:
        yield
    finally:
        if lock is not None:
            lock.close()


def _locked(history: Path) -> sqlite3.Connection | None:
    """Return a connection that holds the lock as long as it is open; None where there is none."""
    with contextlib.ExitStack() as opened:
        try:
            history.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            holder = _opened(history, "holder", _TIMEOUT_S, opened)
            holder.execute("BEGIN EXCLUSIVE")  # nobody else asks until this says who has the lock
            holder.execute(_SCHEMA)
            lock = _opened(history, "lock", 0, opened)
            if not _is_free(lock):
                raise ClassBusyError(_busy(holder))
            holder.execute("DELETE FROM holder")
            holder.execute("INSERT INTO holder VALUES (?, ?, ?, ?)", _this_program())
            holder.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise ClassBusyError(_BUSY) from None
            _log.info("Others may grade the same class meanwhile, %s: %s", history, error)
            return None
        holder.close()
        opened.pop_all()  # the lock stays
        return lock


def _opened(
    history: Path, ending: str, timeout_s: float, opened: contextlib.ExitStack
) -> sqlite3.Connection:
    path = history.with_name(f"{history.name}.{ending}")
    connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None)
    opened.callback(connection.close)
    return connection


def _is_free(lock: sqlite3.Connection) -> bool:
    """Take the lock; return whether that succeeded."""
    try:
        lock.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _this_program() -> tuple[str, int, str, str]:
    now = dt.datetime.now().strftime("%Y-%m-%d %H:%M")  # noqa: DTZ005 - for a person here
    return visible(Path(sys.argv[0]).name), os.getpid(), socket.gethostname(), now


def _busy(holder: sqlite3.Connection) -> Message:
    found = holder.execute("SELECT program, pid, host, since FROM holder").fetchone()
    if found is None:
        return _BUSY
    program, pid, host, since = found
    return Message(
        "{program} (process {pid} on {host}) has been grading this class since {since}; wait "
        "until it has ended, or end it.",
        program=program,
        pid=pid,
        host=host,
        since=since,
    )
