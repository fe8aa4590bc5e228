"""Named Pythons of the configuration: virtual environments and conda prefixes, and what they have.

Nothing of a course names one by its path: who writes a course must not choose what jobs see of this
machine.
"""

from __future__ import annotations

import json
import os
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
    from collections.abc import Iterable, Sequence

_PROGRAM = "bin/python3"
_TIMEOUT_S = 30.0
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
    """

    folder: Path

    @property
    def program(self) -> str:
        """Return its interpreter."""
        return str(self.folder / _PROGRAM)

    def links(self) -> dict[str, str]:
        """Return where the names of its interpreter lead in a box, where /usr/bin/python3 is it.

        A virtual environment is known by the path that its interpreter is started with, and most
        have a link to the system's there.
        """
        target = Path(self.program).resolve()
        seen = real_programs_at() / target.name if target.parent == PROGRAMS else target
        names = (entry.name for entry in os.scandir(self.folder / "bin") if entry.is_symlink())
        return {
            name: str(seen)
            for name in names
            if (self.folder / "bin" / name).resolve() == target
            and target.parent != self.folder / "bin"
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

    Returns:
        None where there is no folder with an interpreter.
    """
    path = expanded(Path(value))
    named = [path] if path.is_absolute() or "/" in value else _places(value)
    for folder in named:
        if os.access(folder / _PROGRAM, os.X_OK):
            return PythonEnvironment(folder.resolve())
    return None


def _places(name: str) -> Sequence[Path]:
    """Return where an environment of that name may be."""
    listed = expanded(Path("~/.conda/environments.txt"))
    try:
        known = [Path(line) for line in listed.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        known = []
    roots = [
        os.environ.get("MAMBA_ROOT_PREFIX"),
        os.environ.get("CONDA_ROOT"),
        *("~/miniforge3", "~/miniconda3", "~/anaconda3", "~/micromamba", "/opt/conda"),
    ]
    folders = [expanded(Path(root)) / "envs" / name for root in roots if root]
    workon = os.environ.get("WORKON_HOME") or "~/.virtualenvs"
    folders.append(expanded(Path(workon)) / name)
    return [*(path for path in known if path.name == name), *folders]
