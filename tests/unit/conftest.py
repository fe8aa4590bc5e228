"""What several test modules need: tasks written to disk on the fly, and a grader for them."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from inginious_nb import wire
from inginious_nb.course import CourseLibrary
from inginious_nb.embedded.agents import JobHandle
from inginious_nb.embedded.agents.local import LocalGrader
from inginious_nb.embedded.sandbox import choose_sandbox
from tests.support.hostile import QUICK, SUCCESS, any_zombie, processes_with

_TASK_YAML = """\
environment_type: docker
environment_id: default
problems:
  q1: {type: code}
"""
_numbers = itertools.count()


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
        return wire.BackendNewJob(
            **{
                "job_id": f"job{next(_numbers)}",
                "course_id": self.path.name,
                "task_id": "task",
                "task_problems": {},
                "inputdata": answers,
                "environment_type": "docker",
                "environment": "default",
                "environment_parameters": parameters,
                "debug": debug,
                **fields,
            }
        )

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
        wire.decode(wire.encode(result), wire.FROM_AGENT)
        return result


@pytest.fixture(scope="session", params=["bubblewrap", "plain"])
def local_grader(request):
    library = CourseLibrary()
    grader = LocalGrader(library, sandbox=choose_sandbox(request.param), aliases={"c": "default"})
    yield grader, library, request.param
    grader.close()


@pytest.fixture
def course(local_grader, tmp_path) -> LocalCourse:
    grader, library, kind = local_grader
    return LocalCourse(tmp_path, grader, library, kind)


@pytest.fixture
async def hostile(course):
    """Grades a hostile script, then checks that it left nothing and harmed nobody."""
    mark = f"9{id(course)}.5"

    async def grade(run, **options):
        options = {"limits": QUICK, **options}
        if isinstance(run, str):
            run = run.replace("MARK", mark)
        result = await course.grade(run, **options)
        assert processes_with(mark) == []
        return result

    yield grade
    async with asyncio.timeout(10):
        while any_zombie() or any(course.grader._kit._jobs.iterdir()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    result = await course.grade(SUCCESS)
    assert result.result == ("success", "")


class ApiJob:
    """A job's files without a sandbox, to call the grading API and its commands in."""

    def __init__(self, root: Path, answers: dict):
        api = Path(__file__).parents[2] / "inginious_nb" / "embedded" / "grading_api"
        self.root = root
        for name in ("task/lang", "archive", ".__input", ".__output"):
            (root / name).mkdir(parents=True)
        (root / ".__input/__inputdata.json").write_text(json.dumps({"input": answers}))
        self.feedback_file = root / ".__output/__feedback.json"
        self.feedback_file.touch()
        self.environ = {
            "INGINIOUS_JOB_ROOT": str(root),
            "PYTHONPATH": str(api / "lib"),
            "PATH": f"{api / 'bin'}:{os.environ['PATH']}:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
        }

    @property
    def feedback(self):
        text = self.feedback_file.read_text()
        return json.loads(text) if text else {}

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(
            command,
            cwd=self.root / "task",
            env=self.environ,
            input=stdin.encode(),
            capture_output=True,
            timeout=30,
            check=False,
        )

    def python(self, code: str) -> str:
        """Run code under the system's python3 and return what it printed."""
        done = self.run("/usr/bin/python3", "-c", code)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@pytest.fixture
def api_job(tmp_path):
    def make(**answers) -> ApiJob:
        return ApiJob(tmp_path / "job", {"@lang": "en", **answers})

    return make
