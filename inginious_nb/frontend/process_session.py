"""The one session of this process: the magics and widgets of a kernel, or the pages of a server."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

from inginious_nb.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from traitlets.config import Config

_session: Session | None = None
_session_lock = threading.Lock()


def get_session(*, config: Config | None = None, directory: Path | None = None) -> Session:
    """The session of this process, made on first use.

    Args:
        config: Its configuration, default IPython's if it runs.
        directory: Where courses are looked for, default the working directory.

    Raises:
        UsageError: The configuration has a value that cannot be.
    """
    global _session  # noqa: PLW0603 - one per process is what it is
    with _session_lock:
        if _session is None:
            _session = Session.from_config(config or _ipython_config(), directory=directory)
            atexit.register(close_session)
        return _session


def close_session() -> None:
    """End the session of this process, if there is one; the next use makes a new one."""
    global _session
    with _session_lock:
        session, _session = _session, None
    if session is not None:
        session.close()


def _forget_session() -> None:
    """Leave the session to the process that made it: its threads are not in a forked child."""
    global _session, _session_lock
    _session, _session_lock = None, threading.Lock()
    atexit.unregister(close_session)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_session)


def _ipython_config() -> Any:
    shell = get_ipython()
    return shell.config if shell is not None else None
