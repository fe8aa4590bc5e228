"""Parts of old Pythons that scripts of courses still use; and whether a script died of their lack.

A course asks for them by name, as ``old_python: ["yaml.load", "open"]`` in its course.yaml;
``grading_api/old/sitecustomize.py`` gives them back in the job. A test compares the names of both.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import signal
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from pathlib import Path

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
_OF_TEACHER = re.compile(
    r'File "?\S*/(?:task|course/common)/(?!student/)|^Cell In\[|<ipython-input', re.MULTILINE
)
_STOPS_AT_ERRORS = re.compile(rb"^#!\S*/(?:ba)?sh\s+-\w*e|^\s*set\s+-\w*e", re.MULTILINE)
_BY_SIGNAL = 128
"""A shell adds it to the number of the signal that ended a program."""
_DEADLY = {
    getattr(signal, name, -1)
    for name in ("SIGILL", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGSEGV", "SIGSYS", "SIGTERM")
}
_TAIL_CHARACTERS = 4000
_SCRIPT_BYTES = 1 << 16
_PLACE = r"\S*/(?:task/(?!student/)|course/common/(?!student/))\S*?"
_OTHER_ERRORS = (
    re.compile(rf"^(.+ at {_PLACE} line \d+)\.\Z", re.MULTILINE),  # Perl
    # Node.js names the place first, and itself after the stack.
    re.compile(
        rf"^{_PLACE}:\d+\n(?:.*\n)+?(\w*Error: .*)\n"
        r"(?:(?:    at .*)?\n)*(?:    at .*|Node\.js v.*)\Z",
        re.MULTILINE,
    ),
    re.compile(rf"^{_PLACE}:\d+:in .+?: (.+ \([\w:]+\))(?:\n\t.*)*\Z", re.MULTILINE),  # Ruby
)


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


def death(stdout: str, stderr: str, *, status: int, script: bytes = b"") -> str:
    """Return the last words of a run script that did not end by itself; empty if it did.

    Its exit status alone says nothing: a shell has that of its last test, unless ``script`` has it
    stop at errors. What a student's program wrote does not count.
    """
    by_signal = -status if status < 0 else status - _BY_SIGNAL
    if by_signal in _DEADLY:
        return signal.Signals(by_signal).name
    for output in (stderr, stdout):
        end = output[-_TAIL_CHARACTERS:].rstrip()
        last = end.rpartition("\n")[2]
        began = end.rfind(_TRACEBACK)
        is_ours = output is stderr and status != 0
        if (
            began >= 0
            and _ERROR_LINE.fullmatch(last)
            and (is_ours or _OF_TEACHER.search(end, began))
        ):
            return last
    end = stderr[-_TAIL_CHARACTERS:].rstrip()
    others = (pattern.search(end) for pattern in _OTHER_ERRORS)
    if status and (found := next(filter(None, others), None)):
        return found[1]
    lines = end.split("\n")
    of_shell = list(itertools.takewhile(_SHELL_ERROR.fullmatch, reversed(lines)))
    if status and of_shell:
        return of_shell[-1]
    return f"exit status {status}" if status and _STOPS_AT_ERRORS.search(script) else ""


def shell_script(*folders: Path | None) -> bytes:
    """Return the beginning of the first run script in some folders that a shell may run."""
    for folder in filter(None, folders):
        for name in ("run", "run.sh"):
            with contextlib.suppress(OSError):
                if (folder / name).is_file():
                    with (folder / name).open("rb") as file:
                        return file.read(_SCRIPT_BYTES)
    return b""
