"""Additions to the system folders of jobs: the grading API, its commands, packages, a locale.

A container has them there, so that nothing depends on variables. Isolated jobs see views of the
system's folders; where there can be none, variables name the folders instead.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import shlex
import shutil
import subprocess
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.grader.sandbox import Mount
from inginious_nb.grader.sandbox.stale_processes import MARK
from inginious_nb.grader.sandbox.sweeper import new_swept_mark
from inginious_nb.grader.temporary_folders import make_locked_folder, remove_tree

from . import locales
from .activation import activation_of
from .python_packages import copy_packages, find_interpreters
from .system_views import SystemViews

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inginious_nb.grader.temporary_folders import FolderLock

    from .python_environments import PythonEnvironment
    from .python_packages import Interpreter

logger = logging.getLogger(__name__)

COMMANDS_AT = ("/usr/bin", "/bin")
"""Where an isolated job finds the commands of the API."""

MEMORY = "/dev/shm"  # noqa: S108 - a private folder in it
"""Where links are made by the thousand: on a slow file system that would take a second."""

_SEARCHED = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin")
_SYSTEM = ("usr", "opt", "nix", "bin", "lib", "lib64")
_LOCALES = "locale"
_VENDORED = "vendor"
_VIEWS = "system"


@dataclass(frozen=True)
class View:
    """The files that the programs of a job find in the system.

    Attributes:
        mounts: What they see beside the job's own files.
        variables: PATH, LANG, and what else programs need to find the API.
        python: The interpreter that is their python3.
    """

    mounts: tuple[Mount, ...]
    variables: Mapping[str, str]
    python: str


class Installation:
    """The additions to the system folders of jobs; made in the background.

    Args:
        folder: The shared files, with the API in ``lib``.
        seen_at: Where jobs see them.
        commands: The path of each command of the API, as jobs see it.
        python: The interpreter that the commands use.
        path: The folders that jobs search for programs, separated by colons.
        can_mount: Whether a box with some mounts can be started; None where jobs see no mounts.
        prefix: What the names of temporary folders begin with.
    """

    def __init__(
        self,
        folder: Path,
        seen_at: str,
        *,
        commands: Mapping[str, str],
        python: str,
        path: str,
        can_mount: Callable[[Sequence[Mount]], bool] | None,
        prefix: str,
    ) -> None:
        self._folder = folder
        self._prefix = prefix
        self._in_memory: tuple[Path, FolderLock] | None = None
        self._seen_at = seen_at
        self._commands = commands
        self._python = python
        self._path = path
        self._can_mount = can_mount
        self._views: SystemViews | None = None
        self._overlaid: tuple[Mount, ...] = ()
        self._variables: dict[str, str] = {}
        self._locale: dict[str, str] = {}
        self._compiling: subprocess.Popen[bytes] | None = None
        self._environments: dict[PythonEnvironment, tuple[View, SystemViews | None]] = {}
        self._environment_numbers = itertools.count(1)
        self._making_environment = threading.Lock()
        self._is_closed = False
        self._state = threading.Lock()
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=self._make, name="grading API", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until jobs can start."""
        self._is_ready.wait()

    def close(self) -> None:
        """Make no more, and wait until nothing is being made."""
        with self._state:
            self._is_closed = True
            if self._compiling is not None:
                self._compiling.kill()
        self._thread.join()
        if self._in_memory is not None:
            folder, lock = self._in_memory
            remove_tree(folder)
            lock.release()

    @property
    def is_in_system(self) -> bool:
        """Return whether interpreters find the API in folders of their own, as they start."""
        return self._views is not None

    def mounts(self) -> tuple[Mount, ...]:
        """Return what shows the API in the folders of the system; empty where variables do."""
        self.wait()
        if self._views is None:
            return ()
        return (*self._views.mounts(), *self._overlaid)

    def variables(self) -> dict[str, str]:
        """Return PATH and LANG, and what else programs need to find the API and the locale."""
        self.wait()
        return {**self._variables, **self._locale}

    def with_environment(self, environment: PythonEnvironment) -> View:
        """Return what jobs find whose python3 is that of an environment; made once.

        Raises:
            OSError: It cannot be made.
            ServiceError: The environment cannot be used.
        """
        self.wait()
        with self._making_environment:
            if environment not in self._environments:
                self._environments[environment] = self._new_environment(environment)
            view, views = self._environments[environment]
        if views is None:
            return view
        return replace(view, mounts=(*view.mounts, *views.mounts()))

    def _new_environment(self, environment: PythonEnvironment) -> tuple[View, SystemViews | None]:
        folder = self._folder / f"environment-{next(self._environment_numbers)}"
        folder.mkdir()
        try:
            return self._show(environment, folder)
        except BaseException:
            # It is tried again with the next job.
            remove_tree(folder)
            raise

    def _show(
        self, environment: PythonEnvironment, folder: Path
    ) -> tuple[View, SystemViews | None]:
        """Return what shows an environment, with the shared files for it alone in a new folder."""
        shown = environment.mounts()
        seen = f"{self._seen_at}/{folder.name}"
        interpreters = find_interpreters(environment.program, "")
        if not interpreters:
            raise OSError(f"{environment.program} does not run")
        self._fill(folder, interpreters[0])
        activation = activation_of(environment)
        programs = [f"{environment.folder}/bin", *activation.folders, self._path]
        if not environment.has_python3:
            programs.insert(0, seen)
        variables = {
            **activation.variables,
            **self._variables,
            **self._locale,
            "PATH": ":".join(programs),
        }
        if self._views is None:
            variables |= self._variables_of(folder, programs, interpreters[0])
            # Where jobs see no mounts they see the environment as it is.
            visible = () if self._can_mount is None else shown
            return View(visible, variables, environment.program), None
        views = SystemViews(folder / _VIEWS, f"{seen}/{_VIEWS}")
        python3 = dict.fromkeys(("python", "python3"), f"{seen}/python3")
        self._new_views(
            interpreters, views, folder, python3, with_libraries=environment.is_installation
        )
        links = environment.links()
        if links:
            views.add(environment.folder / "bin", links)
        # Its views are below the shared files, which are mounted already.
        if not self._can_be_shown((*shown, *views.mounts(), *self._conflicts())):
            raise OSError(f"no box can be started with {environment.folder}")
        return View((*shown, *self._conflicts()), variables, environment.program), views

    def _fill(self, folder: Path, interpreter: Interpreter) -> None:
        """Put into a folder the packages that an interpreter lacks, and its name as python3."""
        copy_packages(interpreter.lacking, folder / _VENDORED)
        wrapper = folder / "python3"
        # A virtual environment is found from the path of its interpreter, so no link will do.
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(interpreter.program)} "$@"\n', "utf-8")
        wrapper.chmod(0o755)
        (folder / "python").symlink_to(wrapper.name)
        (folder / _VIEWS).mkdir()
        self._let_all_read(folder)

    def _variables_of(
        self, folder: Path, programs: Sequence[str], interpreter: Interpreter
    ) -> dict[str, str]:
        """Return what has an environment find the API where no folder of the system shows it.

        Args:
            folder: The shared files that are for the environment alone.
            programs: The folders of programs that jobs search after the commands.
            interpreter: The Python of the environment.
        """
        usable = interpreter.usable(folder / _VENDORED)
        vendored = [f"{self._seen_at}/{folder.name}/{_VENDORED}"] if usable else []
        return {
            "PATH": ":".join([*self._command_folders(), *programs]),
            "PYTHONPATH": ":".join([f"{self._seen_at}/lib", *vendored]),
        }

    def _command_folders(self) -> list[str]:
        """Return the folders that the commands are in, as jobs see them."""
        return list(dict.fromkeys(os.path.dirname(seen) for seen in self._commands.values()))  # noqa: PTH120

    def _can_be_shown(self, mounts: Sequence[Mount]) -> bool:
        shared = Mount(self._folder, self._seen_at)
        return self._can_mount is not None and self._can_mount((shared, *mounts))

    def _make(self) -> None:
        try:
            self._locale = {"LANG": locales.NAME if self._has_locale() else locales.FALLBACK}
            # Variables are the same for all interpreters, so only one can have the packages.
            path = "" if self._can_mount is None else self._path
            interpreters = find_interpreters(self._python, path)
            lacking = {name for interpreter in interpreters for name in interpreter.lacking}
            copy_packages(sorted(lacking), self._folder / _VENDORED)
            self._let_all_read(self._folder)
            self._install(interpreters)
        except OSError as error:
            logger.warning("The grading API is found by variables only: %s", error)
            self._use_variables()
        finally:
            self._is_ready.set()
        self._compile()

    def _has_locale(self) -> bool:
        """Return whether jobs have the locale: the machine's, or one copied to the shared files."""
        if locales.is_installed():
            return True
        compiled = locales.compiled_locale()
        if compiled is None:
            return False
        shutil.copytree(compiled, self._folder / _LOCALES / locales.FOLDER)
        return True

    def _let_all_read(self, root: Path) -> None:
        """Let the user of jobs read what was copied, whatever the umask was when it was made."""
        for folder, _, names in os.walk(root):
            Path(folder).chmod(0o755)
            for path in (Path(folder, name) for name in names):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | 0o444)

    def _install(self, interpreters: Sequence[Interpreter]) -> None:
        sites = [interpreter.site for interpreter in interpreters[:1]]
        if self._can_mount is None or sites in ([], [None]):
            self._use_variables()
            return
        views_at = f"{self._seen_at}/{_VIEWS}"
        folder = self._views_folder()
        views = self._new_views(interpreters, SystemViews(folder, views_at), self._folder)
        overlaid = (Mount(folder, views_at), *self._conflicts())
        if not self._can_mount((Mount(self._folder, self._seen_at), *views.mounts(), *overlaid)):
            raise OSError("no box can be started with views of the system's folders")
        self._views, self._overlaid = views, overlaid
        self._variables = {"PATH": self._path}

    def _views_folder(self) -> Path:
        """Make the folder of the views, in memory where that can be."""
        folder = self._folder / _VIEWS
        folder.mkdir()
        with contextlib.suppress(OSError):
            self._in_memory = make_locked_folder(self._prefix, MEMORY)
            folder = self._in_memory[0]
        folder.chmod(0o755)  # its links are no secret
        return folder

    def _new_views(
        self,
        interpreters: Sequence[Interpreter],
        views: SystemViews,
        folder: Path,
        programs: Mapping[str, str] | None = None,
        *,
        with_libraries: bool = False,
    ) -> SystemViews:
        """Add to the system what all jobs have there.

        Args:
            interpreters: Those that find the API and, in ``folder``, the packages that they lack.
            views: The views.
            folder: The shared files, or a folder in them.
            programs: More commands, by the path that each leads to.
            with_libraries: As `SystemViews.add` says, of the packages of the interpreters.
        """
        for place in {Path(name).resolve() for name in COMMANDS_AT}:
            if place.is_dir():
                views.add(place, {**self._commands, **(programs or {})})
        place = locales.SYSTEM_FOLDER.resolve()
        if (self._folder / _LOCALES).is_dir() and place.is_dir():
            links = {locales.FOLDER: f"{self._seen_at}/{_LOCALES}/{locales.FOLDER}"}
            views.add(place, links)
        vendored = folder / _VENDORED
        vendored_at = f"{self._seen_at}/{vendored.relative_to(self._folder)}"
        for interpreter in interpreters:
            is_own = programs is not None
            if interpreter.site is None or not (is_own or self._is_seen(interpreter)):
                continue
            usable = interpreter.usable(vendored)
            missing = set(interpreter.lacking).difference(usable)
            if missing:
                logger.info("%s has no %s", interpreter.program, ", ".join(sorted(missing)))
            links = {name: f"{vendored_at}/{name}" for name in usable}
            for entry in os.scandir(self._folder / "lib"):
                links[entry.name] = f"{self._seen_at}/lib/{entry.name}"
            views.add(interpreter.site, links, with_libraries=with_libraries)
        return views

    def _is_seen(self, interpreter: Interpreter) -> bool:
        """Return whether jobs see it: some names in /usr/local/bin lead to a home."""
        program = Path(interpreter.program).resolve()
        return interpreter.program == self._python or program.parts[1] in _SYSTEM

    def _conflicts(self) -> list[Mount]:
        """Cover programs that happen to have the name of a command and would be found before it."""
        return [
            Mount(self._folder / seen.removeprefix(f"{self._seen_at}/"), f"{folder}/{name}")
            for folder in _SEARCHED
            if os.path.realpath(folder) == folder
            for name, seen in self._commands.items()
            if Path(folder, name).is_file() and not Path(folder, name).is_symlink()
        ]

    def _use_variables(self) -> None:
        vendored = f"{self._seen_at}/{_VENDORED}"
        self._variables = {
            "PATH": ":".join([*self._command_folders(), self._path]),
            # What is installed has no priority over this; only what is lacking is there.
            "PYTHONPATH": f"{self._seen_at}/lib:{vendored}",
        }
        if (self._folder / _LOCALES).is_dir():
            self._variables["LOCPATH"] = f"{self._seen_at}/{_LOCALES}:{locales.SYSTEM_FOLDER}"

    def _compile(self) -> None:
        """Have the byte code made; the first job can do without."""
        with self._state:
            if self._is_closed:
                return
            self._compiling = subprocess.Popen(  # noqa: S603 - fixed words
                [
                    *(self._python, "-m", "compileall", "-q"),
                    *(str(self._folder / name) for name in ("lib", _VENDORED)),
                ],
                env={**os.environ, MARK: new_swept_mark()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._compiling.wait()
