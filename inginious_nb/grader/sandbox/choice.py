"""Which sandbox this machine can have."""

from __future__ import annotations

import logging
import os
import shutil
from typing import TYPE_CHECKING, Literal

from inginious_nb.errors import ServiceError
from inginious_nb.i18n import marked

from .base import Sandbox
from .bubblewrap import BubblewrapSandbox, lacks_proc
from .plain import PlainSandbox, can_watch_programs

if TYPE_CHECKING:
    from pathlib import Path

    from .base import Box, Description, Streams
    from .process import BoxedProcess

logger = logging.getLogger(__name__)

SandboxKind = Literal["auto", "bubblewrap", "plain"]


_NO_UNIX = marked(
    "tasks with a run script cannot be graded on this system: use Linux or macOS; on Windows, WSL"
)
_NO_PROC = marked(
    "what jobs use cannot be seen here, so tasks with a run script are not graded: mount /proc, "
    "without hidepid=ptraceable where the service is root that may not trace (CAP_SYS_PTRACE)"
)


class NoSandbox(Sandbox):
    """Stands where run scripts cannot be executed, such as on Windows.

    Args:
        missing: What the machine lacks, and what to do, as a marked text.

    Attributes:
        missing: The same.
    """

    def __init__(self, missing: str) -> None:
        self.missing = missing

    def describe(self) -> Description:
        """Return that there is none."""
        return {
            "kind": "none",
            "isolated": [],
            "not_isolated": [],
        }

    def root_seen(self, root: Path) -> str:
        """Jobs would see their files where they are."""
        return str(root)

    def start(self, box: Box, streams: Streams) -> BoxedProcess:  # noqa: ARG002 - never used
        """Refuse every job."""
        raise OSError("run scripts cannot be executed on this system")


def choose_sandbox(kind: SandboxKind = "auto") -> Sandbox:
    """Return the sandbox of that kind; with "auto" the best that works here.

    Args:
        kind: What is wanted.

    Raises:
        ServiceError: bubblewrap is insisted on and does not work here.
    """
    if os.name != "posix":
        return NoSandbox(_NO_UNIX)
    if kind != "plain":
        found = BubblewrapSandbox.find()
        if found is not None:
            return found
        reason = _why_no_bubblewrap()
        if kind == "bubblewrap":
            raise ServiceError(f"bubblewrap does not work: {reason}. Use the plain sandbox.")
        logger.warning("Grading without isolation: bubblewrap does not work, %s", reason)
    return PlainSandbox() if can_watch_programs() else NoSandbox(_NO_PROC)


def _why_no_bubblewrap() -> str:
    if shutil.which("bwrap") is None:
        return "it is not installed"
    if lacks_proc():
        return "a part of /proc is covered or left out here"
    return (
        "it may not make namespaces here (a container, or a system that refuses unprivileged user "
        "namespaces)"
    )
