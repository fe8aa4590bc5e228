"""The broker on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
import zmq

from inginious_nb import messages
from inginious_nb.errors import ServiceError
from inginious_nb.grader.broker import Broker
from inginious_nb.grader.curve import new_keys
from inginious_nb.io.curve import CurveKeys
from tests.support.broker_site import a_job, agent_done, agent_hello
from tests.support.wire_peer import DealerPeer


@contextlib.asynccontextmanager
async def serving(client_addr, agent_addr="tcp://127.0.0.1:*", curve=None):
    """A running broker; gives its client address."""
    context = zmq.Context()
    broker = Broker(context, agent_addr, client_addr, curve=curve)
    address = broker.bind()
    running = asyncio.create_task(broker.run())
    try:
        yield address
    finally:
        running.cancel()
        await asyncio.wait([running])
        context.destroy(linger=0)


@pytest.fixture
def agent_addr(tmp_path):
    return f"ipc://{tmp_path}/agents"


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
async def test_a_job_goes_from_a_client_to_an_agent_and_back(tmp_path, transport, agent_addr):
    wanted = "tcp://127.0.0.1:*" if transport == "tcp" else f"ipc://{tmp_path}/clients"
    async with serving(wanted, agent_addr) as address:
        with DealerPeer(address) as client, agent_at(agent_addr) as agent:
            await agent.say(agent_hello())
            await client.say(messages.ClientHello("me"))
            await client.say(a_job())
            job = await agent.hear_a(messages.BackendNewJob)
            await agent.say(agent_done(job.job_id))
            done = await client.hear_a(messages.BackendJobDone)
            assert (done.job_id, done.grade) == ("j", 75.5)


async def test_frames_that_are_no_messages_do_not_stop_it(agent_addr):
    async with serving("tcp://127.0.0.1:*", agent_addr) as address:
        with DealerPeer(address) as client, agent_at(agent_addr) as agent:
            for peer in (client, agent):
                await peer.say(b"")
                await peer.socket.send_multipart([b"", b"", messages.encode(messages.Ping())])
                await peer.say(b"\xc1" * 1000)
            await client.say(messages.ClientHello("me"))
            await client.socket.send_multipart([messages.encode(a_job()), b"ignored", b"too"])
            await agent.say(agent_hello())
            assert (await agent.hear_a(messages.BackendNewJob)).job_id == "j"


async def test_a_lost_connection_costs_nothing_if_the_client_keeps_its_routing_id(agent_addr):
    async with serving("tcp://127.0.0.1:*", agent_addr) as address:
        with agent_at(agent_addr) as agent:
            await agent.say(agent_hello())
            with DealerPeer(address, identity=b"alice") as client:
                await client.ask(messages.ClientHello("me"), messages.BackendUpdateEnvironments)
                await client.say(a_job())
                await agent.hear_a(messages.BackendNewJob)
            await agent.say(agent_done())
            await agent.hear_a(messages.Ping)  # so the broker has seen the result
            with DealerPeer(address, identity=b"alice") as client:
                await client.say(messages.Ping())
                assert (await client.hear_a(messages.BackendJobDone)).job_id == "j"


async def test_a_routing_id_is_handed_over_while_the_old_connection_is_still_open():
    async with serving("tcp://127.0.0.1:*") as address:
        with DealerPeer(address, identity=b"alice") as first:
            await first.ask(messages.ClientHello("me"), messages.BackendUpdateEnvironments)
            with DealerPeer(address, identity=b"alice") as second:
                assert await second.ask(messages.Ping(), messages.Pong) == messages.Pong()


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
async def test_a_second_broker_on_an_address_says_so(tmp_path, transport):
    wanted = "tcp://127.0.0.1:*" if transport == "tcp" else f"ipc://{tmp_path}/clients"
    async with serving(wanted) as address:
        with (
            zmq.Context() as context,
            pytest.raises(ServiceError, match=r"is in use, probably by another backend"),
        ):
            Broker(context, "tcp://127.0.0.1:*", address).bind()
        with DealerPeer(address) as client:
            assert await client.ask(messages.Ping(), messages.Unknown) == messages.Unknown()


async def test_the_socket_file_of_a_dead_broker_is_in_nobodys_way(tmp_path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "clients"))
    async with serving(f"ipc://{tmp_path}/clients") as address:
        with DealerPeer(address) as client:
            assert await client.ask(messages.Ping(), messages.Unknown) == messages.Unknown()


async def test_an_address_that_is_none_is_refused_in_one_sentence():
    with (
        zmq.Context() as context,
        pytest.raises(ServiceError, match="Cannot listen on nonsense"),
    ):
        Broker(context, "tcp://127.0.0.1:*", "nonsense").bind()


async def test_with_keys_only_the_one_client_gets_in():
    keys, server_keys = new_keys()
    async with serving("tcp://127.0.0.1:*", curve=server_keys) as address:
        with DealerPeer(address, curve=keys) as client:
            assert await client.ask(messages.Ping(), messages.Unknown) == messages.Unknown()
        strange_public, strange_secret = zmq.curve_keypair()
        strange_keys = CurveKeys(keys.server, strange_public, strange_secret)
        with DealerPeer(address, curve=strange_keys) as stranger:
            assert await is_turned_away(stranger)
        with DealerPeer(address) as plain:
            assert await is_turned_away(plain)


async def is_turned_away(peer):
    """Whether the handshake fails."""
    failures = (
        zmq.EVENT_HANDSHAKE_FAILED_AUTH
        | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    )
    with peer.socket.get_monitor_socket(failures | zmq.EVENT_HANDSHAKE_SUCCEEDED) as monitor:
        number, _endpoint = await asyncio.wait_for(monitor.recv_multipart(), 15)
        peer.socket.disable_monitor()
    return bool(int.from_bytes(number[:2], "little") & failures)


def agent_at(address):
    return DealerPeer(address, incoming=messages.TO_AGENT)
