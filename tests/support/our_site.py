"""Our broker and agents as processes of their own, run as an instructor would run them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from inginious_nb.grader import commands

from . import processes

_PROGRAM = """
import sys
from pathlib import Path
from inginious_nb.grader.commands import run_agent, run_backend
if sys.argv[1] == "backend":
    run_backend(*sys.argv[2:])
else:
    run_agent(sys.argv[2], Path(sys.argv[3]), 1, sandbox="plain", friendly_name="worker")
"""


def running(*arguments, **options):
    """``backend AGENT_ADDR CLIENT_ADDR`` or ``agent BACKEND_ADDR TASKS``; killed in the end."""
    root = str(Path(commands.__file__).parents[2])
    path = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", _PROGRAM, *map(str, arguments)]
    return processes.running(command, env=os.environ | {"PYTHONPATH": path}, **options)
