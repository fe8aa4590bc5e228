"""What several test modules need: tasks written to disk, a grader for them, and a history."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from inginious_nb.course import CourseLibrary
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.sandbox import choose_sandbox
from inginious_nb.submissions.history import History
from tests.support.hostile import AMPLE, SUCCESS, descendants, new_zombies, processes_with
from tests.support.local_course import LocalCourse


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
    before = descendants()

    async def grade(run, **options):
        options = {"limits": AMPLE, **options}
        if isinstance(run, str):
            run = run.replace("MARK", mark)
        result = await course.grade(run, **options)
        assert processes_with(mark) == []
        return result

    yield grade
    async with asyncio.timeout(60):
        while new_zombies(before) or course.folders_of_jobs():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    result = await course.grade(SUCCESS)
    assert result.result == ("success", "")


class ApiJob:
    """A job's files without a sandbox, to call the grading API and its commands in."""

    def __init__(self, root: Path, answers: dict):
        api = Path(__file__).parents[2] / "inginious_nb" / "grader" / "grading_api"
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


@pytest.fixture
def history(tmp_path):
    """A history in a file of its own, in a folder that it makes."""
    history = History(tmp_path / "deep" / "history.sqlite")
    yield history
    history.close()
