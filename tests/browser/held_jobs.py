"""Jobs that run until a test releases them.

What is seen while a job runs stays for as long as the test looks, however fast the machine is.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HELD = "/course/common/held"
_WAITING = {
    "bash": f"while [ -e {_HELD} ]; do sleep 0.05; done",
    "python3": f"import os, time\nwhile os.path.exists('{_HELD}'): time.sleep(0.05)",
}


@contextlib.contextmanager
def held_jobs(course: Path, task_id: str) -> Iterator[None]:
    """Hold the jobs of a task as soon as they run, until the block ends.

    Args:
        course: The folder of a copy of a course, whose task waits from now on while it is held.
        task_id: A task of it with a ``run`` script of Bash or Python.
    """
    run, held = course / task_id / "run", course / "$common" / "held"
    shebang, script = run.read_text().split("\n", 1)
    waiting = next(lines for name, lines in _WAITING.items() if shebang.endswith(name))
    if not script.startswith(waiting):
        run.write_text(f"{shebang}\n{waiting}\n{script}")
    held.touch()
    try:
        yield
    finally:
        held.unlink()
