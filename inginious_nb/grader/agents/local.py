"""Grades container tasks on this machine, as INGInious's docker agent does.

Source: docs/protocol.md, The grading container.

One thing is not as there: the memory that a task may ask for has no cap per slot (4.1). Only what
is used counts, and on a laptop with few jobs at a time a refusal would help nobody.

Decided here: what is refused, and how an result becomes a message. How files, programs and the
feedback are handled is in `grader.job`, how programs are kept apart in `grader.sandbox`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from inginious_nb.course.fields import shown
from inginious_nb.errors import CourseError, ServiceError
from inginious_nb.grader.job.grading import Grading, Request
from inginious_nb.grader.job.old_python import read_old_python
from inginious_nb.grader.job.prepared_boxes import PreparedBoxes
from inginious_nb.grader.job.shared_files import SharedFiles
from inginious_nb.grader.sandbox import Limits
from inginious_nb.grader.ssh import NO_LIBRARY, SshAccess, SshSettings, can_open_ssh
from inginious_nb.i18n import Message, faults
from inginious_nb.i18n.results import custom_of_task

from .base import Environments, Grader, JobHandle, crash_of, without_feedback
from .environments import WITH_SHELLS, OfferedEnvironments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from inginious_nb import messages
    from inginious_nb.course.library import CourseLibrary
    from inginious_nb.grader.job.result import GradingResult
    from inginious_nb.grader.sandbox import Sandbox

DEFAULT_ENVIRONMENTS = ("docker/default", "docker/python3")
"""What is offered unless configured: python3, bash and whatever else the system has."""

_MACHINE_NETWORK = (
    "network_grading lets the task reach all that this machine does, its loopback included."
)
_DEFAULT_TIME_S = 30
_DEFAULT_MEMORY_MB = 200
_DEFAULT_DISK_MB = 1024
_MIN_MEMORY_MB = 20
_HARD_TIME_FACTOR = 3
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class _Parameters:
    limits: Limits
    run_cmd: str | None
    has_network: bool


class LocalGrader(Grader):
    """Grades jobs in a sandbox on this machine.

    Args:
        library: Where the tasks are.
        sandbox: What programs run in.
        environments: Environments that are offered, each written ``type/name`` or just ``name``
            for the type docker. All stand for the same: this machine with what it has.
        aliases: More names, each with the offered one that stands for it. A course can set more
            of them, as ``environment_aliases`` in its course.yaml.
        shells: How remote shells are offered. Where they can be, each environment is also offered
            as one of the type that has them, such as ``docker-ssh/default``.
        slots: So many jobs are graded at the same time, and so many boxes wait for one at most.

    Raises:
        ServiceError: An alias stands for something that is not offered.
    """

    def __init__(
        self,
        library: CourseLibrary,
        *,
        sandbox: Sandbox,
        environments: Iterable[str] = DEFAULT_ENVIRONMENTS,
        aliases: Mapping[str, str] | None = None,
        shells: SshSettings | None = None,
        slots: int = 1,
    ) -> None:
        self._library = library
        self._sandbox = sandbox
        self._shells = shells or SshSettings()
        self._has_shells = can_open_ssh()
        can_run = sandbox.kind != "none"
        self._offered = OfferedEnvironments(
            library,
            environments if can_run else (),
            (aliases or {}) if can_run else {},
            has_shells=self._has_shells,
        )
        in_place = sandbox.kind == "plain"
        self._shared_files = SharedFiles(can_mount=None if in_place else sandbox.can_mount)
        self._boxes = PreparedBoxes(slots)
        sandbox.mask(self._masked_folders)

    def _masked_folders(self) -> list[Path]:
        """Return where the solutions of all tasks are, and other jobs."""
        courses = [course.path for course in self._library.courses.values()]
        return [*self._library.paths, *courses, self._shared_files.root]

    def environments(self) -> Environments:
        """Return what is offered, aliases included."""
        offered: Environments = {}
        for kind, name in sorted(self._offered.names()):
            offered.setdefault(kind, {})[name] = {"id": "local", "created": 0}
        return offered

    def refusal(self, course_id: str, task_id: str, environment: tuple[str, str]) -> str:
        """Return what would help a task whose environment is not offered; empty if it is."""
        return self._offered.refusal(course_id, task_id, environment)

    def close(self) -> None:
        """End the boxes that wait, remove the files that jobs share; no job may be running."""
        self._boxes.close()
        self._shared_files.close()

    async def grade(self, job: messages.BackendNewJob, handle: JobHandle) -> messages.AgentJobDone:
        """Grade one job; raises nothing that a job can cause."""
        try:
            request = self._request(job)
        except CourseError as error:
            return crash_of(job, error)
        access = SshAccess(self._shells, handle.ssh)
        async with Grading(
            request, self._shared_files, self._sandbox, access, self._boxes
        ) as grading:
            if job.debug != "ssh":
                result = await grading.run(handle.kill_requested)
                handle.warning = result.warning
                if not handle.warning and request.has_network and not await self._isolates():
                    handle.warning = _MACHINE_NETWORK
                return _done(job, result)
            try:
                return _done(job, await grading.open_shell(handle.kill_requested))
            except ServiceError as error:
                return crash_of(job, error)

    def _request(self, job: messages.BackendNewJob) -> Request:
        """Return what is to be graded.

        Raises:
            CourseError: The task cannot be graded here, or is not there.
        """
        self._check_environment(job)
        task = self._library.task_directory(job.course_id, job.task_id)
        parameters = _read_parameters(job.environment_parameters)
        course = self._library.course(job.course_id)
        limits = parameters.limits
        if job.debug == "ssh" or job.environment_type.endswith(WITH_SHELLS):
            session_s = self._shells.session_s
            limits = replace(limits, cpu_s=session_s, wall_s=session_s)
        names = self._offered.names()
        return Request(
            task=task,
            common=course.common_directory,
            document=_document(job),
            run_cmd=parameters.run_cmd,
            limits=limits,
            has_network=parameters.has_network,
            debug=bool(job.debug),
            containers=frozenset(name for kind, name in names if kind == job.environment_type),
            no_student_shell=self._no_student_shell(job, has_network=parameters.has_network),
            old_python=read_old_python(course.old_python),
            python=self._offered.python(job.course_id, (job.environment_type, job.environment)),
        )

    async def _isolates(self) -> bool:
        """Return whether jobs that use the network have one of their own."""
        return await asyncio.to_thread(self._sandbox.has_own_networks)

    def _no_student_shell(self, job: messages.BackendNewJob, *, has_network: bool) -> str:
        """Return why the student of a job gets no remote shell, empty if they may.

        That it needs the network is INGInious's rule, kept so that a task means the same on both.
        """
        if job.debug == "ssh":
            return Message("There is a remote shell into this job already.")
        if not job.environment_type.endswith(WITH_SHELLS):
            text = Message(
                "The task wants a remote shell for its student (ssh_student), which the "
                "environment type {type} does not have; let its task.yaml say "
                "environment_type: docker-ssh.",
                type=job.environment_type,
            )
            if not self._has_shells:
                return faults.of_machine(_both(text, NO_LIBRARY))
            return faults.of_task(text)
        if not has_network:
            text = Message(
                "The task wants a remote shell for its student (ssh_student), which needs the "
                "network; let the environment_parameters in its task.yaml say "
                "network_grading: true."
            )
            return faults.of_task(text)
        return ""

    def _check_environment(self, job: messages.BackendNewJob) -> None:
        environment = job.environment_type, job.environment
        refusal = self._offered.refusal(job.course_id, job.task_id, environment)
        if refusal:
            raise CourseError(faults.of_machine(refusal))


def _both(first: str, second: str) -> Message:
    return Message("{first} {second}", first=first, second=second)


def _document(job: messages.BackendNewJob) -> dict[str, Any]:
    """Return the start message of a container, which scripts find as their input file."""
    return {
        "type": "start",
        "input": job.inputdata,
        "debug": job.debug,
        "envtypes": {job.environment_type: True},
        "run_as_root": False,
        "shared_kernel": True,
    }


def _done(job: messages.BackendNewJob, result: GradingResult) -> messages.AgentJobDone:
    state = None if result.keeps_state else ""
    done = without_feedback(job, result.code, result.text, state=state)
    done.archive = result.archive
    done.stdout = result.stdout
    done.stderr = result.stderr
    feedback = result.feedback
    if feedback is not None:
        done.result = (feedback.result, feedback.text)
        done.grade = feedback.grade
        done.problems = feedback.problems
        done.tests = feedback.tests
        done.custom = custom_of_task(feedback.custom)
        done.state = feedback.state
    return done


def _read_parameters(parameters: Mapping[Any, Any]) -> _Parameters:
    """Read the environment parameters of a job, with the agent's own defaults.

    Source: docs/protocol.md, Task files.

    Raises:
        CourseError: They make no sense.
    """
    limits = parameters.get("limits", {})
    if not isinstance(limits, dict):
        raise CourseError(_nonsense("limits", limits))
    time_s = _positive(limits, "time", _DEFAULT_TIME_S)
    memory_mb = max(_MIN_MEMORY_MB, _positive(limits, "memory", _DEFAULT_MEMORY_MB))
    run_cmd = parameters.get("run_cmd")
    if run_cmd is not None and not isinstance(run_cmd, str):
        raise CourseError(_nonsense("run_cmd", run_cmd))
    return _Parameters(
        limits=Limits(
            cpu_s=time_s,
            wall_s=_positive(limits, "hard_time", _HARD_TIME_FACTOR * time_s),
            memory_bytes=memory_mb * _MEGABYTE,
            disk_bytes=_positive(limits, "disk", _DEFAULT_DISK_MB) * _MEGABYTE,
        ),
        run_cmd=run_cmd,
        has_network=bool(parameters.get("network_grading", False)),
    )


def _positive(limits: Mapping[Any, Any], key: str, default: int) -> int:
    value = limits.get(key, default)
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = 0
    if number <= 0:
        raise CourseError(_nonsense(f"limits: {key}", value))
    return number


def _nonsense(name: str, value: object) -> str:
    return faults.of_task(
        Message(
            "The environment parameters of the task make no sense: {name} cannot be {value}.",
            name=name,
            value=shown(value),
        )
    )
