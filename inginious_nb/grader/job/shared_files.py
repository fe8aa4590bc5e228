"""Shared files: the grading API and its commands, a few packages and user names, for all jobs.

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
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.course.folders import expanded
from inginious_nb.grader.sandbox import Mount
from inginious_nb.grader.sandbox.launch_script import WORKER_ID, drops_root
from inginious_nb.grader.sandbox.stale_processes import MARK, new_mark
from inginious_nb.grader.temporary_folders import (
    FolderLock,
    make_locked_folder,
    remove_stale_folders,
    remove_tree,
)

from .workspace import make_folders

if TYPE_CHECKING:
    from collections.abc import Callable

SEEN_AT = "/.inginious"
"""Path at which an isolated job sees the shared files."""

_API = Path(__file__).parent.parent / "grading_api"
_PREFIX = "inginious-jobs-"
_MAX_FOLDER_CHARACTERS = 50
"""The path of a socket has a hundred characters at most, and about half of them are ours."""
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MAX_PREPARED = 4
_SYSTEM = (Path("/usr"), Path("/usr/local"))
_SENDMSG = {"x86_64": 46, "aarch64": 211, "riscv64": 211}
"""Number of the system call sendmsg on each kind of machine."""
_VENDORED = ("jinja2", "markupsafe", "yaml")


class SharedFiles:
    """The folder that a grader shares with its jobs.

    Args:
        in_place: Whether jobs see their files below this folder, not through mounts.

    Attributes:
        root: The folder, without links in its path.
        folder: What jobs see, read-only.
        path: The folders that are searched for programs, without the commands of the API.
        commands: The names of the folders in `folder` that have the commands of the API.
        python: The interpreter for the API's commands: the system's, else our own.
        ipython: An interpreter that has IPython, for run scripts that need it.
        mounts: What else every job needs to see of this machine.
        ipython_mounts: What run scripts with IPython need to see, beside that.
    """

    def __init__(self, *, in_place: bool = False) -> None:
        remove_stale_folders(_PREFIX, [_temporary_folder()])
        root, lock = make_locked_folder(_PREFIX, _temporary_folder())
        self.root = root.resolve()
        _close_to_others(self.root, in_place=in_place)
        self.folder = self.root / "shared"
        self._jobs = self.root / "jobs"
        self._prepared: list[Path] = []
        self._making = threading.Lock()
        for folder in (self._jobs, self._jobs.with_name("prepared")):
            folder.mkdir(mode=0o711)
        system_python = shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin")
        self.python = system_python or sys.executable
        self.path = _SYSTEM_PATH
        if system_python is None:
            self.path += f":{Path(sys.executable).parent}"
        self.ipython = sys.executable if importlib.util.find_spec("IPython") else None
        own = _own_interpreter()
        self.mounts = own if system_python is None else ()
        self.ipython_mounts = own
        self._copy()
        self._working: set[asyncio.Future[None]] = set()
        compiling = self._compile()
        # Also when nobody closes it: nothing stays on disk after this process.
        self._finalizer = weakref.finalize(self, _remove, self.root, lock, compiling, self._making)

    def _copy(self) -> None:
        shutil.copytree(_API, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.commands = (*self._use_perl(), "bin")
        for command in (self.folder / "bin").iterdir():
            if self.python != "/usr/bin/python3":
                text = command.read_text("utf-8")
                text = text.replace("#!/usr/bin/python3", f"#!{self.python}", 1)
                command.write_text(text, "utf-8")
            command.chmod(0o755)
        for name in _VENDORED:
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.submodule_search_locations:
                shutil.copytree(
                    spec.submodule_search_locations[0],
                    self.folder / "vendor" / name,
                    ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "*.c"),
                )
        worker = f"{WORKER_ID}:{WORKER_ID}"
        (self.folder / "passwd").write_text(
            f"root:x:0:0:root:/root:/bin/sh\nworker:x:{worker}:worker:/task:/bin/sh\n", "utf-8"
        )
        (self.folder / "group").write_text(f"root:x:0:\nworker:x:{WORKER_ID}:\n", "utf-8")

    def _use_perl(self) -> tuple[str, ...]:
        """Have the commands that are written in Perl, too, come first where they can run."""
        number = _SENDMSG.get(os.uname().machine) if sys.platform == "linux" else None
        folder = self.folder / "perl"
        if number is None or not os.access("/usr/bin/perl", os.X_OK):
            shutil.rmtree(folder)
            return ()
        for command in folder.iterdir():
            text = command.read_text("utf-8").replace("SYSCALL_NUMBER", str(number), 1)
            command.write_text(text, "utf-8")
            command.chmod(0o755)
        return ("perl",)

    def _compile(self) -> subprocess.Popen[bytes]:
        """Have the byte code made in the background; the first job can do without."""
        compiling = subprocess.Popen(  # noqa: S603 - fixed words
            [self.python, "-m", "compileall", "-q", str(self.folder)],
            env={**os.environ, MARK: new_mark()},  # ended with us, if not by us
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        threading.Thread(target=compiling.wait, daemon=True).start()
        return compiling

    def new_job_folder(self) -> Path:
        """A path for the files of one more job, that other jobs cannot guess.

        There is nothing yet, or the folders are as `make_folders` makes them.
        """
        folder = self._jobs / secrets.token_hex(6)
        with contextlib.suppress(IndexError, OSError):
            self._prepared.pop().rename(folder)
        return folder

    def prepare_job_folder(self) -> None:
        """Make the folders of a job to come; while nobody waits, or it would be no gain."""
        if len(self._prepared) < _MAX_PREPARED:
            folder = self._jobs.with_name("prepared") / secrets.token_hex(6)
            with self._making, contextlib.suppress(OSError):  # all has been removed
                make_folders(folder)
                self._prepared.append(folder)

    def in_background(self, work: Callable[[], None]) -> asyncio.Future[None]:
        """Have something done in a thread that nobody needs to wait for."""
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
    folder = tempfile.gettempdir()
    return folder if len(folder) <= _MAX_FOLDER_CHARACTERS else "/tmp"  # noqa: S108 - a private one in it


def _remove(
    root: Path, lock: FolderLock, compiling: subprocess.Popen[bytes], making: threading.Lock
) -> None:
    compiling.kill()
    compiling.wait()
    with making:
        remove_tree(root)
    lock.release()


def _own_interpreter() -> tuple[Mount, ...]:
    """The folders that our own interpreter and its packages live in."""
    folders = {Path(sys.base_prefix), Path(sys.prefix)}
    for name in ("IPython", "traitlets"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            folders.add(Path(spec.origin).parent.parent)
    home = expanded(Path("~"))
    return tuple(
        Mount(folder, str(folder))
        for folder in sorted(folders)
        # A home that is an installation is still a home.
        if os.access(folder, os.R_OK) and not home.is_relative_to(folder) and folder not in _SYSTEM
    )
