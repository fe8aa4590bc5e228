"""A process that is forked from a kernel ends by itself and takes nothing of its parent with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.hostile import processes_with

FORKED = """
import multiprocessing, os, sys, traitlets.config
from inginious_nb.frontend import process_session, worker
from inginious_nb.grader.service import ServiceProcess
from inginious_nb.render.process import formatter

config = traitlets.config.Config()
config.Inginious.history = sys.argv[1]
session = process_session.get_session(config=config)
formatter().warm_up()
worker.call_soon(print)
service = ServiceProcess([], sandbox="plain")
service.start()
# Whoever waits for what a forked child does not have, as the threads of its parent, waits for ever.
limits = [
    (vars(module), name, value)
    for module in list(sys.modules.values()) if module.__name__.startswith("inginious_nb")
    for name, value in vars(module).items() if name.endswith(("_STOP_S", "_TIMEOUT_S"))
]
assert len(limits) > 5
for names, name, _ in limits:
    names[name] = 10_000.0
{forking}
for names, name, value in limits:
    names[name] = value
print(service.alive, formatter()._process._child.poll())
service.stop()
process_session.close_session()
"""
FORKING = {
    "exit": "if not os.fork(): sys.exit(3)\nassert os.waitstatus_to_exitcode(os.wait()[1]) == 3",
    "multiprocessing": (
        "child = multiprocessing.get_context('fork').Process(target=print)\n"
        "child.start(); child.join(); assert child.exitcode == 0"
    ),
    "a session of the child's own": (
        "if not os.fork():\n"
        "    sys.exit(process_session.get_session(config=config) is session)\n"
        "assert os.waitstatus_to_exitcode(os.wait()[1]) == 0"
    ),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
@pytest.mark.parametrize("forking", FORKING.values(), ids=FORKING)
def test_a_forked_child_ends_and_harms_nothing(forking, tmp_path):
    history = str(tmp_path / "history.sqlite")
    done = subprocess.run(
        [sys.executable, "-c", FORKED.format(forking=forking), history],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["True", "None"], done.stderr
    assert processes_with(history) == []
