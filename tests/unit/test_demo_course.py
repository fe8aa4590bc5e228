"""The demo course and the notebooks: each answer gets the grade that the class is told it gets."""

from __future__ import annotations

import asyncio
import gettext
import io
import json
from pathlib import Path

import pytest
import yaml
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from inginious_nb import messages
from inginious_nb.course import CourseLibrary, demo_class
from inginious_nb.course.demo import copy_demo
from inginious_nb.course.translations import translator
from inginious_nb.course.yaml_file import read_mapping
from inginious_nb.grader.agents import JobHandle
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.agents.mcq import McqGrader
from inginious_nb.grader.replay import replay_courses
from inginious_nb.grader.sandbox import choose_sandbox
from inginious_nb.notebook.cells import cells_of_notebook, find_answers
from inginious_nb.notebook.references import task_name
from inginious_nb.render import render_rst

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LOOP = demo_class.ANSWERS["right"]
WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
CSV = "day,celsius\n" + "".join(f"{day},{n}.5\n" for n, day in enumerate(WEEK))


@pytest.fixture(scope="module")
def course():
    return CourseLibrary([NOTEBOOKS / "courses"]).course("demo")


@pytest.fixture(scope="module")
def embedded():
    """The embedded grader as it is without any configuration."""
    grader = LocalGrader(CourseLibrary([NOTEBOOKS / "courses"]), sandbox=choose_sandbox())
    yield grader
    grader.close()


@pytest.fixture
def grade(embedded, course):
    """Grade raw answers to a task of the demo course."""
    mcq = McqGrader(CourseLibrary([course.path]))

    def grade(task_id, lang="en", **answers):
        task = course.task(task_id)
        grader = mcq if task.environment_type == "mcq" else embedded
        job = messages.BackendNewJob(
            job_id=task_id,
            course_id=task.course_id,
            task_id=task.id,
            task_problems=task.problems_raw,
            inputdata={**task.check(answers), "@lang": lang, "@state": ""},
            environment_type=task.environment_type,
            environment=task.environment_id,
            environment_parameters=task.environment_parameters,
            debug=True,
        )
        done = asyncio.run(grader.grade(job, JobHandle(job.job_id)))
        assert not done.stderr, done.stderr
        return done

    return grade


def test_every_task_can_be_used(course):
    assert course.error is None
    assert course.broken == {}
    assert len(course.tasks) == 7
    for task in course.tasks.values():
        for text in (task.context, *(problem.header for problem in task.problems.values())):
            assert render_rst(text).formatted


@pytest.mark.parametrize(
    ("task", "answers", "score"),
    [
        ("division", {"quotient": "3", "remainder": "2"}, 100),
        ("division", {"quotient": "3.4", "remainder": "2"}, 50),
        ("quiz", {"loop": "0", "keys": ["0", "1", "2"]}, 100),
        ("quiz", {"loop": "1", "keys": ["0", "1", "2"]}, 50),
        ("quiz", {"loop": "1", "keys": []}, 0),
        ("fib", {"fib": LOOP}, 100),
        (
            "fib",
            {"fib": LOOP.replace("    if n < 0:\n        raise", "    if n < 0:\n        return")},
            80,
        ),
        ("fib", {"fib": "def fib(n):\n    return 0"}, 20),
        ("fib", {"fib": "def fib(n)\n    return 0"}, 0),
        ("fib", {"fib": "import sys; sys.exit()"}, 0),
        ("fib", {"fib": "x = 1"}, 0),
        ("pipeline", {"command": "grep rose poem.txt | wc -l"}, 100),
        ("pipeline", {"command": "echo 3"}, 50),
        ("pipeline", {"command": "cat poem.txt"}, 0),
        ("pipeline", {"command": "grep '"}, 0),
        ("temperatures", {"measurements": CSV}, 100),
        ("temperatures", {"measurements": CSV.replace("day,c", "Day,c")}, 75),
        ("temperatures", {"measurements": CSV.replace("3.5", "hot")}, 75),
        ("temperatures", {"measurements": CSV.replace("Tuesday", "Tuesdays")}, 75),
        ("temperatures", {"measurements": CSV.replace("3.5", "350")}, 75),
        ("temperatures", {"measurements": {"filename": "a.csv", "value": b""}}, 0),
        ("temperatures", {"measurements": {"filename": "a.csv", "value": b"\xff\xfe"}}, 0),
        ("essay", {"explanation": "Because."}, 0),
        (
            "essay",
            {"explanation": "The same work is repeated, so the calls double. Use a loop."},
            75,
        ),
        ("patience", {"seconds": "0"}, 100),
        ("patience", {"seconds": "61"}, 0),
    ],
)
def test_grades(grade, task, answers, score):
    done = grade(task, **answers)
    assert done.grade == score
    assert done.result[0] == ("success" if score == 100 else "failed")
    for text in (done.result[1], *(text for _, text in done.problems.values())):
        assert render_rst(text).formatted


def test_a_program_that_prints_is_told_to_return(grade):
    done = grade("fib", fib=LOOP.replace("return a", "print(a)"))
    assert "*prints* the number" in done.result[1]
    assert done.tests == {
        "first-value": False,
        "second-value": False,
        "recurrence": False,
        "efficiency": False,
        "bad-input": True,
    }


def test_a_syntax_error_is_shown_with_its_line(grade):
    done = grade("fib", fib="def fib(n):\n    return n +\n")
    assert "line 2" in done.problems["fib"][1]
    assert "return n +" in done.problems["fib"][1]


def test_a_program_that_does_not_end_is_ended(grade):
    done = grade("fib", fib=LOOP + "\nwhile True: pass")
    assert done.grade == 0
    assert "no answer within two seconds" in done.result[1]


@pytest.mark.parametrize("sandbox", ["bubblewrap", "plain"])
async def test_the_recorded_submissions_still_get_what_they_got(course, sandbox):
    compared = 0
    async for replayed in replay_courses(course.path, sandbox=sandbox, at_once=2):
        assert replayed.is_same, replayed
        assert replayed.result.grade == read_mapping(replayed.record)["grade"]
        compared += 1
    assert compared == 16


def test_the_mean_temperature_is_a_custom_value(grade):
    assert grade("temperatures", measurements=CSV).custom == {"mean temperature": 3.5}


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_quickstart_gets_the_grades_it_talks_about(grade, course, lang, tmp_path):
    notebook = json.loads(copy_demo(tmp_path, lang).read_text())
    cells = cells_of_notebook(notebook)
    grades = {}
    for task in course.tasks.values():
        found = find_answers(cells, task_name(task))
        if found:
            answers = {problem: answer.text for problem, answer in found.items()}
            grades[task.id] = grade(task.id, lang, **answers).grade
    assert grades == {
        "division": 50,
        "quiz": 50,
        "fib": 60,
        "pipeline": 100,
        "temperatures": 75,
        "essay": 75,
    }
    # Each text is in the language: no two of the notebooks have one in common.
    texts = {
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    }
    english = json.loads((NOTEBOOKS / "quickstart.ipynb").read_text())["cells"]
    common = texts & {"".join(cell["source"]) for cell in english}
    assert common == (texts if lang == "en" else set())


@pytest.mark.parametrize("name", ["quickstart", "demo"])
def test_the_notebooks_are_clean(name, course):
    notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(ids) == len(set(ids))
    problems = {problem for task in course.tasks.values() for problem in task.problems}
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        for tag in cell["metadata"].get("tags", []):
            # Where nobody clicks, each submission is waited for, and there is nothing to kill.
            assert tag == "raises-exception" or tag.removeprefix("inginious:") in problems


def texts(value):
    """All texts of a task.yaml that a student reads."""
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    if not isinstance(value, dict):
        return []
    shown = ("name", "context", "header", "text", "feedback", "error_message")
    own = [value[key] for key in shown if isinstance(value.get(key), str)]
    return own + [text for item in value.values() for text in texts(item)]


def test_the_course_is_completely_french_too(course):
    for task in course.tasks.values():
        translate = translator([course.common_directory], "fr")
        for text in texts(yaml.safe_load((task.path / "task.yaml").read_text())):
            assert translate(text) != text or text == "Patience", text
            assert render_rst(translate(text)).formatted
    assert course.translator("fr")(course.name) == "Premiers pas en Python"
    assert course.translator("fr")(course.description) != course.description
    for tag in course.tags.values():
        assert course.translator("fr")(tag.name) != tag.name


@pytest.mark.parametrize(
    ("task", "answers", "said"),
    [
        ("fib", {"fib": "def fib(n): return 0"}, "réussies\u00a0: 1 sur 5"),
        ("temperatures", {"measurements": CSV}, "avec plaisir"),
        ("essay", {"explanation": "Parce que."}, "Vous avez écrit 2 mots"),
        ("pipeline", {"command": "grep -c rose poem.txt"}, "La vôtre est juste"),
        ("patience", {"seconds": "0"}, "comme promis"),
    ],
)
def test_a_french_student_gets_french_feedback(grade, task, answers, said):
    assert said in grade(task, lang="fr", **answers).result[1]


@pytest.mark.parametrize(
    "source", sorted(NOTEBOOKS.rglob("*.po")), ids=lambda path: str(path.relative_to(NOTEBOOKS))
)
def test_translations_are_compiled(source):
    with source.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    written = gettext.GNUTranslations(io.BytesIO(compiled.getvalue()))._catalog
    with source.with_suffix(".mo").open("rb") as file:
        found = gettext.GNUTranslations(file)._catalog
    del written[""], found[""]
    assert found == written, "run: pybabel compile -l fr -i FILE.po -o FILE.mo"
