"""New courses and tasks: graded as they stand."""

import json
import re
import resource
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from inginious_nb.cli.main import main
from inginious_nb.course import Course, demo, scaffold
from inginious_nb.course.demo import copy_demo
from inginious_nb.course.scaffold import KINDS, new_course, new_task
from inginious_nb.errors import CourseError
from inginious_nb.magics.commands import help_text

ROOT = Path(__file__).parents[2]


def run(*arguments):
    return CliRunner().invoke(main, [str(word) for word in arguments])


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_task_of_each_kind_passes_its_recorded_answers(tmp_path, caplog, kind):
    course = tmp_path / "python1"
    assert run("new", "course", course).exit_code == 0
    made = run("new", "task", course / "hello", "--kind", kind)
    assert made.exit_code == 0, made.output
    assert Course(course).broken == {}
    assert Course(course).task("hello").problems
    tested = run("test", course)
    assert "2 recorded submissions, 0 differ" in tested.output, tested.output
    assert caplog.records == []


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_each_kind_is_named_where_one_is_chosen(lang):
    dialog = json.loads((ROOT / f"js/i18n/class.{lang}.json").read_text())["newTask"]
    assert sorted(dialog["kinds"]) == list(KINDS)
    _, option = re.split(r"--kind [A-Z]+", help_text("new", lang))
    assert set(KINDS) <= set(re.findall(r"\w+", option))


def test_what_an_installation_compiled_is_not_copied(tmp_path, monkeypatch):
    place, templates = tmp_path / "demo", tmp_path / "templates"
    shutil.copytree(demo.copy_demo(tmp_path / "original", "en").parent, place)
    shutil.copytree(scaffold._TEMPLATES, templates)
    for folder in (place / "courses" / "demo" / "fib", templates / "python" / "student"):
        (folder / "__pycache__").mkdir(exist_ok=True)
        (folder / "__pycache__" / "run.cpython-311.pyc").touch()
    monkeypatch.setattr(demo, "_PLACES", (place,))
    monkeypatch.setattr(scaffold, "_TEMPLATES", templates)
    made = tmp_path / "made"
    run("demo", made)
    run("new", "course", made / "courses" / "mine")
    run("new", "task", made / "courses" / "mine" / "hello", "--kind", "python")
    assert (made / "courses" / "mine" / "hello" / "student" / "call.py").exists()
    assert [*made.rglob("__pycache__")] == []


def test_nothing_that_is_there_is_written_over(tmp_path):
    course = tmp_path / "python1"
    run("new", "course", course)
    (course / "course.yaml").write_text("name: Mine")
    (course / "hello").mkdir()
    assert "is a course already" in run("new", "course", course).output
    assert "is there already" in run("new", "task", course / "hello").output
    assert (course / "course.yaml").read_text() == "name: Mine"
    assert not any((course / "hello").iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["course", "a b"], "cannot be an id"),
        (["task", "nowhere/hello"], "inginious-nb new course nowhere"),
        (["task", "python1/hel lo"], "cannot be an id"),
        (["task", "python1/hello", "--kind", "cobol"], "'cobol' is not one of"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_sentence(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    run("new", "course", "python1")
    failed = run("new", *arguments)
    assert failed.exit_code in (1, 2)
    assert said in failed.output


def test_what_cannot_be_written_whole_leaves_nothing_and_says_why(tmp_path):
    course = tmp_path / "course"
    new_course(course)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        for make in (
            lambda: new_course(tmp_path / "other"),
            lambda: new_task(course, "task", "python"),
            lambda: copy_demo(tmp_path / "demo", "en"),
        ):
            with pytest.raises(CourseError, match=r"\(the file would be too large\)"):
                make()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left == [course / "course.yaml"]
    assert new_task(course, "task", "python").is_dir()
    assert copy_demo(tmp_path / "demo", "en").is_file()
