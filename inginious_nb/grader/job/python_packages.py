"""Interpreters of Python that jobs have, and the packages that INGInious's containers have there.

A package comes with the grading service if an interpreter lacks it. What is compiled in it loads in
an interpreter of the service's own version only; others use what is written in Python.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inginious_nb.grader.sandbox.stale_processes import MARK
from inginious_nb.grader.sandbox.sweeper import new_swept_mark

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

PACKAGES = ("jinja2", "markupsafe", "yaml", "msgpack", "zmq")
_LIBRARIES = {"zmq": ("pyzmq.libs",)}
"""Folders beside a package that its compiled parts need."""

_NOT_COPIED = ("tests", "*.pyi", "*.pyd", "*.c", "*.pyx", "*.pxd", "*.pxi")
_NAME = re.compile(r"python3(\.\d+)?")
_MAX_INTERPRETERS = 8
_TIMEOUT_S = 20.0
# Runs under any Python 3; isolated, as jobs may run it.
_ASK = """\
import importlib.util, json, site, sys
def lacks(name):
    try:
        return importlib.util.find_spec(name) is None
    except Exception:
        return True
lacking = [name for name in sys.argv[1:] if lacks(name)]
print(json.dumps([sys.implementation.cache_tag, site.getsitepackages(), sys.path, lacking]))
"""
_TRY = """\
import json, sys
sys.path.insert(0, sys.argv[1])
found = []
for name in sys.argv[2:]:
    try:
        __import__(name)
        found.append(name)
    except Exception:
        pass
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Interpreter:
    """An interpreter that jobs may run.

    Attributes:
        program: Its path.
        tag: Names its version in the names of byte code, such as ``cpython-311``.
        site: The first folder that it searches for installed packages; None without one.
        lacking: Those of `PACKAGES` that it does not have.
    """

    program: str
    tag: str
    site: Path | None
    lacking: tuple[str, ...]

    def usable(self, vendored: Path) -> list[str]:
        """Return those of the packages it lacks that it can import from a folder.

        Args:
            vendored: The folder, made by `copy_packages`.
        """
        there = [name for name in self.lacking if (vendored / name).is_dir()]
        if self.tag == sys.implementation.cache_tag or not there:
            return there
        found = _output([self.program, "-Ic", _TRY, str(vendored), *there])
        return [name for name in there if found is not None and name in found]


def find_interpreters(main: str, path: str) -> list[Interpreter]:
    """Return the interpreters named python3 or python3.N, the main one first.

    Args:
        main: The one that the commands of the grading API use.
        path: The folders to look in, separated by colons.
    """
    programs = [main]
    for folder in map(Path, filter(None, path.split(":"))):
        if folder.is_dir():
            names = (entry for entry in folder.iterdir() if _NAME.fullmatch(entry.name))
            programs += sorted(map(str, names))
    known = {str(Path(program).resolve()): program for program in reversed(programs)}
    ordered = sorted(known.values(), key=programs.index)[:_MAX_INTERPRETERS]
    return [found for program in ordered if (found := _asked(program)) is not None]


def _asked(program: str) -> Interpreter | None:
    answer = _output([program, "-Ic", _ASK, *PACKAGES])
    if answer is None:
        return None
    tag, folders, searched, lacking = answer
    sites = [Path(folder).resolve() for folder in folders if folder in searched]
    return Interpreter(program, tag, next(iter(sites), None), tuple(lacking))


def _output(command: Sequence[str]) -> Any:
    """Return what a command prints as JSON; None if it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=True,
            env={"PATH": "/usr/bin:/bin", MARK: new_swept_mark()},
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        logger.info("An interpreter of Python cannot be asked: %s", error)
        return None


def copy_packages(names: Sequence[str], target: Path) -> None:
    """Copy packages of this process's interpreter, as far as it has them, with their libraries.

    Args:
        names: The packages.
        target: The folder, which is made.

    Raises:
        OSError: They cannot be copied.
    """
    target.mkdir()
    target.chmod(0o755)
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            continue
        source = Path(spec.submodule_search_locations[0])
        ignored = shutil.ignore_patterns(*_NOT_COPIED)
        shutil.copytree(source, target / name, ignore=ignored)
        for library in _LIBRARIES.get(name, ()):
            if (source.parent / library).is_dir():
                shutil.copytree(source.parent / library, target / library)
