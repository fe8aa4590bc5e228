"""One job from a task and its answers to a result: lay out files, run, watch, collect.

Starts programs through a `Sandbox` only. Knows no message of the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from inginious_nb.course.probing import reason
from inginious_nb.grader.sandbox import Box, PreparingSandbox, Streams, supervise
from inginious_nb.grader.ssh import SshSession
from inginious_nb.i18n import Message

from . import faults
from .command import CommandError, CommandFinder, missing_tools, scripts_with_wrong_line_ends
from .feedback import FeedbackError, NoFeedbackError, NotJsonError, read_feedback
from .old_python import death, help_for, shell_script
from .prepared_boxes import STARTER, PreparedBox
from .student_commands import StudentCommandServer, StudentCommandSettings
from .workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from pathlib import Path

    from inginious_nb.grader.sandbox import Limits, Reason, Sandbox
    from inginious_nb.grader.sandbox.launch_script import Verdict
    from inginious_nb.grader.sandbox.process import BoxedProcess
    from inginious_nb.grader.ssh import SshAccess

    from .feedback import Feedback
    from .prepared_boxes import PreparedBoxes
    from .shared_files import SharedFiles

logger = logging.getLogger(__name__)

_MAX_FEEDBACK_BYTES = 64 << 20
_MAX_ARCHIVE_BYTES = 256 << 20
_MAX_OUTPUT_BYTES = 4 << 20
_TAIL_CHARACTERS = 2000
_DISK_STEP_BYTES = 64 << 20
_DISK_INTERVAL_S = 0.5
_MAX_FIRST_LINE_BYTES = 256

# These reasons discard the feedback and output of the script (docs/protocol.md, section 4.5).
# A file over the size limit is not among them: the output of a script goes to a file, so a script
# that prints without end is only cut off, and feedback that it gives afterwards counts.
_CODES = {"killed": "killed", "memory": "overflow", "disk": "overflow", "time": "timeout"}

_GREETING = (
    "This is the sandbox of the job; the run script of the task was not run. What you say here "
    "with feedback-result and the like is the result once you leave (exit)."
)
_NO_SHELL = Message(
    "The remote shell could not be started in the sandbox of the job; the log of the service says "
    "why."
)
_NOT_ARCHIVED = "Not in the archive, as they are no files or cannot be read: {}."
_NOT_READ = "Not in the job, as the grader cannot read them: {}."
_WRONG_MACHINE = "Exec format error"
_NO_FEEDBACK = Message("The run script of the task ended without giving any feedback.")
_SHELL_LEFT_WITHOUT_FEEDBACK = Message(
    "The remote shell was left without giving any feedback; say feedback-result success, or the "
    "like, before leaving."
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


@dataclass(frozen=True)
class GradingResult:
    """The end of a job.

    Attributes:
        code: The result code, unless there is feedback.
        text: The text that goes with the code.
        feedback: What the script said, or None if it does not count.
        keeps_state: Whether the student's previous state stays.
        archive: What it left in ``/archive``, or None.
        stdout: What the run script printed; empty unless debug.
        stderr: The same for its errors.
        warning: What the author of the task should know; empty if nothing.
    """

    code: str
    text: str = ""
    feedback: Feedback | None = None
    keeps_state: bool = True
    archive: bytes | None = None
    stdout: str = ""
    stderr: str = ""
    warning: str = ""


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
        self._preparing = sandbox if isinstance(sandbox, PreparingSandbox) else None
        self._access = access
        self._boxes = boxes
        # Somebody at a shell waits for no interpreter.
        is_shell = request.document["debug"] == "ssh"
        self._prepared = None if is_shell else boxes.take(request.common)
        self._is_repeatable = False
        self._needs_ipython = False
        self._workspace = (
            Workspace(shared_files.new_job_folder())
            if self._prepared is None
            else self._prepared.workspace
        )
        self._root_seen = sandbox.root_seen(self._workspace.root)
        self._disk_bytes = 0
        self._refused = asyncio.Event()
        self._refusal = ""
        self._no_feedback = _NO_FEEDBACK
        self._verdict: Verdict | None = None
        self._unread: tuple[str, ...] = ()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._access.close()
        removing = self._shared_files.in_background(self._clear_away)
        if kind is not None:
            # Nobody gets a result, so nobody would be kept waiting for it.
            await asyncio.shield(removing)
        elif self._preparing is not None and self._is_repeatable:
            removing.add_done_callback(functools.partial(self._prepare_next, self._preparing))

    def _clear_away(self) -> None:
        if self._prepared is not None:
            self._prepared.process.end()
        self._workspace.remove()
        self._shared_files.prepare_job_folder()

    async def run(self, kill_requested: asyncio.Event) -> GradingResult:
        """Grade.

        Raises:
            OSError: The task cannot be copied, or the sandbox not be started.
        """
        try:
            await asyncio.to_thread(self._fill)
        except OSError as error:
            logger.exception("The files of %s cannot be laid out", self._request.task.name)
            text = Message(
                "The files of the job cannot be laid out ({reason}).", reason=reason(error)
            )
            return GradingResult("crash", faults.of_machine(text))
        try:
            argv = self._command()
        except CommandError as error:
            # INGInious fails here inside the container (docs/protocol.md, section 4.3, step 4),
            # which then ends without feedback and so without a state (section 1.4).
            return GradingResult("crash", self._with_unread(error.text), keeps_state=False)
        async with self._attended(kill_requested, self._refuse) as stop:
            process = await self._start(argv)
            ended = await supervise(
                process,
                self._request.limits,
                kill_requested=stop,
                disk_bytes=lambda: self._disk_bytes,
            )
            self._verdict = process.verdict
        if self._refused.is_set():
            return GradingResult("crash", self._refusal)
        return await self._collected(ended, kill_requested)

    async def _start(self, argv: tuple[str, ...]) -> BoxedProcess:
        self._needs_ipython = argv[:1] == (self._ipython(),)
        box = self._box(argv, self._workspace)
        # Files of the task's own in /etc are mounted when they are there. Only Python takes long.
        self._is_repeatable = not self._workspace.has_system_files and self._runs_python(argv)
        if self._prepared is not None and self._preparing is not None:
            process = self._preparing.begin(self._prepared.process, box)
            if process is not None:
                return process
            await asyncio.to_thread(self._prepared.process.end)
        with _streams(self._workspace) as streams:
            return self._sandbox.start(box, streams)

    def _prepare_next(self, sandbox: PreparingSandbox, _: object) -> None:
        """Have a box wait for a next job of the same kind, where that can be."""
        if self._boxes.closed:  # the folders of jobs are gone, and threads take no more work
            return
        workspace = Workspace(self._shared_files.new_job_folder())
        try:
            workspace.offer_common(self._request.common, copy=False)
            box = self._box((self._shared_files.python, "-c", STARTER), workspace)
            with _streams(workspace) as streams:
                process = sandbox.prepare(box, streams.stdout, streams.stderr)
        except OSError as error:
            logger.warning("No box could be prepared: %s", error)
            self._shared_files.in_background(workspace.remove)
        else:
            self._boxes.add(PreparedBox(workspace, self._request.common, process))

    async def open_shell(self, kill_requested: asyncio.Event) -> GradingResult:
        """Open a remote shell for the submitter instead of grading, then collect the feedback.

        Source: docs/protocol.md, section 4.10.

        Raises:
            ServiceError: There cannot be a remote shell.
            OSError: As `run` does.
        """
        await self._access.open()
        await asyncio.to_thread(self._fill)
        self._no_feedback = _SHELL_LEFT_WITHOUT_FEEDBACK
        # A script that is tried out there may be refused a shell; that is not the job's end.
        attended = self._attended(kill_requested, lambda _: None)
        async with self._access.in_use, attended as stop:
            with _streams(self._workspace) as streams:
                ssh_session = SshSession(
                    self._sandbox,
                    self._box((), self._workspace),
                    streams,
                    python=self._shared_files.python,
                    greeting=_GREETING,
                )
            reason = await ssh_session.run(
                self._access,
                self._request.limits,
                kill_requested=stop,
                disk_bytes=lambda: self._disk_bytes,
            )
        if reason == "exited" and not ssh_session.is_ready:
            self._log_output()
            return GradingResult("crash", _NO_SHELL, keeps_state=False)
        if reason == "exited" and not ssh_session.was_used:
            return GradingResult("crash", self._access.nobody_came(), keeps_state=False)
        return await self._collected(reason, kill_requested)

    def _fill(self) -> None:
        request = self._request
        self._shared_files.wait()
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

    def _runs_python(self, argv: tuple[str, ...]) -> bool:
        if self._needs_ipython:
            return True
        prefix = "/task/"
        if not argv[0].startswith(prefix):
            return False
        with (self._workspace.root / "task" / argv[0][len(prefix) :]).open("rb") as file:
            line = file.readline(_MAX_FIRST_LINE_BYTES).strip()
        return line in (b"#!/usr/bin/env python3", b"#!" + os.fsencode(self._shared_files.python))

    def _ipython(self) -> str:
        return self._shared_files.commands["inginious-ipython"]

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
        mounts = (*workspace.mounts(self._shared_files.folder), *self._shared_files.mounts())
        if self._needs_ipython:
            mounts += self._shared_files.ipython_mounts
        return Box(
            argv=argv,
            cwd=f"{self._root_seen}/task",
            environ=self._environ(),
            mounts=mounts,
            limits=self._request.limits,
            has_network=self._request.has_network,
        )

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
            **self._shared_files.variables(),
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
            containers=self._request.containers,
            mounts=lambda open_descriptors: (
                *self._workspace.student_mounts(files, open_descriptors),
                *self._shared_files.mounts(),
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

    # ---- the result --------------------------------------------------------------------------

    async def _collected(self, reason: Reason, kill_requested: asyncio.Event) -> GradingResult:
        """The result; what the job left can keep us busy, so a kill counts until it is known."""
        given_up = threading.Event()
        collecting = asyncio.ensure_future(asyncio.to_thread(self._result, reason, given_up))
        killing = asyncio.create_task(kill_requested.wait())
        try:
            await asyncio.wait({collecting, killing}, return_when=asyncio.FIRST_COMPLETED)
            if collecting.done():
                return collecting.result()
            given_up.set()
            result = await collecting
            return GradingResult(_CODES["killed"], stdout=result.stdout, stderr=result.stderr)
        finally:
            given_up.set()
            killing.cancel()

    def _result(self, reason: Reason, given_up: threading.Event) -> GradingResult:
        if reason in _CODES:
            return GradingResult(_CODES[reason])
        request = self._request
        stdout = stderr = ""
        if request.debug:
            stdout = self._workspace.output("stdout", _MAX_OUTPUT_BYTES)
            stderr = self._workspace.output("stderr", _MAX_OUTPUT_BYTES)
        try:
            feedback = read_feedback(
                self._workspace.feedback(_MAX_FEEDBACK_BYTES + 1), _MAX_FEEDBACK_BYTES
            )
        except NoFeedbackError:
            self._log_output()
            return GradingResult(
                "crash",
                self._with_unread(self._without_feedback()),
                keeps_state=False,
                stdout=stdout,
                stderr=stderr,
            )
        except NotJsonError as error:
            logger.warning("The feedback of %s is not JSON: %s", request.task.name, error)
            return GradingResult(
                "crash",
                faults.of_either(
                    Message(
                        "The feedback of the task was written by something else than its run "
                        "script."
                    )
                ),
                keeps_state=False,
                archive=self._workspace.archive(_MAX_ARCHIVE_BYTES, given_up).content,
                stdout=stdout,
                stderr=stderr,
            )
        except FeedbackError as error:
            logger.warning("The feedback of %s is unusable: %s", request.task.name, error)
            return GradingResult(
                "crash",
                faults.of_task(
                    Message(
                        "The feedback that the task gave cannot be read: {reason}.",
                        reason=str(error),
                    )
                ),
                stdout=stdout,
                stderr=stderr,
            )
        archive = self._workspace.archive(_MAX_ARCHIVE_BYTES, given_up)
        warning = self._warning() if feedback.result == "success" else ""
        if request.debug and self._unread:
            stderr += f"\n{_NOT_READ.format(', '.join(self._unread))}\n"
        if request.debug and archive.skipped:
            stderr += f"\n{_NOT_ARCHIVED.format(', '.join(archive.skipped))}\n"
        if request.debug and warning:
            stderr += f"\n{warning}\n"
        return GradingResult(
            feedback.result,
            feedback=feedback,
            keeps_state=False,
            archive=archive.content,
            stdout=stdout,
            stderr=stderr,
            warning=warning,
        )

    def _warning(self) -> str:
        """Return that the run script died after it had said success, which counts all the same."""
        stdout, stderr = (
            self._workspace.output(name, _MAX_OUTPUT_BYTES) for name in ("stdout", "stderr")
        )
        request, verdict = self._request, self._verdict
        if verdict is None:
            return ""
        words = death(
            stdout,
            stderr,
            status=verdict.status,
            script=shell_script(request.task, request.common),
        )
        if not words:
            return ""
        text = Message(
            "The run script died after it had said success, which counts: {words}. Have it say "
            "success last.",
            words=words,
        )
        return self._with_old_python(text, words)

    @staticmethod
    def _with_old_python(text: str, output: str) -> str:
        line = help_for(output)
        if not line:
            return text
        return Message(
            "{text} What newer Pythons have removed is given back by {line} in course.yaml.",
            text=text,
            line=line,
        )

    def _without_feedback(self) -> str:
        """Return why there is no feedback, with what may be the cause."""
        request = self._request
        folders = [request.task, *([request.common] if request.common is not None else [])]
        errors = self._workspace.output("stderr", _MAX_OUTPUT_BYTES)
        if help_for(errors):
            return self._with_old_python(self._no_feedback, errors)
        text = self._no_feedback
        ends = scripts_with_wrong_line_ends(folders, errors)
        if ends:
            return faults.of_task(
                Message(
                    "{text} The lines of {files} end as those of Windows do (CR LF), not of Unix "
                    "(LF); convert them with dos2unix.",
                    text=text,
                    files=", ".join(dict.fromkeys(ends)),
                )
            )
        if _WRONG_MACHINE in errors:
            return faults.of_task(
                Message(
                    "{text} A program that it brings along is made for another kind of machine.",
                    text=text,
                )
            )
        lacking = missing_tools(folders, errors, self._shared_files.path)
        if not lacking:
            return faults.of_either(text) if text is _NO_FEEDBACK else text
        return faults.of_machine(
            Message(
                "{text} It uses what this grader does not have: {lacking}.",
                text=text,
                lacking=", ".join(lacking),
            )
        )

    def _with_unread(self, text: str) -> str:
        """Return the text of a crash, with the files of the task that the job had to do without."""
        if not self._unread:
            return text
        return Message(
            "{text} The grader could not read these files of the task: {files}.",
            text=text,
            files=", ".join(self._unread),
        )

    def _log_output(self) -> None:
        for name in ("stdout", "stderr"):
            tail = self._workspace.output(name, _MAX_OUTPUT_BYTES)[-_TAIL_CHARACTERS:]
            if tail.strip():
                logger.warning("%s of %s: %s", name, self._request.task.name, tail)


@contextlib.contextmanager
def _streams(workspace: Workspace) -> Iterator[Streams]:
    with (
        open(os.devnull, "rb") as stdin,  # noqa: PTH123
        workspace.open_output("stdout") as stdout,
        workspace.open_output("stderr") as stderr,
    ):
        yield Streams(stdin.fileno(), stdout.fileno(), stderr.fileno())


async def _either(first: asyncio.Event, second: asyncio.Event, then: asyncio.Event) -> None:
    """Set the third event once one of the others is set."""
    waiting = [asyncio.create_task(event.wait()) for event in (first, second)]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        then.set()
    finally:
        for task in waiting:
            task.cancel()
