"""Which sandbox this machine can have."""

from __future__ import annotations

import logging
import shutil
from typing import TYPE_CHECKING, Literal

from inginious_nb.errors import ServiceError

from .bubblewrap import BubblewrapSandbox
from .plain import PlainSandbox

if TYPE_CHECKING:
    from .base import Sandbox

logger = logging.getLogger(__name__)

SandboxKind = Literal["auto", "bubblewrap", "plain"]


def choose_sandbox(kind: SandboxKind = "auto") -> Sandbox:
    """The sandbox of that kind; with "auto" the best that works here.

    Args:
        kind: What is wanted.

    Raises:
        ServiceError: bubblewrap is insisted on and does not work here.
    """
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
