"""The kernel's session keyring, which no namespace isolates and every child process inherits."""

from __future__ import annotations

import ctypes
import os
import sys

# Not in the C library; glibc leaves it to one of its own.
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "loongarch64": 219}
_JOIN_SESSION_KEYRING = 1


def join_new_session_keyring() -> bool:
    """Give this thread, and what it starts, a new and empty session keyring.

    Returns:
        Whether that was possible.
    """
    if sys.platform != "linux" or sys.maxsize < 1 << 32:
        return False
    number = _KEYCTL.get(os.uname().machine)
    if number is None:
        return False
    joined: int = ctypes.CDLL(None).syscall(number, _JOIN_SESSION_KEYRING, None)
    return joined > 0
