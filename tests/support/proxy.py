"""A TCP proxy that fails on demand: it cuts, refuses, swallows and delays."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from .peer import free_port


class Proxy:
    """Forwards connections to a port of the loopback, as long as nobody says otherwise.

    Attributes:
        port: Where it listens.
        delay_s: Added to every piece of data.
        bytes_per_s: What the line can carry, or None.
    """

    def __init__(self, target_port):
        self.target_port = target_port
        self.port = free_port()
        self.delay_s = 0.0
        self.bytes_per_s = None
        self._server = None
        self._flows = set()
        self._writers = set()
        self._swallow = False
        self._keep_backend_sides = False
        self._client_writers = set()
        self._kept = []

    async def __aenter__(self):
        await self._listen()
        return self

    async def __aexit__(self, *_):
        self.keep_backend_sides(False)
        await self.cut()

    async def cut(self):
        """Break all connections, as a cable does that takes its router with it, and accept none."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in list(self._writers):
            with contextlib.suppress(OSError):
                # A reset instead of an orderly end.
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
            writer.transport.abort()
        for flow in list(self._flows):
            flow.cancel()
        await asyncio.gather(*self._flows, return_exceptions=True)

    async def mend(self):
        """Accept connections again."""
        self._swallow = False
        await self._listen()

    def swallow(self):
        """Half-open: connections stay, and what is sent on them disappears for ever."""
        self._swallow = True

    def keep_backend_sides(self, keep=True):
        """Whether the backend's side stays open when a client's side breaks.

        The backend then believes in a connection that is gone, and refuses its routing id.
        """
        self._keep_backend_sides = keep
        if not keep:
            for writer in self._kept:
                writer.transport.abort()
            self._kept.clear()

    def break_client_sides(self):
        """Break the clients' connections; new ones are accepted at once."""
        for writer in self._client_writers:
            writer.transport.abort()

    async def _listen(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _accept(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        self._client_writers.add(writer)
        here = asyncio.create_task(self._flow(reader, far_writer))
        back = asyncio.create_task(self._flow(far_reader, writer))
        self._flows |= {here, back}
        try:
            await asyncio.wait({here, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for flow in (here, back):
                flow.cancel()
            await asyncio.gather(here, back, return_exceptions=True)
            self._flows -= {here, back}
            self._writers -= {writer, far_writer}
            self._client_writers.discard(writer)
            writer.transport.abort()
            if self._keep_backend_sides:
                self._kept.append(far_writer)
            else:
                far_writer.transport.abort()

    async def _flow(self, reader, writer):
        swallowed = False  # once a gap is in it, the rest of a stream is of no use
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                swallowed = swallowed or self._swallow
                if swallowed:
                    continue
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if self.bytes_per_s:
                    await asyncio.sleep(len(data) / self.bytes_per_s)
                writer.write(data)
                await writer.drain()
