"""What is said of an answer before it is sent: lines for IPython only, templates, other cells."""

from __future__ import annotations

import ast
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inginious_nb.course import CodeProblem, CourseLibrary
from inginious_nb.notebook.answers import from_arguments, from_cells
from inginious_nb.notebook.cells import Cell
from inginious_nb.notebook.grammar.magic_lines import command_lines
from inginious_nb.notebook.ipython_lines import ipython_lines
from inginious_nb.notebook.review import lines_for_ipython, review, review_command
from tests.support.effort import calls, watchdog

TASK = """
name: Mixed
environment_type: docker
environment_id: default
environment_parameters: {limits: {time: 5, memory: 64}}
problems:
  code: {type: code, language: python, default: "def fib(n):\\n    ...\\n"}
  shell: {type: code, language: bash}
"""
TAG = ("inginious:code",)


@pytest.fixture
def task(tmp_path):
    folder = tmp_path / "c" / "t"
    folder.mkdir(parents=True)
    (folder / "task.yaml").write_text(TASK)
    (folder.parent / "course.yaml").write_text("name: C")
    return CourseLibrary([tmp_path]).task("c/t")


@pytest.mark.parametrize(
    ("program", "lines", "rest"),
    [
        ("%%time\nx = 1\n", ["%%time"], "x = 1\n"),
        ("# mine\n\n%%time\nx = 1\n", ["%%time"], "# mine\n\nx = 1\n"),
        ("%%capture out\n%%time\nx = 1", ["%%capture out", "%%time"], "x = 1"),
        ("!pip install numpy\nimport numpy\n", ["!pip install numpy"], "import numpy\n"),
        ("files = !ls\nx = 1\n", ["files = !ls"], "x = 1\n"),
        ("%matplotlib inline\r\nx = 1\r\n", ["%matplotlib inline"], "x = 1\r\n"),
        ("if x:\n    %time f()\n    y = 1\n", ["%time f()"], "if x:\n    y = 1\n"),
        ("%time \\\n  f()\nx = 1\n", ["%time \\", "f()"], "x = 1\n"),
        ("fib?\nx = 1\n", ["fib?"], "x = 1\n"),
        (
            "x = (1,\n  2)\n!ls \\\n -l\n%pwd\ny = 1",
            ["!ls \\", "-l", "%pwd"],
            "x = (1,\n  2)\ny = 1",
        ),
        ("import a\nawait a.b(\n    1)\nx = 1\n", ["await a.b(", "1)"], "import a\nx = 1\n"),
        ("!ls\nawait f()\nx = 1", ["!ls", "await f()"], "x = 1"),
        ("async def f():\n    await g()\n", [], "async def f():\n    await g()\n"),
        ("x = 5 % 3 != 2\n", [], "x = 5 % 3 != 2\n"),
        ("s = '''\n%time f()\n!ls\n'''\n", [], "s = '''\n%time f()\n!ls\n'''\n"),
        ('# %time\nprint(f"{x!r:%d}")', [], '# %time\nprint(f"{x!r:%d}")'),
        ("", [], ""),
        ("def f():\n    !ls\n", ["!ls"], "def f():\n    pass\n"),
        ("if x:\n\t%time f()\nelse:\n\ty = 1", ["%time f()"], "if x:\n\tpass\nelse:\n\ty = 1"),
        (">>> x = 1\n>>> x\n", [">>> x = 1", ">>> x"], "x = 1\nx\n"),
        ("get_ipython().system('ls')\nx = 1\n", ["get_ipython().system('ls')"], "x = 1\n"),
        ("def f(x):\n    display(x)\n    return x", ["display(x)"], "def f(x):\n    return x"),
        ("def f(x):\n    display(\n        x)", ["display(", "x)"], None),
        ("def display(x): ...\ndisplay(1)", [], "def display(x): ...\ndisplay(1)"),
        ("from turtle import *\ndisplay(1)", [], "from turtle import *\ndisplay(1)"),
        ("x = 1\n...\n", [], "x = 1\n...\n"),
        ("x = Out[3]\ny = _ + In[\n 2]\nz = 1", ["x = Out[3]", "y = _ + In[", "2]"], "z = 1"),
        ("print(__, _3, _i)\n", ["print(__, _3, _i)"], ""),
        ("for _ in x:\n    print(_)\nOut = {}\nOut[1] = 2\nprint(Out[1])\n", [], None),
        ("def f(_):\n    return _\nmatch x:\n    case [_i]:\n        print(_i)\n", [], None),
        ("exit\nif x:\n    quit\n", ["exit", "quit"], "if x:\n    pass\n"),
        ("if x:\n    exit()\nquit(2)\n", [], None),  # of Python's site, too
        ("pip install numpy\nimport numpy", ["pip install numpy"], "import numpy"),
        ("ls -l\ncd x\npwd\n", ["ls -l", "cd x", "pwd"], ""),
        ("import time\ntime\nls = 3\nls -1\nrun = print\nrun (1)\n", [], None),
        ('def f():\n    """\n    run the program\n    ls -l\n    """\n', [], None),
        (
            "from IPython.display import HTML as h, display\nx = 1\ndisplay(h(x))\n",
            ["from IPython.display import HTML as h, display", "display(h(x))"],
            "x = 1\n",
        ),
        ("import os, ipywidgets\nos.sep\n", ["import os, ipywidgets"], "os.sep\n"),
        (
            "def f():\n    from google.colab import files\n    files.upload()\n",
            ["from google.colab import files", "files.upload()"],
            "def f():\n    pass\n",
        ),
        ("try:\n    from IPython import display\nexcept ImportError:\n    display = 1", [], None),
        ("import IPythonic\nIPythonic.f('IPython')\n", [], None),
        ("x = [y async for y in z]\na = 1\n", ["x = [y async for y in z]"], "a = 1\n"),
        ("  \n    x = 1\n    y = 2\n", ["    x = 1"], "  \nx = 1\ny = 2\n"),
        ("load_ext autoreload\nx = 1", ["load_ext autoreload"], "x = 1"),
        (f"async def f(): ...\nx = {'+'.join('1' * 2000)}\n", [], None),
    ],
)
def test_the_lines_that_only_ipython_runs_are_found(program, lines, rest):
    found = ipython_lines(program)
    assert list(found.lines) == lines
    assert found.rest == rest or rest is None
    compile(found.rest, "", "exec", ast.PyCF_ONLY_AST)


def test_a_program_of_ten_times_the_lines_takes_ten_times_as_long():
    def look(lines):
        assert ipython_lines("!ls\n" + "x = 5 % 3\n" * lines).lines == ("!ls",)

    assert calls(lambda: look(4000)) < 15 * calls(lambda: look(400))


@pytest.mark.parametrize("line", ["x = %foo\n", "a?\n", "x = !ls\n", "%inginious open a/b\n"])
def test_a_program_of_many_lines_for_ipython_takes_no_longer_for_each_than_one_of_some(line):
    def look(lines):
        ipython_lines(line * lines)
        command_lines(f"{line * lines}%inginious tasks")

    with watchdog():
        assert calls(lambda: look(3000)) < 100 * calls(lambda: look(40))


@given(st.text())
def test_any_text_is_looked_at_without_an_error(text):
    ipython_lines(f"{text}\n!ls")


def test_what_the_grader_cannot_run_is_said_before_sending_with_the_choice(task):
    answers = from_cells(task, [Cell("a", "code", "%%time\n!ls\nx = 1", TAG, 4)], "cell")
    (error,) = review(task, answers).values()
    assert error.problem_id == "code"
    for said in ("`%%time`, `!ls`", "--magics skip", "--magics send"):
        assert said in str(error)
    assert review(task, answers, magics="send") == {}
    assert answers.values["code"] == "%%time\n!ls\nx = 1"
    assert review(task, answers, magics="skip") == {}
    assert answers.values["code"] == "x = 1"


@pytest.mark.parametrize(
    ("language", "text", "lines"),
    [
        ("bash", "%%bash\nls\n", "%%bash"),
        ("c", "%%writefile main.c\nint main() {}", "%%writefile main.c"),
        ("c", "int main() { return 5 %2; }", ""),
        ("matlab", "%% Section\nx = 1", ""),
        ("", "%%time\nx = 1", "%%time"),
        ("", "!pip install numpy\nx = 1", "!pip install numpy"),
        ("", "%%html\n<b>", "%%html"),
        ("", "Paris?", ""),
        ("", "Why?\nIt is so!", ""),
    ],
)
def test_of_other_languages_the_cell_magics_are_found(task, language, text, lines):
    task.problems["shell"] = replace(task.problems["shell"], language=language)
    answers = from_cells(task, [Cell("a", "code", text, ("inginious:shell",), 4)], "cell")
    found = lines_for_ipython(task, answers)
    assert ", ".join(found["shell"].lines if found else ()) == lines


def test_other_languages_and_what_was_given_directly_are_nobodys_business(task):
    cell = Cell("a", "code", "!ls\n%x", ("inginious:shell",), 4)
    answers = from_cells(task, [cell], "cell")
    answers.fill_from(from_arguments(task, {"code": "!ls"}))
    assert review(task, answers) == {}


@pytest.mark.parametrize(
    "text", ["def fib(n):\n    ...\n", "\ndef fib(n):  \n    ...", "def fib(n):\r\n    ...\r\n"]
)
def test_a_template_that_nobody_edited_is_no_answer_of_a_command(task, text):
    template = Cell("a", "code", text, TAG, 4)
    answer = Cell("b", "code", "%load_ext x\ndef fib(n):\n    return n", (), 5)
    answers = from_cells(task, [template, answer], "cell")
    errors = review_command(task, answers, [template, answer], given=["shell"])
    said = str(errors["code"])
    assert "cell [4]: def fib(n): still is what the task begins with" in said
    assert "It could be cell [5]" in said
    assert "inginious:code" in said
    assert "%%inginious answer c/t/code" in said
    # A person who clicks has seen it.
    assert review(task, answers) == {}


def test_where_an_answer_is_missing_the_cell_that_could_be_it_is_named(task):
    helper = Cell("a", "code", "def helper(): ...", (), 1)
    first = Cell("b", "code", "def fib(n):\n    return 1", (), 2)
    newest = Cell("c", "code", "def fib(n):\n    return n", (), 3)
    empty = from_cells(task, [], "cell")
    error = review_command(task, empty, [helper, first, newest], given=["shell"])["code"]
    assert "there is no answer yet. It could be cell [3]" in str(error)
    # Nothing is like it: the task itself says what is missing.
    assert review_command(task, empty, [helper], given=["shell"]) == {}
    # Without a template the only program may be meant.
    assert "cell [1]" in str(review_command(task, empty, [helper], given=["code"])["shell"])
    assert review_command(task, empty, [helper, first], given=["code"]) == {}


def test_an_optional_answer_may_be_missing_and_its_template_is_none(task):
    optional = CodeProblem("code", "", "", "python", optional=True, default="def fib(n): ...")
    task = msgspec.structs.replace(task, problems={"code": optional})
    candidate = Cell("b", "code", "def fib(n): return 1", (), 2)
    assert review_command(task, from_cells(task, [], "cell"), [candidate]) == {}
    answers = from_cells(task, [Cell("a", "code", "def fib(n): ...", TAG, 1)], "cell")
    assert review_command(task, answers, [candidate]) == {}
    assert answers.values == {}
