"""Going into the shells of jobs, as their submitters do."""

from __future__ import annotations

import asyncio

import asyncssh

from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents import JobHandle
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.sandbox import choose_sandbox
from inginious_nb.grader.ssh import SshSettings

from .local_course import LocalCourse

RUN = "#!/bin/bash\ntouch was-run\nfeedback-result failed\n"


def connected(access, **options):
    """A connection to enter as a context; ``access`` is host, port, user and password."""
    host, port, user, password = access
    return asyncssh.connect(
        host,
        port,
        **{
            "username": user,
            "password": password,
            "known_hosts": None,
            "config": None,
            "client_keys": None,
            **options,
        },
    )


async def run_in_shell(access, command, **options):
    """Run one command, as ``ssh HOST COMMAND`` does."""
    async with connected(access) as connection:
        return await connection.run(command, **options)


class SshSession:
    """A job that is being graded, and access to its shell."""

    def __init__(self, grader, job):
        self.told = []
        self.kill = asyncio.Event()
        self._is_told = asyncio.Event()
        self._grading = asyncio.create_task(grader.grade(job, self._handle(job)))

    def _handle(self, job):
        handle = JobHandle(job.job_id)
        handle.kill_requested = self.kill
        handle.ssh = self._tell
        return handle

    async def _tell(self, *access):
        self.told.append(access)
        self._is_told.set()

    async def access(self):
        """Host, port, user and password, once they are told."""
        telling = asyncio.create_task(self._is_told.wait())
        await asyncio.wait({telling, self._grading}, return_when=asyncio.FIRST_COMPLETED)
        telling.cancel()
        assert self.told, self._grading.result()
        return self.told[-1]

    async def run(self, command, **options):
        """Come in, run one command, leave."""
        return await run_in_shell(await self.access(), command, **options)

    async def result(self):
        return await asyncio.wait_for(self._grading, 60)

    async def end(self):
        """End the job, which a test that failed leaves behind."""
        self._grading.cancel()
        await asyncio.wait({self._grading})


class Site:
    """A course, and a grader that opens shells into its jobs."""

    def __init__(self, folder, kind, *, aliases=None, **settings):
        self.kind = kind
        library = CourseLibrary()
        self.grader = LocalGrader(
            library,
            sandbox=choose_sandbox(kind),
            aliases=aliases,
            shells=SshSettings(**{"ports": [0], **settings}),
        )
        self.course = LocalCourse(folder, self.grader, library, kind)
        self._ssh_sessions = []

    def ssh_session(self, files=None, answers=None, **options):
        self.course.write({"task.yaml": "", **(files or {"run": RUN})})
        job = self.course.job(answers, **{"debug": "ssh", **options})
        self._ssh_sessions.append(SshSession(self.grader, job))
        return self._ssh_sessions[-1]

    async def end(self):
        """End the jobs, then the grader."""
        for ssh_session in self._ssh_sessions:
            await ssh_session.end()
        self.grader.close()
