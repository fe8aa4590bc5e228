"""Processes of tests, and pipes to them, that never outlive the test, however it ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from inginious_nb.grader.sandbox.process import BoxedProcess


@contextlib.contextmanager
def running(command: Sequence[str | Path], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a command until the block ends; it is killed then, and collected.

    ``Popen`` itself would wait for its end: for ever, where a failed test did not come to end it.

    Args:
        command: The program and its arguments.
        options: More arguments of `subprocess.Popen`.
    """
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.asynccontextmanager
async def ended(process: BoxedProcess) -> AsyncIterator[BoxedProcess]:
    """End a program in a sandbox with the block, and wait until nothing of it is left."""
    try:
        yield process
    finally:
        process.kill()
        await process.finish()


@contextlib.contextmanager
def pipe() -> Iterator[tuple[TextIO, TextIO]]:
    """The ends of a pipe, the one to read from first; both are closed with the block."""
    read, write = os.pipe()
    with os.fdopen(read) as reader, os.fdopen(write, "w") as writer:
        yield reader, writer
