"""The demo that comes with this package: a notebook for students and the course that it uses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message

from .translations import translator
from .writing import copy_folder, why_not_written, write_file

_PACKAGE = Path(__file__).parent.parent
_PLACES = (_PACKAGE / "demo", _PACKAGE.parent / "notebooks")
"""In a wheel, and in a checkout."""

FOLDER = "inginious-demo"
"""Where it goes if nobody says otherwise."""

NOTEBOOK = "quickstart.ipynb"
COURSES = "courses"
COURSE = "demo"
_COURSE = Path(COURSES, COURSE)


def copy_demo(folder: Path, language: str) -> Path:
    """Copy the demo into a folder, which is made if need be; what is there already is kept.

    Args:
        folder: The folder.
        language: What the notebook is in, where there is a catalogue for it; the course has all.

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
            copy_folder(source / _COURSE, folder / _COURSE)
        if not (folder / NOTEBOOK).exists():
            write_file(folder / NOTEBOOK, _notebook(source, language).encode())
    except OSError as error:
        raise CourseError(
            Message(
                "The demo cannot be copied to {folder} ({reason}); choose another folder.",
                folder=folder,
                reason=why_not_written(error),
            )
        ) from error
    return folder / NOTEBOOK


def _notebook(source: Path, language: str) -> str:
    """Return the notebook in a language, as it is once a kernel has run it.

    A front end writes into the notebook what its kernel says of its language, so without that a
    copy that nobody has changed is shown as not saved.
    """
    notebook = json.loads((source / NOTEBOOK).read_text(encoding="utf-8"))
    translate = translator([source], language)
    if translate is not None:
        for cell in notebook["cells"]:
            cell["source"] = translate("".join(cell["source"])).splitlines(keepends=True)
    major = sys.version_info.major
    notebook["metadata"]["language_info"] = {
        "codemirror_mode": {"name": "ipython", "version": major},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": f"ipython{major}",
        "version": sys.version.split(maxsplit=1)[0],
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
