"""The client's sockets: frames in both directions, and what is told of their connections."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

import pytest
import zmq

from inginious_nb.client.connections import Close, Open, Send
from inginious_nb.client.socket_pump import SocketPump
from tests.support.proxy import Proxy
from tests.support.waiting import until

MAX_FRAME_BYTES = 24 << 20


class Notes:
    """A listener that writes everything down."""

    def __init__(self):
        self.frames = []
        self.connections = []

    def receive(self, connection, frame):
        self.frames.append((connection, bytes(frame)))

    def drained(self):
        pass

    def established(self, connection):
        self.connections.append((connection, "established"))

    def broken(self, connection):
        self.connections.append((connection, "broken"))


class Router:
    """A peer on a port of its choice."""

    def __init__(self, context):
        self._socket = context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.SNDHWM, 0)
        self._socket.bind("tcp://127.0.0.1:*")
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")
        self.port = int(self.address.rpartition(":")[2])

    def close(self):
        self._socket.close(linger=0)

    async def hear(self):
        await until(lambda: self._socket.getsockopt(zmq.EVENTS) & zmq.POLLIN)
        return self._socket.recv_multipart()

    def say(self, identity, frame):
        self._socket.send_multipart([identity, frame])


@pytest.fixture
def context():
    with zmq.Context() as context:
        yield context


@pytest.fixture
def router(context):
    router = Router(context)
    yield router
    router.close()


@pytest.fixture
async def notes():
    return Notes()


@contextlib.contextmanager
def pumping(context, address, notes):
    """A pump that connects to an address; it is closed with the block."""
    loop = asyncio.get_running_loop()
    pump = SocketPump(context, address, None, loop, notes, MAX_FRAME_BYTES)
    with contextlib.closing(pump):
        yield pump


@pytest.fixture
async def pump(context, router, notes):
    with pumping(context, router.address, notes) as pump:
        yield pump


def perform(pump, *actions):
    pump.perform(deque(actions))


async def test_frames_go_both_ways_under_the_routing_id(router, pump, notes):
    perform(pump, Open(1, b"me"), Send(1, b"hello"))
    assert await router.hear() == [b"me", b"hello"]
    router.say(b"me", b"answer")
    await until(lambda: notes.frames)
    assert notes.frames == [(1, b"answer")]
    assert notes.connections == [(1, "established")]


async def test_what_arrives_while_something_is_sent_is_not_overlooked(router, pump, notes):
    perform(pump, Open(1, b"me"), Send(1, b"hello"))
    await router.hear()
    for number in range(1000):
        router.say(b"me", b"%d" % number)
        perform(pump, Send(1, b"ping"))
    await until(lambda: len(notes.frames) == 1000)
    assert [int(frame) for _, frame in notes.frames] == list(range(1000))


async def test_large_frames_arrive_whole(router, pump, notes):
    large = bytes(range(256)) * 40_000
    perform(pump, Open(1, b"me"), Send(1, large))
    assert await router.hear() == [b"me", large]
    router.say(b"me", large)
    await until(lambda: notes.frames)
    assert notes.frames == [(1, large)]


async def test_a_connection_that_breaks_and_is_established_again_is_told(context, router, notes):
    async with Proxy(router.port) as proxy:
        with pumping(context, f"tcp://127.0.0.1:{proxy.port}", notes) as pump:
            perform(pump, Open(1, b"me"), Send(1, b"hello"))
            await router.hear()
            proxy.break_client_sides()
            await until(lambda: len(notes.connections) == 3)
    assert notes.connections == [(1, "established"), (1, "broken"), (1, "established")]


async def test_two_links_are_told_apart_and_a_closed_one_is_silent(router, pump, notes):
    perform(pump, Open(1, b"one"), Open(2, b"two"), Send(1, b"x"), Send(2, b"x"))
    assert sorted([await router.hear(), await router.hear()]) == [[b"one", b"x"], [b"two", b"x"]]
    perform(pump, Close(1), Send(1, b"into nothing"))
    router.say(b"one", b"too late")
    router.say(b"two", b"in time")
    await until(lambda: notes.frames)
    assert notes.frames == [(2, b"in time")]


async def test_what_was_just_sent_still_leaves_when_all_is_closed(router, pump, notes):
    perform(pump, Open(1, b"me"), Send(1, b"hello"))
    await router.hear()
    perform(pump, Send(1, b"goodbye"))
    pump.close()
    assert await router.hear() == [b"me", b"goodbye"]


async def test_a_backend_that_sends_a_giant_frame_is_cut_off(pump, router, notes):
    perform(pump, Open(1, b"a client"), Send(1, b"hello"))
    identity, _ = await router.hear()
    router.say(identity, bytes(MAX_FRAME_BYTES))
    await until(lambda: notes.frames)
    router.say(identity, bytes(MAX_FRAME_BYTES + 1))
    await until(lambda: (1, "broken") in notes.connections)
    assert [len(frame) for _, frame in notes.frames] == [MAX_FRAME_BYTES]
