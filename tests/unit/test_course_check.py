"""``inginious-nb check`` names every fault of courses at once."""

import json
import logging

import pytest
from click.testing import CliRunner

from inginious_nb.cli.main import main
from inginious_nb.course.scaffold import new_course, new_task

RIGHT = "def double(n):\n    return 2 * n\n"


@pytest.fixture
def course(tmp_path):
    new_course(tmp_path / "python1")
    new_task(tmp_path / "python1", "hello", "python")
    return tmp_path / "python1"


def check(course, *options):
    return CliRunner().invoke(main, ["check", str(course), *options])


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def break_yaml(course):
    (course / "hello" / "task.yaml").write_text("name: x\nproblems: [\n")


def remove_run(course):
    (course / "hello" / "run").unlink()


def unknown_interpreter(course):
    replace(course / "hello" / "run", "#!/usr/bin/env python3", "#!/usr/bin/cobol")


def unknown_environment(course):
    replace(course / "hello" / "task.yaml", "environment_id: python3", "environment_id: cpp")


def unnamed_test(course):
    replace(course / "hello" / "run", "feedback.set_tag(tag, passed)", "feedback.set_tag('x', 1)")


def no_record(course):
    for record in (course / "hello" / "test").iterdir():
        record.unlink()


def broken_record(course):
    (course / "hello" / "test" / "right.test").write_text("input: [")


def answer_in_public(course):
    (course / "hello" / "public").mkdir()
    (course / "hello" / "public" / "notes.txt").write_text(f"Begin so:\n{RIGHT}")


def script_in_public(course):
    (course / "hello" / "public").mkdir()
    (course / "hello" / "public" / "run").write_text("#!/bin/bash")


def syntax_error(course):
    replace(course / "hello" / "run", "points, report = 0, []", "points, report = 0, [")


def byte_order_mark(course):
    run = course / "hello" / "run"
    run.write_text(f"\ufeff{run.read_text()}")


def remove_template(course):
    (course / "hello" / "student" / "answer.tpl").unlink()


def misname_task(course):
    (course / "hello" / "task.yaml").rename(course / "hello" / "Task.yml.txt")


def misname_course(course):
    (course / "course.yaml").rename(course / "course.yml")


def repeat_problem(course):
    with (course / "hello" / "task.yaml").open("a") as file:
        file.write("  answer:\n    type: code\n")


def misspelled_field(course):
    replace(course / "hello" / "task.yaml", "memory: 256", "memry: 256")


def misspelled_task(course):
    text = "dispenser_data: {toc: [{id: a, title: A, tasks_list: [helo]}]}"
    (course / "course.yaml").write_text(f"name: x\ntags:\n  typical: {{}}\n  edge: {{}}\n{text}\n")


def misspelled_result(course):
    replace(course / "hello" / "test" / "wrong.test", "result: failed", "result: fail")


def misspelled_problem(course):
    replace(course / "hello" / "test" / "wrong.test", "answer: |", "anser: |")


def misspelled_placeholder(course):
    (course / "hello" / "student" / "answer.tpl").write_text("import json\n@  @anwser@@\n")


FAULTS = [
    (break_yaml, "task.yaml", 2, "error"),
    (remove_run, "task.yaml", None, "error"),
    (unknown_interpreter, "run", None, "error"),
    (unknown_environment, "task.yaml", 10, "error"),
    (unnamed_test, "run", 39, "warning"),
    (no_record, "task.yaml", None, "warning"),
    (broken_record, "right.test", 1, "error"),
    (answer_in_public, "notes.txt", None, "error"),
    (script_in_public, "run", None, "error"),
    (syntax_error, "run", 35, "error"),
    (byte_order_mark, "run", None, "error"),
    (remove_template, "run", 34, "warning"),
    (misname_task, "hello", None, "error"),
    (misname_course, "course.yml", None, "error"),
    (repeat_problem, "task.yaml", 23, "warning"),
    (misspelled_field, "task.yaml", 13, "warning"),
    (misspelled_task, "course.yaml", 5, "warning"),
    (misspelled_result, "wrong.test", 5, "warning"),
    (misspelled_problem, "wrong.test", 2, "warning"),
    (misspelled_placeholder, "answer.tpl", 2, "warning"),
]


def test_a_new_task_has_no_fault(course):
    found = check(course)
    assert (found.exit_code, found.output) == (0, "0 errors, 0 warnings.\n")


@pytest.mark.parametrize(("spoil", "file", "line", "severity"), FAULTS)
def test_a_fault_is_named_with_its_file_and_line(course, spoil, file, line, severity):
    spoil(course)
    found = check(course, "--format=json")
    (fault,) = json.loads(found.output)
    assert fault["file"].rpartition("/")[2] == file, fault
    assert fault["severity"] == severity
    assert line is None or fault["line"] == line, fault
    assert found.exit_code == (severity == "error")


def test_an_unknown_field_that_is_near_to_none_is_no_fault(course):
    with (course / "hello" / "task.yaml").open("a") as file:
        file.write("tolerance: 3\ngroups: true\n")
    assert check(course).output == "0 errors, 0 warnings.\n"


def test_a_fault_is_said_once_with_its_path_once(course, capfd):
    break_yaml(course)
    output = check(course).output + "".join(capfd.readouterr())
    assert output.count("not valid YAML") == output.count(str(course)) == 1
    assert logging.getLogger("inginious_nb.course").level == logging.NOTSET  # for other commands


def test_all_faults_are_named_at_once(course):
    for name in ("b", "c"):
        new_task(course, name, "match")
    break_yaml(course)
    (course / "b" / "task.yaml").write_text("problems: 3")
    (course / "c" / "test" / "wrong.test").write_text("-")
    assert "3 errors" in check(course).output


def test_all_courses_of_a_folder_are_checked(course):
    folder = course.parent
    for name in ("python2", "wrong name"):
        new_course(folder / "x" / name.replace(" ", "")).parent.rename(folder / name)
        new_task(folder / name, "hello", "match")
    break_yaml(course)
    (folder / "python2" / "hello" / "task.yaml").write_text("problems: 3")
    found = check(folder, "--format=json")
    faults = {fault["file"]: fault["severity"] for fault in json.loads(found.output)}
    files = ("python1/hello/task.yaml", "python2/hello/task.yaml", "wrong name")
    assert faults == {str(folder / name): "error" for name in files}
    for style in ("text", "github"):  # a shell names them one by one
        output = check(course, str(folder / "python2"), str(course), f"--format={style}").output
        assert [output.count(str(folder / name)) for name in files] == [1, 1, 0]


def test_annotations_are_as_github_reads_them(course):
    unknown_environment(course)
    line = check(course, "--format=github").output
    assert line.startswith(f"::error file={course}/hello/task.yaml,line=10::")
    assert line.count("\n") == 1
