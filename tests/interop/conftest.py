"""Fixtures that start INGInious 0.9.2 (see tests/support/peer.py) and stop it again."""

from __future__ import annotations

from pathlib import Path

import pytest
import zmq

from tests.support.peer import InginiousSite


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.interop)


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory):
    """A site of INGInious's own backend and mcq agent that no test of the module may harm."""
    site = InginiousSite(tmp_path_factory.mktemp("tasks"))
    site.add_task("course", "match")
    site.add_task("course", "choices")
    yield site
    site.stop()


@pytest.fixture
def site(tmp_path):
    """A site of INGInious's own backend and mcq agent, to be broken by one test."""
    site = InginiousSite(tmp_path)
    site.add_task("course", "match")
    site.add_task("course", "choices")
    yield site
    site.stop()


@pytest.fixture
def context():
    """A ZeroMQ context that ends only when all its sockets were closed."""
    with zmq.Context() as context:
        yield context
