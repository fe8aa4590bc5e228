"""Backends on real sockets, and clients connected to them."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.support.clients import BRISK, RunningLoop, ending_context, started_clients
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
    """A function that makes a loop that nothing runs; it is closed with the test."""
    with contextlib.ExitStack() as ended:

        def make():
            loop = asyncio.new_event_loop()
            ended.callback(loop.close)
            return loop

        yield make


@pytest.fixture
def running_loop(new_loop):
    """A loop that runs in a thread of its own; it is stopped with the test, if not before."""
    running = RunningLoop(new_loop())
    yield running
    running.stop()


@pytest.fixture
def connect(context):
    with started_clients(context) as start:

        def make(backend, options=BRISK, queue_update=0.05, **more):
            return start(backend.address, queue_update, options=options, **more)

        yield make
