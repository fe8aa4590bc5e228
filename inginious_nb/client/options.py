"""Options of a client: time limits, retries, identity and keys."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from inginious_nb.errors import UsageError
from inginious_nb.messages import MAX_FRAME_BYTES

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from inginious_nb.io.curve import CurveKeys

_MAX_ROUTING_ID_LENGTH = 255  # zmq_setsockopt(3), ZMQ_ROUTING_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """Time limits, retries and identity of a client. The defaults suit a real backend.

    Attributes:
        heartbeat_s: A ping leaves this often; all other times are kept to this precision.
        silent_after_s: Without a frame for this long the connection is called silent and a second
            connection finds out whether the backend answers at all. The first one is kept
            (docs/decisions/0007-never-lose-a-submission.md).
        rejoin_wait_s: How long a connection that was established again may stay silent once the
            second one was answered.
        unresponsive_after_s: How long a connection that has worked may stay silent while the
            second one is answered: longer than the largest answer or archive takes on the
            slowest line. A snapshot of the queue that takes longer counts as lost.
        rejoin_limit: How often the same routing id is tried again before a fresh one is used. A
            backend refuses an id for about a second after its connection broke.
        first_contact_s: A job is given up when the backend has not answered at all for this long.
        give_up_s: A job is given up when a backend that did answer is gone for this long.
        environment_wait_s: How long agents have to announce an environment, counted from the
            registration and from the last change. INGInious's agents need up to 11 s after a
            restart of the backend (docs/protocol.md, Registration and heartbeats).
        resend_limit: How often one job may be sent again.
        recheck_s: A job without news is looked for in the queue at least this often, even when
            queue updates are off.
        queue_poll_s: The queue is asked for this often while one of our jobs waits in it.
        max_frame_bytes: A backend that sends a larger frame is cut off.
        routing_id: A stable identity, 1 to 255 bytes, not starting with a zero byte; one per
            running client. None makes a random one that lives as long as the client.
        curve: Keys, for a backend that asks for them.
        callback_executor: Where result callbacks run. None is the loop's own thread, as with
            INGInious; give an executor if your callbacks block.

    Raises:
        UsageError: A time or a limit is negative or no number, or the routing id is none.
    """

    heartbeat_s: float = 1.0
    silent_after_s: float = 3.0
    rejoin_wait_s: float = 1.5
    unresponsive_after_s: float = 180.0
    rejoin_limit: int = 3
    first_contact_s: float = 30.0
    give_up_s: float = 600.0
    environment_wait_s: float = 15.0
    resend_limit: int = 5
    recheck_s: float = 30.0
    queue_poll_s: float = 1.0
    max_frame_bytes: int = MAX_FRAME_BYTES
    routing_id: bytes | None = None
    curve: CurveKeys | None = None
    callback_executor: Executor | None = None

    def __post_init__(self) -> None:
        """Refuse values with which no connection would ever work."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, (int, float)) and not value >= 0:
                raise UsageError(f"ClientOptions.{field.name} cannot be {value!r}.")
        if not self.heartbeat_s:
            raise UsageError("ClientOptions.heartbeat_s must be more than 0 seconds.")
        routing_id = self.routing_id
        if routing_id is not None and not (
            0 < len(routing_id) <= _MAX_ROUTING_ID_LENGTH and routing_id[0]
        ):
            raise UsageError(
                "ClientOptions.routing_id has 1 to 255 bytes, the first of which is not zero."
            )
