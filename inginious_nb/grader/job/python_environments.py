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
from inginious_nb.grader.sandbox.stale_processes import MARK
from inginious_nb.grader.sandbox.sweeper import new_swept_mark
from inginious_nb.i18n import Message

from .system_views import PROGRAMS, real_programs_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

logger = logging.getLogger(__name__)

_NAME = re.compile(r"python(?:3(?:\.([0-9]+))?)?")
_TIMEOUT_S = 30.0
_CONDAS = ("conda", "mamba", "micromamba")
_ROOT = "base"  # what conda calls the environment that it is in itself
_SEEN_ALREADY = (Path("/usr"), Path("/usr/local"))
# Runs under any Python 3 from 3.6 on; isolated, as jobs may run it.
_ASK = """\
import json, sys
names = json.load(sys.stdin)
try:
    from importlib.metadata import distributions
    found = {d.metadata["Name"]: d.version for d in distributions() if d.metadata["Name"]}
except ImportError:
    found = {}
import importlib.util
def lacks(name):
    try:
        return name not in sys.builtin_module_names and importlib.util.find_spec(name) is None
    except Exception:
        return True
version = ".".join(map(str, sys.version_info[:3]))
lacking = [name for name in names if lacks(name)]
print(json.dumps([version, sys.base_prefix, sorted(found.items()), lacking]))
"""


@dataclass(frozen=True)
class About:
    """An interpreter, as it describes itself.

    Attributes:
        version: Its version, such as ``3.12.1``.
        base: The installation that it belongs to.
        packages: Name and version of each distribution that is installed.
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
        return Path(self.program).resolve().parent == self.folder / "bin"

    def links(self) -> dict[str, str]:
        """Return where the names of its interpreter lead in a box, where /usr/bin/python3 is it.

        A virtual environment is known by the path that its interpreter is started with, and most
        have a link to the system's there.
        """
        target = Path(self.program).resolve()
        seen = real_programs_at() / target.name if target.parent == PROGRAMS else target
        if self.is_installation:
            return {}
        names = (entry.name for entry in os.scandir(self.folder / "bin") if entry.is_symlink())
        return {
            name: str(seen) for name in names if (self.folder / "bin" / name).resolve() == target
        }

    def mounts(self) -> tuple[Mount, ...]:
        """Return what jobs have to see of it: its folder, and the installation it is made from.

        Raises:
            ServiceError: It does not run, or jobs would see somebody's home with it.
        """
        home = expanded(Path("~"))
        base = about(self.program).base
        folders = {self.folder, base, base.resolve()}
        if any(home.is_relative_to(folder) for folder in folders):
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
    """Return what an interpreter has.

    Args:
        program: Its path.
        modules: Modules that it may lack.

    Raises:
        ServiceError: It does not run.
    """
    try:
        done = subprocess.run(  # noqa: S603 - what the configuration names
            [program, "-Ic", _ASK],
            input=json.dumps(sorted(modules)),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=True,
            env={"PATH": "/usr/bin:/bin", MARK: new_swept_mark()},
        )
        version, base, packages, lacking = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise ServiceError(
            Message("{program} does not run ({reason}).", program=program, reason=str(error))
        ) from error
    found = tuple((name, version) for name, version in packages)
    return About(version, Path(base), found, frozenset(lacking))


def find_environment(value: str) -> PythonEnvironment | None:
    """Return the environment that a path or a name means: that of conda, or in ``WORKON_HOME``.

    Args:
        value: The name; or the path of its folder, or of the interpreter in it.

    Returns:
        None where nothing of that name or path is there.

    Raises:
        ServiceError: There is such a folder, and no interpreter that can be run in it.
    """
    is_path = "/" in value
    empty: list[Path] = []
    for folder in [expanded(Path(value))] if is_path else _places(value):
        if is_path and _NAME.fullmatch(folder.name) and not folder.is_dir():
            found = _in_folder(folder.parent.parent)
        else:
            found = _in_folder(folder)
        if found is not None:
            return found
        if folder.is_dir():
            empty.append(folder)
    if empty and (is_path or any(map(_is_environment, empty))):
        raise ServiceError(_without_python(empty[0]))
    return None


def _in_folder(folder: Path) -> PythonEnvironment | None:
    """Return the environment in a folder, if its interpreter can be run."""
    programs = folder / "bin"
    try:
        names = filter(_NAME.fullmatch, os.listdir(programs))  # noqa: PTH208 - only names
    except OSError:
        return None
    for name in sorted(names, key=_preference):
        if (programs / name).resolve().name.startswith("python2"):
            continue
        if os.access(programs / name, os.X_OK) and (programs / name).is_file():
            real = folder.resolve()
            return PythonEnvironment(real, str(real / "bin" / name))
    return None


def _preference(name: str) -> tuple[bool, bool, int]:
    """Return the order of the names of interpreters: python3, the newest python3.N, python."""
    match = _NAME.fullmatch(name)
    minor = match and match[1]
    return name == "python", minor is not None, -int(minor or 0)


def _is_environment(folder: Path) -> bool:
    return (folder / "conda-meta").is_dir() or (folder / "pyvenv.cfg").is_file()


def _without_python(folder: Path) -> Message:
    if (folder / "conda-meta").is_dir():
        return Message(
            "The conda environment {folder} has no Python 3; install one there: "
            "conda install -p '{folder}' python",
            folder=folder,
        )
    if (folder / "pyvenv.cfg").is_file():
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
    """Yield where an environment of that name may be; conda is asked last, for a second."""
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
