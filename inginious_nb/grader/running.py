"""Parts of the service's child process and of the commands: loop, signals, the set of agents."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

from .agents import Agent
from .agents.local import LocalGrader
from .agents.mcq import McqGrader

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping

    import zmq

    from inginious_nb.course import CourseLibrary

    from .sandbox import Sandbox
    from .ssh import SshSettings

_MCQ_SLOTS = 4
_DESCRIPTORS = 16384


def run_until_signal(work: Coroutine[None, None, None]) -> None:
    """Run work on a new loop until it ends, or SIGINT or SIGTERM cancels it.

    A second signal ends the process at once.
    """
    # ZeroMQ's descriptors can be watched by this kind of loop on every system.
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


async def run_in_order(parts: Iterable[Coroutine[None, None, None]]) -> None:
    """Run all parts until one of them ends or this is cancelled; then end them one by one.

    They are started and ended in the order given. The first failure among them is raised.
    """
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
            await asyncio.wait([task])
    for task in tasks:
        if not task.cancelled():
            task.result()


def make_agents(
    context: zmq.Context[zmq.Socket[bytes]],
    backend_addr: str,
    library: CourseLibrary,
    sandbox: Sandbox,
    *,
    slots: int | None,
    aliases: Mapping[str, str],
    friendly_name: str,
    shells: SshSettings | None = None,
) -> list[Agent]:
    """Make the agents that grade the tasks of a library, mcq tasks and those with scripts.

    Quick mcq jobs have an agent and slots of their own, so that they never wait behind scripts.

    Args:
        context: Where the sockets are made.
        backend_addr: The agent address of the backend.
        library: Where the tasks are.
        sandbox: What scripts run in.
        slots: How many scripts run at the same time; None is one per core.
        aliases: More environment names, each with the one that stands for it.
        friendly_name: Shown to people in the queue.
        shells: How remote shells into jobs are offered.

    Raises:
        ServiceError: An alias stands for an environment that does not exist.
    """
    _allow_descriptors()
    slots = slots or _core_count()
    local = LocalGrader(library, sandbox=sandbox, aliases=aliases, shells=shells, slots=slots)
    return [
        Agent(
            context,
            backend_addr,
            [McqGrader(library)],
            slots=_MCQ_SLOTS,
            friendly_name=f"{friendly_name} (mcq)",
        ),
        Agent(
            context,
            backend_addr,
            [local],
            slots=slots,
            friendly_name=friendly_name,
        ),
    ]


def _allow_descriptors() -> None:
    """Have as many descriptors as allowed: run scripts can ask for many programs at once."""
    if sys.platform != "win32":
        soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, _DESCRIPTORS)
        if wanted > soft != resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _core_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
