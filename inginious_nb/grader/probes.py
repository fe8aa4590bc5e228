"""The means that this machine lacks for grading, and the help for it: no other place says so.

Each capability is tried, or chosen, where it is used; here it is told. `inginious-nb doctor` and
the description of a service show it.
"""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from inginious_nb.i18n import marked

from .job.interpreters import broken_python, system_python, works
from .job.shared_files import executes_jobs
from .sandbox.bubblewrap import lacks_proc
from .sandbox.cgroup import Cgroups, limits_memory
from .sandbox.choice import NoSandbox
from .sandbox.launch_script import drops_root

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sandbox import Sandbox

_FEW_PROCESSES = 1024
_FEW_FILES = 256


_NO_OWN_NETWORK = marked(
    "no network of their own for tasks with network_grading, which reach this machine's loopback: "
    "install the package passt or slirp4netns"
)


def missing_capabilities(sandbox: Sandbox) -> list[str]:
    """Return what is missing here, each as a marked text with what to do; takes some 100 ms.

    Args:
        sandbox: The one that was chosen.
    """
    kind = sandbox.kind
    if sys.platform == "win32" or isinstance(sandbox, NoSandbox):
        return [sandbox.missing] if isinstance(sandbox, NoSandbox) else []
    with ThreadPoolExecutor(1) as beside:
        has_own_networks = beside.submit(sandbox.has_own_networks)
        missing = [*_of_isolation(kind), *_of_files(), *_of_programs(), *_of_limits()]
        if kind == "bubblewrap" and not has_own_networks.result():
            missing.append(_NO_OWN_NETWORK)
    return missing


def _of_isolation(kind: str) -> Iterator[str]:
    if kind == "plain":
        if shutil.which("bwrap") is None:
            yield marked("bubblewrap is not installed: install the package bubblewrap")
        elif lacks_proc():
            yield marked(
                "bubblewrap may not give jobs a /proc of their own, since a part of this machine's "
                "is covered or left out: mount all of it, without subset=pid; with docker: "
                "--security-opt systempaths=unconfined"
            )
        else:
            yield marked(
                "bubblewrap does not work here, or was not asked for: a container must allow user "
                "namespaces"
            )
    if os.geteuid() == 0 and not drops_root():
        yield marked(
            "root cannot become another user here, so jobs run as the service does: grant the "
            "capabilities SETUID, SETGID and CHOWN, or run it as another user than root"
        )


def _of_files() -> Iterator[str]:
    if not executes_jobs():
        yield marked(
            "nothing can be executed in the temporary folders (noexec): set TMPDIR to a folder on "
            "another drive"
        )


def _of_programs() -> Iterator[str]:
    if broken_python() is not None:
        yield marked(
            "the system's python3 is there and does not work, so jobs use another one where they "
            "can: reinstall the package python3"
        )
    elif system_python() is None:
        yield marked(
            "the system has no python3 from 3.6 on, so jobs use that of the service: install "
            "the package python3"
        )
    bash = shutil.which("bash")
    if bash is not None and not works(bash):
        yield marked("bash is there and does not work: reinstall the package bash")
    if bash is None:
        yield marked("bash is not installed: run files that name it cannot be executed")
    if not os.access("/usr/bin/perl", os.X_OK):
        yield marked("perl is not installed: grading works, a little more slowly")


def _of_limits() -> Iterator[str]:
    if not limits_memory(Cgroups.find()):
        yield marked(
            "no cgroup with memory can be made, so memory is watched only: delegate one to the "
            "service (with systemd: Delegate=yes)"
        )
    if _is_below(resource.RLIMIT_NPROC, _FEW_PROCESSES):
        yield marked("few processes are allowed (ulimit -u): jobs may fail to start programs")
    if _is_below(resource.RLIMIT_NOFILE, _FEW_FILES):
        yield marked("few open files are allowed (ulimit -n): run few jobs at a time")


def _is_below(limit: int, number: int) -> bool:
    most = resource.getrlimit(limit)[1]
    return most != resource.RLIM_INFINITY and most < number
