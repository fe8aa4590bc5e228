"""The system calls that programs in a box cannot make: those for user namespaces of their own.

In one of its own a program is root: it mounts file systems in memory that nobody counts, and
reaches parts of the kernel that are meant for root. Docker refuses them in the same way.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import sys

logger = logging.getLogger(__name__)

_LIBRARY = "libseccomp.so.2"
# Also those that this processor runs for programs of another one.
_MORE_PROCESSORS = {"x86_64": (b"x86", b"x32"), "aarch64": (b"arm",)}
_CLONE_NEWUSER = 0x10000000
# From seccomp.h.
_ALLOW = 0x7FFF0000
_FAIL = 0x00050000
_MASKED_EQUAL = 7


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    )


def filter_of_user_namespaces() -> bytes | None:
    """Return the filter that refuses user namespaces, as bubblewrap reads it.

    None where the library that writes it is not installed.
    """
    if sys.platform != "linux":
        return None
    try:
        return _written(ctypes.CDLL(_LIBRARY))
    except OSError as error:
        logger.info("User namespaces cannot be refused by a filter: %s", error)
        return None


def _written(library: ctypes.CDLL) -> bytes:
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    if not context:
        raise OSError("libseccomp makes no filter")
    try:
        for name in _MORE_PROCESSORS.get(os.uname().machine, ()):
            _check(library.seccomp_arch_add(context, library.seccomp_arch_resolve_name(name)))
        place = 1 if os.uname().machine.startswith("s390") else 0
        for name, argument in ((b"unshare", 0), (b"clone", place)):
            flag = _Comparison(argument, _MASKED_EQUAL, _CLONE_NEWUSER, _CLONE_NEWUSER)
            _refuse(library, context, name, errno.EPERM, flag)
        # Its flags are in memory, where a filter does not look. The C library then uses clone.
        _refuse(library, context, b"clone3", errno.ENOSYS)
        descriptor = os.memfd_create("filter")
        with os.fdopen(descriptor, "r+b") as file:
            _check(library.seccomp_export_bpf(context, descriptor))
            file.seek(0)
            return file.read()
    finally:
        library.seccomp_release(context)


def _refuse(
    library: ctypes.CDLL, context: ctypes.c_void_p, name: bytes, why: int, *flags: _Comparison
) -> None:
    number = library.seccomp_syscall_resolve_name(name)
    compared = (_Comparison * len(flags))(*flags)
    action = ctypes.c_uint32(_FAIL | why)
    _check(library.seccomp_rule_add_array(context, action, number, len(flags), compared))


def _check(result: int) -> None:
    """Raise what a function of the library returns.

    Raises:
        OSError: It is an error.
    """
    if result < 0:
        raise OSError(-result, os.strerror(-result))
