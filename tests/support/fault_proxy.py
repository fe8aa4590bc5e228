"""An HTTP proxy in front of a site of the loopback that loses, replaces and counts answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from .tcp_server import TcpServer, closing

_END = b"\r\n\r\n"
NOTHING = b""
MARK_OF_SITE = {"Set_Cookie": "inginious_session_id=new; Path=/kept-nowhere"}
"""The header for `http` that each answer of INGInious has, without ending the session by it."""


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        when: A text of the request that it happens to, such as ``POST /course`` or ``=check``.
        times: How often.
        answer: The bytes sent instead of the site's answer; None breaks the connection, and
            `NOTHING` keeps it open without a word.
        forward: Whether the site gets the request all the same, before any other that comes later.
    """

    when: bytes
    times: int = 1
    answer: bytes | None = None
    forward: bool = False


@dataclass
class Late(Fault):
    """A request of which the site's answer, as it was, comes late.

    Attributes:
        is_answered: Set once the site has answered.
        may_come: Set by the test when the answer may come.
    """

    is_answered: asyncio.Event = field(default_factory=asyncio.Event)
    may_come: asyncio.Event = field(default_factory=asyncio.Event)


def http(status, body=b"<html><body>nonsense</body></html>", **headers):
    """An HTTP answer."""
    lines = [
        f"HTTP/1.1 {status} Whatever",
        "Content-Type: text/html",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join([*lines, "Connection: close"])).encode() + _END + body


class FaultProxy:
    """Forwards each request on a connection of its own.

    Attributes:
        port: Where it listens.
        requests: All requests, as bytes.
        faults: What goes wrong; each is used up.
        at_once: The highest number of requests that were under way together.
    """

    def __init__(self, target_port):
        self._target_port = target_port
        self.requests = []
        self.faults = []
        self.at_once = 0
        self._under_way = 0
        self._in_order = asyncio.Lock()
        self._at_site = set()
        self._server = TcpServer(self._serve)

    async def __aenter__(self):
        await self._server.__aenter__()
        self.port = self._server.port
        return self

    async def __aexit__(self, *exception):
        await self._server.__aexit__(*exception)
        # Nothing that one test has asked for comes to pass in the next.
        await asyncio.gather(*self._at_site, return_exceptions=True)

    def count(self, text):
        """How many requests had a text."""
        return sum(text in request for request in self.requests)

    async def _serve(self, reader, writer):
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        try:
            await self._pass_on(reader, writer)
        finally:
            self._under_way -= 1

    async def _pass_on(self, reader, writer):
        head = await reader.readuntil(_END)
        length = next(
            (
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ),
            0,
        )
        request = head + await reader.readexactly(length)
        self.requests.append(request)
        fault = next((f for f in self.faults if f.times and f.when in request), None)
        if fault is not None:
            fault.times -= 1
        answer = b""
        if fault is None or isinstance(fault, Late):
            async with self._in_order:  # not while it is held by what is forwarded and lost
                pass
            answer = await self._asked(request)
        elif fault.forward:
            async with self._in_order:
                answer = await self._asked(request)
        if isinstance(fault, Late):
            fault.is_answered.set()
            await fault.may_come.wait()
        elif fault is not None:
            answer = fault.answer
        if answer is None:
            writer.transport.abort()
            return
        if answer == NOTHING:
            await reader.read()  # returns once the other side has enough
        writer.write(answer)
        await writer.drain()

    async def _asked(self, request):
        """The site's answer, which it is given time for even if nobody waits any more."""
        asking = asyncio.create_task(self._exchange(request))
        self._at_site.add(asking)
        asking.add_done_callback(self._at_site.discard)
        return await asyncio.shield(asking)

    async def _exchange(self, request):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        lines = [
            line
            for line in request.partition(_END)[0].split(b"\r\n")
            if not line.lower().startswith(b"connection:")
        ]
        far_writer.write(
            b"\r\n".join([*lines, b"Connection: close"]) + _END + request.partition(_END)[2]
        )
        async with closing(far_writer):
            await far_writer.drain()
            return await far_reader.read()
