"""A real mount that never answers: FUSE without a program behind it."""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DETACHED = 2


@contextlib.contextmanager
def hanging_mount(place: Path) -> Iterator[None]:
    """Mount it; whoever looks there waits, uninterrupted, until this context ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        pytest.skip(f"no FUSE here: {error}")
    try:
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
        if libc.mount(b"hanging", os.fsencode(place), b"fuse", 0, options):
            pytest.skip(f"nobody may mount here: {os.strerror(ctypes.get_errno())}")
        try:
            yield
        finally:
            libc.umount2(os.fsencode(place), _DETACHED)
    finally:
        os.close(device)  # whoever waits gets an error
