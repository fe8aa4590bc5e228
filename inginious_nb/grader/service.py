"""The embedded grading service seen from the process that uses it.

It runs in a child process, ``python -m inginious_nb.grader``, in a session of its own so that a
kernel interrupt does not reach it. Lines of JSON go to its stdin, whose end tells it that its user
has ended; it answers each with one line on stdout. It listens where only its owner can connect
(docs/decisions/0008-the-embedded-service-is-private.md): in a private folder, or on loopback with
keys made for it alone.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import queue
import stat
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, cast

import zmq

from inginious_nb.errors import ServiceEndedError, ServiceError
from inginious_nb.i18n import Message, from_kept
from inginious_nb.io.address import MAX_IPC_PATH_BYTES

from .curve import ServerKeys, new_keys
from .temporary_folders import FolderLock, make_locked_folder, remove_stale_folders, remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inginious_nb.io.curve import CurveKeys

    from .sandbox import Description

logger = logging.getLogger(__name__)

_START_S = 30.0
_ANSWER_S = 10.0
_STOP_S = 5.0

_PRIVATE = 0o700
_PREFIX = "inginious-service-"
_SITE_VARIABLES = "INGINIOUS_SITE_"
_PASSING = (errno.EAGAIN, errno.ENOMEM, errno.ENFILE, errno.EMFILE, errno.ETXTBSY)
"""Why no process can be made now, which may pass: fork(2), execve(2)."""

_BOOT = """
import runpy, sys
sys.path += sys.argv[1:]
runpy.run_module("inginious_nb.grader", run_name="__main__")
"""
"""``python -m`` for a package that may be importable only thanks to the parent's ``sys.path``.

With ``-P``, a student's ``random.py`` beside the notebook does not replace the library's.
"""

Transport = Literal["auto", "ipc", "tcp"]


class ServiceProcess:
    """A grading service of one's own: broker, agents and sandbox in one child process.

    Safe to use from any thread. Keeps its address when it is started again after a crash, so that
    clients find it without being told.

    Args:
        course_paths: Folders of courses whose tasks are graded.
        slots: How many scripts run at the same time; None is one per core.
        sandbox: "auto", "bubblewrap" or "plain".
        environment_aliases: More environment names, each with the one that stands for it.
        transport: "auto" is ipc where ZeroMQ has it, else loopback TCP with CURVE keys.
        shared: Several processes use it: clients know it by CURVE keys, also on ipc, and none is
            told that a job ended with the service, since they take what is pending elsewhere.
    """

    def __init__(
        self,
        course_paths: Iterable[Path],
        *,
        slots: int | None = None,
        sandbox: str = "auto",
        environment_aliases: Mapping[str, str] | None = None,
        transport: Transport = "auto",
        shared: bool = False,
    ) -> None:
        self._course_paths = [str(path.absolute()) for path in course_paths]
        self._settings = {
            "slots": slots,
            "sandbox": sandbox,
            "environment_aliases": dict(environment_aliases or {}),
            "shared": shared,
        }
        self._uses_ipc = transport == "ipc" or (transport == "auto" and bool(zmq.has("ipc")))
        self._lock = threading.RLock()
        self._folder: Path | None = None
        self._folder_lock: FolderLock | None = None
        self._address: str | None = None
        self._sandbox: Description | None = None
        self._curve: CurveKeys | None = None
        self._server_keys: ServerKeys | None = None
        if shared or not self._uses_ipc:
            self._curve, self._server_keys = new_keys()
        self._child: _Child | None = None

    @property
    def address(self) -> str:
        """Return where clients connect.

        Raises:
            ServiceError: It was never started.
        """
        if self._address is None:
            raise ServiceError(Message("The embedded grading service has not been started yet."))
        return self._address

    @property
    def curve(self) -> CurveKeys | None:
        """Return the keys that a client needs to connect, if it needs any."""
        return self._curve

    @property
    def sandbox(self) -> Description | None:
        """Return how scripts are isolated; None before the first start."""
        return self._sandbox

    @property
    def alive(self) -> bool:
        """Return whether its process runs."""
        child = self._child
        return child is not None and child.alive

    def start(self) -> None:
        """Start it, unless it runs, and wait until it takes jobs: at most 30 s.

        Raises:
            ServiceError: It cannot be started; the text says why.
            ServiceEndedError: It ended meanwhile, or the machine was too busy to make it.
        """
        with self._lock:
            if self.alive:
                return
            self._discard()
            folder = self._private_folder()
            try:
                self._child = _Child(folder)
                ready = self._child.ask(
                    {
                        **self._settings,
                        "courses": self._course_paths,
                        "folder": str(folder),
                        "address": self._address or self._first_address(folder),
                        "curve": self._server_keys and self._server_keys.as_dict(),
                        "parent": os.getpid(),
                    },
                    timeout_s=_START_S,
                )
            except BaseException as error:
                self.stop()
                if not isinstance(error, ServiceError):
                    raise
                text = Message(
                    "The embedded grading service cannot start: {reason}", reason=error.text
                )
                raise type(error)(text) from error
            self._address = ready["address"]
            self._sandbox = ready["sandbox"]

    def add_course_path(self, path: Path) -> None:
        """Let it grade the courses below path too; returns when it knows them.

        Raises:
            ServiceError: There is no usable course, or the service does not answer.
        """
        with self._lock:
            absolute = str(path.absolute())
            if absolute not in self._course_paths:
                self._course_paths.append(absolute)
            if self._child is not None and self._child.alive:
                self._child.ask({"add_course": absolute}, timeout_s=_ANSWER_S)

    def refusal(self, course_id: str, task_id: str, environment: tuple[str, str]) -> str:
        """Return what would help a task whose environment is not offered; empty if it is.

        Raises:
            ServiceError: The service does not answer.
        """
        with self._lock:
            if self._child is None or not self._child.alive:
                return ""
            request = {"refusal": [course_id, task_id, *environment]}
            return from_kept(self._child.ask(request, timeout_s=_ANSWER_S)["refusal"])

    def stop(self) -> None:
        """End it and everything it runs, and remove what it left on disk. May be repeated."""
        with self._lock:
            self._discard()
            if self._folder is not None:
                remove_tree(self._folder)
            if self._folder_lock is not None:
                self._folder_lock.release()

    def _discard(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None

    def _private_folder(self) -> Path:
        """Return the folder that only its owner can enter; the same one at every start."""
        if self._folder is None:
            self._folder, self._folder_lock = new_private_folder()
        # A child that ended, or a cleaner of temporary files, may have removed it.
        self._folder.mkdir(mode=_PRIVATE, exist_ok=True)
        status = self._folder.lstat()
        if os.name == "posix" and (
            not stat.S_ISDIR(status.st_mode)
            or status.st_uid != os.geteuid()
            or stat.S_IMODE(status.st_mode) != _PRIVATE
        ):
            raise ServiceError(
                Message(
                    "The folder {folder} of the embedded grading service belongs to somebody "
                    "else now. Restart the kernel.",
                    folder=self._folder,
                )
            )
        try:
            self._folder_lock = FolderLock(self._folder)
        except OSError as error:
            raise ServiceEndedError(
                Message(
                    "The folder {folder} of the embedded grading service was removed while it "
                    "started, probably by a cleaner of temporary files. Start it again.",
                    folder=self._folder,
                )
            ) from error
        return self._folder

    def _first_address(self, folder: Path) -> str:
        return f"ipc://{folder / 'clients'}" if self._uses_ipc else "tcp://127.0.0.1:*"


class _Child:
    """The child process and the conversation with it."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"
        self._asked = 0
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        with self._log.open("ab") as log:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                    [sys.executable, "-P", "-c", _BOOT, str(Path(__file__).parents[2])],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=folder,
                    # Who signs in at a site is no business of scripts that are graded.
                    env={k: v for k, v in os.environ.items() if not k.startswith(_SITE_VARIABLES)},
                    start_new_session=True,
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
            except OSError as error:
                text = Message(
                    "{program} cannot be run: {error}.",
                    program=sys.executable,
                    error=error.strerror,
                )
                raise (ServiceEndedError if error.errno in _PASSING else ServiceError)(
                    text
                ) from error
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._reader = threading.Thread(
            target=_read_answers,
            args=(cast("IO[bytes]", self._process.stdout), self._answers),
            name="inginious-nb embedded service",
            daemon=True,
        )
        self._reader.start()
        # Also when the user forgets to stop it, and when the interpreter ends.
        self._finalizer = weakref.finalize(self, _end, self._process, self._reader, os.getpid())

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send a request and return its answer.

        Raises:
            ServiceError: It was refused, or nothing came.
            ServiceEndedError: Its process has ended.
        """
        self._asked += 1
        try:
            self._stdin.write(json.dumps({"id": self._asked, **request}).encode() + b"\n")
            self._stdin.flush()
            answer = self._answers.get(timeout=timeout_s)
            while answer is not None and answer["id"] != self._asked:
                answer = self._answers.get(timeout=timeout_s)  # that one came too late
        except OSError:
            answer = None
        except queue.Empty:
            raise ServiceError(
                Message("it did not answer within {seconds} s.", seconds=f"{timeout_s:.0f}")
            ) from None
        if answer is None:
            raise ServiceEndedError(
                Message("its process ended. {last_words}", last_words=self._last_words())
            )
        if "error" in answer:
            raise ServiceError(from_kept(answer["error"]))
        return answer

    def end(self) -> None:
        if self._process.poll() not in (None, 0):
            logger.warning("The embedded grading service ended. %s", self._last_words())
        self._finalizer()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._log.read_text(errors="replace").strip().splitlines()
            if lines:
                return Message("Its last words were: {line}", line=lines[-1])
        return Message("It left no message.")


def _read_answers(stdout: IO[bytes], answers: queue.Queue[dict[str, Any] | None]) -> None:
    with stdout:
        for line in stdout:
            answers.put(json.loads(line))
    answers.put(None)


def _end(process: subprocess.Popen[bytes], reader: threading.Thread, owner: int) -> None:
    """End the child: first by the end of its stdin, then less and less politely.

    Nothing in a process that was forked from its owner: the child is not its own to end.
    """
    if os.getpid() != owner:
        return
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    for harder in (process.terminate, process.kill):
        try:
            process.wait(_STOP_S)
            break
        except subprocess.TimeoutExpired:
            harder()
    process.wait()
    reader.join(_STOP_S)


def new_private_folder() -> tuple[Path, FolderLock]:
    """Make a folder of mode 0700 whose path is short enough for a socket in it.

    Raises:
        ServiceError: There is no place for one.
    """
    named = (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")  # noqa: S108 - the folder in it is private
    added = len(f"/{_PREFIX}12345678/clients")
    parents = [
        parent
        for parent in dict.fromkeys(named)
        if parent and len(os.fsencode(parent)) + added <= MAX_IPC_PATH_BYTES
    ]
    remove_stale_folders(_PREFIX, parents)
    for parent in parents:
        with contextlib.suppress(OSError):
            return make_locked_folder(_PREFIX, parent)
    raise ServiceError(
        Message(
            "The embedded grading service finds no folder for its socket: "
            "set TMPDIR to a folder with a short path that you may write to."
        )
    )
