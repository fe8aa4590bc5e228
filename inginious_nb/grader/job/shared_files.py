"""Shared files: the grading API and its commands, packages and user names, for all jobs.

One private folder a grader, removed with it; it holds the folders of jobs, too. The API is copied
because jobs run under the system's python3: its byte code belongs to that interpreter, and the
folder of this package may be read-only, or in a home that an isolated job cannot see.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import secrets
import shutil
import sys
import tempfile
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.course.folders import expanded
from inginious_nb.grader.sandbox import Mount
from inginious_nb.grader.sandbox.launch_script import WORKER_ID, can_execute, drops_root
from inginious_nb.grader.sandbox.masked_paths import holds_home
from inginious_nb.grader.temporary_folders import (
    FolderLock,
    make_locked_folder,
    remove_stale_folders,
    remove_tree,
)

from .installation import MEMORY, Installation, View
from .interpreters import SYSTEM_PATH, system_python
from .workspace import make_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .python_environments import PythonEnvironment

_SEEN_AT = "/.inginious"
"""The path at which an isolated job sees the shared files."""

_API = Path(__file__).parent.parent / "grading_api"
_PREFIX = "inginious-jobs-"
_MAX_FOLDER_CHARACTERS = 50
"""The path of a Unix socket has about a hundred characters at most, of which half are ours."""


_MAX_PREPARED = 4
_SYSTEM = (Path("/usr"), Path("/usr/local"))
_SENDMSG = {"x86_64": 46, "aarch64": 211, "riscv64": 211}
"""The number of the system call sendmsg on each kind of machine."""

_FOLDER_IN_PYTHON = 'sys.argv[0].rpartition("/bin/")[0]'
"""The expression by which commands in Python find the API; its path takes the place of that."""


class SharedFiles:
    """The folder that a grader shares with its jobs.

    Args:
        can_mount: Whether a box with some mounts can be started; None where jobs see their files
            below this folder, not through mounts.

    Raises:
        OSError: The folder cannot be made or filled.

    Attributes:
        root: The folder, without links in its path.
        folder: What jobs see, read-only.
        seen_at: Where they see it.
        path: The folders that jobs search for programs, without the commands of the API.
        commands: The path of each command of the API, as jobs see it.
        python: The interpreter for the API's commands: the system's, else our own.
        ipython_mounts: What run scripts with IPython need to see, beside `mounts`.
    """

    def __init__(self, *, can_mount: Callable[[Sequence[Mount]], bool] | None = None) -> None:
        in_place = can_mount is None
        parent = _temporary_folder()
        remove_stale_folders(_PREFIX, {parent, MEMORY})
        root, lock = make_locked_folder(_PREFIX, parent)
        self.root = root.resolve()
        self._making = threading.Lock()
        # Also when nobody closes it: nothing stays on disk after this process.
        closing = contextlib.ExitStack()
        self._finalizer = weakref.finalize(self, closing.close)
        closing.callback(_remove, self.root, lock, self._making)
        _close_to_others(self.root, in_place=in_place)
        self.folder = self.root / "shared"
        self.seen_at = str(self.folder) if in_place else _SEEN_AT
        self._jobs = self.root / "jobs"
        self._prepared: list[Path] = []
        for folder in (self._jobs, self._jobs.with_name("prepared")):
            folder.mkdir()
            folder.chmod(0o711)  # also where the umask of the service is 077
        found = system_python()
        # By its real folder: its packages are looked for without links in their path.
        own = Path(sys.executable).parent.resolve() / Path(sys.executable).name
        self.python = found or str(own)
        # Before one of the system that does not work.
        self.path = SYSTEM_PATH if found is not None else f"{own.parent}:{SYSTEM_PATH}"
        self.ipython_mounts = _own_interpreter()
        self._own = self.ipython_mounts if found is None else ()
        self.commands = self._copy()
        self._working: set[asyncio.Future[None]] = set()
        self._installation = Installation(
            self.folder,
            self.seen_at,
            commands=self.commands,
            python=self.python,
            path=self.path,
            can_mount=can_mount,
            prefix=_PREFIX,
        )
        closing.callback(self._installation.close)

    def _copy(self) -> dict[str, str]:
        """Copy the API as this machine needs it; return where jobs see each command."""
        shutil.copytree(_API, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        if importlib.util.find_spec("IPython"):
            machine = self.folder / "lib" / "inginious_container_api" / "_machine.py"
            machine.write_text(f"IPYTHON = {sys.executable!r}\n", "utf-8")
        commands = {}
        for command in (self.folder / "bin").iterdir():
            text = command.read_text("utf-8").replace(_FOLDER_IN_PYTHON, repr(self.seen_at))
            text = text.replace("#!/usr/bin/python3", f"#!{self.python}", 1)
            command.write_text(text, "utf-8")
            command.chmod(0o755)
            commands[command.name] = f"{self.seen_at}/bin/{command.name}"
        worker = f"{WORKER_ID}:{WORKER_ID}"
        (self.folder / "passwd").write_text(
            f"root:x:0:0:root:/root:/bin/sh\nworker:x:{worker}:worker:/task:/bin/sh\n", "utf-8"
        )
        (self.folder / "group").write_text(f"root:x:0:\nworker:x:{WORKER_ID}:\n", "utf-8")
        return commands | self._use_perl()

    def _use_perl(self) -> dict[str, str]:
        """Make the commands in Perl, which take the place of those in Python, and return them.

        There are none where Perl is missing, or the number of the system call is not known.
        """
        number = _SENDMSG.get(os.uname().machine) if sys.platform == "linux" else None
        folder = self.folder / "perl"
        if number is None or not os.access("/usr/bin/perl", os.X_OK):
            shutil.rmtree(folder)
            return {}
        commands = {}
        for command in folder.iterdir():
            text = command.read_text("utf-8").replace("SYSCALL_NUMBER", str(number), 1)
            command.write_text(text.replace("API_FOLDER", self.seen_at, 1), "utf-8")
            command.chmod(0o755)
            commands[command.name] = f"{self.seen_at}/perl/{command.name}"
        return commands

    def wait(self) -> None:
        """Wait until jobs can start."""
        self._installation.wait()

    @property
    def is_in_system(self) -> bool:
        """Return whether interpreters find the API in folders of their own, as they start."""
        return self._installation.is_in_system

    def view(self, environment: PythonEnvironment | None) -> View:
        """Return what every program of a job finds beside the job's own files.

        Args:
            environment: Whose python3 jobs have, None for the system's.

        Raises:
            OSError: A folder of the system cannot be read, or the environment cannot be shown.
            ServiceError: The environment cannot be used.
        """
        if environment is None:
            found = View(self._installation.mounts(), self._installation.variables(), self.python)
        else:
            found = self._installation.with_environment(environment)
        shared = Mount(self.folder, self.seen_at)
        return replace(found, mounts=(*self._own, shared, *found.mounts))

    def new_job_folder(self) -> Path:
        """Return a path for the files of one more job, that other jobs cannot guess.

        There is nothing yet, or the folders are as `make_folders` makes them.
        """
        folder = self._jobs / secrets.token_hex(6)
        with contextlib.suppress(IndexError, OSError):
            self._prepared.pop().rename(folder)
        return folder

    def prepare_job_folder(self) -> None:
        """Make the folders of a later job, up to a few; called while nobody waits for a job."""
        if len(self._prepared) < _MAX_PREPARED:
            folder = self._jobs.with_name("prepared") / secrets.token_hex(6)
            # Once it is closed there is no place for them.
            with self._making, contextlib.suppress(OSError):
                make_folders(folder)
                self._prepared.append(folder)

    def in_background(self, work: Callable[[], None]) -> asyncio.Future[None]:
        """Run a function in a thread; return its future, which need not be awaited or kept."""
        working = asyncio.get_running_loop().run_in_executor(None, work)
        self._working.add(working)
        working.add_done_callback(self._working.discard)
        return working

    def close(self) -> None:
        """Remove the folder; no job may be running."""
        self._finalizer()


def _close_to_others(root: Path, *, in_place: bool) -> None:
    """Keep every other local user out: below are answers, and feedback that jobs may write.

    The names of jobs are no secret: mount tables and command lines show them.
    """
    if in_place and drops_root():
        os.chown(root, -1, WORKER_ID)  # jobs run as this group, and enter by path
        root.chmod(0o710)
    else:
        root.chmod(0o700)


def _temporary_folder() -> str:
    """Return the first folder with a short path in which the user of jobs can execute files.

    If there is none, return the first with a short path: a job says why it cannot be executed.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or expanded(Path("~/.cache"))
    named = (tempfile.gettempdir(), "/tmp", "/var/tmp", cache, "/dev/shm")  # noqa: S108 - a private one in it
    short = [name for name in map(str, named) if len(name) <= _MAX_FOLDER_CHARACTERS]
    usable = (name for name in dict.fromkeys(short) if can_execute(Path(name)))
    return next(usable, short[0])


def executes_jobs() -> bool:
    """Return whether jobs can execute what is in their folders."""
    return can_execute(Path(_temporary_folder()))


def _remove(root: Path, lock: FolderLock, making: threading.Lock) -> None:
    with making:
        remove_tree(root)
    lock.release()


def _own_interpreter() -> tuple[Mount, ...]:
    """Return the folders that our own interpreter and its packages live in."""
    folders = {Path(sys.base_prefix), Path(sys.prefix), Path(sys.prefix).resolve()}
    for name in ("IPython", "traitlets"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            folders.add(Path(spec.origin).parent.parent)
    return tuple(
        Mount(folder, str(folder))
        for folder in sorted(folders)
        # A home that is an installation is still a home.
        if os.access(folder, os.R_OK) and not holds_home(folder) and folder not in _SYSTEM
    )
