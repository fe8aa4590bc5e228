"""The jobs the broker knows: what it remembers of one, and the order in which they wait.

Nothing here sends anything.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from inginious_nb import messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Topic = tuple[str, str]
"""An environment: its type and its name."""

MAX_TIME_S = 10**9


@dataclass(eq=False, slots=True)
class BrokerJob:
    """A job that waits or runs.

    Attributes:
        owner: Address of the client that gets the result.
        arrival: Counts up; the order among jobs of the same priority.
        frame: The BackendNewJob for an agent; empty while one has it.
        digest: Tells whether a job sent again is the same one.
        state: The previous ``@state`` of the submission.
        max_time_s: The longest it can take, or -1 if unknown (docs/protocol.md, Scheduling).
        agent: Address of the agent that runs it, or None while it waits.
        is_started: Whether that agent said so.
    """

    id: str
    owner: bytes
    arrival: int
    priority: int
    topic: Topic
    frame: bytes
    digest: bytes
    task: str
    launcher: str
    state: str
    max_time_s: int
    accepted_at: float
    agent: bytes | None = None
    given_at: float = 0.0
    is_started: bool = False

    @classmethod
    def accepted(
        cls, message: messages.ClientNewJob, owner: bytes, arrival: int, now: float
    ) -> BrokerJob:
        """Make a job of a client's message.

        Raises:
            LocalProtocolError: It holds what cannot be passed on to an agent.
        """
        frame = messages.encode(
            messages.BackendNewJob(
                job_id=message.job_id,
                course_id=message.course_id,
                task_id=message.task_id,
                task_problems=message.task_problems,
                inputdata=message.inputdata,
                environment_type=message.environment_type,
                environment=message.environment,
                environment_parameters=message.environment_parameters,
                debug=message.debug,
            )
        )
        state = message.inputdata.get("@state", "")
        return cls(
            id=message.job_id,
            owner=owner,
            arrival=arrival,
            priority=message.priority,
            topic=(message.environment_type, message.environment),
            frame=frame,
            digest=blake2b(frame, digest_size=16).digest(),
            task=f"{message.course_id}/{message.task_id}",
            launcher=message.launcher,
            state=state if isinstance(state, str) else "",
            max_time_s=_max_time_s(message.environment_parameters),
            accepted_at=now,
        )

    @property
    def turn(self) -> tuple[int, int]:
        """Return its place among the waiting jobs of its topic: a lower priority number first."""
        return self.priority, self.arrival


class WaitingJobs:
    """The waiting jobs, by topic and turn."""

    def __init__(self) -> None:
        self._by_id: dict[str, BrokerJob] = {}
        self._by_topic: dict[Topic, list[BrokerJob]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[BrokerJob]:
        """Return all of them in the order of arrival."""
        return iter(self._by_id.values())

    def get(self, job_id: str) -> BrokerJob | None:
        """Return the waiting job of that id, if there is one."""
        return self._by_id.get(job_id)

    def add(self, job: BrokerJob) -> None:
        """Let a job wait; one that waited before gets its old turn."""
        is_newest = not self._by_id or job.arrival > next(reversed(self._by_id.values())).arrival
        self._by_id[job.id] = job
        if not is_newest:
            in_order = sorted(self._by_id.values(), key=lambda waiting: waiting.arrival)
            self._by_id = {waiting.id: waiting for waiting in in_order}
        insort(self._by_topic.setdefault(job.topic, []), job, key=lambda waiting: waiting.turn)

    def remove(self, job: BrokerJob) -> None:
        """Take out a job that waits."""
        del self._by_id[job.id]
        line = self._by_topic[job.topic]
        del line[bisect_left(line, job.turn, key=lambda waiting: waiting.turn)]
        if not line:
            del self._by_topic[job.topic]

    def take(self, topics: Iterable[Topic]) -> BrokerJob | None:
        """Take out the job whose turn is first among those topics, or return None."""
        heads = [line[0] for topic in topics if (line := self._by_topic.get(topic))]
        if not heads:
            return None
        job = min(heads, key=lambda waiting: waiting.turn)
        self.remove(job)
        return job


def _max_time_s(parameters: dict[object, object]) -> int:
    """Return the wall time that people in the queue are told, -1 without one.

    Source: docs/protocol.md, Scheduling.
    """
    try:
        seconds = int(parameters["limits"]["time"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError, OverflowError):
        return -1
    return seconds if abs(seconds) <= MAX_TIME_S else -1
