"""What is said of an environment that is not offered: at once, by name, with what would help."""

from __future__ import annotations

import json
import re

import pytest

from inginious_nb.course import CourseLibrary
from inginious_nb.course.containers import PUBLISHED
from inginious_nb.errors import ServiceError
from inginious_nb.grader.agents.environments import OfferedEnvironments

SETTING = re.compile(r"INGINIOUS_ENVIRONMENTS='(.*?)'")
IN_COURSE = re.compile(r"write environment_aliases: (\{.*?\}) into course\.yaml")


@pytest.fixture
def offered(tmp_path):
    """Return a function: the offer beside a course with this text after its name."""

    def make(in_course: str = "", *, aliases=None, has_shells=True, own=("default", "python3")):
        (tmp_path / "c" / "t").mkdir(parents=True, exist_ok=True)
        (tmp_path / "c" / "course.yaml").write_text(f"name: c\n{in_course}")
        (tmp_path / "c" / "t" / "task.yaml").write_text("environment: cpp\nproblems: {}\n")
        (tmp_path / "c" / "t" / "run").write_text("#!/bin/bash\n")
        library = CourseLibrary([tmp_path / "c"])
        return OfferedEnvironments(library, own, aliases or {}, has_shells=has_shells)

    return make


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        (("docker", "cpp"), "cpp"),
        (("docker", "pyjava"), "pyjava"),
        (("docker-ssh", "java8scala"), "java8scala"),
        (("kata", "default"), "kata/default"),
        (("docker", "a b\"'"), "a b\"'"),
    ],
)
def test_what_would_help_is_said_and_helps(offered, environment, key):
    text = offered(aliases={"mine": "default"}).refusal("c", "t", environment)
    assert "/".join(environment) in text
    said = IN_COURSE.search(text)
    assert json.loads(said[1]) == {key: "default"}
    aliases = {"mine": "default", key: "default"}
    assert f"c.Inginious.environments = {json.dumps(aliases)}" in text
    for help_followed in (offered(aliases=aliases), offered(f"environment_aliases: {said[1]}\n")):
        assert help_followed.refusal("c", "t", environment) == ""


def test_the_container_is_known_and_what_the_machine_lacks_for_it(offered, monkeypatch):
    monkeypatch.setenv("PATH", "")
    text = offered().refusal("c", "t", ("docker", "cpp"))
    assert PUBLISHED["cpp"].about in text
    assert "lacks gcc, g++, make" in text


@pytest.mark.parametrize(
    "in_course",
    ["[cpp]", "cpp", "{cpp: }", "{cpp: gcc}", "{cpp: [default]}", "[{cpp: default}]", "3"],
)
def test_a_wrong_form_in_the_course_shows_the_right_one(offered, in_course):
    text = offered(f"environment_aliases: {in_course}\n").refusal("c", "t", ("docker", "cpp"))
    assert 'as in environment_aliases: {"cpp": "default"}' in text


@pytest.mark.parametrize(
    ("environment", "make", "help_"),
    [
        (("mcq", "default"), {}, "environment_id: mcq"),
        (("docker", "default"), {"own": ()}, "cannot be graded on this machine"),
        (("docker-ssh", "default"), {"has_shells": False}, "pip install"),
    ],
)
def test_where_no_alias_would_help_what_would_is_said(offered, environment, make, help_):
    text = offered(**make).refusal("c", "t", environment)
    assert help_ in text
    assert "ENVIRONMENTS" not in text


def test_a_task_without_a_script_needs_that_of_its_container(offered, tmp_path):
    offer = offered()
    (tmp_path / "c" / "t" / "run").unlink()
    assert "no run script" in offer.refusal("c", "t", ("docker", "java8judge"))


@pytest.mark.parametrize("aliases", [{"default": "cpp"}, {"cpp": "gcc"}, {"cpp": ""}])
def test_an_alias_for_nothing_shows_the_right_form(offered, aliases):
    with pytest.raises(ServiceError) as refusal:
        offered(aliases=aliases)
    assert json.loads(SETTING.search(str(refusal.value))[1]) == {"cpp": "default"}
