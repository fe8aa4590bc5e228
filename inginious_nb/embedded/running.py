"""Running the parts of the service in a process of their own: the loop, signals, the set of agents.

Shared by the embedded service's child process and by the commands.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from .agents import Agent
from .agents.mcq import McqGrader

if TYPE_CHECKING:
    from collections.abc import Coroutine

    import zmq

    from inginious_nb.course import CourseLibrary

_MCQ_SLOTS = 4


def run_until_signal(work: Coroutine[None, None, None]) -> None:
    """Run work on a new loop until it ends or SIGINT or SIGTERM asks it to.

    The first signal cancels it; a second one ends the process at once.
    """
    # ZeroMQ's descriptors can be watched by this loop on every system.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(_cancelled_by_signals(work))


async def _cancelled_by_signals(work: Coroutine[None, None, None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def end() -> None:
        for number in signals:
            loop.remove_signal_handler(number)
        task.cancel()

    if os.name == "posix":  # elsewhere the loop has no signal handlers, and Ctrl-C just raises
        for number in signals:
            loop.add_signal_handler(number, end)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def make_agents(
    context: zmq.Context[zmq.Socket[bytes]],
    backend_addr: str,
    library: CourseLibrary,
    *,
    friendly_name: str,
) -> list[Agent]:
    """Make the agents that grade the tasks of a library.

    Quick mcq jobs have an agent and slots of their own, so that they never wait behind scripts.
    """
    return [
        Agent(
            context,
            backend_addr,
            [McqGrader(library)],
            slots=_MCQ_SLOTS,
            friendly_name=f"{friendly_name} (mcq)",
        )
    ]


def core_count() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
