"""What newer Pythons have removed, and scripts of courses still use; and whether a script died.

A course asks for it by name, as ``old_python: ["yaml.load", "open"]`` in its course.yaml;
``grading_api/old/sitecustomize.py`` gives it back in the job. A test compares the names of both.
"""

from __future__ import annotations

import re
import signal
from typing import Any

from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message

SETTING = "old_python"

_REMOVED_FROM = r"(?:module '{0}' has no attribute|cannot import name) '(?:{1})'"

ERRORS = {
    "yaml.load": r"load(?:_all)?\(\) missing 1 required positional argument: 'Loader'",
    "open": r"invalid mode: '\w*U\w*'",
    "collections": _REMOVED_FROM.format("collections", r"[A-Z]\w+")
    + r"(?! from '(?!collections'))",
    "inspect": _REMOVED_FROM.format("inspect", "getargspec|ArgSpec"),
    "imp": r"No module named 'imp'",
    "time": _REMOVED_FROM.format("time", "clock"),
    "fractions": _REMOVED_FROM.format("fractions", "gcd"),
    "cgi": _REMOVED_FROM.format("cgi", "escape") + r"|No module named 'cgi'",
    "base64": _REMOVED_FROM.format("base64", "encodestring|decodestring"),
    "threading": r"'\w*Thread\w*' object has no attribute 'isAlive'",
    "json": r"__init__\(\) got an unexpected keyword argument 'encoding'",
    "unittest": r"has no attribute '(?:assertEquals|assertNotEquals|assertAlmostEquals"
    r"|assertNotAlmostEquals|assert\w*RegexpMatches|assertRaisesRegexp|assert_|failIf"
    r"|failUnless\w*|assertItemsEqual|makeSuite)'",
    "numpy": _REMOVED_FROM.format("numpy", "bool|int|float|complex|object|str"),
    "jinja2": _REMOVED_FROM.format("jinja2", "Markup|escape|contextfilter|contextfunction"),
}
"""The error of each that a script gets where it is gone; a regular expression."""

_TRACEBACK = "Traceback (most recent call last)"
_ERROR_LINE = re.compile(r"[A-Za-z_][\w.]*(?:: .*)?")
_SHELL_ERROR = re.compile(r"\S+: line \d+: .*")
_OF_TEACHER = re.compile(r'File "?\S*/(?:task|course/common)/(?!student/)')
_TAIL_CHARACTERS = 4000


def read_old_python(raw: Any) -> tuple[str, ...]:
    """Return the names that a course.yaml asks for; ``true`` is all of them.

    Raises:
        CourseError: It names something else.
    """
    if raw in (None, False):
        return ()
    if raw is True:
        return tuple(ERRORS)
    names = raw if isinstance(raw, list) else [raw]
    for name in names:
        if not isinstance(name, str) or name not in ERRORS:
            raise CourseError(
                Message(
                    "The old_python of the course cannot be {found}; write {form}, or some of: "
                    "{known}.",
                    found=repr(name),
                    form=f'{SETTING}: ["yaml.load", "open"]',
                    known=", ".join(ERRORS),
                )
            )
    return tuple(names)


def help_for(output: str) -> str:
    """Return what a course would write to be given back what a script misses; empty if nothing."""
    names = [name for name, error in ERRORS.items() if re.search(error, output)]
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"{SETTING}: [{quoted}]" if names else ""


def death(stdout: str, stderr: str, *, status: int, by_signal: int | None) -> str:
    """Return the last words of a run script that did not end by itself; empty if it did.

    Its exit status alone says nothing: a shell has that of its last test. What a student's program
    wrote does not count.
    """
    if by_signal is not None:
        return _signal_name(by_signal)
    for output in (stderr, stdout):
        end = output[-_TAIL_CHARACTERS:].rstrip()
        last = end.rpartition("\n")[2]
        began = end.rfind(_TRACEBACK)
        if (
            began >= 0
            and _ERROR_LINE.fullmatch(last)
            and (status or output is stdout or _OF_TEACHER.search(end, began))
        ):
            return last
    last = stderr.rstrip().rpartition("\n")[2]
    return last if status and _SHELL_ERROR.fullmatch(last) else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
