"""Which environment grades a task, and its parameters exactly as they go over the wire.

docs/protocol.md, Task files (also the fields of INGInious <= 0.6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from . import fields
from .fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Mapping

MCQ = "mcq"
_CONTAINER_TYPES = ("docker", "kata", "nvidia")
TYPES = (MCQ, *_CONTAINER_TYPES, *(f"{kind}-ssh" for kind in _CONTAINER_TYPES))
"""The environment types that INGInious 0.9.2 knows without plugins."""

DEFAULT_TIME_S = 20
DEFAULT_MEMORY_MB = 1024
DEFAULT_DISK_MB = 1024
_HARD_TIME_FACTOR = 3


class Environment(Struct, frozen=True):
    """The environment that a task asks of a grading agent.

    Attributes:
        type: The kind of agent, for instance ``docker`` or ``mcq``.
        id: The name within the type, for instance ``default``.
        parameters: The ``environment_parameters`` of a job (docs/protocol.md, Task files).
    """

    type: str
    id: str
    parameters: dict[str, Any] = field(default_factory=dict)


def read_environment(data: Mapping[Any, Any]) -> Environment:
    """Read the environment of a task.yaml.

    Raises:
        FieldError: The file names none, an unknown one, or limits that make no sense.
    """
    if data.get("environment") is not None:
        return _legacy_environment(data)
    kind = data.get("environment_type")
    if kind is None:
        raise FieldError(
            "environment_type is missing; write which kind of agent grades the task, "
            "for instance environment_type: docker"
        )
    if kind not in TYPES:
        raise FieldError(
            f"the environment_type {fields.shown(kind)} is unknown; use one of {', '.join(TYPES)}",
            "environment_type",
        )
    parameters = data.get("environment_parameters")
    if parameters is None:
        parameters = {}
    fields.mapping(parameters, "environment_parameters", "environment_parameters")
    name = fields.text(data.get("environment_id")) or "default"
    try:
        return _environment(kind, name, parameters)
    except FieldError as error:
        raise error.within("environment_parameters") from None


def _legacy_environment(data: Mapping[Any, Any]) -> Environment:
    """Read the fields of INGInious <= 0.6; where they stand they override the new ones."""
    name = str(data["environment"])
    parameters = {
        key: data[legacy]
        for key, legacy in (
            ("limits", "limits"),
            ("run_cmd", "run_cmd"),
            ("network_grading", "network_grading"),
            ("response_is_html", "responseIsHTML"),
        )
        if legacy in data
    }
    return _environment(MCQ if name == MCQ else "docker", name, parameters)


def _environment(kind: str, name: str, parameters: Mapping[Any, Any]) -> Environment:
    if kind == MCQ:
        return Environment(kind, name)
    if parameters.get("ssh_allowed") is True and not kind.endswith("-ssh"):
        kind += "-ssh"
    return Environment(kind, name, _wire_parameters(parameters))


def _wire_parameters(parameters: Mapping[Any, Any]) -> dict[str, Any]:
    run_cmd = parameters.get("run_cmd")
    return {
        "limits": _limits(parameters),
        # Absent must be an explicit nil: the peer's agent crashes without the key (bug B10).
        "run_cmd": None if run_cmd is None or run_cmd == "" else str(run_cmd),
        "network_grading": fields.plain(parameters.get("network_grading")) or False,
        "response_is_html": fields.plain(parameters.get("response_is_html")) or False,
    }


def _limits(parameters: Mapping[Any, Any]) -> dict[str, int]:
    if "limits" not in parameters:
        # No hard_time: agents then apply three times the time they settled on.
        return {"time": DEFAULT_TIME_S, "memory": DEFAULT_MEMORY_MB, "disk": DEFAULT_DISK_MB}
    raw = fields.mapping(parameters["limits"], "limits", "limits")

    def limit(key: str, default: int) -> int:
        return fields.integer(raw.get(key, default), f"limits: {key}", "limits", key, at_least=1)

    time_s = limit("time", DEFAULT_TIME_S)
    blank = str(raw.get("hard_time") or "").strip() == "" and raw.get("hard_time") != 0
    return {
        "time": time_s,
        "hard_time": _HARD_TIME_FACTOR * time_s if blank else limit("hard_time", 0),
        "memory": limit("memory", DEFAULT_MEMORY_MB),
        "disk": limit("disk", DEFAULT_DISK_MB),
    }
