"""A site that answers each path as a test says; it needs no INGInious."""

from __future__ import annotations

import asyncio
import inspect
import re

from .fault_proxy import http
from .tcp_server import TcpServer

SIGNED_IN = http(200, b'{"status": "success", "username": "ada"}')


class ScriptedSite:
    """Answers a path by bytes, by pieces one after the other, or by a function of the body.

    Such a function may be a coroutine function.

    Attributes:
        answers: What it answers, by the path with its query.
        requests: The heads of all requests.
        address: Where it listens.
    """

    def __init__(self):
        self.answers = {"/api/v0/authentication": SIGNED_IN}
        self.requests = []
        self._server = TcpServer(self._serve)

    async def __aenter__(self):
        await self._server.__aenter__()
        self.address = f"http://127.0.0.1:{self._server.port}"
        return self

    async def __aexit__(self, *exception):
        await self._server.__aexit__(*exception)

    async def _serve(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head)
        length = re.search(rb"(?i)content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        answer = self.answers[head.split(b" ")[1].decode()]
        if callable(answer):
            answer = answer(body)
        if inspect.iscoroutine(answer):  # asyncio takes generators for some, too
            answer = await answer
        for piece in [answer] if isinstance(answer, bytes) else answer:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0 if isinstance(answer, bytes) else 0.005)
