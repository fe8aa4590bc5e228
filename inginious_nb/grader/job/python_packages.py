"""Interpreters of Python that jobs have, and the packages that INGInious's containers have there.

The grading service brings a package that an interpreter lacks. What is compiled in it loads in an
interpreter of the service's own version only; others use what is written in Python.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .python_scripts import ask

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

PACKAGES = ("jinja2", "markupsafe", "yaml", "msgpack", "zmq")
_LIBRARIES = {"zmq": ("pyzmq.libs",)}
"""Folders beside a package that its compiled parts need."""

_NOT_COPIED = ("tests", "*.pyi", "*.pyd", "*.c", "*.pyx", "*.pxd", "*.pxi")
_NAME = re.compile(r"python3(\.\d+)?")
_MAX_INTERPRETERS = 8
_DESCRIBE = """
import site
lacking = [name for name in given if lacks(name)]
answer = [sys.implementation.cache_tag, site.getsitepackages(), sys.path, lacking]
"""
_IMPORT = """
folder, *names = given
sys.path.insert(0, folder)
answer = []
for name in names:
    try:
        __import__(name)
        answer.append(name)
    except Exception:
        pass
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
        try:
            found = ask(self.program, _IMPORT, [str(vendored), *there])
        except OSError as error:
            logger.info("%s cannot import packages of ours: %s", self.program, error)
            return []
        return [name for name in there if name in found]


def find_interpreters(main: str, path: str) -> list[Interpreter]:
    """Return the interpreters named python3 or python3.N that run, the main one first.

    Args:
        main: The one that the commands of the grading API use.
        path: The folders to look in, separated by colons; one that cannot be read has none.
    """
    programs = [main]
    for folder in filter(None, path.split(":")):
        with contextlib.suppress(OSError):
            names = filter(_NAME.fullmatch, os.listdir(folder))  # noqa: PTH208 - only names
            programs += [f"{folder}/{name}" for name in sorted(names)]
    # Not by pathlib, which raises for a link that leads in a circle.
    known = {os.path.realpath(program): program for program in reversed(programs)}
    ordered = sorted(known.values(), key=programs.index)[:_MAX_INTERPRETERS]
    return [found for program in ordered if (found := _described(program)) is not None]


def _described(program: str) -> Interpreter | None:
    """Return an interpreter as it describes itself; None if it does not run."""
    try:
        tag, folders, searched, lacking = ask(program, _DESCRIBE, PACKAGES)
    except OSError as error:
        logger.info("%s is no interpreter for jobs: %s", program, error)
        return None
    sites = (Path(os.path.realpath(folder)) for folder in folders if folder in searched)
    return Interpreter(program, tag, next(sites, None), tuple(lacking))


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
