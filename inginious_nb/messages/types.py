"""One dataclass per message of the protocol, and the vocabulary of each direction.

The class name is the value of ``@type`` on the wire and the fields are declared in the order in
which INGInious writes them (docs/protocol.md, Messages). A field's metadata names the test its
value must pass. Nothing here knows how a message is encoded or carried.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform

import msgspec

from . import shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .shapes import Debug, Map, TextPair

    Test = Callable[[object], bool]
    Vocabulary = Mapping[str, type["WireMessage"]]

_M = TypeVar("_M", bound="WireMessage")


class WireMessage:
    """Base of all messages.

    Attributes:
        field_tests: Field name to the predicate its value must pass, in declaration order.
    """

    __slots__ = ()
    field_tests: ClassVar[Mapping[str, Test]] = {}


def _is(test: Test) -> Any:
    return field(metadata={"test": test})


@dataclass_transform(field_specifiers=(_is, field))
def _message(cls: type[_M]) -> type[_M]:
    made = dataclass(slots=True)(cls)
    made.field_tests = {item.name: item.metadata["test"] for item in fields(made)}  # type: ignore[arg-type]
    return made


# ---- either way -----------------------------------------------------------------------------


@_message
class Ping(WireMessage):
    """A heartbeat, from clients to the backend and from the backend to agents."""


@_message
class Pong(WireMessage):
    """The answer to Ping."""


# ---- sent by an agent, passed on by the backend field by field --------------------------------


@_message
class JobSSHDebugMessage(WireMessage):
    """The credentials of the remote shell opened for a job in ssh debug mode."""

    job_id: str = _is(shapes.is_text)
    host: str = _is(shapes.is_text)
    port: int = _is(shapes.is_integer)
    user: str = _is(shapes.is_text)
    password: str = _is(shapes.is_text)


@_message
class JobDoneMessage(WireMessage):
    """The result of a job, its final message (field semantics: docs/protocol.md, Results)."""

    job_id: str = _is(shapes.is_text)
    result: TextPair = _is(shapes.is_text_pair)
    grade: float = _is(shapes.is_number)
    # (code, text), or text where no code was set; INGInious lets scripts put other values there.
    problems: dict[str, Any] = _is(shapes.is_text_keyed_map)
    tests: Map = _is(shapes.is_text_keyed_map)
    custom: Map = _is(shapes.is_map)
    state: str = _is(shapes.is_text)
    archive: bytes | None = _is(shapes.is_optional_bytes)
    stdout: str | None = _is(shapes.is_optional_text)
    stderr: str | None = _is(shapes.is_optional_text)

    @classmethod
    def without_feedback(
        cls,
        job_id: str,
        code: str,
        text: str,
        *,
        custom: Map,
        state: str,
        streams: str | None = None,
    ) -> Self:
        """Make a result that has a code and a text only: crash, killed, timeout, overflow.

        ``custom`` holds the message that the text was made from, ``streams`` is for stdout and
        stderr. The state is the caller's choice (docs/protocol.md, Results).
        """
        return cls(
            job_id=job_id,
            result=(code, text),
            grade=0.0,
            problems={},
            tests={},
            custom=custom,
            state=state,
            archive=None,
            stdout=streams,
            stderr=streams,
        )


# ---- client to backend ----------------------------------------------------------------------


@_message
class ClientHello(WireMessage):
    """A registration of the sender; may be repeated. Answered by BackendUpdateEnvironments."""

    name: str = _is(shapes.is_text)


@_message
class ClientNewJob(WireMessage):
    """A job for the queue. The client chooses job_id; a lower priority is served first."""

    job_id: str = _is(shapes.is_text)
    priority: int = _is(shapes.is_integer)
    course_id: str = _is(shapes.is_text)
    task_id: str = _is(shapes.is_text)
    task_problems: Map = _is(shapes.is_map)
    inputdata: Map = _is(shapes.is_text_keyed_map)
    environment_type: str = _is(shapes.is_text)
    environment: str = _is(shapes.is_text)
    environment_parameters: Map = _is(shapes.is_map)
    debug: Debug = _is(shapes.is_debug)
    launcher: str = _is(shapes.is_text)


@_message
class ClientKillJob(WireMessage):
    """A request to kill a waiting or running job; an unknown id is ignored without an answer."""

    job_id: str = _is(shapes.is_text)


@_message
class ClientGetQueue(WireMessage):
    """A request for one BackendGetQueue."""


# ---- backend to client ----------------------------------------------------------------------


@_message
class BackendUpdateEnvironments(WireMessage):
    """The environments on offer: type to array of names."""

    available_environments: dict[str, tuple[str, ...]] = _is(shapes.is_client_environments)


@_message
class BackendJobStarted(WireMessage):
    """The start of a job by an agent. Not guaranteed to come."""

    job_id: str = _is(shapes.is_text)


@_message
class BackendJobSSHDebug(JobSSHDebugMessage):
    """The credentials of the remote shell opened for a job in ssh debug mode."""


@_message
class BackendJobDone(JobDoneMessage):
    """The result of a job, for the client that sent it."""


class WaitingJob(msgspec.Struct, array_like=True, gc=False):
    """The beginning of a waiting row of the queue.

    Attributes:
        job_id: The job.
        is_own: Whether it is of the client that gets the queue, under its routing id of now.
    """

    job_id: str
    is_own: bool


@_message
class BackendGetQueue(WireMessage):
    """A snapshot of the queue: seven-tuples running, five-tuples waiting.

    Source: docs/protocol.md, Scheduling.
    """

    jobs_running: tuple[tuple[str, bool, str, str, str, int, int], ...] = _is(
        shapes.is_running_rows
    )
    jobs_waiting: tuple[tuple[str, bool, str, str, int], ...] = _is(shapes.is_waiting_rows)

    def waiting(self) -> Sequence[WaitingJob]:
        """Return the jobs that wait, in order."""
        return [WaitingJob(row[0], row[1]) for row in self.jobs_waiting]


@_message
class Unknown(WireMessage):
    """A refusal of an unregistered sender, whose message was dropped: say hello first."""


# ---- backend to agent -----------------------------------------------------------------------


@_message
class BackendNewJob(WireMessage):
    """A job for an agent: ClientNewJob without priority and launcher."""

    job_id: str = _is(shapes.is_text)
    course_id: str = _is(shapes.is_text)
    task_id: str = _is(shapes.is_text)
    task_problems: Map = _is(shapes.is_map)
    inputdata: Map = _is(shapes.is_map)
    environment_type: str = _is(shapes.is_text)
    environment: str = _is(shapes.is_text)
    environment_parameters: Map = _is(shapes.is_map)
    debug: Debug = _is(shapes.is_debug)


@_message
class BackendKillJob(WireMessage):
    """A request to an agent to kill a job; state is the job's previous ``@state``."""

    job_id: str = _is(shapes.is_text)
    state: str = _is(shapes.is_text)


# ---- agent to backend -----------------------------------------------------------------------


@_message
class AgentHello(WireMessage):
    """A registration of an agent: type to name to details, which have at least id and created."""

    friendly_name: str = _is(shapes.is_text)
    available_job_slots: int = _is(shapes.is_integer)
    available_environments: dict[str, dict[str, Map]] = _is(shapes.is_agent_environments)


@_message
class AgentJobStarted(WireMessage):
    """The first thing an agent sends about a job."""

    job_id: str = _is(shapes.is_text)


@_message
class AgentJobSSHDebug(JobSSHDebugMessage):
    """The credentials of the remote shell opened for a job in ssh debug mode."""


@_message
class AgentJobDone(JobDoneMessage):
    """The result of a job, exactly one per job; same fields as BackendJobDone."""


def _vocabulary(*messages: type[WireMessage]) -> Vocabulary:
    return {message.__name__: message for message in messages}


FROM_CLIENT: Vocabulary = _vocabulary(
    ClientHello, ClientNewJob, ClientKillJob, ClientGetQueue, Ping
)
"""Messages from a client to a backend."""

TO_CLIENT: Vocabulary = _vocabulary(
    BackendUpdateEnvironments,
    BackendJobStarted,
    BackendJobSSHDebug,
    BackendJobDone,
    BackendGetQueue,
    Pong,
    Unknown,
)
"""Messages from a backend to a client."""

TO_AGENT: Vocabulary = _vocabulary(BackendNewJob, BackendKillJob, Ping)
"""Messages from a backend to an agent."""

FROM_AGENT: Vocabulary = _vocabulary(
    AgentHello, AgentJobStarted, AgentJobSSHDebug, AgentJobDone, Pong
)
"""Messages from an agent to a backend: never Ping, which ends a real backend.

Source: docs/protocol.md, Framing.
"""
