"""One job from a task and its answers to a result: lay out files, run, watch.

`prepared_boxes` has the box that it runs in, `result` what becomes of what it left. Starts
programs through a `Sandbox` only. Knows no message of the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from inginious_nb.course.probing import reason
from inginious_nb.errors import ServiceError
from inginious_nb.grader.sandbox import Box, supervise
from inginious_nb.grader.ssh import SshSession
from inginious_nb.i18n import Message, faults

from .command import CommandError, CommandFinder
from .missing_feedback import SHELL_LEFT_WITHOUT_FEEDBACK, with_unread
from .prepared_boxes import JobBox
from .result import EndedJob, GradingResult, log_output
from .student_commands import StudentCommandServer, StudentCommandSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from inginious_nb.grader.sandbox import Limits, Reason, Sandbox
    from inginious_nb.grader.sandbox.own_network import OwnNetwork
    from inginious_nb.grader.sandbox.process import BoxedProcess
    from inginious_nb.grader.ssh import SshAccess

    from .installation import View
    from .prepared_boxes import PreparedBoxes
    from .python_environments import PythonEnvironment
    from .shared_files import SharedFiles
    from .workspace import Workspace

logger = logging.getLogger(__name__)

_DISK_STEP_BYTES = 64 << 20
_DISK_INTERVAL_S = 0.5

_GREETING = (
    "This is the sandbox of the job; the run script of the task was not run. What you say here "
    "with feedback-result and the like is the result once you leave (exit)."
)
_NO_SHELL = Message(
    "The remote shell could not be started in the sandbox of the job; the log of the service says "
    "why."
)


@dataclass(frozen=True)
class Request:
    """One submission to grade.

    Attributes:
        task: The folder of the task.
        common: The shared files of the course, or None.
        document: The start message that scripts can read, the answers under ``input``.
        run_cmd: The command of the task instead of a run file, or None.
        limits: What the job may use.
        has_network: Whether it may use the network.
        debug: Whether its output is wanted.
        containers: Names that its students' programs may ask for.
        no_student_shell: Why its student gets no remote shell; empty if it may have one.
        old_python: What its scripts are given back of older Pythons.
        python: The Python that is python3 in its boxes, None for the system's.
    """

    task: Path
    common: Path | None
    document: Mapping[str, Any]
    run_cmd: str | None
    limits: Limits
    has_network: bool
    debug: bool
    containers: frozenset[str]
    no_student_shell: str
    old_python: tuple[str, ...] = ()
    python: PythonEnvironment | None = None


class Grading:
    """One job, in a workspace that exists as long as this is used as a context.

    Args:
        request: What is to be graded.
        shared_files: Files that all jobs share.
        sandbox: What its programs run in.
        access: How people get into it, if they may; closed with it.
        boxes: Where a box may wait for it, and where it leaves one for the next job.
    """

    def __init__(
        self,
        request: Request,
        shared_files: SharedFiles,
        sandbox: Sandbox,
        access: SshAccess,
        boxes: PreparedBoxes,
    ) -> None:
        self._request = request
        self._shared_files = shared_files
        self._sandbox = sandbox
        self._access = access
        self._job_box = JobBox(
            boxes,
            shared_files,
            sandbox,
            request.common,
            is_shell=request.document["debug"] == "ssh",
        )
        self._workspace = self._job_box.workspace
        self._needs_ipython = False
        self._root_seen = sandbox.root_seen(self._workspace.root)
        self._disk_bytes = 0
        self._refused = asyncio.Event()
        self._refusal = ""
        self._unread: tuple[str, ...] = ()
        self._network: OwnNetwork | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._access.close()
        if self._network is not None:
            self._shared_files.in_background(self._network.close)
        removing = self._shared_files.in_background(self._job_box.clear_away)
        if kind is not None:
            # Nobody gets a result, so nobody would be kept waiting for it.
            await asyncio.shield(removing)
        else:
            removing.add_done_callback(lambda _: self._job_box.prepare_next(self._box))

    async def run(self, kill_requested: asyncio.Event) -> GradingResult:
        """Grade.

        Raises:
            OSError: The task cannot be copied, or the sandbox not be started.
        """
        fault = await self._prepare()
        if fault is not None:
            return GradingResult("crash", faults.of_machine(fault))
        try:
            argv = self._command()
        except CommandError as error:
            # INGInious fails here inside the container (docs/protocol.md, Run script), which then
            # ends without feedback and so without a state.
            crash = with_unread(error.text, self._unread)
            return GradingResult("crash", crash, keeps_state=False)
        async with self._attended(kill_requested, self._refuse) as stop:
            self._needs_ipython = argv[:1] == (self._shared_files.commands["inginious-ipython"],)
            process, ended = await self._run_in_box(argv, stop)
            if ended == "exited" and process.never_began:
                logger.warning("The box that waited for a job died before it began; once more")
                process, ended = await self._run_in_box(argv, stop)
        if self._refused.is_set():
            return GradingResult("crash", self._refusal)
        job = EndedJob(
            self._request,
            self._workspace,
            ended,
            self._shared_files.path,
            process.verdict,
            self._unread,
        )
        return await job.result(kill_requested)

    async def _prepare(self) -> str | None:
        """Lay out the files and make the network; return why this machine cannot, if so."""
        name = self._request.task.name
        try:
            await asyncio.to_thread(self._fill)
        except OSError as error:
            logger.exception("The files of %s cannot be laid out", name)
            return Message(
                "The files of the job cannot be laid out ({reason}).", reason=reason(error)
            )
        except ServiceError as error:
            return error.text
        try:
            await self._open_network()
        except OSError as error:
            logger.warning("No network for %s: %s", name, error)
            return Message("The network that the task asks for cannot be made.")
        return None

    async def _run_in_box(
        self, argv: tuple[str, ...], stop: asyncio.Event
    ) -> tuple[BoxedProcess, Reason]:
        process = await self._job_box.start(
            self._box(argv, self._workspace), needs_ipython=self._needs_ipython
        )
        ended = await supervise(
            process,
            self._request.limits,
            kill_requested=stop,
            disk_bytes=lambda: self._disk_bytes,
        )
        return process, ended

    async def open_shell(self, kill_requested: asyncio.Event) -> GradingResult:
        """Open a remote shell for the submitter instead of grading, then collect the feedback.

        Source: docs/protocol.md, SSH debugging.

        Raises:
            ServiceError: There cannot be a remote shell.
            OSError: As `run` does.
        """
        await self._access.open()
        await asyncio.to_thread(self._fill)
        await self._open_network()
        # A script that is tried out there may be refused a shell; that is not the job's end.
        attended = self._attended(kill_requested, lambda _: None)
        async with self._access.in_use, attended as stop:
            with self._workspace.streams() as streams:
                ssh_session = SshSession(
                    self._sandbox,
                    self._box((), self._workspace),
                    streams,
                    python=self._shared_files.python,
                    greeting=_GREETING,
                )
            ended = await ssh_session.run(
                self._access,
                self._request.limits,
                kill_requested=stop,
                disk_bytes=lambda: self._disk_bytes,
            )
        if ended == "exited" and not ssh_session.is_ready:
            log_output(self._workspace, self._request.task.name)
            return GradingResult("crash", _NO_SHELL, keeps_state=False)
        if ended == "exited" and not ssh_session.was_used:
            return GradingResult("crash", self._access.nobody_came(), keeps_state=False)
        job = EndedJob(
            self._request,
            self._workspace,
            ended,
            self._shared_files.path,
            unread=self._unread,
            no_feedback=SHELL_LEFT_WITHOUT_FEEDBACK,
        )
        return await job.result(kill_requested)

    async def _open_network(self) -> None:
        if self._request.has_network:
            self._network = await asyncio.to_thread(self._sandbox.new_network)

    def _fill(self) -> None:
        request = self._request
        self._shared_files.wait()
        self._view()  # takes a second where it is the first of its environment
        self._job_box.wait_until_ready()
        # In one file system of our own nothing keeps a job from writing to shared files.
        copy_common = bool(self._root_seen)
        self._unread = self._workspace.fill(request.task, request.common, copy_common=copy_common)
        self._workspace.write_input(request.document, self._root_seen)
        # What the task brings along does not count as what the job writes. In steps, so that boxes
        # that wait for a job of the same limits fit most tasks.
        more = self._workspace.copied_bytes // _DISK_STEP_BYTES * _DISK_STEP_BYTES
        if more:
            limits = replace(request.limits, disk_bytes=request.limits.disk_bytes + more)
            self._request = replace(request, limits=limits)

    # ---- running ------------------------------------------------------------------------------

    def _command(self) -> tuple[str, ...]:
        finder = CommandFinder(
            self._workspace.root,
            self._request.common,
            root_seen=self._root_seen,
            path=self._shared_files.path,
            commands=self._shared_files.commands,
        )
        return finder.find(self._request.run_cmd)

    @contextlib.asynccontextmanager
    async def _attended(
        self, kill_requested: asyncio.Event, on_no_shell: Callable[[str], None]
    ) -> AsyncIterator[asyncio.Event]:
        """Serve what runs in the meantime; the event tells when it has to be stopped."""
        stop = asyncio.Event()
        student_commands = StudentCommandServer(
            self._workspace.root / "control" / "ask",
            self._sandbox,
            self._student_settings(),
            on_no_shell,
        )
        stopping = asyncio.create_task(_either(kill_requested, self._refused, stop))
        measuring = asyncio.create_task(self._measure_disk())
        try:
            yield stop
        finally:
            for task in (stopping, measuring):
                task.cancel()
            try:
                await asyncio.gather(stopping, measuring, return_exceptions=True)
            finally:
                await student_commands.close()

    def _refuse(self, why: str) -> None:
        self._refusal = why
        self._refused.set()

    def _box(self, argv: tuple[str, ...], workspace: Workspace) -> Box:
        mounts = (*workspace.mounts(self._shared_files.folder), *self._view().mounts)
        if self._needs_ipython:
            mounts += self._shared_files.ipython_mounts
        return Box(
            argv=argv,
            cwd=f"{self._root_seen}/task",
            environ=self._environ(),
            mounts=mounts,
            limits=self._request.limits,
            has_network=self._request.has_network,
            network=self._network,
        )

    def _view(self) -> View:
        return self._shared_files.view(self._request.python)

    def _environ(self) -> dict[str, str]:
        environ = self._basic_environ()
        if self._request.old_python:
            environ["INGINIOUS_OLD_PYTHON"] = ",".join(self._request.old_python)
            searched = [f"{self._shared_files.seen_at}/old", environ.get("PYTHONPATH")]
            environ["PYTHONPATH"] = ":".join(filter(None, searched))
        if self._root_seen:
            environ["INGINIOUS_CONTROL"] = f"{self._root_seen}/control/ask"
            environ["INGINIOUS_JOB_ROOT"] = self._root_seen
        return environ

    def _basic_environ(self) -> dict[str, str]:
        environ = {
            "HOME": f"{self._root_seen}/task",
            "USER": "worker",
            "LOGNAME": "worker",
            **self._view().variables,
        }
        if self._root_seen:
            environ["TMPDIR"] = f"{self._root_seen}/tmp"  # noqa: S108 - its own
        return environ

    def _student_settings(self) -> StudentCommandSettings:
        files = self._shared_files.folder
        return StudentCommandSettings(
            limits=self._request.limits,
            environ=self._basic_environ(),
            has_network=self._request.has_network,
            network=self._network,
            containers=self._request.containers,
            mounts=lambda open_descriptors: (
                *self._workspace.student_mounts(files, open_descriptors),
                *self._view().mounts,
            ),
            commands=frozenset(self._shared_files.commands),
            access=self._access,
            no_shell=self._request.no_student_shell,
            python=self._shared_files.python,
        )

    async def _measure_disk(self) -> None:
        """Keep `_disk_bytes` up to date, at a tenth of one core at most."""
        loop = asyncio.get_running_loop()
        pause_s = _DISK_INTERVAL_S
        while True:
            await asyncio.sleep(pause_s)
            began = loop.time()
            self._disk_bytes = await asyncio.to_thread(self._workspace.size_bytes)
            pause_s = max(_DISK_INTERVAL_S, 10 * (loop.time() - began))


async def _either(first: asyncio.Event, second: asyncio.Event, then: asyncio.Event) -> None:
    """Set the third event once one of the others is set."""
    waiting = [asyncio.create_task(event.wait()) for event in (first, second)]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        then.set()
    finally:
        for task in waiting:
            task.cancel()
