"""Tools that a task uses and this machine lacks, by what its script wrote to stderr."""

from __future__ import annotations

import keyword
import os
import re
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TOOLS = {
    "javac": "Java (javac)",
    "java": "Java (java)",
    "gcc": "a C compiler (gcc)",
    "cc": "a C compiler (cc)",
    "g++": "a C++ compiler (g++)",
    "clang": "a C compiler (clang)",
    "make": "make",
    "cmake": "CMake",
    "node": "Node.js (node)",
    "ghc": "Haskell (ghc)",
    "ocaml": "OCaml (ocaml)",
    "ozc": "Mozart Oz (ozc)",
    "ozengine": "Mozart Oz (ozengine)",
    "scala": "Scala (scala)",
    "scalac": "Scala (scalac)",
    "rustc": "Rust (rustc)",
    "cargo": "Rust (cargo)",
    "go": "Go (go)",
    "R": "R",
    "Rscript": "R (Rscript)",
    "octave": "Octave",
    "sqlite3": "SQLite (sqlite3)",
    "php": "PHP (php)",
    "ruby": "Ruby (ruby)",
    "perl": "Perl (perl)",
    "valgrind": "Valgrind",
    "pdflatex": "LaTeX (pdflatex)",
    "python2": "Python 2 (python2)",
    "mono": "Mono (mono)",
    "mcs": "Mono (mcs)",
    "swipl": "Prolog (swipl)",
    "cppcheck": "cppcheck",
    "gdb": "gdb",
    "jq": "jq",
}
"""What people call a program."""

_MAX_NAMES = 5_000
_PROGRAM = r"(\d*[A-Za-z][\w+-]*(?:\.\d+)*)"
_NO_SUCH_PROGRAM = tuple(
    re.compile(pattern.replace("PROGRAM", _PROGRAM), re.MULTILINE)
    for pattern in (
        # bash and its exec; dash and its exec; zsh
        r"^.*: (?:line )?\d+: (?:exec: )?PROGRAM: (?:command )?not found$",
        r"^(?:/\S*/)?(?:a?sh|busybox): PROGRAM: not found$",
        r"^zsh:(?:\d+:)? command not found: PROGRAM$",
        r"^make(?:\[\d+\])?: PROGRAM: (?:No such file or directory|Command not found)$",
        r"^xargs: PROGRAM: No such file or directory$",
        r"^(?:/\S*/)?env: .PROGRAM.: No such file or directory$",
        # timeout, nice, nohup, stdbuf
        r"^\w+: failed to run command .PROGRAM.: No such file or directory$",
        r"Cannot run program \"PROGRAM\".*error=2\b",  # Java
        r"\bspawn PROGRAM ENOENT\b",  # Node.js
        # Python says the same of a file to open; a program is started by this function.
        r"\bin _execute_child\n(?:[ \t].*\n)*FileNotFoundError: .*: 'PROGRAM'$",
    )
)
_NO_SUCH_MODULE = re.compile(r"^ModuleNotFoundError: No module named '([\w.]+)'", re.MULTILINE)


def missing_tools(folders: Sequence[Path], errors: str, path: str) -> list[str]:
    """Return what a task uses and this machine lacks, in words; for a crash text.

    Args:
        folders: Where its own files are; a module among these is none that the machine lacks.
        errors: What the run script wrote to stderr. Only what says that a program could not be
            started counts: a word in a script, or a file that is not there, says nothing.
        path: The folders that are searched for programs.
    """
    tools = [
        tool
        for pattern in _NO_SUCH_PROGRAM
        for tool in pattern.findall(errors)
        if not keyword.iskeyword(tool) and not shutil.which(tool, path=path)
    ]
    modules = _NO_SUCH_MODULE.findall(errors)
    if modules:
        own = _names_below(folders)
        modules = [name for name in modules if own.isdisjoint(_own(name))]
    lacking = [TOOLS.get(tool, tool) for tool in tools]
    lacking += [f"the Python module {module}" for module in modules]
    return list(dict.fromkeys(lacking))


def _names_below(folders: Sequence[Path]) -> set[str]:
    """Return the names of files and folders in some folders, the first of very many."""
    names: set[str] = set()
    for folder in folders:
        for _, inner, files in os.walk(folder):
            names.update(inner, files)
            if len(names) > _MAX_NAMES:
                break
    return names


def _own(module: str) -> tuple[str, str]:
    """Return the names that a module of the task's own may have."""
    top = module.partition(".")[0]
    return top, f"{top}.py"
