"""The broker: gives the jobs of clients to agents and their results back.

Source: docs/protocol.md, Registration and heartbeats.

``scheduler`` decides, without socket, clock or task; ``server`` pumps frames in and out of it.
"""

from .scheduler import Scheduler
from .server import Broker

__all__ = ["Broker", "Scheduler"]
