"""The command that grades a job.

The order of the search is that of docs/protocol.md, Run script.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.course import probing
from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message, faults

from . import run_file
from .installation import COMMANDS_AT
from .interpreters import works
from .missing_tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Mapping

_IPYTHON = "inginious-ipython"
RUN_FILES = ("run", "run.py", "run.py3", "run.sh")


class CommandError(CourseError):
    """The task has no command that can be run here; the job ends as a crash with this text."""


class CommandFinder:
    """Finds the command of a job.

    Args:
        root: The folder with the job's files.
        common: The course's shared files, or None.
        root_seen: Where the job sees ``root``: "" if at its real place.
        path: The folders that are searched for programs.
        commands: The path of each command of the grading API, as the job sees it.
    """

    def __init__(
        self,
        root: Path,
        common: Path | None,
        *,
        root_seen: str,
        path: str,
        commands: Mapping[str, str],
    ) -> None:
        self._places = [("/task", root / "task"), ("/course", root / "course")]
        if common is not None:
            self._places.insert(1, ("/course/common", common))
        self._root_seen = root_seen
        self._path = path
        self._commands = commands

    def find(self, run_cmd: str | None) -> tuple[str, ...]:
        """Return the words of the command, as the job sees them.

        Raises:
            CommandError: There is none, or it cannot be executed here.
        """
        if run_cmd is not None:
            words = run_cmd.split(" ")
            return (*self._executable(words[0]), *words[1:])
        for place, folder in self._places:
            for name in RUN_FILES:
                if not probing.is_file(folder / name):
                    continue
                seen = f"{self._root_seen}{place}/{name}"
                if name == "run":
                    return self._executable(seen)
                if name == "run.sh":
                    return (self._program("bash"), seen)
                return (self._commands[_IPYTHON], seen)
        raise self._no_run_file()

    def _no_run_file(self) -> CommandError:
        for _, folder in self._places:
            for name in RUN_FILES:
                seen = probing.look(folder / name)
                if seen.kind == "folder":
                    text = Message("{file} of the task is a folder, not a file.", file=name)
                    return CommandError(faults.of_task(text))
                if seen.error is not None:
                    text = Message(
                        "{file} of the task cannot be read ({reason}).",
                        file=name,
                        reason=seen.why,
                    )
                    return CommandError(faults.of_task(text))
        return CommandError(
            faults.of_task(
                Message(
                    "The task has no run file: nothing named {names} in its folder or in the "
                    "course's $common.",
                    names=", ".join(RUN_FILES),
                )
            )
        )

    def _executable(self, word: str) -> tuple[str, ...]:
        """Return a file as the kernel would execute it, with an interpreter that exists here."""
        command = self._command_at(word)
        if command is not None:
            return (command,)
        file = self._on_this_machine(word)
        if not word or not probing.is_file(file):
            raise CommandError(
                faults.of_task(
                    Message(
                        "The command of the task, “{command}”, is not a file; write its path, "
                        "absolute or relative to the folder of the task.",
                        command=word,
                    )
                )
            )
        if not os.access(file, os.X_OK):
            raise self._not_executable(file)
        if "/" not in word:
            word = f"./{word}"
        if run_file.is_program(file):
            return (word,)
        fault = run_file.fault_of(file)
        if fault:
            raise CommandError(faults.of_task(fault))
        words = run_file.interpreter_words(run_file.first_line(file))
        interpreter = words[0] if words else ""
        program = interpreter
        if interpreter.endswith("/env"):
            program = run_file.program_of_env(words[1])
        command = self._command_at(program) or self._commands.get(program)
        if command is not None:
            return (command, word)
        place = self._on_this_machine(interpreter)
        # One of the system that does not work is as good as none.
        if self._works(interpreter) and probing.is_file(place) and os.access(place, os.X_OK):
            if program != interpreter:
                self._program(program)
            return (word,)
        program = os.path.basename(interpreter)  # noqa: PTH119
        if interpreter[:1] not in ("", "/") and not shutil.which(program, path=self._path):
            raise CommandError(faults.of_task(run_file.not_absolute(file, interpreter)))
        # Where a system keeps its interpreters is its own affair; that it has them matters.
        return (self._program(program), *words[1:], word)

    def _command_at(self, path: str) -> str | None:
        """Return the command of the API that a container has there, as the job sees it."""
        folder, _, name = path.rpartition("/")
        return self._commands.get(name) if folder in COMMANDS_AT else None

    @staticmethod
    def _not_executable(file: Path) -> CommandError:
        if run_file.is_mounted_noexec(file):
            text = Message(
                "{file} cannot be executed where the grader keeps it: the drive is mounted noexec. "
                "Set TMPDIR to a folder on another drive.",
                file=file.name,
            )
            return CommandError(faults.of_machine(text))
        # The job's own copies are executable; shared files are as the course has them.
        text = Message("{file} in $common is not executable; chmod +x it.", file=file.name)
        return CommandError(faults.of_task(text))

    def _program(self, name: str) -> str:
        found = shutil.which(name, path=self._path) if name else None
        if found is not None and not works(found):
            raise CommandError(
                faults.of_machine(
                    Message(
                        "The task needs {program}, which is on this grader and does not work; it "
                        "has to be installed again.",
                        program=found,
                    )
                )
            )
        if found is None:
            shown = TOOLS.get(name, name or "an interpreter")
            text: str = Message(
                "The task needs {program}, which this grader does not have.", program=shown
            )
            if name == "python":
                text = Message("{text} Its first line may name python3, which is here.", text=text)
            raise CommandError(faults.of_machine(text) if name else faults.of_task(text))
        return found

    def _works(self, interpreter: str) -> bool:
        """Return whether an interpreter works, as far as is known without running a task's own."""
        return bool(interpreter) and (
            self._on_this_machine(interpreter) != Path(interpreter) or works(interpreter)
        )

    def _on_this_machine(self, seen: str) -> Path:
        if not seen.startswith("/"):
            return self._places[0][1] / seen
        for place, folder in self._places:
            prefix = f"{self._root_seen}{place}/"
            if seen.startswith(prefix):
                return folder / seen[len(prefix) :]
        return Path(seen)
