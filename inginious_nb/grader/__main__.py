"""The child process of `service.ServiceProcess`; not meant to be started by hand.

The first line on stdin configures it, each later one is a request, and the end of stdin ends it.
Each is answered by one line of the same id on what was stdout at the start. Logs go to stderr.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq

from inginious_nb.course import CourseLibrary
from inginious_nb.errors import InginiousError
from inginious_nb.i18n import kept

from .broker import Broker
from .curve import ServerKeys
from .probes import missing_capabilities
from .running import make_agents, run_in_order, run_until_signal
from .sandbox import choose_sandbox
from .temporary_folders import FolderLock, remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .agents import Agent

_WATCH_S = 1.0
_AGENT_ADDR = "inproc://agents"


class _Parent:
    """The conversation with the parent process."""

    def __init__(self) -> None:
        # Nothing that is printed by mistake, here or in a script, may get into the answers.
        self._answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        self._requests: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._id = 0
        threading.Thread(target=self._read, daemon=True).start()

    async def request(self) -> dict[str, Any] | None:
        """Return the next request, or None if none will come any more."""
        line = await self._requests.get()
        if line is None:
            return None
        request: dict[str, Any] = json.loads(line)
        self._id = request["id"]
        return request

    def answer(self, answer: dict[str, Any]) -> None:
        """Answer the last request."""
        self._answers.write(json.dumps({"id": self._id, **answer}) + "\n")
        self._answers.flush()

    def _read(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before stdin did
            for line in _lines(sys.stdin.fileno()):
                self._loop.call_soon_threadsafe(self._requests.put_nowait, line)
            self._loop.call_soon_threadsafe(self._requests.put_nowait, None)


def _lines(descriptor: int) -> Iterator[bytes]:
    """Yield the lines that come in; unlike a file object, hold no lock that outlives the loop."""
    buffer = b""
    while chunk := os.read(descriptor, 65536):
        *lines, buffer = (buffer + chunk).split(b"\n")
        yield from lines


class _Requests:
    """The requests of the parent, once there is a service that they are about.

    Args:
        parent: The parent.
        library: The courses, to which it adds some.
        agents: The agents, which know the environments.
    """

    def __init__(self, parent: _Parent, library: CourseLibrary, agents: Sequence[Agent]) -> None:
        self._parent = parent
        self._library = library
        self._agents = agents

    async def serve(self, description: dict[str, Any]) -> None:
        """Answer the configuration with a description of the service, then each request."""
        self._parent.answer(description)
        while (request := await self._parent.request()) is not None:
            try:
                answer = self._answer(request)
            except InginiousError as error:
                answer = {"error": kept(error.text)}
            self._parent.answer(answer)

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if "add_course" in request:
            self._library.add(request["add_course"])
        # Also when only asked: a course.yaml that was edited may name more environments.
        for agent in self._agents:
            agent.announce()
        if "refusal" not in request:
            return {}
        course_id, task_id, *environment = request["refusal"]
        found = (agent.refusal(course_id, task_id, tuple(environment)) for agent in self._agents)
        return {"refusal": kept(next(filter(None, found), ""))}


async def _serve(parent: _Parent, configuration: dict[str, Any]) -> None:
    """Grade until the parent has no more requests, or is gone."""
    library = CourseLibrary(configuration["courses"])
    sandbox = choose_sandbox(configuration["sandbox"])
    # Beside making the agents, which is as long.
    finding = asyncio.get_running_loop().run_in_executor(None, missing_capabilities, sandbox)
    keys = configuration["curve"]
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        broker = Broker(
            context,
            _AGENT_ADDR,
            configuration["address"],
            curve=ServerKeys.from_dict(keys) if keys is not None else None,
        )
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

        async def answer_requests() -> None:
            # Before that a client would hear that there are no environments.
            await broker.has_agents(len(agents))
            described = {**sandbox.describe(), "missing": await finding}
            description = {"address": address, "sandbox": described}
            await _Requests(parent, library, agents).serve(description)

        running = [agent.run() for agent in agents]
        # Who goes on elsewhere is not told; else the broker passes on what agents say about the
        # jobs that they had to end.
        is_shared = configuration["shared"]
        in_order = [broker.run(), *running] if is_shared else [*running, broker.run()]
        await run_in_order([*in_order, answer_requests(), _until_orphaned(configuration["parent"])])
    finally:
        context.destroy(linger=1000)


async def _until_orphaned(parent_id: int) -> None:
    """Return when the parent is gone.

    The end of stdin does not always tell: a process that the parent forked may hold the other end.
    """
    while os.name != "posix" or os.getppid() == parent_id:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(_WATCH_S)


async def _main() -> None:
    parent = _Parent()
    configuration = await parent.request()
    if configuration is None:
        return
    # Also ours: the parent may be killed.
    lock = FolderLock(Path(configuration["folder"]))
    try:
        await _serve(parent, configuration)
    except InginiousError as error:
        parent.answer({"error": kept(error.text)})
    except asyncio.CancelledError:
        _remove(configuration["folder"], lock)
        raise
    else:
        _remove(configuration["folder"], lock)


def _remove(folder: str, lock: FolderLock) -> None:
    """Remove the private folder: the parent may be gone, and if not it makes it again."""
    os.chdir(Path(folder).parent)
    remove_tree(Path(folder))
    lock.release()


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s: %(message)s")
    run_until_signal(_main())
