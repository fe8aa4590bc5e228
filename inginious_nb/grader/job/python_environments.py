"""Named Pythons of the configuration: virtual environments and conda prefixes, and what they have.

Nothing of a course names one by its path: who writes a course must not choose what jobs see of this
machine.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.course.folders import expanded
from inginious_nb.errors import ServiceError
from inginious_nb.grader.sandbox import Mount
from inginious_nb.grader.sandbox.masked_paths import holds_home
from inginious_nb.i18n import Message

from .python_scripts import ask
from .system_views import PROGRAMS, real_programs_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

logger = logging.getLogger(__name__)

_NAME = re.compile(r"python(?:3(?:\.([0-9]+))?)?")
_TIMEOUT_S = 30.0
_CONDAS = ("conda", "mamba", "micromamba")
_ROOT = "base"  # what conda calls the environment that it is in itself
_SEEN_ALREADY = (Path("/usr"), Path("/usr/local"))
# Of two distributions with one name the first in sys.path is imported; one whose files are damaged
# is left out.
_DESCRIBE = """
packages = {}
try:
    from importlib.metadata import distributions
except ImportError:
    def distributions():
        return []
for distribution in distributions():
    try:
        packages.setdefault(distribution.metadata["Name"] or "", distribution.version or "")
    except Exception:
        pass
packages.pop("", None)
version = ".".join(map(str, sys.version_info[:3]))
lacking = [name for name in given if lacks(name)]
answer = [version, sys.base_prefix, sorted(packages.items()), lacking]
"""


@dataclass(frozen=True)
class About:
    """An interpreter, as it describes itself.

    Attributes:
        version: Its version, such as ``3.12.1``.
        base: The installation that it belongs to.
        packages: Name and version of each distribution that is installed, by name; none before
            Python 3.8, which cannot tell.
        lacking: Those of the modules that were asked for that it cannot import.
    """

    version: str
    base: Path
    packages: tuple[tuple[str, str], ...]
    lacking: frozenset[str]


@dataclass(frozen=True)
class PythonEnvironment:
    """A virtual environment or a conda prefix.

    Attributes:
        folder: Its folder, without links in its path.
        program: Its interpreter.
    """

    folder: Path
    program: str

    @property
    def is_installation(self) -> bool:
        """Return whether the interpreter itself is in it, as in one of conda, and no link to it."""
        return os.path.dirname(os.path.realpath(self.program)) == str(self.folder / "bin")  # noqa: PTH120

    @property
    def has_python3(self) -> bool:
        """Return whether its interpreter is what is found as python3 in its folder of programs."""
        python3 = self.folder / "bin" / "python3"
        return os.path.realpath(python3) == os.path.realpath(self.program)

    def links(self) -> dict[str, str]:
        """Return where the names of its interpreter lead in a box, where /usr/bin/python3 is it.

        A virtual environment is known by the path that its interpreter is started with, and most
        have a link to the system's there.

        Raises:
            OSError: Its folder of programs cannot be read.
        """
        if self.is_installation:
            return {}
        target = Path(os.path.realpath(self.program))
        seen = real_programs_at() / target.name if target.parent == PROGRAMS else target
        with os.scandir(self.folder / "bin") as entries:
            links = [entry for entry in entries if entry.is_symlink()]
        return {entry.name: str(seen) for entry in links if os.path.realpath(entry) == str(target)}

    def mounts(self) -> tuple[Mount, ...]:
        """Return what jobs have to see of it: its folder, and the installation it is made from.

        Raises:
            ServiceError: It does not run, or jobs would see the home of this user with it.
        """
        base = about(self.program).base
        folders = {self.folder, base, Path(os.path.realpath(base))}
        if any(map(holds_home, folders)):
            raise ServiceError(
                Message(
                    "The Python environment {folder} holds a home, which no job may see; make one "
                    "in a folder of its own.",
                    folder=self.folder,
                )
            )
        return tuple(
            Mount(folder, str(folder)) for folder in sorted(folders) if folder not in _SEEN_ALREADY
        )


def about(program: str, modules: Iterable[str] = ()) -> About:
    """Return what an interpreter says of itself.

    Args:
        program: Its path.
        modules: Modules that it may lack.

    Raises:
        ServiceError: It does not run.
    """
    try:
        version, base, packages, lacking = ask(program, _DESCRIBE, sorted(modules))
    except OSError as error:
        raise ServiceError(
            Message("{program} does not run ({reason}).", program=program, reason=str(error))
        ) from error
    return About(version, Path(base), tuple(map(tuple, packages)), frozenset(lacking))


def find_environment(value: str) -> PythonEnvironment | None:
    """Return the environment that a path or a name means: that of conda, or in ``WORKON_HOME``.

    Args:
        value: The name; or the path of its folder, or of an interpreter in its ``bin``.

    Returns:
        None where nothing of that name or path is there.

    Raises:
        ServiceError: There is such a folder, and no interpreter that can be run in it.
    """
    if "/" in value:
        return _at_path(expanded(Path(value)))
    empty: list[Path] = []
    for folder in _places(value):
        found = _in_folder(folder)
        if found is not None:
            return found
        if _is_folder(folder):
            empty.append(folder)
    if any(map(_is_environment, empty)):
        raise ServiceError(_without_python(empty[0]))
    return None


def _at_path(path: Path) -> PythonEnvironment | None:
    if _is_folder(path):
        found = _in_folder(path)
        if found is None:
            raise ServiceError(_without_python(path))
        return found
    if path.parent.name == "bin" and _NAME.fullmatch(path.name):
        return _with_program(path.parent.parent, path.name)
    return None


def _in_folder(folder: Path) -> PythonEnvironment | None:
    """Return the environment in a folder, if one of its interpreters can be run."""
    try:
        names = filter(_NAME.fullmatch, os.listdir(folder / "bin"))  # noqa: PTH208 - only names
    except OSError:
        return None
    found = (_with_program(folder, name) for name in sorted(names, key=_preference))
    return next(filter(None, found), None)


def _with_program(folder: Path, name: str) -> PythonEnvironment | None:
    """Return the environment in a folder with one of its interpreters, if that can be run."""
    program = folder / "bin" / name
    is_file = os.path.isfile(program)  # noqa: PTH113 - raises nothing
    if not is_file or not os.access(program, os.X_OK):
        return None
    if Path(os.path.realpath(program)).name.startswith("python2"):
        return None
    real = Path(os.path.realpath(folder))
    return PythonEnvironment(real, str(real / "bin" / name))


def _preference(name: str) -> tuple[bool, bool, int]:
    """Return the order of the names of interpreters: python3, the newest python3.N, python."""
    match = _NAME.fullmatch(name)
    minor = match and match[1]
    return name == "python", minor is not None, -int(minor or 0)


def _is_folder(path: Path) -> bool:
    """Return whether a folder can be seen there; pathlib raises where it may not look."""
    return os.path.isdir(path)  # noqa: PTH112


def _is_environment(folder: Path) -> bool:
    return _is_folder(folder / "conda-meta") or os.path.isfile(folder / "pyvenv.cfg")  # noqa: PTH113


def _without_python(folder: Path) -> Message:
    if _is_folder(folder / "conda-meta"):
        return Message(
            "The conda environment {folder} has no Python 3; install one there: "
            "conda install -p '{folder}' python",
            folder=folder,
        )
    if _is_environment(folder):
        return Message(
            "The Python that the virtual environment {folder} was made from is gone; make it anew: "
            "python3 -m venv --clear '{folder}'",
            folder=folder,
        )
    return Message(
        "The folder {folder} is no Python environment: it has no program bin/python3. Name the "
        "folder of a virtual environment or of conda.",
        folder=folder,
    )


def _places(name: str) -> Iterator[Path]:
    """Yield where an environment of that name may be; conda is asked last, which takes a second."""
    listed = expanded(Path("~/.conda/environments.txt"))
    try:
        lines = os.fsdecode(listed.read_bytes()).splitlines()
    except OSError:
        lines = []
    yield from (path for path in map(Path, lines) if path.name == name)
    conda = os.environ.get("CONDA_EXE") or os.environ.get("MAMBA_EXE")
    roots = [
        os.environ.get("MAMBA_ROOT_PREFIX"),
        os.environ.get("CONDA_ROOT"),
        str(Path(conda).parent.parent) if conda else None,
        *("~/miniforge3", "~/mambaforge", "~/miniconda3", "~/anaconda3", "~/micromamba"),
        "/opt/conda",
    ]
    for root in (expanded(Path(root)) for root in roots if root):
        yield root if name == _ROOT else root / "envs" / name
    yield expanded(Path("~/.conda/envs")) / name
    workon = os.environ.get("WORKON_HOME") or "~/.virtualenvs"
    yield expanded(Path(workon)) / name
    yield from (path for path in _known_to_conda(conda) if path.name == name)


def _known_to_conda(program: str | None) -> list[Path]:
    """Return the environments that conda, mamba or micromamba lists; none where none is there."""
    found = next(filter(None, map(shutil.which, filter(None, (program, *_CONDAS)))), None)
    if found is None:
        return []
    try:
        done = subprocess.run(  # noqa: S603 - whoever grades has installed it
            [found, "env", "list", "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
        return [Path(path) for path in json.loads(done.stdout)["envs"]]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        logger.info("The environments of conda cannot be listed: %s", error)
        return []
