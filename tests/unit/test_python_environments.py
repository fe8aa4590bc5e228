"""Tasks whose python3 is a named virtual environment: its packages, and the grading API in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from inginious_nb.cli.main import main
from inginious_nb.course import CourseLibrary
from inginious_nb.errors import ServiceError
from inginious_nb.grader.agents.environments import OfferedEnvironments
from inginious_nb.grader.agents.local import LocalGrader
from inginious_nb.grader.course_check import check_courses
from inginious_nb.grader.job import activation
from inginious_nb.grader.job.activation import activation_of
from inginious_nb.grader.job.interpreters import system_python
from inginious_nb.grader.job.python_environments import (
    PythonEnvironment,
    about,
    find_environment,
)
from inginious_nb.grader.sandbox import choose_sandbox
from inginious_nb.settings import load_settings
from tests.support.local_course import LocalCourse

REPORT = """
import os, sys
import invented
from inginious_container_api import feedback
from inginious_container_api.run_student import run_student_simple
import yaml, jinja2
feedback.set_custom_value("prefix", sys.prefix)
feedback.set_custom_value("invented", invented.NAME)
out, err, _ = run_student_simple(
    "python3 -c 'import invented; print(invented.NAME)'"
)
feedback.set_custom_value("student", out + err)
try:
    open(invented.__file__, "a")
    feedback.set_custom_value("writable", True)
except OSError:
    pass
feedback.set_custom_value("geo", os.environ.get("GEO_DATA", ""))
feedback.set_global_result("success")
"""


@pytest.fixture(scope="module")
def venv():
    """A virtual environment with a package that nothing else has, where jobs of root can enter."""
    with tempfile.TemporaryDirectory(prefix="inginious-venv-", dir="/tmp") as parent:
        Path(parent).chmod(0o755)
        yield make_venv(Path(parent).resolve() / "with blank")


def make_venv(folder):
    python = system_python() or sys.executable
    command = [python, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "invented.py").write_text("NAME = 'only here'\n")
    return folder


@pytest.fixture(scope="module")
def prefix(venv):
    """A prefix as conda makes them: an interpreter of its own, with libraries beside packages."""
    folder = venv.parent / "données 2"
    program = Path(system_python() or sys.executable).resolve()
    ask = "import sys, sysconfig; print(*sys.version_info[:2], sysconfig.get_path('stdlib'))"
    asked = subprocess.run([program, "-c", ask], capture_output=True, text=True, check=True)
    major, minor, stdlib = asked.stdout.split()
    for made in ("bin", "conda-meta", f"lib/python{major}.{minor}"):
        (folder / made).mkdir(parents=True)
    for entry in Path(stdlib).iterdir():
        if entry.name not in ("site-packages", "dist-packages"):
            (folder / f"lib/python{major}.{minor}" / entry.name).symlink_to(entry)
    own = folder / f"bin/python{major}.{minor}"
    shutil.copy2(program, own)
    (folder / "bin/python").symlink_to(own.name)
    (folder / "bin/python3").write_text("#!/bin/sh\nexit 1\n")  # not the one that is named
    (folder / "bin/python3").chmod(0o755)
    ask = "import site; print(site.getsitepackages()[0])"
    asked = subprocess.run([own, "-c", ask], capture_output=True, text=True, check=True)
    package = Path(asked.stdout.strip()) / "invented"
    package.mkdir(parents=True)
    beyond = os.path.relpath(folder / "lib/libinvented", package)
    (package / "__init__.py").write_text(
        f"NAME = open(__file__.replace('__init__.py', {beyond!r})).read()"
    )
    (package / "compiled.so").write_text("")
    (folder / "lib/libinvented").write_text("only here")
    write_activation(folder)
    return folder


def write_activation(folder):
    """Add what packages and ``conda env config vars`` leave for who activates a prefix."""
    (folder / "etc/conda/activate.d").mkdir(parents=True)
    (folder / "etc/conda/env_vars.d").mkdir()
    (folder / "etc/conda/env_vars.d/a.json").write_text('{"A_DATA": "of a", "B_DATA": "of a"}')
    state = {"env_vars": {"B_DATA": "of the teacher", "GONE": "***unset***", "PATH": "/evil"}}
    (folder / "conda-meta/state").write_text(json.dumps(state))
    (folder / "etc/conda/activate.d/geo.sh").write_text(
        'export GEO_DATA="$CONDA_PREFIX/share/geo" PATH="$CONDA_PREFIX/geo/bin:/elsewhere:$PATH"\n'
        "export TWO='two\nlines' HOME=/tmp PYTHONPATH=/tmp\n"
        "echo said; (sleep 600) & unset A_DATA; not_exported=1\n"
    )


@pytest.fixture(scope="module", params=["bubblewrap", "plain"])
def environment_grader(request, venv, prefix):
    library = CourseLibrary()
    aliases = {"pandas": str(venv), "numpy": "pandas", "conda": str(prefix / "bin/python")}
    grader = LocalGrader(library, sandbox=choose_sandbox(request.param), aliases=aliases)
    yield grader, library, request.param
    grader.close()


@pytest.fixture
def course(environment_grader, tmp_path):
    return LocalCourse(tmp_path, *environment_grader)


@pytest.mark.parametrize("environment", ["pandas", "of-course", "conda"])
async def test_python3_is_that_of_the_environment(course, venv, prefix, environment):
    aliases = 'environment_aliases: {"of-course": "numpy"}\nname: x\n'
    (course.path / "course.yaml").write_text(aliases.replace("numpy", "pandas"))
    # Without mounts a path means the machine's own file.
    is_path = environment != "pandas" and course.kind == "bubblewrap"
    shebang = "#!/usr/bin/python3" if is_path else "#!/usr/bin/env python3"
    for _ in range(2 if environment == "pandas" else 1):  # the second in a box that was prepared
        result = await course.grade(f"{shebang}{REPORT}", environment=environment)
        assert result.result[0] == "success", (result.result, result.stderr)
        is_writable = result.custom.pop("writable", False)
        assert result.custom == {
            "prefix": str(prefix if environment == "conda" else venv),
            "invented": "only here",
            "student": "only here\n",
            "geo": f"{prefix}/share/geo" if environment == "conda" else "",
        }
        assert not (is_writable and course.kind == "bubblewrap")


def test_activating_an_environment_sets_what_its_packages_need(prefix, tmp_path, monkeypatch):
    monkeypatch.setattr(activation, "_TIMEOUT_S", 0.5)
    found = activation_of(PythonEnvironment(prefix, f"{prefix}/bin/python3"))
    assert found.variables == {
        "CONDA_PREFIX": str(prefix),
        "CONDA_DEFAULT_ENV": prefix.name,
        "B_DATA": "of the teacher",
        "GEO_DATA": f"{prefix}/share/geo",
    }
    assert (found.folders, found.fault) == ((f"{prefix}/geo/bin",), None)
    for script in ("exit 1", "exec sleep 600", "exec true", "while :; do :; done"):
        other = tmp_path / script.replace(" ", "-")
        (other / "conda-meta").mkdir(parents=True)
        (other / "etc/conda/activate.d").mkdir(parents=True)
        (other / "etc/conda/activate.d/x.sh").write_text(script)
        found = activation_of(PythonEnvironment(other, f"{other}/bin/python3"))
        assert str(other) in found.fault
        assert found.variables["CONDA_PREFIX"] == str(other)


async def test_other_tasks_keep_the_python_of_the_system(course):
    run = "#!/usr/bin/env python3\nimport invented\n"
    result = await course.grade(run, environment="default")
    assert result.result[0] == "crash"
    assert "No module named 'invented'" in result.stderr


async def test_a_course_cannot_name_a_folder(course, venv):
    (course.path / "course.yaml").write_text(f'environment_aliases: {{"x": "{venv}"}}\nname: x\n')
    result = await course.grade("#!/bin/sh\n", environment="x")
    assert result.result[0] == "crash"
    assert "No grader here offers" in result.result[1]


def test_an_environment_that_cannot_be_used_harms_no_other(environment_grader, venv, tmp_path):
    shared_files = environment_grader[0]._shared_files
    program = tmp_path / "fake/bin/python3"
    program.parent.mkdir(parents=True)
    # It runs at first, and fails once part of what it needs has been made.
    fails = f'#!/bin/sh\ncase $2 in *getsite*) exit 1;; esac\nexec "{venv}/bin/python3" "$@"\n'
    program.write_text(fails)
    program.chmod(0o755)
    for _ in range(2):
        with pytest.raises(OSError, match="fake/bin/python3 does not run"):
            shared_files.view(find_environment(str(program)))
    program.write_text(fails.replace("exit 1", "true"))
    for value in (program, venv / "bin/python"):
        assert shared_files.view(find_environment(str(value))).python == str(value)


def test_an_interpreter_is_described_whatever_is_installed_in_it(tmp_path):
    venv = make_venv(tmp_path / "venv")
    (site,) = venv.glob("lib/python3*/site-packages")
    metadata = {"whole": b"Name: whole\nVersion: 1\n", "latin": "Name: é\n".encode("latin-1")}
    for name, content in (*metadata.items(), ("empty", None)):
        (site / f"{name}-1.dist-info").mkdir()
        if content is not None:
            (site / f"{name}-1.dist-info/METADATA").write_bytes(content)
    (site / "old.pth").write_text(
        f"import sys; sys.path.append({str(tmp_path)!r}); print('at start')"
    )
    (tmp_path / "whole-0.dist-info").mkdir()
    (tmp_path / "whole-0.dist-info/METADATA").write_text("Name: whole\nVersion: 0\n")
    told = about(f"{venv}/bin/python3", ["__main__", "sys", "invented", "nowhere"])
    assert dict(told.packages)["whole"] == "1"  # the one that is imported
    assert told.lacking == {"nowhere"}
    with pytest.raises(ServiceError, match=r"does not run \(it ends with status 1\)"):
        about("/bin/false")


@pytest.mark.parametrize("value", ["/nowhere/venv", "no-such-environment"])
def test_what_is_no_environment_is_said_at_the_start(value):
    with pytest.raises(ServiceError, match="no Python environment"):
        offered(value)


def offered(value):
    """Return the interpreter that a value of the setting means."""
    found = OfferedEnvironments(CourseLibrary(), ["default"], {"data": value}, has_shells=False)
    return found.resolved(("docker", "data")).program


def test_a_folder_without_an_interpreter_is_told_by_its_kind(tmp_path):
    kinds = {"conda-meta": "conda install -p", "pyvenv.cfg": "venv --clear", "x": "bin/python3"}
    for kind, said in kinds.items():
        folder = tmp_path / f"of {kind}"
        (folder / "bin").mkdir(parents=True)
        (folder / "bin/python3").symlink_to("/nowhere/python3")
        (folder / "bin/python").symlink_to("python2.7")
        (folder / "bin/python2.7").write_text("")
        (folder / "bin/python2.7").chmod(0o755)
        if kind == "pyvenv.cfg":
            (folder / kind).touch()
        else:
            (folder / kind).mkdir()
        with pytest.raises(ServiceError, match=said) as refused:
            offered(str(folder))
        assert str(folder) in str(refused.value)


def test_an_environment_is_found_by_its_name_and_its_interpreter(
    venv, prefix, monkeypatch, tmp_path
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WORKON_HOME", str(venv.parent))
    assert offered("with blank") == offered(f"{venv}/bin/python3") == f"{venv}/bin/python3"
    assert offered(f"{venv}/bin/python") == f"{venv}/bin/python"
    monkeypatch.delenv("WORKON_HOME")
    with pytest.raises(ServiceError, match="no Python environment"):
        offered(prefix.name)
    conda = tmp_path / "bin" / "conda"
    conda.parent.mkdir()
    conda.write_text(f"#!/bin/sh\necho '{json.dumps({'envs': [str(prefix)]})}'\n")
    conda.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{conda.parent}:/usr/bin:/bin")
        assert Path(offered(prefix.name)).parent == prefix / "bin"
    (tmp_path / ".conda").mkdir()
    (tmp_path / ".conda/environments.txt").write_text(f"/opt/x\n{prefix}\n", "utf-8")
    assert Path(offered(prefix.name)).parent == prefix / "bin"


def test_a_relative_folder_is_meant_from_here(venv, monkeypatch):
    monkeypatch.chdir(venv.parent)
    given = '{"pandas": "./with blank", "cpp": "default"}'
    settings = load_settings(None, {"INGINIOUS_ENVIRONMENTS": given})
    assert settings.environments == {"pandas": str(venv), "cpp": "default"}


TEMPLATE = "import nowhere\n@    @answer@@\n"
RUN = """#!/usr/bin/env python3
import os, yaml, invented, helper, absent.part
from inginious_container_api import feedback
try:
    import optional_module
except ImportError:
    optional_module = None
"""


def test_what_an_environment_lacks_is_told_with_its_line(venv, tmp_path):
    task = tmp_path / "course/task"
    (task / "student").mkdir(parents=True)
    (tmp_path / "course/course.yaml").write_text("name: x\n")
    (task / "task.yaml").write_text(
        "environment_type: docker\nenvironment_id: pandas\nproblems: {q1: {type: code}}\n"
    )
    (task / "run").write_text(RUN)
    (task / "helper.py").write_text("")
    (task / "student/answer.tpl").write_text(TEMPLATE)
    (task / "student/old.py").write_text("print 'Python 2'\nimport gone\n")

    def lacking(environments):
        faults = check_courses(tmp_path / "course", aliases=environments)
        return {(f.path.name, f.line) for f in faults if "has no module" in f.message}

    assert lacking({"pandas": str(venv)}) == {("run", 2), ("answer.tpl", 1), ("old.py", 2)}
    assert not lacking({})  # that nobody offers the environment is the fault then
    (task / "run").write_text(RUN.replace(", absent.part", ""))
    assert lacking({"pandas": str(venv)}) == {("answer.tpl", 1), ("old.py", 2)}


def test_the_command_line_tells_what_each_environment_has(venv, monkeypatch):
    monkeypatch.setenv("INGINIOUS_ENVIRONMENTS", json.dumps({"pandas": str(venv)}))
    told = CliRunner().invoke(main, ["environments", "--json"])
    rows = {row["name"]: row for row in json.loads(told.output)}
    assert set(rows) == {"default", "python3", "pandas"}
    assert rows["pandas"]["python"] == f"{venv}/bin/python3"
    assert all(row["version"].startswith("3.") for row in rows.values())
    assert "pandas" in CliRunner().invoke(main, ["environments"]).output
    assert CliRunner().invoke(main, ["environments", "cobol"]).exit_code
