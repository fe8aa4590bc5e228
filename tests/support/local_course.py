"""Tasks written to disk on the fly, and graded without a backend."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from typing import TYPE_CHECKING

from inginious_nb import messages
from inginious_nb.grader.agents import JobHandle

if TYPE_CHECKING:
    from pathlib import Path

    from inginious_nb.course import CourseLibrary
    from inginious_nb.grader.agents.local import LocalGrader

_TASK_YAML = """\
environment_type: docker
environment_id: default
problems:
  q1: {type: code}
"""
_numbers = itertools.count()


def a_docker_job(course_id, /, **changes):
    """A job for the task ``task`` of a course."""
    fields = {
        "job_id": "1",
        "course_id": course_id,
        "task_id": "task",
        "task_problems": {},
        "inputdata": {},
        "environment_type": "docker",
        "environment": "default",
        "environment_parameters": {},
        "debug": True,
    }
    return messages.BackendNewJob(**(fields | changes))


class LocalCourse:
    """A course made of the files a test gives, and the grader that grades it."""

    def __init__(self, folder: Path, grader: LocalGrader, library: CourseLibrary, kind: str):
        self.path = folder / f"course{next(_numbers)}"
        self.path.mkdir(parents=True)
        (self.path / "course.yaml").write_text("name: a course\n")
        self.grader = grader
        self.kind = kind
        self._library = library
        library.add(self.path)

    def write(self, files: dict[str, str | bytes], folder: str = "task") -> None:
        for name, content in files.items():
            path = self.path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def job(self, answers=None, *, parameters=None, limits=None, debug=True, **fields):
        answers = {"@state": "before", "@lang": "en", **(answers or {})}
        parameters = {
            "run_cmd": None,
            "limits": {"time": 10, "hard_time": 20, "memory": 300, **(limits or {})},
            **(parameters or {}),
        }
        own = {
            "job_id": f"job{next(_numbers)}",
            "inputdata": answers,
            "environment_parameters": parameters,
            "debug": debug,
        }
        return a_docker_job(self.path.name, **(own | fields))

    def folders_of_jobs(self) -> set[Path]:
        """The folders of jobs that are not gone, other than those of boxes that wait."""
        waiting = {box.workspace.root for box in self.grader._boxes._waiting}
        return set(self.grader._shared_files._jobs.iterdir()) - waiting

    async def grade(self, files=None, answers=None, *, kill=None, task="task", **options):
        """Grade a task with these files; a str is its ``run`` script."""
        if isinstance(files, str):
            files = {"run": files}
        if files is not None:
            shutil.rmtree(self.path / task, ignore_errors=True)
            self.write({"task.yaml": _TASK_YAML, **files}, task)
        job = self.job(answers, **{"task_id": task, **options})
        handle = JobHandle(job.job_id)
        if kill is not None:
            handle.kill_requested = kill
        result = await asyncio.wait_for(self.grader.grade(job, handle), 60)
        # What cannot go over the wire is no result.
        messages.decode(messages.encode(result), messages.FROM_AGENT)
        return result
