"""Networks of a job's own, which reach what is outside of this machine but not its loopback.

A shell in a network namespace keeps it; pasta or slirp4netns carries its packets, as a process of
this user. Boxes enter the namespace, so that those of one job reach each other. All of it ends when
its pipe is closed, which the kernel does if this process is killed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .launch_script import drops_root

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

_KEEP = "echo $$; read -r _; exit 0"
# Runs a program until it ends by itself, or the pipe of standard input is closed.
_RUN = """\
exec 3<&0
"$@" 3<&- < /dev/null &
program=$!
{ read -r _ <&3; kill -9 $program; } &
wait $program
kill $! 2>/dev/null
wait
"""
RESOLVERS = Path("/etc/resolv.conf")
_TIMEOUT_S = 10.0
_PAUSE_S = 0.002


@dataclass(frozen=True)
class _Tool:
    """A program that carries the packets of a network namespace.

    Attributes:
        name: Its name.
        resolver: The address in the namespace that stands for the name service of this machine.
    """

    name: str
    resolver: str

    def command(self, program: str, pid: int, *, has_user_namespace: bool) -> list[str]:
        """Return the command that serves the namespace of a process."""
        place = f"/proc/{pid}/ns"
        if self.name == "slirp4netns":
            user = [f"--userns-path={place}/user"] if has_user_namespace else []
            options = ["--configure", "--mtu=65520", "--disable-host-loopback", *user]
            return [program, *options, "--netns-type=path", f"{place}/net", "tap0"]
        # No port leads in, and the gateway is not this machine.
        options = ["-f", "-q", "--config-net", "--no-map-gw", "--dns-forward", self.resolver]
        options += [word for option in ("-t", "-u", "-T", "-U") for word in (option, "none")]
        if os.geteuid() == 0:
            options += ["--runas", "0:0"]
        if has_user_namespace:
            return [program, *options, str(pid)]
        return [program, *options, "--netns-only", "--netns", f"{place}/net"]


# With pasta the addresses of this machine are those of the job, so they do not lead here either.
_TOOLS = (_Tool("pasta", "169.254.1.1"), _Tool("slirp4netns", "10.0.2.3"))


class OwnNetwork:
    """A network. Making it blocks for some 100 ms.

    Args:
        bubblewrap: Where ``bwrap`` is.
        tool: What carries the packets.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, bubblewrap: str, tool: _Tool) -> None:
        self._has_user_namespace = not drops_root()
        self._resolver = tool.resolver
        self._processes: list[subprocess.Popen[bytes]] = []
        program = shutil.which(tool.name)
        if program is None:
            raise FileNotFoundError(f"{tool.name} is not installed")
        self._inner, pipe = os.pipe()
        self._pipe = open(pipe, "wb", buffering=0)  # noqa: PTH123, SIM115 - closed by close
        try:
            self._pid = self._keep(bubblewrap)
            self._serve(
                tool.command(program, self._pid, has_user_namespace=self._has_user_namespace)
            )
        except BaseException:
            self.close()
            raise
        finally:
            os.close(self._inner)

    def _keep(self, bubblewrap: str) -> int:
        command = [bubblewrap, "--unshare-net", "--cap-drop", "ALL", "--ro-bind", "/", "/"]
        if self._has_user_namespace:
            command += ["--unshare-user", "--uid", "0", "--gid", "0"]
        holder = self._started([*command, "/bin/sh", "-c", _KEEP], subprocess.PIPE)
        with contextlib.suppress(ValueError):
            assert holder.stdout is not None  # noqa: S101 - a pipe, as asked for
            with holder.stdout as told:
                return int(told.readline())
        raise OSError("no network namespace can be made")

    def _serve(self, command: Sequence[str]) -> None:
        with tempfile.TemporaryFile() as told:
            tool = self._started(["/bin/sh", "-c", _RUN, "sh", *command], told.fileno())
            end = time.monotonic() + _TIMEOUT_S
            while not self._has_route():
                if tool.poll() is not None or time.monotonic() > end:
                    told.seek(0)
                    words = told.read().decode("utf-8", "replace").split()
                    raise OSError(" ".join([command[0], "failed:", *words]))
                time.sleep(_PAUSE_S)

    def _started(self, command: Sequence[str], told: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - our own words
            command,
            stdin=self._inner,
            stdout=told,
            stderr=subprocess.DEVNULL if told == subprocess.PIPE else subprocess.STDOUT,
            env={"PATH": os.defpath},
            cwd="/",
            process_group=0,
        )
        self._processes.append(process)
        return process

    def _has_route(self) -> bool:
        """Return whether something leads out of the namespace."""
        with contextlib.suppress(OSError):
            for name, place in (("route", 1), ("ipv6_route", 0)):
                text = Path(f"/proc/{self._pid}/net/{name}").read_text("ascii")
                for fields in map(str.split, text.splitlines()):
                    is_default = set(fields[place]) == {"0"} and "lo" not in (fields[0], fields[-1])
                    if is_default:
                        return True
        return False

    @property
    def entering(self) -> list[str]:
        """Return what to put before a command so that it runs here."""
        place = f"/proc/{self._pid}/ns"
        user = [f"--user={place}/user", "--preserve-credentials"]
        more = user if self._has_user_namespace else []
        return ["nsenter", *more, f"--net={place}/net", "--"]

    def resolvers(self) -> bytes | None:
        """Return the content of ``resolv.conf``; None if that of this machine serves here, too."""
        try:
            lines = RESOLVERS.read_text("utf-8", "surrogateescape").splitlines()
        except OSError:
            return None
        servers = [line.split() for line in lines if line.startswith("nameserver")]
        if not any(len(words) > 1 and "." in words[1] for words in servers):
            return None
        kept = [line for line in lines if not line.startswith("nameserver")]
        text = "\n".join([f"nameserver {self._resolver}", *kept, ""])
        return text.encode("utf-8", "surrogateescape")

    def close(self) -> None:
        """End it; what is in it has nothing but its own loopback then."""
        self._pipe.close()
        for process in self._processes:
            try:
                process.wait(_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            _collect_group(process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _collect_group(group: int) -> None:
    """Collect what came to this process as an orphan (see `adopt_orphans`) of a group that ended.

    A tool that is killed while it configures leaves its helper, which ends by itself.
    """
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-group, 0)


class OwnNetworks:
    """Makes networks with what works here, which is tried once, when it is first asked for.

    Args:
        bubblewrap: Where ``bwrap`` is.
        is_usable: Tells whether a box can be started in a network.
    """

    def __init__(self, bubblewrap: str, is_usable: Callable[[OwnNetwork], bool]) -> None:
        self._bubblewrap = bubblewrap
        self._is_usable = is_usable
        self._tool: _Tool | None = None
        self._is_tried = False
        self._trying = threading.Lock()

    def are_there(self) -> bool:
        """Return whether there are any; the first time this takes some 100 ms."""
        with self._trying:
            if not self._is_tried:
                self._tool = next(filter(self._works, _TOOLS), None)
                self._is_tried = True
        return self._tool is not None

    def new(self) -> OwnNetwork | None:
        """Return a network, which the caller closes; None where there are none.

        Raises:
            OSError: It cannot be made, though one could be before.
        """
        if not self.are_there() or self._tool is None:
            return None
        return OwnNetwork(self._bubblewrap, self._tool)

    def _works(self, tool: _Tool) -> bool:
        if shutil.which(tool.name) is None or shutil.which("nsenter") is None:
            return False
        try:
            with OwnNetwork(self._bubblewrap, tool) as network:
                return self._is_usable(network)
        except OSError as error:
            logger.info("No network of a job's own: %s", error)
            return False
