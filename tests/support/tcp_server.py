"""A TCP server on the loopback of which nothing is left once it is closed.

A server of asyncio leaves behind what connects at its very end, and whoever still waits there.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket


class TcpServer:
    """Serves each connection by a coroutine function of a reader and a writer.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, serve, *, ssl=None):
        self._serve = serve
        self._ssl = ssl
        self._tasks = set()

    async def __aenter__(self):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)
        self.port = self._listening.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._listening, self._accept)
        return self

    async def __aexit__(self, *_):
        asyncio.get_running_loop().remove_reader(self._listening)
        self._listening.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self):
        with contextlib.suppress(OSError):
            connection, _ = self._listening.accept()
            task = asyncio.create_task(self._connected(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(lambda _: connection.close())

    async def _connected(self, connection):
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=self._ssl
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            async with closing(writer):
                await self._serve(reader, writer)


@contextlib.asynccontextmanager
async def closing(writer):
    """Close a writer in the end, and wait until it is closed."""
    try:
        yield
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
