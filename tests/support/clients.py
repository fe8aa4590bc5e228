"""What tests of clients are made of: options that hurry, a callback that remembers,
and clients that are closed in the end."""

from __future__ import annotations

import asyncio
import threading
import weakref
from contextlib import contextmanager, suppress

import pytest
import zmq

from inginious_nb.client import Client, ClientOptions

# A machine that pauses for a moment is no backend that is silent.
BRISK = ClientOptions(heartbeat_s=0.05, silent_after_s=20, queue_poll_s=0.05, recheck_s=1)
SUCCESS = (("success", ""), 100.0, {}, {}, {}, None)


class Call:
    """A callback of six values that remembers what it was called with."""

    def __init__(self):
        self.calls = []
        self.threads = []
        self._news = threading.Event()

    def __call__(self, result, grade, problems, tests, custom, archive):
        self.calls.append((result, grade, problems, tests, custom, archive))
        self.threads.append(threading.get_ident())
        self._news.set()

    async def called(self):
        await asyncio.to_thread(self._news.wait, 20)
        return self.calls


@contextmanager
def ending_context(kind=zmq.Context):
    """A ZeroMQ context that ends although a test failed before it closed its clients and sockets.

    Else it would wait for them, for ever.
    """
    clients, start = weakref.WeakSet(), Client.start

    def noted(client):
        clients.add(client)
        start(client)

    with pytest.MonkeyPatch.context() as patch, kind() as context:
        patch.setattr(Client, "start", noted)
        try:
            yield context
        except BaseException:
            close(clients)
            context.destroy(linger=0)
            raise
        close(clients)  # a fixture does not see that its test has failed


def close(clients):
    for client in list(clients):
        with suppress(KeyboardInterrupt):  # of a callback, which is called now
            client.close()


@contextmanager
def started_clients(context):
    """A function that makes and starts a client, with the arguments of `Client`."""
    clients = []

    def make(address, queue_update, **options):
        client = Client(context, address, queue_update, **options)
        client.start()
        clients.append(client)
        return client

    try:
        yield make
    finally:
        close(clients)


class RunningLoop:
    """A loop that runs in a thread of its own."""

    def __init__(self, loop):
        self.loop = loop
        self.thread = threading.Thread(target=loop.run_forever, daemon=True)
        runs = threading.Event()
        loop.call_soon(runs.set)
        self.thread.start()
        runs.wait()

    def stop(self):
        """Stop it, and wait until its thread has ended."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
