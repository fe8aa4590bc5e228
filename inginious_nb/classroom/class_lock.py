"""Only one program at a time grades into the file that keeps a class.

The lock is a transaction that is never written, of a file of its own: SQLite locks on every system,
what it locks ends with the process however that ends, and no child inherits it. Who holds it
stands in the file.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import sqlite3
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.errors import ClassBusyError
from inginious_nb.i18n import Message, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)

_TIMEOUT_S = 0.3
"""Whoever takes it writes for milliseconds who that is; for so long the others wait."""

_SCHEMA = "CREATE TABLE IF NOT EXISTS holder (program TEXT, pid INTEGER, host TEXT, since TEXT)"


@contextmanager
def only_grader(history: Path | None) -> Iterator[None]:
    """Let nobody else grade a class meanwhile.

    Where no lock can be written, nothing that was graded can be kept, either: nobody is kept out.

    Args:
        history: The file that keeps what was graded; None where nothing is kept.

    Raises:
        ClassBusyError: Somebody else grades it; the message says who.
    """
    connection = None if history is None else _locked(history.with_name(f"{history.name}.lock"))
    try:
        yield
    finally:
        if connection is not None:
            connection.close()


def _locked(path: Path) -> sqlite3.Connection | None:
    """Return a connection that holds the lock as long as it is open; None where there is none."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_TIMEOUT_S, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        _log.info("Others may grade the same class meanwhile, %s: %s", path, error)
        return None
    try:
        # Nobody reads who it was before while it says who it is now.
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute(_SCHEMA)
        connection.execute("DELETE FROM holder")
        connection.execute("INSERT INTO holder VALUES (?, ?, ?, ?)", _this_program())
        connection.execute("COMMIT")
        # Who is faster here holds the lock; everybody may read meanwhile.
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        try:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise _busy(connection) from None
        finally:
            connection.close()
        _log.info("Others may grade the same class meanwhile, %s: %s", path, error)
        return None
    return connection


def _this_program() -> tuple[str, int, str, str]:
    now = dt.datetime.now().strftime("%Y-%m-%d %H:%M")  # noqa: DTZ005 - for a person here
    return visible(Path(sys.argv[0]).name), os.getpid(), socket.gethostname(), now


def _busy(connection: sqlite3.Connection) -> ClassBusyError:
    try:
        found = connection.execute("SELECT program, pid, host, since FROM holder").fetchone()
    except sqlite3.Error:
        found = None
    if found is None:
        return ClassBusyError(
            Message("Another program is grading this class; wait until it has ended, or end it.")
        )
    program, pid, host, since = found
    return ClassBusyError(
        Message(
            "{program} (process {pid} on {host}) has been grading this class since {since}; wait "
            "until it has ended, or end it.",
            program=program,
            pid=pid,
            host=host,
            since=since,
        )
    )
