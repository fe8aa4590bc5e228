"""Which sandbox this machine can have."""

from __future__ import annotations

import logging
import os
import shutil
from typing import TYPE_CHECKING, Literal

from inginious_nb.errors import ServiceError
from inginious_nb.i18n import marked

from .base import Sandbox
from .bubblewrap import BubblewrapSandbox
from .plain import PlainSandbox

if TYPE_CHECKING:
    from pathlib import Path

    from .base import Box, Description, Streams
    from .process import BoxedProcess

logger = logging.getLogger(__name__)

SandboxKind = Literal["auto", "bubblewrap", "plain"]


class NoSandbox(Sandbox):
    """Stands where run scripts cannot be executed at all, such as on Windows."""

    def describe(self) -> Description:
        """Return that there is none."""
        return {
            "kind": "none",
            "isolated": [],
            "not_isolated": [marked("tasks with a run script cannot be graded on this system")],
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
        return NoSandbox()
    if kind != "plain":
        found = BubblewrapSandbox.find()
        if found is not None:
            return found
        reason = (
            "it may not make namespaces here (a container, or a system that refuses "
            "unprivileged user namespaces)"
            if shutil.which("bwrap")
            else "it is not installed"
        )
        if kind == "bubblewrap":
            raise ServiceError(f"bubblewrap does not work: {reason}. Use the plain sandbox.")
        logger.warning("Grading without isolation: bubblewrap does not work, %s", reason)
    return PlainSandbox()
