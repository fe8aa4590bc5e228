"""The modules that the scripts of a task import, with their lines; nothing is run.

What is imported where an ImportError is caught is not needed; what lies in the folders is there.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, NamedTuple

from inginious_nb.course import probing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAX_READ_BYTES = 1_000_000
_PLACEHOLDER = re.compile(r"@.*?@[^@\n]*@.*?@")
_IMPORT = re.compile(r"\s*(?:import\s+([\w.]+(?:\s*,\s*[\w.]+)*)|from\s+([\w.]+)\s+import\s)")
_CAUGHT = ("ImportError", "ModuleNotFoundError", "Exception")
_OWN = frozenset({"inginious", "inginious_container_api"})


class Import(NamedTuple):
    """A module that a file imports.

    Attributes:
        path: The file.
        line: The 1-based line.
        module: The outermost package of the module.
    """

    path: Path
    line: int
    module: str


def imports_of(folders: list[Path], run_names: tuple[str, ...]) -> list[Import]:
    """Return what the Python files in folders import that is not in them.

    Args:
        folders: The folder of a task, and the shared files of its course.
        run_names: The names of run files, which have no suffix.
    """
    files = [path for folder in folders for path in _python_files(folder, run_names)]
    there = {path.stem for path in files}
    for folder in folders:
        for path in files:
            if path.is_relative_to(folder):
                there.update(path.relative_to(folder).parts[:-1])  # packages
    found = dict.fromkeys(each for path in files for each in _imports(path))
    return [each for each in found if each.module not in there | _OWN]


def _python_files(folder: Path, run_names: tuple[str, ...]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if inside[0] in ("public", "test") or not probing.is_file(path):
            continue
        is_script = path.name in run_names or path.suffix == ""
        # A template of some other language has that before its suffix, or no import of ours.
        is_template = path.suffix == ".tpl" and path.with_suffix("").suffix in ("", ".py")
        if path.suffix == ".py" or is_template or (is_script and "python" in _first_line(path)):
            yield path


def _first_line(path: Path) -> str:
    return _text(path).partition("\n")[0] if _text(path).startswith("#!") else ""


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_READ_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _imports(path: Path) -> Iterator[Import]:
    text = _text(path)
    is_template = path.suffix == ".tpl"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a \d in a string of somebody's
            tree = ast.parse(_PLACEHOLDER.sub("pass", text) if is_template else text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        if not is_template:  # which may be of any language
            yield from _imports_by_line(path, text)
        return
    optional = {
        id(node)
        for tried in ast.walk(tree)
        if isinstance(tried, ast.Try) and any(map(_catches, tried.handlers))
        for statement in tried.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in optional:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path, node.lineno, alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield Import(path, node.lineno, node.module.partition(".")[0])


def _catches(handler: ast.ExceptHandler) -> bool:
    caught = "" if handler.type is None else ast.unparse(handler.type)
    return handler.type is None or any(name in caught for name in _CAUGHT)


def _imports_by_line(path: Path, text: str) -> Iterator[Import]:
    """Yield the imports of a file that is no Python of ours, such as one of Python 2."""
    for number, line in enumerate(text.splitlines(), 1):
        match = _IMPORT.match(line)
        for name in re.split(r"\s*,\s*", match[1] or match[2]) if match else ():
            if not name.startswith("."):
                yield Import(path, number, name.partition(".")[0])
