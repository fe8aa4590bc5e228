"""Encodes a task and a student's input as one checked frame; every job that is sent passes here.

One malformed message ends INGInious's backend for everybody (docs/protocol.md, Framing), so all
that a task object or an input can get wrong is found here, before anything is sent.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any, Protocol

from inginious_nb import messages
from inginious_nb.errors import LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping


_DEFAULTS = {
    "@username": "",
    "@email": "",
    "@lang": "en",
    "@attempts": "1",
    "@random": (),
    "@state": "",
}
"""Values of reserved keys that the caller did not give; ``@time`` is the time of day."""


class SendableTask(Protocol):
    """A task, as a client needs it; INGInious's own task objects fit."""

    def get_course_id(self) -> str:
        """Return the id of the course."""

    def get_id(self) -> str:
        """Return the id of the task in its course."""

    def get_problems_dict(self) -> Mapping[str, Any]:
        """Return the problems as task.yaml has them."""

    def get_environment_type(self) -> str:
        """Return the type of environment, such as ``docker`` or ``mcq``."""

    def get_environment_id(self) -> str:
        """Return the name of the environment within its type."""

    def get_environment_parameters(self) -> Mapping[str, Any]:
        """Return limits and the like, as on the wire (docs/protocol.md, Task files)."""


def encode_job(
    job_id: str,
    task: SendableTask,
    inputdata: Mapping[str, Any],
    *,
    priority: int,
    launcher: str,
    debug: bool | str,
) -> tuple[bytes, tuple[str, str]]:
    """Return the frame of a job and its environment, ``(type, name)``.

    Raises:
        LocalProtocolError: The task or the input cannot be sent; the text names the place.
    """
    message = messages.ClientNewJob(
        job_id=job_id,
        priority=priority,
        course_id=task.get_course_id(),
        task_id=task.get_id(),
        task_problems=_mapping("The problems of the task", task.get_problems_dict()),
        inputdata=complete(inputdata),
        environment_type=task.get_environment_type(),
        environment=task.get_environment_id(),
        environment_parameters=_parameters(task),
        debug=debug,  # type: ignore[arg-type]  # encode tests it
        launcher=launcher,
    )
    return messages.encode(message), (message.environment_type, message.environment)


def complete(inputdata: Mapping[str, Any]) -> dict[str, Any]:
    """Return an input with all reserved keys: 23 % of real tasks stop without one.

    Source: docs/protocol.md, Input data.

    Raises:
        LocalProtocolError: It is not a mapping.
    """
    given = _mapping("The input", inputdata)
    if "@time" not in given:
        given["@time"] = _time_of_day()
    return _DEFAULTS | given


def _time_of_day() -> str:
    # INGInious's grading API cannot read a time without microseconds, so they are always there.
    now = time.time()
    return f"{_clock(int(now))}.{int(now % 1 * 1e6):06d}"


@functools.lru_cache(maxsize=1)
def _clock(now: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))


def _mapping(what: str, value: Any) -> dict[Any, Any]:
    try:
        return dict(value)
    except (TypeError, ValueError) as error:
        raise LocalProtocolError(
            f"{what} must be a mapping, not {type(value).__name__}."
        ) from error


def _parameters(task: SendableTask) -> dict[Any, Any]:
    parameters = _mapping("The environment parameters", task.get_environment_parameters())
    if task.get_environment_type() != "mcq" and not parameters.get("run_cmd"):
        # An agent crashes on a job without the key, or with an empty one (docs/protocol.md, Known
        # faults of INGInious).
        parameters["run_cmd"] = None
    return parameters
