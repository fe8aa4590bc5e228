"""What jobs have in the folders of the system: the grading API, its commands, packages, a locale.

A container has them there, so that nothing depends on variables. Isolated jobs see views of the
system's folders; where there can be none, variables name the folders instead.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.grader.sandbox import Mount
from inginious_nb.grader.sandbox.stale_processes import MARK
from inginious_nb.grader.sandbox.sweeper import new_swept_mark
from inginious_nb.grader.temporary_folders import make_locked_folder, remove_tree

from . import locales
from .python_packages import copy_packages, find_interpreters
from .system_views import SystemViews

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inginious_nb.grader.temporary_folders import FolderLock

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

    def _make(self) -> None:
        try:
            self._locale = {"LANG": locales.NAME if self._has_locale() else locales.FALLBACK}
            # Variables are the same for all interpreters, so only one can have the packages.
            path = "" if self._can_mount is None else self._path
            interpreters = find_interpreters(self._python, path)
            lacking = {name for interpreter in interpreters for name in interpreter.lacking}
            copy_packages(sorted(lacking), self._folder / _VENDORED)
            self._let_all_read()
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

    def _let_all_read(self) -> None:
        """Let the user of jobs read what was copied, whatever the umask was when it was made."""
        for folder, _, names in os.walk(self._folder):
            Path(folder).chmod(0o755)
            for path in (Path(folder, name) for name in names):
                path.chmod(path.stat().st_mode | 0o444)

    def _install(self, interpreters: Sequence[Interpreter]) -> None:
        sites = [interpreter.site for interpreter in interpreters[:1]]
        if self._can_mount is None or sites in ([], [None]):
            self._use_variables()
            return
        views_at = f"{self._seen_at}/{_VIEWS}"
        folder = self._views_folder()
        views = self._new_views(interpreters, SystemViews(folder, views_at))
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

    def _new_views(self, interpreters: Sequence[Interpreter], views: SystemViews) -> SystemViews:
        for place in {Path(name).resolve() for name in COMMANDS_AT}:
            if place.is_dir():
                views.add(place, self._commands)
        place = locales.SYSTEM_FOLDER.resolve()
        if (self._folder / _LOCALES).is_dir() and place.is_dir():
            links = {locales.FOLDER: f"{self._seen_at}/{_LOCALES}/{locales.FOLDER}"}
            views.add(place, links)
        vendored = self._folder / _VENDORED
        for interpreter in interpreters:
            if interpreter.site is None or not self._is_seen(interpreter):
                continue
            usable = interpreter.usable(vendored)
            missing = set(interpreter.lacking).difference(usable)
            if missing:
                logger.info("%s has no %s", interpreter.program, ", ".join(sorted(missing)))
            links = {name: f"{self._seen_at}/{_VENDORED}/{name}" for name in usable}
            for entry in os.scandir(self._folder / "lib"):
                links[entry.name] = f"{self._seen_at}/lib/{entry.name}"
            views.add(interpreter.site, links)
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
        folders = dict.fromkeys(str(Path(seen).parent) for seen in self._commands.values())
        vendored = f"{self._seen_at}/{_VENDORED}"
        self._variables = {
            "PATH": ":".join([*folders, self._path]),
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
