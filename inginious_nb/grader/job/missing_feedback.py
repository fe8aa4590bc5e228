"""The texts of a crash of the run script: why there is no feedback, and who can help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inginious_nb.course import probing
from inginious_nb.i18n import Message, faults

from . import run_file
from .command import RUN_FILES
from .interpreters import broken_python
from .missing_tools import missing_tools
from .old_python import death, help_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NO_FEEDBACK = Message("The run script of the task ended without giving any feedback.")
SHELL_LEFT_WITHOUT_FEEDBACK = Message(
    "The remote shell was left without giving any feedback; say feedback-result success, or the "
    "like, before leaving."
)
_WORDS_READ_BYTES = 200_000
_MARK = "\ufeff#!"
_WRONG_MACHINE = "Exec format error"
# Python shows so what it cannot compile of the script itself: with no traceback before it.
_CANNOT_BE_COMPILED = re.compile(
    r"  File \"[^\"\n]*/task/run\", line \d+\n(?:    [^\n]*\n)*"
    r"((?:Syntax|Indentation|Tab)Error: [^\n]*?)\.?\n?\Z"
    r"|(SyntaxError: Non-UTF-8 [^\n]*? in file [^\n]*/task/run on line \d+)"
)
# What stands in a file of the task: an answer may be in what eval or sh -c reads.
_SHELL_CANNOT_READ = re.compile(
    r"^[^\n]*?/?(run(?:\.sh)?): (?:line )?\d+: ((?:[Ss]yntax error|unexpected EOF)[^\n]*)",
    re.MULTILINE,
)


def why_no_feedback(text: Message, *, folders: Sequence[Path], errors: str, path: str) -> str:
    """Return why there is no feedback, with what may be the cause.

    Args:
        text: `NO_FEEDBACK` or `SHELL_LEFT_WITHOUT_FEEDBACK`.
        folders: The task, and the shared files of its course.
        errors: What the run script wrote to stderr.
        path: Where its programs were looked for.
    """
    if help_for(errors):
        return _with_old_python(text, errors)
    mistake = _CANNOT_BE_COMPILED.match(errors)
    if mistake:
        return faults.of_task(
            Message(
                "{text} Python cannot read run: {line}.", text=text, line=mistake[1] or mistake[2]
            )
        )
    broken = broken_python()
    if broken is not None and _is_named(broken, folders, errors):
        return faults.of_machine(
            Message(
                "{text} It needs {program}, which is on this grader and does not work; it has to "
                "be installed again.",
                text=text,
                program=broken,
            )
        )
    ends = _scripts_with_wrong_line_ends(folders, errors)
    if ends:
        return faults.of_task(
            Message(
                "{text} The lines of {files} end as those of Windows do (CR LF), not of Unix "
                "(LF); convert them with dos2unix.",
                text=text,
                files=", ".join(dict.fromkeys(ends)),
            )
        )
    marked = _scripts_with_mark(folders) if _MARK in errors else []
    if marked:
        return faults.of_task(
            Message(
                "{text} Nothing executes {files}, which begin with a byte order mark; save them "
                "as UTF-8 without BOM.",
                text=text,
                files=", ".join(marked),
            )
        )
    unread = _SHELL_CANNOT_READ.search(errors)
    if unread:
        return faults.of_task(
            Message(
                "{text} The shell cannot read {file}: {line}.",
                text=text,
                file=unread[1],
                line=unread[2],
            )
        )
    if _WRONG_MACHINE in errors:
        return faults.of_task(
            Message(
                "{text} A program that it brings along is made for another kind of machine.",
                text=text,
            )
        )
    lacking = missing_tools(folders, errors, path)
    if not lacking:
        return faults.of_either(text) if text is NO_FEEDBACK else faults.of_nobody(text)
    return faults.of_machine(
        Message(
            "{text} It uses what this grader does not have: {lacking}.",
            text=text,
            lacking=", ".join(lacking),
        )
    )


def _scripts_with_wrong_line_ends(folders: Sequence[Path], errors: str) -> list[str]:
    """Return the scripts of a task whose line ends may be why it failed.

    Args:
        folders: Where its scripts are.
        errors: What the run script wrote to stderr.
    """
    inner = [folder / "student" for folder in folders]
    found = [file for file in _scripts([*folders, *inner]) if run_file.has_wrong_line_ends(file)]
    # Others stumble over such lines in silence; of a program in Python, only who starts it does.
    stumbled = re.search(r"\r|\^M|\\r|\$'\\r'", errors) is not None
    return [file.name for file in found if stumbled or not _is_python(file)]


def _scripts_with_mark(folders: Sequence[Path]) -> list[str]:
    inner = [folder / "student" for folder in folders]
    return [file.name for file in _scripts([*folders, *inner]) if run_file.begins_with_mark(file)]


def _is_python(file: Path) -> bool:
    first_line = probing.beginning(file, _WORDS_READ_BYTES).partition("\n")[0]
    return "python" in first_line or file.suffix in (".py", ".py3")


def _is_named(program: str, folders: Sequence[Path], errors: str) -> bool:
    """Return whether a task's scripts, or what they wrote to stderr, name a program."""
    inner = [folder / "student" for folder in folders]
    scripts = _scripts([*folders, *inner])
    return program in errors or any(
        program in probing.beginning(file, _WORDS_READ_BYTES) for file in scripts
    )


def _scripts(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        listing = probing.listed(folder)
        names = {*RUN_FILES, "Makefile", "makefile"}
        yield from sorted(
            path
            for path in listing.files
            if path.name in names or path.suffix == ".sh" or _names_an_interpreter(path)
        )


def _names_an_interpreter(file: Path) -> bool:
    return probing.beginning(file, len(_MARK.encode())).lstrip("\ufeff").startswith("#!")


def with_unread(text: str, unread: Sequence[str]) -> str:
    """Return the text of a crash, with the files of the task that the job had to do without."""
    if not unread:
        return text
    return Message(
        "{text} The grader could not read these files of the task: {files}.",
        text=text,
        files=", ".join(unread),
    )


def died_after_success(stdout: str, stderr: str, *, status: int, script: bytes) -> str:
    """Return that the run script died after it had said success, which counts all the same.

    Args:
        stdout: What it printed.
        stderr: The same for its errors.
        status: Its exit status.
        script: The beginning of the run script, if a shell may run it.

    Returns:
        The text; empty if it did not die.
    """
    words = death(stdout, stderr, status=status, script=script)
    if not words:
        return ""
    text = Message(
        "The run script died after it had said success, which counts: {words}. Have it say "
        "success last.",
        words=words,
    )
    return _with_old_python(text, words)


def _with_old_python(text: str, output: str) -> str:
    line = help_for(output)
    if not line:
        return text
    return Message(
        "{text} What newer Pythons have removed is given back by {line} in course.yaml.",
        text=text,
        line=line,
    )
