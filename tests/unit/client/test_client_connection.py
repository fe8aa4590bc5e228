"""The state of its connection, as a client reports it."""

from __future__ import annotations

from inginious_nb.client import (
    ClientOptions,
)
from tests.support.tasks import MATCH


async def test_the_state_of_the_connection_is_told(backend, connect):
    client = connect(backend)
    states = []
    remove = client.add_connection_listener(lambda connection: states.append(connection.state))
    client.add_connection_listener(lambda _: 1 / 0)  # logged, and no harm to the others
    await client.submit(MATCH, {"q": "42"})
    assert client.connection.state == "connected"
    assert client.connection.environments == {"mcq": ("mcq",)}
    client.close()
    assert client.connection.state == "closed"
    remove()
    assert states == ["connected", "closed"]


async def test_the_stable_routing_id_is_used(backend, connect):
    await connect(backend, ClientOptions(routing_id=b"me")).submit(MATCH, {"q": "42"})
    assert b"me" in backend.model.registered
