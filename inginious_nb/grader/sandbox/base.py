"""Interface of a sandbox: the program to start, its mounts and its limits.

A `Sandbox` only starts programs; `supervisor` watches them. Nothing here knows tasks or feedback.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NotRequired, TypedDict

from inginious_nb.i18n import marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from .own_network import OwnNetwork
    from .prepared import PreparedProcess
    from .process import BoxedProcess


KERNEL = marked("the operating system's kernel: this is no jail for the programs of strangers")
"""What no sandbox of ours isolates, in words for a person."""


class Description(TypedDict):
    """The description of a sandbox for a person.

    Attributes:
        kind: Its name.
        isolated: What programs cannot reach, as marked texts.
        not_isolated: What they can.
        missing: What the machine lacks, and what to do; a service says it, no sandbox.
    """

    kind: str
    isolated: list[str]
    not_isolated: list[str]
    missing: NotRequired[list[str]]


@dataclass(frozen=True)
class Limits:
    """The limits of a program and all its descendants together.

    Attributes:
        cpu_s: CPU seconds.
        wall_s: Seconds from the start.
        memory_bytes: Memory in use at one time.
        disk_bytes: Size of one file, and of all that the job has on disk.
        processes: Processes at one time.
        open_files: Open files of one process.
    """

    cpu_s: float
    wall_s: float
    memory_bytes: int
    disk_bytes: int
    processes: int = 512
    open_files: int = 1024

    @property
    def kernel_processes(self) -> int:
        """Return how many processes and threads the kernel allows, where it counts per job."""
        return 2 * self.processes


@dataclass(frozen=True)
class Mount:
    """A folder or file of this machine, and where an isolated program finds it.

    Attributes:
        source: Where it is.
        place: Where the program finds it.
        writable: Whether the program may change it.
        descriptor: An open descriptor of it, where ``source`` could be something else in a moment.
            Whoever made the mount closes it, after the start.
        is_system: Whether it shows files of the system at another place, where what is masked on
            this machine is masked, too.
    """

    source: Path
    place: str
    writable: bool = False
    descriptor: int | None = None
    is_system: bool = False


@dataclass(frozen=True)
class Box:
    """A program to start, and all it gets to see beside the system's own files.

    Attributes:
        argv: The program and its arguments; found on the PATH of ``environ`` if without a slash.
        cwd: The directory it starts in, as it sees it.
        environ: Its whole environment.
        mounts: The files of the job, in this order.
        limits: What it may use.
        has_network: Whether it may use the network, that of this machine unless it has its own.
        network: The network of its own that it uses, if it may use one.
        report_status: Whether how it ended matters; if so `BoxedProcess.verdict` can tell.
        teardown: A shell command that is run afterwards in the same box, or "".
    """

    argv: tuple[str, ...]
    cwd: str
    environ: Mapping[str, str]
    mounts: tuple[Mount, ...]
    limits: Limits
    has_network: bool = False
    network: OwnNetwork | None = None
    report_status: bool = False
    teardown: str = ""


@dataclass(frozen=True)
class Streams:
    """Descriptors that become the standard streams of a program. The caller closes them."""

    stdin: int
    stdout: int
    stderr: int


def describe_limits(*, kernel_limits_memory: bool) -> str:
    """Return how limits are enforced, in words for a person."""
    if kernel_limits_memory:
        return marked(
            "time, memory, disk and the number of processes are limited, memory by the kernel"
        )
    return marked(
        "time, memory, disk and the number of processes are limited, memory by looking at it "
        "many times a second"
    )


def describe_uncounted(*, kernel_limits_memory: bool, has_user_namespaces: bool) -> list[str]:
    """Return what a program that means harm can keep out of sight of the limits, in words."""
    disk = marked("disk space of deleted files that are only mapped, or on their way in a socket")
    segments = marked("memory of shared segments that no process is attached to")
    mounted = marked("memory of file systems that a program mounts in a user namespace of its own")
    if kernel_limits_memory:
        return [disk]
    return [disk, segments, *([mounted] if has_user_namespaces else [])]


class Sandbox(ABC):
    """Starts programs, more or less apart from everything else."""

    @abstractmethod
    def describe(self) -> Description:
        """Return what is isolated and what is not, in words for a person."""

    @property
    def kind(self) -> str:
        """Return its name, as in its description."""
        return self.describe()["kind"]

    def has_own_networks(self) -> bool:
        """Return whether a job that uses the network gets one of its own; may take 100 ms."""
        return False

    def new_network(self) -> OwnNetwork | None:
        """Return a network for the boxes of one job, which the caller closes; takes some 100 ms.

        None where they use that of this machine.

        Raises:
            OSError: It cannot be made now.
        """
        return None

    @abstractmethod
    def root_seen(self, root: Path) -> str:
        """Return the prefix of a job's files as its programs see them; "" is their real place."""

    def mask(self, folders: Callable[[], Iterable[Path]]) -> None:  # noqa: B027 - not all can
        """Keep folders, with all that is in them, from programs that are started from now on.

        Args:
            folders: Gives them, without links in their paths, at each start: they may become more.
        """

    def can_mount(self, mounts: Sequence[Mount]) -> bool:  # noqa: ARG002 - not all can
        """Return whether a program can be started that sees these mounts; tries it."""
        return False

    @abstractmethod
    def start(self, box: Box, streams: Streams) -> BoxedProcess:
        """Start a program. Must be called where an asyncio loop runs.

        Raises:
            OSError: The sandbox itself could not be started.
        """


class PreparingSandbox(Sandbox):
    """A sandbox whose boxes can wait for their program where no other program reaches them."""

    @abstractmethod
    def prepare(self, box: Box, stdout: int, stderr: int) -> PreparedProcess:
        """Start a box before its job is known.

        Must be called where an asyncio loop runs, in a thread that stays.

        Args:
            box: The box; its program reads from standard input what is asked of a
                `PreparedProcess`.
            stdout: Becomes the standard output of both. The caller closes it.
            stderr: The same for errors.

        Raises:
            OSError: The sandbox itself could not be started.
        """

    @abstractmethod
    def begin(self, prepared: PreparedProcess, box: Box) -> BoxedProcess | None:
        """Run the program of a box in a prepared one, if that differs in nothing but the program.

        Must be called where an asyncio loop runs.
        """
