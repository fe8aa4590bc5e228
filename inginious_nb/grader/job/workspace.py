"""Layout of the files of one job: its copy of the task, its input, the folders it writes to.

The tree below `Workspace.root` has the layout of a container (docs/protocol.md, The grading
container). An isolated job sees each part at its real place; any other is told where the tree is.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inginious_nb.course import drives, probing
from inginious_nb.grader.sandbox import Mount, Streams
from inginious_nb.grader.sandbox.launch_script import WORKER_ID, drops_root
from inginious_nb.grader.temporary_folders import remove_tree

from .archive import Archive, pack
from .disk_usage import disk_usage_bytes
from .untrusted_files import open_inside, pinned_path, read_beginning

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping

_OPEN_TO_ALL = 0o777
INPUT = ".__input/__inputdata.json"
FEEDBACK = ".__output/__feedback.json"
_MAX_UNREAD = 100
# All else that goes wrong with a copy is about what is copied.
_FAULTS_OF_TARGET = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE)
_MAX_SYSTEM_FILE_BYTES = 64 << 10
# Nobody can make it. bubblewrap names to the student what it cannot mount, so no place of ours.
_NOWHERE = Path("/proc/nowhere")
_WRITABLE = ("task", "archive", ".__input", ".__output", "tmp", "shm")


def make_folders(root: Path) -> None:
    """Make the empty folders of a job, which can be done before anything is known of it.

    Raises:
        OSError: They cannot be made.
    """
    _make_readable(root)
    for name in (*_WRITABLE, "control"):
        _make_open(root / name)
    (root / "hidden").mkdir(mode=0o700)
    _make_readable(root / "course")
    (root / FEEDBACK).touch()
    _open(root / FEEDBACK)
    _make_readable(root / "students")
    _make_private(root / "students" / "1")


def _make_private(folder: Path) -> None:
    """Make the folders that one program of the student has for itself."""
    _make_readable(folder)
    for name in ("tmp", "shm"):
        _make_open(folder / name)


class Workspace:
    """A folder that exists as long as a job.

    Attributes:
        root: The folder.
        hidden: A part of it that no program of the job sees.
        copied_bytes: Size of the task's own files.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hidden = root / "hidden"
        self._real_task = Path(os.path.realpath(root)) / "task"
        self.copied_bytes = 0
        self._common: Path | None = None
        self._student_runs = itertools.count(1)
        self._copies = itertools.count(1)

    def fill(self, task: Path, common: Path | None, *, copy_common: bool) -> tuple[str, ...]:
        """Make the folders, unless they are there, and copy the task.

        Args:
            task: The folder of the task, which is never changed.
            common: The course's shared files, or None.
            copy_common: Copy those too, where a mount cannot keep them from being written.

        Returns:
            Paths of what of the task cannot be read, and is left out; at most a hundred.

        Raises:
            OSError: Something cannot be read or written.
        """
        if not self.root.is_dir():
            make_folders(self.root)
        for folder in (task, *filter(None, [common])):
            drives.enter(folder)
        unread = self.offer_common(common, copy=copy_common)
        unread_of_task, self.copied_bytes = _copy_tree(task, self.root / "task")
        unread += unread_of_task
        student = self.root / "task" / "student"
        if not student.is_dir():
            student.mkdir()
            _open(student)
        # Names of files need not be text, what is said about them must.
        return tuple(path.encode("utf-8", "replace").decode() for path in unread[:_MAX_UNREAD])

    def offer_common(self, common: Path | None, *, copy: bool) -> list[str]:
        """Have the job see the course's shared files, or an empty folder if there are none.

        Returns:
            Paths of what of them cannot be copied, and is left out.

        Raises:
            OSError: They cannot be copied.
        """
        if common is not None and not copy and is_readable_by_jobs(common):
            self._common = common
            return []
        self._common = self.root / "course" / "common"
        if not self._common.is_dir():
            _make_readable(self._common)
        if common is None:
            return []
        try:
            shutil.copytree(
                common, self._common, symlinks=True, dirs_exist_ok=True, copy_function=_copy_shared
            )
        except shutil.Error as error:  # all else has been copied
            sources = [Path(source) for source, *_ in error.args[0]]
            return [f"$common/{path.relative_to(common)}" for path in sources]
        finally:
            for folder, _, _ in os.walk(self._common):
                Path(folder).chmod(0o755)
        return []

    def write_input(self, document: Mapping[str, Any], root_seen: str) -> None:
        """Write the start message, and each upload to a file of its own.

        Source: docs/protocol.md, The grading container.

        Raises:
            TypeError: The answers hold something that has no form in JSON.
        """
        answers = dict(document["input"])
        uploads = 0
        for key, answer in answers.items():
            if not isinstance(answer, dict) or not isinstance(answer.get("value"), bytes):
                continue
            name = f".__input/__inputfile_{uploads}"
            uploads += 1
            (self.root / name).write_bytes(answer["value"])
            _open(self.root / name)
            answers[key] = {**answer, "value": f"{root_seen}/{name}"}
        path = self.root / INPUT
        path.write_text(json.dumps({**document, "input": answers}), encoding="utf-8")
        _open(path)

    @property
    def has_system_files(self) -> bool:
        """Return whether the task brings files for /etc."""
        return (self.root / "task" / "systemfiles").is_dir()

    def mounts(self, files_of_system: Path) -> tuple[Mount, ...]:
        """Return what the run script sees."""
        root = self.root
        places = [Mount(root / name, f"/{name}", writable=True) for name in _WRITABLE[:-1]]
        places.append(Mount(root / "shm", "/dev/shm", writable=True))  # noqa: S108 - its own
        if self._common is not None:
            places.append(Mount(self._common, "/course/common"))
        places.append(Mount(root / "control", "/.control"))
        return (*places, *self._system_files(files_of_system))

    def student_mounts(
        self, files_of_system: Path, open_descriptors: contextlib.ExitStack
    ) -> tuple[Mount, ...]:
        """Return what one program of the student sees: ``student/`` and little else.

        Args:
            files_of_system: Where the names of users are.
            open_descriptors: Closes what is held open for the mounts; not before they are made.
        """
        number = next(self._student_runs)
        private = self.root / "students" / str(number)
        if number > 1:
            _make_private(private)
        places = [
            self._pinned_mount("student", open_descriptors, writable=True),
            Mount(private / "tmp", "/tmp", writable=True),  # noqa: S108 - its own
            Mount(private / "shm", "/dev/shm", writable=True),  # noqa: S108 - its own
        ]
        if self.has_system_files:
            places.append(self._pinned_mount("systemfiles", open_descriptors))
        if self._common is not None and probing.is_folder(self._common / "student"):
            places.append(Mount(self._common / "student", "/course/common/student"))
        return (*places, *self._system_files(files_of_system))

    def _pinned_mount(
        self, name: str, open_descriptors: contextlib.ExitStack, *, writable: bool = False
    ) -> Mount:
        """Return a folder of the task as it is now: its script could swap it meanwhile."""
        task = self.root / "task"
        try:
            descriptor = open_inside(task / name, self._real_task)
        except OSError:
            return Mount(_NOWHERE, f"/task/{name}")
        open_descriptors.callback(os.close, descriptor)
        return Mount(task / name, f"/task/{name}", writable=writable, descriptor=descriptor)

    def _system_files(self, files_of_system: Path) -> Iterator[Mount]:
        """Yield what stands in /etc: names of users, and what the task has in ``systemfiles``."""
        for name in ("passwd", "group"):
            yield Mount(files_of_system / name, f"/etc/{name}")
        hosts = self._system_file("hosts")
        if hosts:
            with contextlib.suppress(OSError):
                hosts = Path("/etc/hosts").read_bytes() + b"\n" + hosts
                yield Mount(self._copied("hosts", hosts), "/etc/hosts")
        resolver = self._system_file("resolv.conf")
        if resolver and Path("/etc/resolv.conf").exists():
            place = str(Path("/etc/resolv.conf").resolve())
            yield Mount(self._copied("resolv.conf", resolver), place)

    def _system_file(self, name: str) -> bytes:
        folder = self._real_task / "systemfiles"
        try:
            with pinned_path(folder / name, folder) as path:
                return read_beginning(path, _MAX_SYSTEM_FILE_BYTES, follow=True)
        except OSError:
            return b""

    def _copied(self, name: str, content: bytes) -> Path:
        """Return a file with this content, which the job cannot change while it is mounted."""
        folder = self.hidden / str(next(self._copies))
        folder.mkdir()
        path = folder / name
        path.write_bytes(content)
        path.chmod(0o644)
        return path

    def feedback(self, limit_bytes: int) -> bytes:
        """Return what the job wrote as its feedback; empty if nothing, or if the file is gone."""
        return read_beginning(self.root / FEEDBACK, limit_bytes)

    def output(self, name: str, limit_bytes: int) -> str:
        """Return the beginning of the job's ``stdout`` or ``stderr``."""
        return read_beginning(self.hidden / name, limit_bytes).decode("utf-8", "replace")

    @contextlib.contextmanager
    def streams(self) -> Iterator[Streams]:
        """Open what becomes ``stdin``, ``stdout`` and ``stderr`` of the job.

        Raises:
            OSError: The files cannot be written.
        """
        with (
            open(os.devnull, "rb") as stdin,  # noqa: PTH123
            (self.hidden / "stdout").open("wb") as stdout,
            (self.hidden / "stderr").open("wb") as stderr,
        ):
            yield Streams(stdin.fileno(), stdout.fileno(), stderr.fileno())

    def archive(self, limit_bytes: int, given_up: threading.Event) -> Archive:
        """Return what the job left in ``/archive``, packed."""
        return pack(self.root / "archive", self.hidden / "archive.tar.gz", limit_bytes, given_up)

    def size_bytes(self) -> int:
        """Return how much the job has on disk; a file counts at least a block."""
        return disk_usage_bytes(self.root)

    def remove(self) -> None:
        """Remove everything, whatever the job did to it."""
        remove_tree(self.root)


def _copy_tree(source: Path, target: Path) -> tuple[list[str], int]:
    """Copy what is in a folder; everything open to all, as INGInious does it.

    Returns:
        Paths of what cannot be read, and is left out; and how many bytes were copied.

    Raises:
        OSError: Nothing of it can be read, or a copy cannot be written.
    """
    unread: list[str] = []
    copied_bytes = 0
    folders = [(os.fspath(source), os.fspath(target))]
    while folders:
        from_folder, to_folder = folders.pop()
        try:
            entries = list(os.scandir(from_folder))
        except OSError:
            if from_folder == os.fspath(source):
                raise
            unread.append(os.path.relpath(from_folder, source))
            continue
        for entry in entries:
            copy = f"{to_folder}/{entry.name}"
            try:
                if entry.is_dir(follow_symlinks=False):
                    os.mkdir(copy)  # noqa: PTH102 - hot
                    _open(copy)
                    folders.append((entry.path, copy))
                else:
                    copied_bytes += _copy_entry(entry, copy)
            except OSError as error:
                if error.errno in _FAULTS_OF_TARGET:
                    raise
                with contextlib.suppress(OSError):
                    os.unlink(copy)  # noqa: PTH108 - hot
                unread.append(os.path.relpath(entry.path, source))
    return unread, copied_bytes


def _copy_entry(entry: os.DirEntry[str], copy: str) -> int:
    """Copy a link or a regular file, nothing else; return how many bytes it has."""
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), copy)  # noqa: PTH115, PTH211 - hot
    elif entry.is_file():
        shutil.copyfile(entry.path, copy)
        status = entry.stat()
        os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
        _open(copy)
        return status.st_size
    return 0


def is_readable_by_jobs(common: Path) -> bool:
    """Return whether the user of jobs can read shared files where they are.

    In INGInious's containers a run script is root, whom a course that its owner alone may read
    does not stop. The first level says which kind of course it is.
    """
    if not drops_root():
        return True
    try:
        with os.scandir(common) as entries:
            found = [entry.stat() for entry in entries if not entry.is_symlink()]
        modes = [status.st_mode for status in (common.stat(), *found)]
    except OSError:
        return True  # a copy would fail, too
    return all(
        mode & stat.S_IROTH and (mode & stat.S_IXOTH or not stat.S_ISDIR(mode)) for mode in modes
    )


def _copy_shared(source: str, target: str) -> str:
    shutil.copy2(source, target, follow_symlinks=False)
    if not os.path.islink(target):  # noqa: PTH114 - of shutil
        mode = os.stat(target).st_mode  # noqa: PTH116 - as above
        Path(target).chmod(mode | 0o444 | (0o111 if mode & stat.S_IXUSR else 0))
    return target


def _make_readable(folder: Path) -> None:
    """Make a folder that the user of jobs can enter, whatever the umask of the service."""
    folder.mkdir()
    folder.chmod(0o755)


def _make_open(folder: Path) -> None:
    folder.mkdir()
    _open(folder)


def _open(path: Path | str) -> None:
    os.chmod(path, _OPEN_TO_ALL)  # noqa: PTH101 - hot
    if drops_root():
        os.chown(path, WORKER_ID, WORKER_ID)
