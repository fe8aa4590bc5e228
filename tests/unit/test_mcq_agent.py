"""The mcq agent's grading against docs/protocol.md, Multiple-choice agent, and what INGInious's own
agent answered."""

from __future__ import annotations

import asyncio
import json

import pytest

from inginious_nb import messages
from inginious_nb.course import CourseLibrary
from inginious_nb.errors import AnswerError, CourseError
from inginious_nb.grader.agents import JobHandle
from inginious_nb.grader.agents.mcq import McqGrader
from inginious_nb.grader.agents.mcq_texts import LANGUAGES, standard_texts
from tests.support.catalogue import write_catalogue

ENGLISH = standard_texts("en")
CHOICES = (
    {"text": "a", "valid": True, "feedback": "fa"},
    {"text": "b", "feedback": "fb"},
    {"text": "c", "valid": True},
    {"text": "d", "feedback": "fd"},
)
SINGLE = {"type": "multiple_choice", "choices": CHOICES}
MULTIPLE = SINGLE | {"multiple": True}
MATCH = {"type": "match", "answer": "x y"}
WORDED = {"error_message": "EM", "success_message": "SM"}


@pytest.fixture
def tasks(tmp_path):
    task = tmp_path / "c" / "t"
    task.mkdir(parents=True)
    (task.parent / "course.yaml").write_text("name: C")
    (task / "task.yaml").write_text("environment_type: mcq\nproblems: {}")
    return tmp_path


@pytest.fixture
def grade(tasks):
    """Grade answers to problems of the task c/t."""
    grader = McqGrader(CourseLibrary([tasks]))

    def grade(problems, inputdata, **changes):
        job = messages.BackendNewJob(
            job_id="j",
            course_id="c",
            task_id="t",
            task_problems=problems,
            inputdata={"@state": "before"} | inputdata,
            environment_type="mcq",
            environment="mcq",
            environment_parameters={},
            debug=False,
        )
        for name, value in changes.items():
            setattr(job, name, value)
        return asyncio.run(grader.grade(job, JobHandle("j")))

    return grade


def test_it_offers_one_environment(tasks):
    assert McqGrader(CourseLibrary([tasks])).environments() == {
        "mcq": {"mcq": {"id": "mcq", "created": 0}}
    }


# Wrong choices counted over the task, and the parts of the problem's text; None: no text at all.
@pytest.mark.parametrize(
    ("problem", "answer", "wrong_choices", "parts"),
    [
        (SINGLE, "0", 0, ["fa"]),
        (SINGLE, 0, 0, ["fa"]),
        (SINGLE, " 0 ", 0, ["fa"]),
        (SINGLE, "2", 0, None),
        (SINGLE, "1", 1, [ENGLISH.wrong, "fb"]),
        (SINGLE, 3, 1, [ENGLISH.wrong, "fd"]),
        (MULTIPLE, ["2", "0"], 0, ["fa"]),
        (MULTIPLE, ("0", 2), 0, ["fa"]),
        (MULTIPLE, [0, 2], 0, ["fa"]),
        (MULTIPLE, ["0"], 1, [ENGLISH.wrong_set, "fa"]),
        (MULTIPLE, ["1", "3"], 4, [ENGLISH.wrong_set, "fb", "fd"]),
        (MULTIPLE, ["3", "1", "0"], 3, [ENGLISH.wrong_set, "fd", "fb", "fa"]),
        (MULTIPLE, [], 2, [ENGLISH.wrong_set]),
        (SINGLE | WORDED, "1", 1, ["EM", "fb"]),
        (SINGLE | WORDED, "0", 0, ["SM", "fa"]),
        (MULTIPLE | WORDED, ["3"], 3, ["EM", "fd"]),
        (SINGLE | {"error_message": ""}, "1", 1, ["", "fb"]),
        (SINGLE | {"error_message": None}, "1", 1, [ENGLISH.wrong, "fb"]),
        (SINGLE | {"centralize": True}, "1", 1, ["fb"]),
        (MULTIPLE | {"centralize": True}, ["2"], 1, None),
        (SINGLE | WORDED | {"centralize": True}, "1", 1, ["EM", "fb"]),
        (SINGLE | WORDED | {"centralize": True}, "0", 0, ["SM", "fa"]),
        (SINGLE | {"type": "multiple-choice"}, "0", 0, ["fa"]),
    ],
)
def test_multiple_choice(grade, problem, answer, wrong_choices, parts):
    done = grade({"q": problem}, {"q": answer})
    is_right = wrong_choices == 0
    code = "success" if is_right else "failed"
    assert done.problems == ({} if parts is None else {"q": (code, "\n\n".join(parts))})
    assert done.grade == (100.0 if is_right else 0.0)
    sentences = [
        ENGLISH.wrong_problems.format(n=1),
        ENGLISH.wrong_choices.format(n=wrong_choices),
    ]
    assert done.result == (code, "" if is_right else "\n\n\n".join(sentences))


@pytest.mark.parametrize(
    ("problem", "answer", "is_right", "text"),
    [
        (MATCH, "x y", True, ENGLISH.right),
        (MATCH, "  x y\n", True, ENGLISH.right),
        (MATCH, "X y", False, ENGLISH.wrong),
        (MATCH | WORDED, "z", False, ENGLISH.wrong),
        (MATCH | {"answer": 3}, "3", True, ENGLISH.right),
        (MATCH | {"answer": 0.5}, "0.5", True, ENGLISH.right),
        (MATCH | {"answer": True}, "True", True, ENGLISH.right),
        (MATCH | {"answer": " x "}, " x ", False, ENGLISH.wrong),
        (MATCH | {"answer": ""}, "  ", True, ENGLISH.right),
        (MATCH | {"centralize": True}, "x y", True, None),
        (MATCH | {"centralize": True}, "z", False, None),
    ],
)
def test_match(grade, problem, answer, is_right, text):
    done = grade({"q": problem}, {"q": answer})
    code = "success" if is_right else "failed"
    assert done.problems == ({} if text is None else {"q": (code, text)})
    assert done.result == (code, "" if is_right else ENGLISH.wrong_problems.format(n=1))


def test_several_problems(grade):
    done = grade(
        {"a": SINGLE, "b": MULTIPLE, "c": MATCH}, {"a": "1", "b": ["1"], "c": "x y", "@lang": "en"}
    )
    sentences = [ENGLISH.wrong_problems.format(n=2), ENGLISH.wrong_choices.format(n=4)]
    assert done.result == ("failed", "\n\n\n".join(sentences))
    assert done.grade == 33.33
    assert [code for code, _ in done.problems.values()] == ["failed", "failed", "success"]
    assert json.loads(done.state) == {"a": "", "b": "", "c": ""}
    assert (done.tests, done.custom) == ({}, {})
    assert (done.archive, done.stdout, done.stderr) == (None, None, None)


def test_the_grade_has_two_decimals(grade):
    answers = {str(n): "x y" if n == 0 else "no" for n in range(9)}
    assert grade(dict.fromkeys(answers, MATCH), answers).grade == 11.11


# INGInious's own agent crashes on these (docs/protocol.md, Known faults of INGInious).
@pytest.mark.parametrize(
    ("problem", "inputdata", "wrong_choices"),
    [
        (SINGLE, {}, 1),
        (SINGLE, {"q": None}, 1),
        (SINGLE, {"q": "9"}, 1),
        (SINGLE, {"q": "-1"}, 1),
        (SINGLE, {"q": "blue"}, 1),
        (MULTIPLE, {}, 2),
        (MULTIPLE, {"q": ["0", "2", "9"]}, 1),
        (MATCH, {}, 0),
    ],
)
def test_a_missing_answer_or_choice_is_a_wrong_one(grade, problem, inputdata, wrong_choices):
    done = grade({"q": problem}, inputdata)
    assert done.result[0] == "failed"
    assert (ENGLISH.wrong_choices.format(n=wrong_choices) in done.result[1]) == bool(wrong_choices)


@pytest.mark.parametrize(
    ("problem", "answer"),
    [(SINGLE, ["0"]), (MULTIPLE, "0"), (MULTIPLE, 0), (MULTIPLE, [None]), (MATCH, 3)],
)
def test_an_answer_of_a_wrong_form_is_refused_with_the_problem_named(grade, problem, answer):
    with pytest.raises(AnswerError, match="Problem q"):
        grade({"q": problem}, {"q": answer})


@pytest.mark.parametrize(
    ("problems", "reason"),
    [
        ({}, "has no problems"),
        ({"q": {"type": "code"}}, "of the type code, which the environment mcq does not grade"),
        ({"q": {"type": "nonsense"}}, "nonsense"),
        ({"q": SINGLE | {"choices": CHOICES[1:2]}}, "at least one of the choices must be valid"),
        ({"q": MULTIPLE | {"limit": 1}}, "limit"),
        ({"q": {"type": "match"}}, "answer"),
        ({"a b": SINGLE}, "id"),
        ({"q": "text"}, "mapping"),
    ],
)
def test_a_task_that_cannot_be_graded_is_refused_with_the_reason(grade, problems, reason):
    with pytest.raises(CourseError, match=reason):
        grade(problems, {"q": "0", "a b": "0"})


@pytest.mark.parametrize(
    ("course_id", "task_id"),
    [
        ("c", "absent"),
        ("absent", "t"),
        ("c", ".."),
        ("c", "../t"),
        ("/", "t"),
        ("c", ""),
        ("c", " t"),
    ],
)
def test_a_task_that_is_not_there_is_refused(grade, course_id, task_id):
    with pytest.raises(CourseError):
        grade({"q": SINGLE}, {"q": "0"}, course_id=course_id, task_id=task_id)


def test_the_task_file_need_not_be_there(grade, tasks):
    (tasks / "c" / "t" / "task.yaml").unlink()
    assert grade({"q": SINGLE}, {"q": "0"}).result[0] == "success"


@pytest.mark.parametrize("language", ["de", "es", "fr", "he", "nb_NO"])
def test_standard_texts_are_translated(grade, language):
    texts = standard_texts(language)
    assert texts != ENGLISH
    inputdata = {"a": "1", "b": ["1"], "c": "z", "@lang": language}
    done = grade({"a": SINGLE, "b": MULTIPLE, "c": MATCH}, inputdata)
    assert texts.wrong_problems.format(n=3) in done.result[1]
    assert texts.wrong_choices.format(n=4) in done.result[1]
    assert done.problems["a"][1].startswith(texts.wrong)
    assert done.problems["b"][1].startswith(texts.wrong_set)
    assert done.problems["c"][1] == texts.wrong
    assert grade({"c": MATCH}, {"c": "x y", "@lang": language}).problems["c"][1] == texts.right


@pytest.mark.parametrize("language", ["xx", "", None, 3])
def test_other_languages_get_english(grade, language):
    done = grade({"c": MATCH}, {"c": "x y", "@lang": language})
    assert done.problems["c"][1] == ENGLISH.right


def test_each_language_has_its_own_words():
    sentences = [standard_texts(code).wrong_set for code in LANGUAGES]
    assert len(set(sentences)) == len(LANGUAGES) == 6
    assert standard_texts("fr-BE") is standard_texts("fr")


@pytest.mark.parametrize("folder", ["t/$i18n", "t/student/$i18n", "$common/$i18n"])
def test_the_texts_of_a_task_are_translated_by_its_catalogue(grade, tasks, folder):
    write_catalogue(tasks / "c" / folder / "fr.mo", {"EM": "Erreur", "fb": "retour"})
    problem = {"q": SINGLE | WORDED}
    assert grade(problem, {"q": "1", "@lang": "fr"}).problems["q"][1] == "Erreur\n\nretour"
    assert grade(problem, {"q": "1", "@lang": "de"}).problems["q"][1] == "EM\n\nfb"
    assert grade(problem, {"q": "0", "@lang": "fr"}).problems["q"][1] == "SM\n\nfa"
