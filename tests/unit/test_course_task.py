"""A task.yaml becomes what a grading agent must be told, or an error with the line it is in."""

from __future__ import annotations

import datetime as dt
import struct
from pathlib import Path

import pytest

from inginious_nb import messages
from inginious_nb.course import CourseLibrary, Task
from inginious_nb.errors import AnswerError, CourseError

COURSES = Path(__file__).parents[1] / "data" / "courses"
ONE_PROBLEM = "problems: {q: {type: code}}\n"
DOCKER = f"environment_type: docker\n{ONE_PROBLEM}"


@pytest.fixture
def load(tmp_path):
    def load(text):
        folder = tmp_path / "t"
        folder.mkdir(exist_ok=True)
        (folder / "task.yaml").write_text(text, encoding="utf-8")
        return Task.load(folder, "c")

    return load


@pytest.fixture(scope="module")
def library():
    return CourseLibrary([COURSES])


def parameters(load, text):
    """The environment_parameters of a docker task with these lines under the key."""
    lines = "".join(f"  {line}\n" for line in text.splitlines())
    return load(f"{DOCKER}environment_parameters:\n{lines}").environment_parameters


def test_texts(library):
    task = library.task("plain/everything")
    assert (task.name, task.author) == ("Everything", "A. Teacher")
    assert task.contact_url == "https://example.org/plain/everything"
    assert task.context == "Read :math:`x^2` first.\n"
    assert library.task("plain/upload").name == "Task upload"


def test_the_client_gets_what_it_asks_for(library):
    task = library.task("plain/everything")
    assert task.get_course_id() == "plain"
    assert task.get_id() == "everything"
    assert task.get_environment_type() == "docker"
    assert task.get_environment_id() == "python3"
    assert task.get_problems_dict()["word"] == {"type": "match", "answer": 42}
    assert task.get_environment_parameters() == {
        "limits": {"time": 30, "hard_time": 90, "memory": 100, "disk": 1024},
        "run_cmd": None,
        "network_grading": True,
        "response_is_html": False,
    }


def test_mcq_has_no_parameters(library):
    assert library.task("plain/quiz").environment_parameters == {}


def test_legacy_fields_override_the_new_ones(load, library):
    task = library.task("legacy/sum")
    assert (task.environment_type, task.environment_id) == ("docker", "java7")
    assert task.environment_parameters == {
        "limits": {"time": 12, "hard_time": 36, "memory": 64, "disk": 1024},
        "run_cmd": None,
        "network_grading": True,
        "response_is_html": False,
    }
    assert library.task("legacy/quiz").environment_type == "mcq"
    both = load(
        f"environment: cpp\nlimits: {{time: 5}}\nenvironment_id: python3\n{DOCKER}"
        "environment_parameters: {limits: {time: 99}}\n"
    )
    assert (both.environment_id, both.environment_parameters["limits"]["time"]) == ("cpp", 5)


def test_defaults_without_limits_leave_hard_time_to_the_agent(load):
    assert load(DOCKER).environment_parameters["limits"] == {
        "time": 20,
        "memory": 1024,
        "disk": 1024,
    }


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ("{}", (20, 60, 1024)),
        ("{time: '7'}", (7, 21, 1024)),
        ("{time: 1.5, memory: 20.9}", (1, 3, 20)),
        ("{time: 10, hard_time: ''}", (10, 30, 1024)),
        ("{time: 10, hard_time: ' '}", (10, 30, 1024)),
        ("{time: 10, hard_time: ~}", (10, 30, 1024)),
        ("{time: 10, hard_time: '5', memory: '64'}", (10, 5, 64)),
        ("{time: 012, output: 2}", (10, 30, 1024)),
        ("{time: 1:30}", (90, 270, 1024)),
    ],
)
def test_limits(load, limits, expected):
    wire_limits = parameters(load, f"limits: {limits}")["limits"]
    assert (wire_limits["time"], wire_limits["hard_time"], wire_limits["memory"]) == expected
    assert set(wire_limits) == {"time", "hard_time", "memory", "disk"}


@pytest.mark.parametrize(
    "limits",
    ["null", "[]", "{time: '1.5'}", "{time: 0}", "{memory: -1}", "{hard_time: 0}", "{time: x}"],
)
def test_limits_that_make_no_sense_are_refused(load, limits):
    with pytest.raises(CourseError) as caught:
        parameters(load, f"limits: {limits}")
    assert caught.value.line == 4


@pytest.mark.parametrize(
    ("lines", "key", "value"),
    [
        ("run_cmd: ''", "run_cmd", None),
        ("run_cmd: ./x.sh a", "run_cmd", "./x.sh a"),
        ("network_grading: on", "network_grading", True),
        ("network_grading: null", "network_grading", False),
        ("response_is_html: yes", "response_is_html", True),
    ],
)
def test_other_parameters(load, lines, key, value):
    assert parameters(load, lines)[key] == value


def test_ssh_is_part_of_the_type(load):
    task = load(f"{DOCKER}environment_parameters: {{ssh_allowed: true}}\n")
    assert task.environment_type == "docker-ssh"
    assert "ssh_allowed" not in task.environment_parameters


def test_an_empty_map_of_problems_is_a_task(load):
    assert load("environment_type: docker\nproblems: {}\n").problems == {}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "is empty"),
        ("- a\n", 1, "does not hold a mapping"),
        ("a: b\n", 1, "problems is missing"),
        ("a: b\nproblems:\n", 2, "problems must be a mapping"),
        ("problems:\n  1: {type: code}\n", 2, "put it between quotes"),
        ("problems:\n  a b: {type: code}\n", 2, "may hold only"),
        ("problems:\n  q:\n    type: zzz\n", 3, "needs a plugin"),
        ("problems:\n  q:\n    type: multiple_choise\n", 3, "Did you mean multiple_choice?"),
        ("problems:\n  q:\n    name: x\n", 2, "its type is missing"),
        ("problems:\n  q: []\n", 2, "must be a mapping"),
        (ONE_PROBLEM, 1, "environment_type is missing"),
        (f"{ONE_PROBLEM}environment_type: dokcer\n", 2, "is unknown"),
        (f"{DOCKER}input_random: many\n", 3, "input_random"),
        (f"{DOCKER}accessible: 2014-09-15\n", 3, "between quotes"),
        (f"{DOCKER}weight: heavy\n", 3, "weight"),
        (f"{DOCKER}name: !!python/name:os.system x\n", 3, "not valid YAML"),
        ("problems: {q: {type: code}\nx: [\n", 2, "not valid YAML"),
        ("a:\n\t- b\n", 2, "there is a tab"),
        ("a:\n  b: 1\n\tc: 2\n", 3, "there is a tab"),
        ("a: b: c\n", 1, "quotation marks"),
        ("a:\n  b: 1\n   c: 2\n", 3, "not indented like its neighbours"),
        ("a: 1\nb\nc: d\n", 2, "no key: value"),
        ("a: @b\n", 1, "needs quotation marks"),
        ("a: *b\n", 1, "needs quotation marks"),
        ("a: 'b\nc: d\n", 1, "no other at its end"),
        (f"{DOCKER}a: &x [*x, *x]\n", None, "unfolds"),
        ("name: 2014-99-99 00:00:00\n", None, "not valid YAML"),
        ("a: \x00\n", 1, "UTF-8"),
    ],
)
def test_errors_name_the_line(load, text, line, words):
    with pytest.raises(CourseError) as caught:
        load(text)
    assert words in str(caught.value)
    assert "task.yaml" in str(caught.value)
    if line is not None:
        assert caught.value.line == line


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "task.yaml").write_bytes("name: caf\xe9\n".encode("latin-1"))
    with pytest.raises(CourseError, match="UTF-8"):
        Task.load(tmp_path, "c")


def test_a_file_that_unfolds_without_end_is_refused(load):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]\n" for n in range(1, 9)
    )
    with pytest.raises(CourseError, match="unfolds"):
        load(f"{bomb}environment_type: docker\nproblems: {{q: {{type: code, x: *a8}}}}\n")
    with pytest.raises(CourseError, match="unfolds"):
        load("environment_type: docker\nproblems: {q: &q {type: code, x: *q}}\n")


def test_the_yaml_of_the_field(load, caplog):
    task = load(
        "name: first\nname: second\n"
        "base: &base {type: code, optional: yes}\n"
        "environment_type: docker\n"
        "problems:\n  z: {<<: *base}\n  a: {<<: *base, optional: off}\n"
        "---\nname: another document, broken [\n"
    )
    assert task.name == "second"
    assert list(task.problems) == ["z", "a"]
    assert (task.problems["z"].optional, task.problems["a"].optional) == (True, False)
    assert "'name' of line 1 stands again in line 2" in caplog.text


def test_old_spellings_of_problem_types_reach_the_agent_as_todays(load):
    task = load(
        "environment: mcq\nproblems:\n"
        "  a: {type: multiple-choice, choices: [{text: x, valid: true}]}\n"
        "  b: {type: code-single-line}\n  c: {type: code-file}\n  d: {type: blockly}\n"
    )
    assert [problem.type for problem in task.problems.values()] == [
        "multiple_choice",
        "code_single_line",
        "file",
        "code",
    ]
    assert [raw["type"] for raw in task.problems_raw.values()] == [
        "multiple_choice",
        "code_single_line",
        "file",
        "blockly",
    ]


def test_everything_that_yaml_can_hold_goes_over_the_wire(load):
    task = load(
        "environment_type: docker\nproblems:\n  q:\n    type: match\n    answer: 2014-09-15\n"
        "    s: !!set {a, b}\n    n: 99999999999999999999999\n    1: {2.5: !!binary aGk=}\n"
        "    2014-09-15: x\n    o: !!omap [a: 1]\n"
    )
    job = messages.ClientNewJob(
        job_id="j",
        priority=0,
        course_id="c",
        task_id="t",
        task_problems=task.get_problems_dict(),
        inputdata={},
        environment_type=task.get_environment_type(),
        environment=task.get_environment_id(),
        environment_parameters=task.get_environment_parameters(),
        debug=False,
        launcher="l",
    )
    assert messages.encode(job)
    assert task.problems_raw["q"]["answer"] == "2014-09-15"


def test_all_answers_are_checked(library):
    task = library.task("plain/everything")
    answers = {
        "program": "x = 1",
        "line": "",
        "report": {"filename": "C:\\me\\report.csv", "value": b"a,b"},
        "pick": 2,
        "word": "42",
        "@lang": "fr",
    }
    assert task.check(answers) == {
        "program": "x = 1",
        "line": "",
        "report": {"filename": "report.csv", "value": b"a,b"},
        "pick": "2",
        "word": "42",
        "@lang": "fr",
    }
    assert list(task.check(answers))[:5] == list(task.problems)


@pytest.mark.parametrize("missing", ["program", "report", "pick", "word"])
def test_a_missing_answer_is_named(library, missing):
    answers = {
        "program": "x",
        "report": {"filename": "a.csv", "value": b""},
        "pick": "0",
        "word": "w",
    }
    del answers[missing]
    with pytest.raises(AnswerError, match=missing) as caught:
        library.task("plain/everything").check(answers)
    assert caught.value.problem_id == missing


def test_an_answer_to_no_problem_is_refused(library):
    with pytest.raises(AnswerError, match=r"has no problem progam\. Did you mean program\?"):
        library.task("plain/everything").check({"progam": "x"})


def test_random_values_belong_to_a_person(library, load):
    task = library.task("plain/everything")
    values = task.random_values("ada")
    assert len(values) == 3
    assert all(0 <= value < 1 for value in values)
    assert task.random_values("ada") == values
    assert task.random_values("blaise") != values
    fresh = load(f"{DOCKER}input_random: 2\nregenerate_input_random: true\n")
    assert fresh.random_values("ada") != fresh.random_values("ada")
    assert load(DOCKER).random_values("ada") == []


def test_settings_of_the_course_override_those_of_the_task(library):
    settings = library.task("plain/everything").settings
    assert (settings.weight, settings.evaluation_mode) == (2.5, "last")
    assert (settings.submission_limit.amount, settings.submission_limit.period_h) == (3, 24)
    assert settings.categories == ("loops",)
    assert settings.accessibility.deadline == dt.datetime.fromisoformat("2026-12-18 18:00")
    assert library.task("plain/quiz").accessibility.closed
    assert not library.task("plain/upload").accessibility.closed


def test_legacy_settings(library):
    task = library.task("legacy/sum")
    assert (task.settings.weight, task.evaluation_mode) == (3.0, "last")
    assert task.accessibility.start == dt.datetime.fromisoformat("2014-09-15")


def test_settings_that_make_no_sense_name_the_course_file(tmp_path):
    folder = tmp_path / "c" / "t"
    folder.mkdir(parents=True)
    (folder / "task.yaml").write_text(DOCKER)
    (tmp_path / "c" / "course.yaml").write_text(
        "name: C\ndispenser_data:\n  toc: []\n  config:\n    t:\n      weight: heavy\n"
    )
    with pytest.raises(CourseError) as caught:
        CourseLibrary([tmp_path]).task("c/t")
    assert (caught.value.path.name, caught.value.line) == ("course.yaml", 6)


def test_translations(tmp_path):
    write_catalogue(tmp_path / "t" / "$i18n" / "fr.mo", {"Hello": "Bonjour", "red": "rouge"})
    (tmp_path / "t" / "task.yaml").write_text(
        "name: Hello\ncontext: ''\nenvironment: mcq\nproblems:\n  q:\n    type: multiple_choice\n"
        "    header: Hello\n    choices: [{text: red, valid: true}, {text: blue}]\n"
    )
    task = Task.load(tmp_path / "t", "c")
    french = task.translated("fr_BE")
    assert (french.name, french.context) == ("Bonjour", "")
    assert french.problems["q"].header == "Bonjour"
    assert {c["text"] for c in french.problems["q"].displayed_choices("x")} == {"rouge", "blue"}
    assert french.problems_raw == task.problems_raw
    assert task.translated("de") is task
    # A choice may be named in any of the course's languages.
    assert [task.problems["q"].check(name) for name in ("red", "- rouge", "blue")] == [
        "0",
        "0",
        "1",
    ]


def test_a_choice_named_in_two_languages_is_the_one_that_the_task_itself_calls_so(tmp_path):
    write_catalogue(tmp_path / "t" / "$i18n" / "fr.mo", {"on": "or", "or": "ou"})
    (tmp_path / "t" / "task.yaml").write_text(
        "name: T\nenvironment: mcq\nproblems:\n  q:\n    type: multiple_choice\n"
        "    choices: [{text: 'on', valid: true}, {text: or}]\n"
    )
    problem = Task.load(tmp_path / "t", "c").problems["q"]
    assert [problem.check(name) for name in ("on", "or", "ou")] == ["0", "1", "1"]


def test_the_first_folder_of_translations_is_the_only_one(tmp_path):
    (tmp_path / "c" / "$common").mkdir(parents=True)
    write_catalogue(tmp_path / "c" / "$common" / "$i18n" / "fr.mo", {"Hello": "Salut"})
    (tmp_path / "c" / "t").mkdir()
    (tmp_path / "c" / "t" / "task.yaml").write_text(f"name: Hello\n{DOCKER}")
    task = CourseLibrary([tmp_path / "c"]).task("t")
    assert task.translated("fr").name == "Salut"
    (tmp_path / "c" / "t" / "student" / "$i18n").mkdir(parents=True)
    assert task.translated("fr").name == "Hello"


def test_a_broken_catalogue_is_no_translation(tmp_path, caplog):
    path = tmp_path / "t" / "$i18n" / "fr.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a catalogue")
    (tmp_path / "t" / "task.yaml").write_text(DOCKER)
    task = Task.load(tmp_path / "t", "c")
    assert task.translated("fr") is task
    assert task.translated("../../fr") is task
    assert "not a translation catalogue" in caplog.text


def write_catalogue(path, texts):
    """Write a gettext .mo file, as its manual describes it."""
    texts = {"": "Content-Type: text/plain; charset=UTF-8\n", **texts}
    pairs = sorted((key.encode(), value.encode()) for key, value in texts.items())
    tables, strings = [[], []], b""
    start = 28 + 16 * len(pairs)
    for side in (0, 1):
        for pair in pairs:
            tables[side].append((len(pair[side]), start + len(strings)))
            strings += pair[side] + b"\0"
    header = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    rows = b"".join(struct.pack("<2I", *row) for row in tables[0] + tables[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + rows + strings)
