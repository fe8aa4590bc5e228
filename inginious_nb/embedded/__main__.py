"""The child process of `service.EmbeddedService`; not meant to be started by hand.

The first line on stdin configures it, each later one is a request, and the end of stdin ends it.
Each line is answered by one line on stdout. Logs go to stderr.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq

from inginious_nb.course import CourseLibrary
from inginious_nb.errors import InginiousError

from .broker import Broker
from .curve import ServerKeys
from .running import make_agents, run_in_order, run_until_signal
from .sandbox import choose_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .agents import Agent

_WATCH_S = 1.0
_AGENT_ADDR = "inproc://agents"


async def _serve(configuration: dict[str, Any], requests: asyncio.Queue[bytes | None]) -> None:
    library = CourseLibrary(configuration["courses"])
    sandbox = choose_sandbox(configuration["sandbox"])
    keys = configuration["curve"]
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    broker = Broker(
        context,
        _AGENT_ADDR,
        configuration["address"],
        curve=ServerKeys.from_dict(keys) if keys is not None else None,
    )
    try:
        address = broker.bind()
        agents = make_agents(
            context,
            _AGENT_ADDR,
            library,
            sandbox,
            slots=configuration["slots"],
            aliases=configuration["environment_aliases"],
            friendly_name="embedded",
        )
        ready = {"address": address, "sandbox": sandbox.describe()}
        requested = _answer_requests(ready, library, agents, requests, configuration["parent"])
        # Agents first: the broker passes on what they say about the jobs they had to end.
        await run_in_order([*(agent.run() for agent in agents), broker.run(), requested])
    finally:
        context.destroy(linger=1000)


async def _answer_requests(
    ready: dict[str, Any],
    library: CourseLibrary,
    agents: Iterable[Agent],
    requests: asyncio.Queue[bytes | None],
    parent: int,
) -> None:
    """Answer until stdin ends or the parent is gone.

    A process that the parent forked may hold the other end of stdin open after its death.
    """
    _answer(ready)
    while os.name != "posix" or os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            line = await asyncio.wait_for(requests.get(), _WATCH_S)
            if line is None:
                return
            try:
                library.add(json.loads(line)["add_course"])
                for agent in agents:
                    agent.announce()
                _answer({})
            except InginiousError as error:
                _answer({"error": str(error)})


def _answer(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _lines(descriptor: int) -> Iterator[bytes]:
    """The lines that come in; unlike a file object it holds no lock that outlives the loop."""
    buffer = b""
    while chunk := os.read(descriptor, 65536):
        *lines, buffer = (buffer + chunk).split(b"\n")
        yield from lines


async def _main() -> None:
    loop = asyncio.get_running_loop()
    requests: asyncio.Queue[bytes | None] = asyncio.Queue()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before stdin did
            for line in _lines(sys.stdin.fileno()):
                loop.call_soon_threadsafe(requests.put_nowait, line)
            loop.call_soon_threadsafe(requests.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    first = await requests.get()
    if first is None:
        return
    configuration = json.loads(first)
    try:
        await _serve(configuration, requests)
    except InginiousError as error:
        _answer({"error": str(error)})
    except asyncio.CancelledError:
        _remove(configuration["folder"])
        raise
    else:
        _remove(configuration["folder"])


def _remove(folder: str) -> None:
    """Remove the private folder: the parent may be gone, and if not it makes it again."""
    os.chdir(Path(folder).parent)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s: %(message)s")
    run_until_signal(_main())
