"""Programs in bubblewrap: own file tree, processes and network; the system's files read-only."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from inginious_nb.i18n import marked

from .base import (
    KERNEL,
    Description,
    Limits,
    Mount,
    PreparingSandbox,
    Streams,
    describe_limits,
    describe_uncounted,
)
from .cgroup import Cgroups, limits_memory
from .launch_script import (
    WORKER_ID,
    dropping,
    drops_root,
    launch_command,
    launches_in_perl,
    own,
    report_pipe,
)
from .limit_files import LimitFiles, readable
from .masked_paths import masked_places, personal_folders
from .own_network import RESOLVERS, OwnNetworks
from .prepared import PreparedProcess, request_pipe
from .process import BoxedProcess, adopt_orphans
from .process_limit import ProcessLimit
from .session_keyring import join_new_session_keyring
from .stale_processes import MARK, end_stale_processes
from .sweeper import new_swept_mark
from .system_calls import filter_of_user_namespaces
from .user_namespaces import new_user_namespace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .base import Box
    from .cgroup import Cgroup
    from .own_network import OwnNetwork

_SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "opt", "nix")
_NEEDED_TO_DROP = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
_TRIED = Limits(cpu_s=1, wall_s=1, memory_bytes=1 << 30, disk_bytes=1 << 30)
_ISOLATED = [
    marked("files: of this machine only the system's own are visible, read-only; not your home"),
    marked("processes: nothing else can be seen or signalled, and nothing survives the job"),
    marked("environment variables"),
]
_MACHINE_NETWORK = marked(
    "network: none, unless the task asks for it; it then reaches all that this machine does, "
    "services on its loopback included"
)
_OWN_NETWORK = marked(
    "network: none, unless the task asks for it; it then has one of its own, which does not reach "
    "services on the loopback of this machine"
)
_SWAPPING = marked(
    "files, from a run script that means harm: this bubblewrap has no --bind-fd, so a folder that "
    "is swapped for a link while run_student starts may be mounted; install 0.10 or later"
)
_NOT_ISOLATED = [
    KERNEL,
    marked(
        "files that you keep below /usr, /opt, /etc or /nix, other than your home and your courses"
    ),
]


@dataclass(frozen=True)
class _Started:
    popen: subprocess.Popen[bytes]
    info: int
    report: int | None
    cgroup: Cgroup | None


@dataclass(frozen=True)
class _View:
    """All that a box has beside its program; equal if one can stand for the other.

    A file is known by its device and inode: a path can lead to something else in the meantime.

    Attributes:
        box: The box without program and mounts.
        mounts: The place of each mount, whether it is writable, device and inode.
        masked: Each masked folder, with device and inode.
    """

    box: Box
    mounts: tuple[tuple[str, bool, int, int], ...]
    masked: tuple[tuple[str, int, int], ...]


class BubblewrapSandbox(PreparingSandbox):
    """Starts programs with bubblewrap.

    Args:
        program: Where ``bwrap`` is.
    """

    def __init__(self, program: str) -> None:
        self._base = [program, *_base_arguments()]
        self._personal = personal_folders()
        self._more_masked: list[Callable[[], Iterable[Path]]] = []
        options = _help(program)
        self._binds_descriptors = "--bind-fd" in options
        self._cgroups = Cgroups.find()
        self._has_modes = "--perms" in options
        self._limit_files = LimitFiles.find(has_modes=self._has_modes)
        self._call_filter = filter_of_user_namespaces()
        # Where that filter cannot be had. Needs a user namespace.
        can_forbid = "--disable-userns" in options and not drops_root()
        self._forbidding: tuple[str, ...] = ("--disable-userns",) if can_forbid else ()
        self._has_keyrings = join_new_session_keyring()
        self._own_networks = OwnNetworks(
            program, lambda network: self._can_start((), [], network.entering)
        )
        # Whether boxes of root have a user namespace, for the sake of its count of processes.
        self._has_count = False
        self._process_limit = ProcessLimit(self._cgroups, has_user_namespace=not drops_root())

    @classmethod
    def find(cls) -> BubblewrapSandbox | None:
        """Return the sandbox, or None where it is not installed or may not make namespaces."""
        program = shutil.which("bwrap")
        if program is None:
            return None
        sandbox = cls(program)
        if not sandbox._can_start_at_all():
            return None
        adopt_orphans()
        end_stale_processes()
        launches_in_perl()  # now, not while the first job waits
        if sandbox._cgroups is not None:
            sandbox._cgroups.sweep()
        return sandbox

    def _can_start_at_all(self) -> bool:
        """Return whether any box can be started; gives up what this machine cannot have."""
        wants_count = drops_root() and self._process_limit.needs_namespace
        counts = (True, False) if wants_count else (False,)
        limit_files = dict.fromkeys((self._limit_files, None))
        # The filter, or else what bubblewrap has, or else nothing.
        guards: list[tuple[bytes | None, tuple[str, ...]]] = [(None, self._forbidding), (None, ())]
        if self._call_filter is not None:
            guards.insert(0, (self._call_filter, ()))
        for self._has_count, self._limit_files, guard in itertools.product(
            counts, limit_files, guards
        ):
            self._call_filter, self._forbidding = guard
            if self.can_mount(()):
                self._process_limit.has_user_namespace = self._has_count or not drops_root()
                return True
        return False

    def describe(self) -> Description:
        """Return what is isolated and what is not."""
        return {
            "kind": "bubblewrap",
            "isolated": [
                *_ISOLATED,
                _OWN_NETWORK if self.has_own_networks() else _MACHINE_NETWORK,
                describe_limits(kernel_limits_memory=limits_memory(self._cgroups)),
            ],
            "not_isolated": [
                *_NOT_ISOLATED,
                *([] if self._binds_descriptors else [_SWAPPING]),
                *([] if self._has_keyrings else [marked("keys of the kernel: yours can be used")]),
                *describe_uncounted(
                    kernel_limits_memory=limits_memory(self._cgroups),
                    has_user_namespaces=not (self._call_filter or self._forbidding),
                ),
            ],
        }

    @property
    def kind(self) -> str:
        """Return its name, as in its description."""
        return "bubblewrap"

    def has_own_networks(self) -> bool:
        """Return whether a job that uses the network gets one of its own; may take 100 ms."""
        return self._own_networks.are_there()

    def new_network(self) -> OwnNetwork | None:
        """Return a network for the boxes of one job, None where they use that of this machine."""
        return self._own_networks.new()

    def root_seen(self, root: Path) -> str:  # noqa: ARG002 - the same for every job
        """Jobs see their files at the places that INGInious documents."""
        return ""

    def can_mount(self, mounts: Sequence[Mount]) -> bool:
        """Return whether a program can be started that sees these mounts; tries it."""
        return self._can_start(mounts, ["--unshare-net"], [])

    def _can_start(
        self, mounts: Sequence[Mount], options: Sequence[str], entering: Sequence[str]
    ) -> bool:
        # Without an init of its own, which would come to us as an orphan.
        impossible = (OSError, subprocess.TimeoutExpired)
        with contextlib.ExitStack() as opened, contextlib.suppress(*impossible):
            shown, descriptors = self._shown_limits(_TRIED, opened)
            kept_in, more = self._kept_in(opened)
            command = [*entering, *self._base, *shown, *self._tree(mounts), *kept_in, *options]
            command += ["--as-pid-1", *dropping(), "/bin/sh", "-c", "exit 42"]
            tried = subprocess.run(  # noqa: S603 - our own command
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=10,
                check=False,
                pass_fds=[*descriptors, *more],
                env={"PATH": os.defpath, MARK: new_swept_mark()},
            )
            return tried.returncode == 42  # noqa: PLR2004 - as asked for above
        return False

    def mask(self, folders: Callable[[], Iterable[Path]]) -> None:
        """Cover folders that would be seen among the system's files."""
        self._more_masked.append(folders)

    def start(self, box: Box, streams: Streams) -> BoxedProcess:
        """Start a program in a box of its own."""
        started = self._started(box, streams)
        return BoxedProcess(
            started.popen, info=started.info, report=started.report, cgroup=started.cgroup
        )

    def prepare(self, box: Box, stdout: int, stderr: int) -> PreparedProcess:
        """Start a box before its job is known."""
        view = self._view(box)
        with contextlib.ExitStack() as kept, contextlib.ExitStack() as passed:
            # The ends of `own` the other way round: this process keeps the one that is written to.
            request_read, request_write = request_pipe()
            own((request_write, request_read), kept, passed)
            unread = os.dup(request_read)
            kept.callback(os.close, unread)
            started = self._started(box, Streams(request_read, stdout, stderr))
            kept.pop_all()
        return PreparedProcess(
            started.popen,
            argv=box.argv,
            request=request_write,
            unread=unread,
            info=started.info,
            cgroup=started.cgroup,
            view=view,
        )

    def begin(self, prepared: PreparedProcess, box: Box) -> BoxedProcess | None:
        """Run the program of a box in a prepared one, if they differ in nothing else."""
        try:
            view = self._view(box)
        except OSError:
            return None
        if not isinstance(prepared.view, _View) or prepared.view != view:
            return None
        return prepared.begin(box.argv)

    def _view(self, box: Box) -> _View:
        mounts = (*box.mounts, *(_name_service() if box.has_network else ()))
        return _View(
            replace(box, argv=(), mounts=()),
            tuple((mount.place, mount.writable, *_numbers(mount.source)) for mount in mounts),
            # Once what is masked is replaced on this machine, it shows.
            tuple(
                (str(place), *_numbers(_on_this_machine(place, box.mounts)))
                for place in self._masked_places(box.mounts)
            ),
        )

    def _started(self, box: Box, streams: Streams) -> _Started:
        # What this process keeps is given back if the start fails, what it passes on in any case.
        with contextlib.ExitStack() as kept, contextlib.ExitStack() as passed:
            info_read, info_write = own(os.pipe(), kept, passed)
            report_read = report_write = None
            if box.report_status:
                report_read, report_write = own(report_pipe(), kept, passed)
            owned = [fd for fd in (info_write, report_write) if fd is not None]
            surroundings, descriptors = self._surroundings(box, passed)
            owned += descriptors
            arguments = [*self._base, "--info-fd", str(info_write), *surroundings]
            arguments += launch_command(
                box, report_write, process_limit=self._process_limit(box.limits)
            )
            cgroup = self._cgroups.new(box.limits) if self._cgroups is not None else None
            if box.has_network and box.network is not None:
                arguments = [*box.network.entering, *arguments]
            if cgroup is not None:
                kept.callback(cgroup.remove)
                arguments = [*cgroup.entering, *arguments]
            join_new_session_keyring()
            popen = subprocess.Popen(  # noqa: S603 - this is what the package is for
                arguments,
                stdin=streams.stdin,
                stdout=streams.stdout,
                stderr=streams.stderr,
                pass_fds=[*owned, *self._bound_descriptors(box)],
                env={"PATH": os.defpath, MARK: new_swept_mark()},
                cwd="/",
            )
            kept.pop_all()
        return _Started(popen, info_read, report_read, cgroup)

    def _surroundings(self, box: Box, opened: contextlib.ExitStack) -> tuple[list[str], list[int]]:
        """Return the arguments for all that a box finds, and the descriptors that they name.

        Args:
            box: The box.
            opened: Closes the descriptors.
        """
        shown, shown_descriptors = self._shown_limits(box.limits, opened)
        network, network_descriptors = self._network(box, opened)
        kept_in, kept_in_descriptors = self._kept_in(opened)
        arguments = [*kept_in, *network, *shown, *self._tree(box.mounts), "--clearenv"]
        for name, value in box.environ.items():
            arguments += ["--setenv", name, value]
        return arguments, [*shown_descriptors, *network_descriptors, *kept_in_descriptors]

    def _bound_descriptors(self, box: Box) -> list[int]:
        """Return the descriptors of mounts; bubblewrap closes them, or they would be a way out."""
        if not self._binds_descriptors:
            return []
        return [mount.descriptor for mount in box.mounts if mount.descriptor is not None]

    def _shown_limits(
        self, limits: Limits, opened: contextlib.ExitStack
    ) -> tuple[list[str], list[int]]:
        return (
            ([], []) if self._limit_files is None else self._limit_files.arguments(limits, opened)
        )

    def _kept_in(self, opened: contextlib.ExitStack) -> tuple[list[str], list[int]]:
        """Return what keeps a box in its user namespace, and the descriptors that it names."""
        arguments, descriptors = list(self._forbidding), []
        if self._call_filter is not None:
            descriptors.append(readable(self._call_filter, opened))
            arguments += ["--seccomp", str(descriptors[-1])]
        if self._has_count:
            descriptors.append(new_user_namespace(opened))
            # bubblewrap leaves it open in the box, other than what it has tried to read.
            arguments += ["--userns", str(descriptors[-1]), "--block-fd", str(descriptors[-1])]
        return arguments, descriptors

    def _network(self, box: Box, opened: contextlib.ExitStack) -> tuple[list[str], list[int]]:
        """Return what gives a box its network, and the descriptors that it names."""
        if not box.has_network:
            return ["--unshare-net"], []
        resolvers = None if box.network is None else box.network.resolvers()
        arguments: list[str] = []
        if resolvers is None:
            for mount in _name_service():
                arguments += [*_parents(mount.place, ()), *self._binding(mount)]
            return arguments, []
        place = str(RESOLVERS.resolve())
        content = readable(resolvers, opened)
        modes = ["--perms", "0444"] if self._has_modes else []
        arguments += [*_parents(place, ()), *modes, "--ro-bind-data", str(content), place]
        return arguments, [content]

    def _tree(self, mounts: Sequence[Mount]) -> list[str]:
        """Return the files of a box, above those of the system."""
        places = self._masked_places(mounts)
        arguments = []
        for folder in ("/task", "/course", "/course/common"):
            arguments += ["--dir", folder]
        # What lies below another place comes after it, or it would be masked: an interpreter may be
        # installed below /tmp, or in a course that is masked.
        steps = [(str(place), ["--tmpfs", str(place)]) for place in places]
        for mount in mounts:
            parents = _parents(mount.place, tuple(places))
            steps.append((mount.place, [*parents, *self._binding(mount)]))
        for _, words in sorted(steps, key=itemgetter(0)):
            arguments += words
        # The root and /dev live in memory that nobody counts.
        for place in ("/dev", *map(str, places), "/"):
            arguments += ["--remount-ro", place]
        return arguments

    def _masked_places(self, mounts: Sequence[Mount]) -> list[PurePosixPath]:
        masked = [*self._personal, *(path for folders in self._more_masked for path in folders())]
        return masked_places(masked, [*_system_mounts(), *mounts])

    def _binding(self, mount: Mount) -> list[str]:
        option = "--bind" if mount.writable else "--ro-bind"
        if mount.descriptor is not None and self._binds_descriptors:
            return [f"{option}-fd", str(mount.descriptor), mount.place]
        return [option, str(mount.source), mount.place]


def _base_arguments() -> list[str]:
    arguments = ["--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc"]
    # A name that can be resolved, as a container's can.
    arguments += ["--unshare-uts", "--hostname", "localhost"]
    if drops_root():
        arguments += ["--cap-drop", "ALL"]
        for capability in _NEEDED_TO_DROP:
            arguments += ["--cap-add", capability]
    else:
        worker = str(WORKER_ID)
        arguments += ["--unshare-user", "--uid", worker, "--gid", worker]
    for name in _SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
    for mount in _system_mounts():
        arguments += ["--ro-bind", mount.place, mount.place]
    arguments += ["--dev", "/dev", "--proc", "/proc", "--dir", "/home", "--dir", "/run"]
    return [*arguments, "--dir", "/var", "--symlink", "/tmp", "/var/tmp"]  # noqa: S108 - its own


@cache
def _system_mounts() -> tuple[Mount, ...]:
    """Return the folders of the system that are none by way of another one."""
    paths = [Path("/", name) for name in _SYSTEM]
    return tuple(
        Mount(path, str(path)) for path in paths if path.is_dir() and not path.is_symlink()
    )


def _on_this_machine(place: PurePosixPath, mounts: Sequence[Mount]) -> PurePosixPath:
    """Return which folder of the system is seen at a place."""
    for mount in mounts:
        if mount.is_system and place.is_relative_to(mount.place):
            return PurePosixPath(mount.source, place.relative_to(mount.place))
    return place


def _numbers(path: os.PathLike[str]) -> tuple[int, int]:
    """Return the device and the inode that a path leads to."""
    status = os.stat(path)  # noqa: PTH116 - also of pure paths
    return status.st_dev, status.st_ino


def lacks_proc() -> bool:
    """Return whether bubblewrap may make namespaces here, but no ``/proc`` of their own.

    The kernel refuses that where this machine's is not seen in full, as in most containers.
    """
    program = shutil.which("bwrap")
    words = ["--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "/bin/sh", "-c", "exit"]
    return program is not None and "proc" in _said_by([program, *words])


def _help(program: str) -> str:
    return _said_by([program, "--help"])


def _said_by(command: list[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - as found on the PATH
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout + done.stderr).decode("utf-8", "replace")


@lru_cache(maxsize=1024)
def _parents(place: str, emptied: tuple[PurePosixPath, ...]) -> tuple[str, ...]:
    """Make the folders that a mount needs; bubblewrap's own are for root alone.

    All jobs have mounts at the same few places.
    """
    words: list[str] = []
    for parent in reversed(PurePosixPath(place).parents):
        is_there = len(parent.parts) == 1 or parent.parts[1] in (*_SYSTEM, "dev")
        if not is_there or any(parent.is_relative_to(folder) for folder in emptied):
            words += ("--dir", str(parent))
    return tuple(words)


def _name_service() -> tuple[Mount, ...]:
    """Return the real file behind /etc/resolv.conf, which often is a link out of /etc."""
    path = RESOLVERS.resolve()
    if path.is_file() and not path.is_relative_to("/etc"):
        return (Mount(path, str(path)),)
    return ()
