"""The demo that comes with this package: a notebook for students and the course that it uses."""

from __future__ import annotations

import shutil
from pathlib import Path

from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message

_PACKAGE = Path(__file__).parent.parent
_PLACES = (_PACKAGE / "demo", _PACKAGE.parent / "notebooks")
"""In a wheel, and in a checkout."""

FOLDER = "inginious-demo"
"""Where it goes if nobody says otherwise."""

NOTEBOOK = "quickstart.ipynb"
COURSES = "courses"
COURSE = "demo"
_COURSE = Path(COURSES, COURSE)


def copy_demo(folder: Path) -> Path:
    """Copy the demo into a folder, which is made if need be; what is there already is kept.

    Returns:
        The notebook.

    Raises:
        CourseError: It cannot be copied.
    """
    source = next((place for place in _PLACES if (place / NOTEBOOK).is_file()), None)
    if source is None:
        raise CourseError(Message("This installation has no demo; install inginious-nb again."))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / _COURSE).exists():
            shutil.copytree(source / _COURSE, folder / _COURSE)
        if not (folder / NOTEBOOK).exists():
            shutil.copyfile(source / NOTEBOOK, folder / NOTEBOOK)
    except OSError as error:
        raise CourseError(
            Message(
                "The demo cannot be copied to {folder} ({reason}); choose another folder.",
                folder=folder,
                reason=error.strerror or str(error),
            )
        ) from error
    return folder / NOTEBOOK
