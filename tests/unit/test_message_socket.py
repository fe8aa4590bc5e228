"""The socket of broker and agents: what a peer sends in one message is bounded in parts, too."""

from __future__ import annotations

import asyncio
import tracemalloc

import zmq

from inginious_nb.io.message_socket import MessageSocket


async def test_of_a_message_of_very_many_parts_the_first_are_taken():
    arrived = asyncio.Event()
    messages = []

    def receive(frames):
        messages.append(frames)
        if frames[-1] == b"the next one":
            arrived.set()

    with zmq.Context() as context, context.socket(zmq.PAIR) as peer:
        peer.bind("inproc://parts")
        socket = context.socket(zmq.PAIR)
        socket.connect("inproc://parts")
        reader = MessageSocket(socket, receive)
        peer.send_multipart([b"%040d" % number for number in range(10_000)])
        peer.send(b"the next one")
        tracemalloc.start()
        try:
            await asyncio.wait_for(arrived.wait(), 20)
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            reader.close(0)
    assert [len(frames) for frames in messages] == [8, 1]
    assert messages[0][7] == b"%040d" % 7
    assert peak_bytes < 100_000
