"""Backends on real sockets, and clients connected to them."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.support.clients import BRISK, ending_context, started_clients
from tests.support.thread_backend import ThreadBackend


@pytest.fixture
def backend():
    with ThreadBackend() as backend:
        yield backend


@pytest.fixture
def holding():
    """A backend that ends jobs only when told to."""
    with ThreadBackend(by_itself=False) as backend:
        yield backend


@pytest.fixture
def context():
    with ending_context() as context:
        yield context


@pytest.fixture
def new_loop():
    """A function that makes a loop, which is stopped and closed with the test."""
    loops = []

    def make():
        loops.append(asyncio.new_event_loop())
        return loops[-1]

    yield make
    for loop in loops:
        while loop.is_running():
            loop.call_soon_threadsafe(loop.stop)
            time.sleep(0.001)
        loop.close()


@pytest.fixture
def connect(context):
    with started_clients(context) as start:

        def make(backend, options=BRISK, queue_update=0.05, **more):
            return start(backend.address, queue_update, options=options, **more)

        yield make
