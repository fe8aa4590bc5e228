"""run.py as a cell of IPython, started only where it is needed (docs/protocol.md, Run script)."""

from __future__ import annotations

import pytest

SET = "set_global_result('success')\n"


async def text(course, code: str, **options) -> str:
    """The global feedback that a run.py sets to the value of ``found``."""
    result = await course.grade({"run.py": f"{code}\nset_global_feedback(str(found))\n"}, **options)
    assert result.result[0] == "error", result
    return result.result[1]


# ---- plain Python -----------------------------------------------------------------------------


async def test_names_are_imported(course):
    code = (
        "found = [get_input('q1'), json.dumps(1), os.path.basename(sys.argv[0]), __name__,\n"
        "         os.path.basename(__file__), callable(run_student_simple), callable(tag)]"
    )
    found = await text(course, code, answers={"q1": "x"})
    assert found == "['x', '1', 'run.py', '__main__', 'run.py', True, True]"


async def test_names_found_at_run_time_are_imported(course):
    assert await text(course, "found = eval('get_lang()')") == "en"


async def test_the_folder_of_the_script_is_searched(course):
    files = {"run.py": "import helper\nset_global_result(helper.code)", "helper.py": "code = 'ok'"}
    assert (await course.grade(files)).result[0] == "ok"


async def test_the_api_can_be_imported_too(course):
    code = "from inginious import feedback as f\nimport inginious_container_api\n"
    result = await course.grade({"run.py": f"{code}f.set_global_result('success')"})
    assert result.result[0] == "success"


@pytest.mark.parametrize(
    "end", ["raise ValueError('x')", "sys.exit(3)", "raise SystemExit", "exit()", "quit(1)", "1/0"]
)
async def test_whatever_stops_it_what_was_set_counts(course, end):
    result = await course.grade({"run.py": f"{SET}{end}\nset_global_result('failed')"})
    assert result.result[0] == "success"


async def test_an_exception_is_told_on_stdout(course):
    result = await course.grade({"run.py": f"{SET}raise ValueError('told')"})
    assert "ValueError: told" in result.stdout


async def test_exit_is_an_error_that_can_be_caught(course):
    code = "try:\n    exit(1)\nexcept (AttributeError, TypeError):\n    found = 'caught'"
    assert await text(course, code) == "caught"


async def test_bare_expressions_print_nothing(course):
    assert (await course.grade({"run.py": f"{SET}1 + 1\n'text'"})).stdout == ""


async def test_a_class_can_be_pickled(course):
    code = "import pickle\nclass A: pass\nfound = type(pickle.loads(pickle.dumps(A()))).__name__"
    assert await text(course, code) == "A"


# ---- what only IPython understands ------------------------------------------------------------


@pytest.fixture
def ipython(course):
    if course.kind == "plain":
        # A job that is not isolated finds IPython only where its user may read it.
        machine = course.grader._shared_files.folder / "lib/inginious_container_api/_machine.py"
        machine.write_text("IPYTHON = None\n")
    return course


async def test_shell_lines_and_magics(ipython):
    code = (
        "x = !echo a; echo b >&2\nname = 'World'\n!echo hello $name {1+1}\n"
        "%cd /tmp\nfound = [list(x), os.getcwd()]"
    )
    result = await ipython.grade({"run.py": f"{SET}{code}\nset_global_feedback(str(found))"})
    if ipython.kind == "bubblewrap":
        assert result.result == ("success", "[['a', 'b'], '/tmp']")
        assert "hello World 2" in result.stdout
    else:
        assert result.result[0] == "crash"
        assert "needs IPython" in result.stdout


async def test_a_syntax_error_runs_nothing(ipython):
    result = await ipython.grade({"run.py": f"{SET}def f(:\n"})
    assert (result.result[0], result.grade) == ("crash", 0.0)
