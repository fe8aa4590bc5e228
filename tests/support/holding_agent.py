"""An agent that takes jobs and ends them when the test says so."""

from __future__ import annotations

import asyncio
from collections import Counter

import zmq
import zmq.asyncio

from inginious_nb import messages


class HoldingAgent:
    """Speaks the agent's protocol on the running loop; grades nothing by itself.

    Attributes:
        jobs: Ids of the jobs it holds, oldest first.
        runs: How often each job was given to it.
        by_itself: Whether it ends each job at once.
        inputs: What was answered in each job.
    """

    def __init__(self, address, *, slots=1000, environment=("mcq", "mcq")):
        self._context = zmq.asyncio.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self._socket.connect(address)
        self._linger_ms = 0
        self._slots = slots
        self._news = asyncio.Event()
        self.jobs = []
        self.runs = Counter()
        self.by_itself = False
        self.inputs = {}
        self._environment = environment
        self._task = asyncio.create_task(self._run())

    async def __aenter__(self):
        await self.hello()
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._context.destroy(linger=self._linger_ms)

    async def hello(self):
        """Register, or register again."""
        kind, name = self._environment
        details = {"id": name, "created": 0, "ports": [], "title": name, "runtime": kind}
        environments = {kind: {name: details}}
        await self._say(messages.AgentHello("holding", self._slots, environments))

    async def leave(self):
        """Take no more jobs; else the backend gives some to it until it misses its answers."""
        self._linger_ms = 1000  # so that it is sent
        await self._say(messages.AgentHello("holding", 0, {}))

    async def holds(self, count, timeout_s=60):
        """Return once it holds that many jobs."""
        async with asyncio.timeout(timeout_s):
            while len(self.jobs) < count:
                self._news.clear()
                await self._news.wait()

    async def open_shell(self, job_id):
        """Say that a job has a shell."""
        await self._say(messages.AgentJobSSHDebug(job_id, "127.0.0.1", 2222, "worker", "s3cret"))

    async def finish(self, job_id=None, text="", code="success"):
        """End a job, by default the oldest."""
        job_id = self.jobs[0] if job_id is None else job_id
        self.jobs.remove(job_id)
        await self._say(
            messages.AgentJobDone(
                job_id,
                (code, text),
                100.0 if code == "success" else 0.0,
                {"q": ("success", f"run {self.runs[job_id]}")},
                {},
                {},
                "",
                None,
                None,
                None,
            )
        )

    async def finish_all(self):
        for job_id in list(self.jobs):
            await self.finish(job_id)

    async def _run(self):
        while True:
            message = messages.decode(await self._socket.recv(), messages.TO_AGENT)
            if isinstance(message, messages.Ping):
                await self._say(messages.Pong())
            elif isinstance(message, messages.BackendNewJob):
                self.jobs.append(message.job_id)
                self.runs[message.job_id] += 1
                self.inputs[message.job_id] = message.inputdata
                await self._say(messages.AgentJobStarted(message.job_id))
                if self.by_itself:
                    await self.finish(message.job_id)
                self._news.set()
            elif isinstance(message, messages.BackendKillJob) and message.job_id in self.jobs:
                await self.finish(message.job_id, code="killed")

    async def _say(self, message):
        await self._socket.send(messages.encode(message))
