"""INGInious's own agent grades the demo course as ours does: the recordings hold there, too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from inginious_nb.client import Client
from inginious_nb.course import CourseLibrary
from inginious_nb.course.yaml_file import read_mapping
from tests.support.peer import InginiousSite

COURSES = Path(__file__).parents[2] / "notebooks" / "courses"


@pytest.fixture
async def client(tmp_path, context):
    shutil.copytree(COURSES, tmp_path / "tasks")
    site = InginiousSite(tmp_path / "tasks")
    client = Client(context, site.address, 1)
    client.start()
    yield client
    client.close()
    site.stop()


async def test_recorded_submissions(client):
    course = CourseLibrary([COURSES]).course("demo")
    for task_id in ("division", "quiz"):
        task = course.task(task_id)
        records = [read_mapping(path) for path in (task.path / "test").glob("*.test")]
        assert len(records) == 2
        for record in records:
            result = await client.submit(task, record["input"])
            assert (result.result[0], result.grade) == (record["result"], record["grade"])


async def test_french_feedback(client):
    task = CourseLibrary([COURSES]).task("demo/quiz")
    result = await client.submit(task, {"loop": "0", "keys": ["3"], "@lang": "fr"})
    assert result.problems["loop"] == ("success", "Oui, 1 + 2 + 3 + 4.")
    assert "Une liste peut grandir" in result.problems["keys"][1]
