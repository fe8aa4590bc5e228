"""The session of this process: the magics and widgets of a kernel, or the pages of a server.

A server that several people share has one more for each of the others (`lab/identity.py`).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

from inginious_nb.errors import CourseError, UsageError
from inginious_nb.i18n import Message
from inginious_nb.session import Session, configured_session
from inginious_nb.submissions.student import Student

if TYPE_CHECKING:
    from pathlib import Path

    from traitlets.config import Config

_session: Session | None = None
_sessions_of_others: dict[str, Session] = {}
_session_lock = threading.Lock()


def get_session(*, config: Config | None = None, directory: Path | None = None) -> Session:
    """Return the session of this process, made on first use.

    Args:
        config: Its configuration, default IPython's if it runs.
        directory: Where courses are looked for, default the working directory.

    Raises:
        UsageError: The configuration has a value that cannot be.
    """
    global _session  # noqa: PLW0603 - one per process is what it is
    with _session_lock:
        if _session is None:
            _session = configured_session(config or _ipython_config(), directory)
            atexit.register(close_session)
        return _session


def get_session_of(username: str, **options: Any) -> Session:
    """Return the session of another person whom this process serves, made on first use.

    It has the settings of the one of this process but the name, and uses its grading service.

    Args:
        username: Who that is.
        options: As `get_session` takes them.

    Raises:
        UsageError: The configuration has a value that cannot be, that is no username, or it is the
            one that the owner submits under.
    """
    guest = Student.checked(username)
    main = get_session(**options)
    if guest.username == main.settings.username:
        raise UsageError(
            Message(
                "The owner of this server submits as {name}, so nobody else can; sign in under "
                "another name.",
                name=guest.username,
            )
        )
    with _session_lock:
        session = _sessions_of_others.get(guest.username)
        if session is None:
            session = configured_session(options.get("config"), options.get("directory"), guest)
            session.services.use_offer_of(os.getpid())
            for path in main.library.paths:
                with contextlib.suppress(CourseError):  # it has gone meanwhile
                    session.add_courses(path)
            _sessions_of_others[guest.username] = session
        return session


def close_session() -> None:
    """End the sessions of this process, if there are any; the next use makes new ones."""
    global _session  # noqa: PLW0603 - one per process is what it is
    with _session_lock:
        ended = [*_sessions_of_others.values(), *([] if _session is None else [_session])]
        _sessions_of_others.clear()
        _session = None
    for session in ended:
        session.close()


def _forget_session() -> None:
    """Leave the session to the process that made it: its threads are not in a forked child."""
    global _session, _session_lock
    _sessions_of_others.clear()
    _session, _session_lock = None, threading.Lock()
    atexit.unregister(close_session)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_session)


def _ipython_config() -> Any:
    shell = get_ipython()
    return shell.config if shell is not None else None
