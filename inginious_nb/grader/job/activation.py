"""The variables that activating a conda environment sets, which its programs may need to find data.

Conda has three sources of them, in this order: files of packages, what was set with ``conda env
config vars set``, and scripts of packages. The scripts run once, in no box and as whoever grades,
as the interpreter of the environment does when it is asked what it has: the configuration names it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inginious_nb.grader.sandbox.stale_processes import MARK
from inginious_nb.grader.sandbox.sweeper import new_swept_mark
from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .python_environments import PythonEnvironment

logger = logging.getLogger(__name__)

_TIMEOUT_S = 20.0
_MAX_BYTES = 100_000
"""What is larger together would keep programs of the job from starting."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNSET = "***unset***"  # how conda writes that a variable is not to be set
_OF_THE_JOB = {
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "LOCPATH", "PYTHONPATH", "PYTHONHOME"),
    *("PWD", "OLDPWD", "SHLVL", "_", MARK),
}
"""Every job has its own of these, or none."""

_RUN = """\
for script; do . "$script"; done
set +eu
exec "$INGINIOUS_ENV" -0 >"$INGINIOUS_TOLD"
"""


@dataclass(frozen=True)
class Activation:
    """The difference that activating an environment makes to its programs.

    Attributes:
        variables: Those that it sets, by name; never PATH.
        folders: What it adds to PATH beside the folder of its programs.
        fault: Why some of it is not known; None if all is.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    fault: Message | None = None


def activation_of(environment: PythonEnvironment) -> Activation:
    """Return what activating an environment would set; nothing for a virtual environment."""
    folder = environment.folder
    if not (folder / "conda-meta").is_dir():
        return Activation()
    variables = {"CONDA_PREFIX": str(folder), "CONDA_DEFAULT_ENV": folder.name, **_declared(folder)}
    scripts = sorted((folder / "etc/conda/activate.d").glob("*.sh"))
    if not scripts:
        return Activation(_usable(variables))
    before = {
        **variables,
        "PATH": f"{folder}/bin:/usr/bin:/bin",
        "HOME": "/",
        "LANG": "C.UTF-8",
        "CONDA_SHLVL": "1",
    }
    after = _after(scripts, before)
    if after is None:
        fault = Message(
            "The activation scripts in {folder} did not run to their end; what they would set, "
            "tasks do not have.",
            folder=scripts[0].parent,
        )
        logger.warning("%s", fault)
        return Activation(_usable(variables), fault=fault)
    known = before["PATH"].split(":")
    added = (name for name in after.get("PATH", "").split(":") if name not in known)
    own = tuple(dict.fromkeys(name for name in added if name.startswith(f"{folder}/")))
    kept = {name: after[name] for name in variables if name in after}
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    return Activation(_usable({**kept, **changed}), own)


def _declared(folder: Path) -> dict[str, str]:
    """Return what files of the environment name with values."""
    found: dict[str, str] = {}
    for file in sorted((folder / "etc/conda/env_vars.d").glob("*.json")):
        found |= _texts(_json(file))
    state = _json(folder / "conda-meta/state")
    found |= _texts(state.get("env_vars") if isinstance(state, dict) else None)
    return {name: value for name, value in found.items() if value != _UNSET}


def _json(file: Path) -> object:
    try:
        return json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        logger.warning("%s cannot be read: %s", file, error)
        return None


def _texts(found: object) -> dict[str, str]:
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _usable(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what a job may have of it."""
    return {
        name: value
        for name, value in variables.items()
        if _NAME.fullmatch(name)
        and name not in _OF_THE_JOB
        and not name.startswith("INGINIOUS_")
        and value.isprintable()
    }


def _after(scripts: Iterable[Path], before: Mapping[str, str]) -> dict[str, str] | None:
    """Return the variables after scripts were sourced; None where they did not come to an end."""
    shell, env = shutil.which("bash") or "/bin/sh", shutil.which("env") or "/usr/bin/env"
    with tempfile.NamedTemporaryFile() as told:
        own = {"INGINIOUS_ENV": env, "INGINIOUS_TOLD": told.name, MARK: new_swept_mark()}
        try:
            process = subprocess.Popen(  # noqa: S603 - of what the configuration names
                [shell, "-c", _RUN, "activate", *map(str, scripts)],
                env={**before, **own},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            logger.warning("Activation scripts cannot be run: %s", error)
            return None
        try:
            process.wait(_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            logger.warning("Activation scripts still ran after %s s.", _TIMEOUT_S)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # whatever they left running, too
            process.wait()
        content = told.read(_MAX_BYTES + 1)
    if not content or len(content) > _MAX_BYTES:
        return None
    lines = (line.partition("=") for line in os.fsdecode(content).split("\0"))
    return {name: value for name, _, value in lines if name not in own}
