"""Recorded submissions, graded again and compared (docs/course-format.md, Recorded submissions)."""

from __future__ import annotations

import pytest
import yaml

from inginious_nb.errors import CourseNotFoundError, TaskNotFoundError
from inginious_nb.grader.replay import Difference, replay_courses

DOCKER = "environment_type: docker\nproblems: {q1: {type: code}}\n"
MCQ = """\
environment_type: mcq
environment_id: mcq
problems: {m: {type: match, answer: "4"}}
"""
RUN = """\
#!/bin/bash
[ "$(getinput q1)" = right ] && feedback-result success || feedback-result failed
tag-set works true
tag "remark of $(getinput @username)"
"""


@pytest.fixture
def folder(tmp_path):
    course = tmp_path / "course"

    def write(name: str, content: str) -> None:
        path = course / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    write("course.yaml", "name: c")
    write("script/task.yaml", DOCKER)
    write("script/run", RUN)
    write("quiz/task.yaml", MCQ)

    def record(name: str, answers: object, result: str, **fields) -> None:
        content = {"username": ["ada"], "input": answers, "result": result, **fields}
        write(name, yaml.safe_dump(content))

    record("script/test/1.test", {"q1": "right"}, "success", tests={"works": True})
    record("quiz/test/1.test", {"m": "4"}, "success")
    record.write = write
    record.path = course
    return record


async def replayed(folder, *arguments, **options):
    return [item async for item in replay_courses(folder.path, *arguments, **options)]


@pytest.mark.parametrize("at_once", [1, 4])
async def test_what_is_as_recorded(folder, at_once):
    found = await replayed(folder, at_once=at_once)
    assert sorted(item.task_id for item in found) == ["quiz", "script"]
    assert all(item.is_same for item in found), found


async def test_a_result_that_differs(folder):
    folder("script/test/2.test", {"q1": "wrong"}, "success", tests={"works": False, "gone": True})
    (item,) = [item for item in await replayed(folder) if not item.is_same]
    assert item.record.name == "2.test"
    assert set(item.differences) == {
        Difference("result", "success", "failed"),
        Difference("test works", False, True),
        Difference("test gone", True, None),
    }


async def test_feedback_for_a_problem_that_the_task_has_not_is_told(folder):
    folder.write("script/run", RUN + "feedback-msg -i q2 -m lost\n")
    (item,) = await replayed(folder, "script")
    assert item.is_same
    assert "q2" in item.warning


@pytest.mark.parametrize(("grade", "differs"), [(100.0, False), (100, False), (90.0, True)])
async def test_a_grade_is_compared_where_one_is_recorded(folder, grade, differs):
    folder("script/test/1.test", {"q1": "right"}, "success", grade=grade)
    differences = [item.differences for item in await replayed(folder, "script")]
    assert differences == [(Difference("grade", grade, 100.0),) if differs else ()]


async def test_automatic_tags_are_compared_by_their_values(folder):
    tests = {"works": True, "*auto-tag-1": "remark of ada"}
    folder("script/test/2.test", {"q1": "right"}, "success", tests=tests)
    assert all(item.is_same for item in await replayed(folder))
    tests["*auto-tag-2"] = "remark of ada"
    folder("script/test/2.test", {"q1": "right"}, "success", tests=tests)
    (item,) = [item for item in await replayed(folder) if not item.is_same]
    assert item.differences == (Difference("tag", "remark of ada", None),)


async def test_one_task(folder):
    assert [item.task_id for item in await replayed(folder, "quiz")] == ["quiz"]
    with pytest.raises(TaskNotFoundError, match=r"no task scrip\. Did you mean script"):
        await replayed(folder, "scrip")


async def test_all_courses_of_a_folder(folder):
    folder.write("../other/quiz/task.yaml", MCQ)
    folder("../other/quiz/test/1.test", {"m": "4"}, "success")
    folder.write("../wrong name/course.yaml", "name: c")
    parent = folder.path.parent

    async def names(path, task=None):
        return [item.task_id async for item in replay_courses(path, task)]

    everything = await names(parent)
    assert everything == ["wrong name", "course/quiz", "course/script", "other/quiz"]
    assert "other/quiz" in await names(parent, "other/quiz")
    assert "course/script" not in await names(parent, "quiz")
    assert await names(folder.path / "quiz") == ["quiz"]
    with pytest.raises(TaskNotFoundError, match="course, other has no task quizz"):
        await names(parent, "quizz")


async def test_no_course(tmp_path):
    with pytest.raises(CourseNotFoundError):
        [item async for item in replay_courses(tmp_path / "nowhere")]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("script/test/2.test", "{", "not valid YAML"),
        ("script/test/2.test", "result: success", "no input"),
        ("broken/task.yaml", "problems: [", "not valid YAML"),
        ("other/task.yaml", DOCKER + "environment_id: java7", "docker/java7"),
    ],
)
async def test_what_cannot_be_replayed_is_told(folder, name, content, words):
    folder.write(name, content)
    if name.endswith("yaml"):
        folder(name.replace("task.yaml", "test/1.test"), {}, "success")
    failed = [item for item in await replayed(folder) if not item.is_same]
    assert len(failed) == 1
    assert words in failed[0].error
    assert failed[0].result is None


async def test_what_cannot_be_read_in_the_course_is_told_and_the_others_go_on(folder):
    (folder.path / "gone").symlink_to("nowhere")
    folder.write("inner/script/task.yaml", DOCKER)
    folder.write("bad/task.yaml", "a: &a [*a]")
    folder.write("bad/test/1.test", "result: success")
    folder.write(
        "quiz/test/2.test",
        "a0: &a0 {}\n"
        + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)),
    )
    found = await replayed(folder)
    told = {item.record.name if item.task_id == "quiz" else item.task_id: item for item in found}
    assert told["1.test"].is_same
    assert told["script"].is_same
    assert "unfolds" in told["2.test"].error
    assert "unfolds" in told["bad"].error
    assert "leads to nothing" in told["gone"].error
    assert "rename" in told["inner/script"].error
