"""The courses of JupyterLab's own interface: those near a notebook, and those opened last time.

The latter stand in a file beside the history. It is a convenience: one that cannot be read or
written keeps nobody from working.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.course import probing
from inginious_nb.course.folders import course_paths
from inginious_nb.errors import CourseError

if TYPE_CHECKING:
    from inginious_nb.session import Session

_log = logging.getLogger(__name__)

MAX_FOLDERS = 100
_NAME = "opened-courses.json"
_lock = threading.Lock()


def open_again(session: Session) -> None:
    """Open the courses of the last time that are still there."""
    known = session.library.paths
    for folder in _read(session):
        if probing.real(Path(folder)) in known:
            continue  # another page was first
        with contextlib.suppress(CourseError):  # moved or removed meanwhile
            session.add_courses(Path(folder))


def open_where_none_is_near(session: Session) -> None:
    """Open those of the last time in a kernel whose notebook has no course near it.

    JupyterLab's sidebar shows them beside that notebook.
    """
    if not session.library.courses:
        open_again(session)


def know_courses_near(session: Session, folder: Path) -> None:
    """Look for courses where a kernel of a notebook in a folder would.

    A course that cannot be used is left out.
    """
    known = {probing.real(path) for path in session.library.paths}
    for path in course_paths(session.settings.courses, folder):
        if probing.real(path) in known:
            continue
        try:
            session.add_courses(path)
        except CourseError as error:
            _log.info("A course near a notebook cannot be used: %s", error)


def remember(session: Session, folder: Path) -> None:
    """Keep a folder for the next time."""
    path = _path(session)
    if path is None:
        return
    wanted = str(folder.absolute())
    with _lock:  # of two pages, neither forgets what the other has opened
        folders = [*(known for known in _read(session) if known != wanted), wanted]
        try:
            part = path.with_suffix(".part")
            part.write_text(json.dumps(folders[-MAX_FOLDERS:]))
            part.replace(path)
        except (OSError, ValueError) as error:
            _log.info("The courses that are open are not kept: %s", error)


def _read(session: Session) -> list[str]:
    path = _path(session)
    if path is None:
        return []
    try:
        folders = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return []
    return [one for one in folders if isinstance(one, str)] if isinstance(folders, list) else []


def _path(session: Session) -> Path | None:
    folder = session.history.folder
    return None if folder is None else folder / _NAME
